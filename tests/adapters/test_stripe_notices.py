"""Webhooks of Stripe's: those that are believed, and 10,000 that are not."""

import hmac
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import stripe

from adapters.stripe_payments import StripeNoticeReader
from adapters.stripe_payments.notices import DEEPEST
from adapters.stripe_payments.signature import LARGEST_BODY, LONGEST_HEADER, MOST_SIGNATURES, TOLERANCE_SECONDS
from domain.payments.gateway import BadSignature
from domain.payments.payment import PaymentProvider
from domain.shared.ids import uuid7
from tests.adapters.payment_contract import money

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
SECRET, OLD_SECRET = "whsec_canary_new", "whsec_canary_old"
FORGERIES = 10_000
PAYMENT_ID = uuid7()
INTENT = {"id": "pi_1", "amount": 2450, "currency": "usd", "metadata": {"payment_id": str(PAYMENT_ID)}}


def reader(at: datetime = NOW) -> StripeNoticeReader:
    return StripeNoticeReader([SECRET, OLD_SECRET], lambda: at)


def event(kind: str = "payment_intent.succeeded", thing: object = INTENT, **more: Any) -> bytes:
    told = {"id": "evt_1", "object": "event", "type": kind, "livemode": False, "data": {"object": thing}, **more}
    return orjson.dumps(told)


def digest(body: bytes, at: int | str = AT, secret: str = SECRET) -> str:
    return hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()


def signed(body: bytes, at: int | str = AT, secret: str = SECRET) -> str:
    return f"t={at},v1={digest(body, at, secret)}"


BODY = event()
GOOD = signed(BODY)


def test_what_stripe_signed_is_read() -> None:
    notice = reader().read(BODY, GOOD)
    assert (notice.external_id, notice.type, notice.subject) == ("evt_1", "payment_intent.succeeded", "payment")
    assert (notice.reference, notice.payment_id, notice.amount) == ("pi_1", PAYMENT_ID, money("24.50"))
    assert (notice.account, notice.is_live, notice.payload) == (None, False, BODY.decode())
    assert reader().provider is PaymentProvider.STRIPE


def test_the_library_of_stripe_signs_the_same_way() -> None:
    library: Any = stripe.WebhookSignature  # partly untyped there
    header = library.generate_signature_header(BODY.decode(), SECRET, AT)
    assert reader().read(BODY, header).external_id == "evt_1"


def test_either_secret_is_believed_while_one_is_replaced() -> None:
    assert reader().read(BODY, signed(BODY, secret=OLD_SECRET)).external_id == "evt_1"
    both = f"t={AT},v1={digest(BODY, secret='whsec_unknown')},v1={digest(BODY, secret=OLD_SECRET)},v0={'0' * 64}"
    assert reader().read(BODY, both).external_id == "evt_1"
    with pytest.raises(BadSignature):
        StripeNoticeReader([SECRET], lambda: NOW).read(BODY, signed(BODY, secret=OLD_SECRET))


@pytest.mark.parametrize("late", [-TOLERANCE_SECONDS, -1, 0, 1, TOLERANCE_SECONDS])
def test_clocks_may_differ_by_five_minutes_either_way(late: int) -> None:
    assert reader(NOW + timedelta(seconds=late)).read(BODY, GOOD).external_id == "evt_1"


@pytest.mark.parametrize("late", [-86_400, -TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1, 86_400 * 365])
def test_what_is_older_or_newer_is_not_believed(late: int) -> None:
    with pytest.raises(BadSignature):
        reader(NOW + timedelta(seconds=late)).read(BODY, GOOD)


@dataclass(frozen=True)
class Forgery:
    body: bytes
    header: str


Forge = Callable[[random.Random], Forgery]


def _changed_body(dice: random.Random) -> Forgery:
    at, bit = dice.randrange(len(BODY)), 1 << dice.randrange(8)
    return Forgery(BODY[:at] + bytes([BODY[at] ^ bit]) + BODY[at + 1 :], GOOD)


def _changed_signature(dice: random.Random) -> Forgery:
    at = dice.randrange(len(GOOD) - 64, len(GOOD))
    other = dice.choice([digit for digit in "0123456789abcdefABCDEFg -" if digit != GOOD[at]])
    return Forgery(BODY, GOOD[:at] + other + GOOD[at + 1 :])


def _changed_time(dice: random.Random) -> Forgery:
    other = AT + dice.choice([-1, 1]) * dice.randrange(1, TOLERANCE_SECONDS)
    return Forgery(BODY, f"t={other},v1={digest(BODY)}")


def _another_secret(dice: random.Random) -> Forgery:
    secret = dice.choice(["", "whsec_", SECRET.upper(), SECRET[:-1], SECRET + "\n", f"whsec_{dice.random()}"])
    return Forgery(BODY, signed(BODY, secret=secret))


def _out_of_time(dice: random.Random) -> Forgery:
    at = AT + dice.choice([-1, 1]) * dice.randrange(TOLERANCE_SECONDS + 1, 10**8)
    return Forgery(BODY, signed(BODY, at))


def _odd_time(dice: random.Random) -> Forgery:
    odd = (f"0{AT}", f"+{AT}", f" {AT}", f"{AT}.0", f"{AT}e0", "", "-1", "\uff19" * 10, hex(AT), "9" * 400, f"{AT}\n")
    at = dice.choice(odd)
    return Forgery(BODY, signed(BODY, at))


def _two_times(dice: random.Random) -> Forgery:
    old = AT - dice.randrange(1_000, 10**6)
    times = [f"t={AT}", f"t={old}"] if dice.random() < 0.5 else [f"t={AT}", f"t={AT}"]
    dice.shuffle(times)
    return Forgery(BODY, ",".join([*times, f"v1={digest(BODY, dice.choice([AT, old]))}"]))


def _other_version(dice: random.Random) -> Forgery:
    name = dice.choice(["v0", "v2", "V1", "v1 ", " v1", "v11", "", "v"])
    return Forgery(BODY, f"t={AT},{name}={digest(BODY)}")


def _broken_header(dice: random.Random) -> Forgery:
    whole = digest(BODY)
    headers = ("", ",", "=", "t", f"t={AT}", f"v1={whole}", f"t={AT} v1={whole}", f"t={AT},v1", f"t={AT};v1={whole}")
    return Forgery(BODY, dice.choice(headers) + dice.choice(["", ",", "\x00", ",junk"]))


def _short_signature(dice: random.Random) -> Forgery:
    length = dice.randrange(64)
    return Forgery(BODY, f"t={AT},v1={digest(BODY)[:length]}")


def _crowd_of_signatures(dice: random.Random) -> Forgery:
    guesses = [f"v1={dice.getrandbits(256):064x}" for _ in range(dice.randrange(1, 3 * MOST_SIGNATURES))]
    return Forgery(BODY, ",".join([f"t={AT}", *guesses]))


def _moved_border(dice: random.Random) -> Forgery:
    """The signed text is the same, but what is time and what is body is not."""
    digits = dice.randrange(1, 10)
    body = f"{str(AT)[digits:]}.".encode() + BODY
    return Forgery(body, f"t={str(AT)[:digits]},v1={digest(BODY)}")


def _rewritten(dice: random.Random) -> Forgery:
    """Says the same, in other bytes."""
    bodies = (
        BODY + b"\n",
        b" " + BODY,
        BODY.replace(b":", b": "),
        b"\xef\xbb\xbf" + BODY,
        BODY.decode().encode("utf-16"),
    )
    return Forgery(dice.choice(bodies), GOOD)


def _too_large(dice: random.Random) -> Forgery:
    body = BODY + b" " * (LARGEST_BODY + dice.randrange(100))
    if dice.random() < 0.5:
        return Forgery(body, signed(body))
    return Forgery(BODY, GOOD + ",v0=" + "0" * (LONGEST_HEADER + dice.randrange(100)))


CLASSES: Sequence[Forge] = (
    *(_changed_body, _changed_signature, _changed_time, _another_secret, _out_of_time, _odd_time, _two_times),
    *(_other_version, _broken_header, _short_signature, _crowd_of_signatures, _moved_border, _rewritten, _too_large),
)


def forgeries() -> Iterator[Forgery]:
    dice = random.Random(20261125)
    for number in range(FORGERIES):
        yield CLASSES[number % len(CLASSES)](dice)


def test_no_forgery_is_believed() -> None:
    believed, tried = list[Forgery](), 0
    for forgery in forgeries():
        tried += 1
        try:
            reader().read(forgery.body, forgery.header)
        except BadSignature as refusal:
            assert "canary" not in str(refusal)  # noqa: PT017  (nothing else may be raised)
        else:
            believed.append(forgery)
    assert (tried, believed) == (FORGERIES, [])


def nested(levels: int) -> bytes:
    return event().replace(b'"usd"', b"[" * levels + b"]" * levels)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b'{"id": "evt_\xff"}',
        b"[]",
        b"null",
        b"7",
        b'"event"',
        b"{",
        event()[:-1],
        event(id=None),
        event(id="evt 1"),
        event(id="evt_\x00"),
        event(id="e" * 256),
        event(type=7),
        event(thing={}),
        event(thing=[]),
        event(thing={**INTENT, "id": "pi\n1"}),
        event(thing={**INTENT, "amount": "24"}),
        event(thing={**INTENT, "amount": 24.5}),
        event(thing={**INTENT, "currency": "zzz"}),
        event().replace(b'"livemode":false,', b""),
        event().replace(b"2450", b"NaN"),
        event().replace(b"2450", b"9" * 5_000),
        nested(DEEPEST),
        nested(1_000),
        nested(100_000),
    ],
)
def test_what_is_signed_but_cannot_be_read_is_not_believed(body: bytes) -> None:
    with pytest.raises(BadSignature):
        reader().read(body, signed(body))


def test_events_may_be_nested_as_deep_as_those_of_stripe() -> None:
    body = event(thing={**INTENT, "more": orjson.loads(b"[" * 40 + b"]" * 40)})
    assert reader().read(body, signed(body)).reference == "pi_1"


REFUND: dict[str, Any] = {"id": "re_1", "amount": 5, "currency": "usd", "payment_intent": "pi_1", "metadata": {}}
CHARGE: dict[str, Any] = {
    "id": "ch_1",
    "amount": 2450,
    "currency": "usd",
    "payment_intent": "pi_1",
    "metadata": INTENT["metadata"],
}
SETUP: dict[str, Any] = {"id": "seti_1", "metadata": {}}


@pytest.mark.parametrize(
    ("kind", "thing", "subject", "reference", "amount"),
    [
        ("payment_intent.created", INTENT, "payment", "pi_1", "24.50"),
        ("payment_intent.payment_failed", INTENT, "payment", "pi_1", "24.50"),
        ("payment_intent.requires_action", INTENT, "payment", "pi_1", "24.50"),
        ("payment_intent.canceled", INTENT, "payment", "pi_1", "24.50"),
        ("charge.refunded", CHARGE, "payment", "pi_1", "24.50"),
        ("charge.refund.updated", REFUND, "payment", "pi_1", None),
        ("refund.created", REFUND, "payment", "pi_1", None),
        ("refund.failed", REFUND, "payment", "pi_1", None),
        ("charge.dispute.created", {**REFUND, "id": "dp_1"}, "payment", "pi_1", None),
        ("charge.dispute.closed", {**REFUND, "payment_intent": {"id": "pi_1"}}, "payment", "pi_1", None),
        ("charge.refunded", {**CHARGE, "payment_intent": None}, "", None, "24.50"),
        ("refund.created", {**REFUND, "payment_intent": None}, "", None, None),
        ("setup_intent.succeeded", SETUP, "setup", "seti_1", None),
        ("setup_intent.created", SETUP, "", None, None),
        ("customer.created", {"id": "cus_1"}, "", None, None),
        ("invoice.paid", {"id": "in_1", "payment_intent": "pi_1"}, "", None, None),
    ],
)
def test_each_event_tells_what_it_is_about(
    kind: str, thing: object, subject: str, reference: str | None, amount: str | None
) -> None:
    body = event(kind, thing)
    notice = reader().read(body, signed(body))
    assert (notice.type, notice.subject, notice.reference) == (kind, subject, reference)
    assert notice.amount == (None if amount is None else money(amount))


def test_an_event_tells_whose_money_it_is_and_whether_it_is_real() -> None:
    body = event(account="acct_1", livemode=True)
    notice = reader().read(body, signed(body))
    assert (notice.account, notice.is_live) == ("acct_1", True)


def test_an_id_of_ours_that_is_none_is_not_believed_to_be_one() -> None:
    body = event(thing={**INTENT, "metadata": {"payment_id": "7"}})
    assert reader().read(body, signed(body)).payment_id is None
