"""Stripe's webhooks: believed when they are signed, and read for what they are about."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from adapters.stripe_payments.amounts import from_stripe
from adapters.stripe_payments.answers import id_of, part, uuid_of
from adapters.stripe_payments.signature import verify
from domain.payments.gateway import BadSignature, Notice
from domain.payments.payment import PaymentId, PaymentProvider
from domain.shared.clock import Clock, now
from domain.shared.money import Money

DEEPEST = 64
"""Levels of JSON. Stripe's events have about ten; databases and parsers each have their own idea of too many."""
_NAME = re.compile(r"[A-Za-z0-9_.]{1,255}", re.ASCII)
_SETUP = frozenset({"setup_intent.succeeded"})
_WHOLE = ("payment_intent.", "charge.succeeded", "charge.captured", "charge.refunded", "charge.failed")
"""Types whose object tells the amount of the whole payment; that of refunds and disputes is theirs."""
_PARTS = ("refund.", "charge.refund.", "charge.dispute.")


class StripeNoticeReader:
    """Implements `domain.payments.gateway.NoticeReader`; any of `secrets` may have signed, while one is replaced."""

    def __init__(self, secrets: Sequence[str], clock: Clock = now) -> None:
        self._secrets = [secret.encode() for secret in secrets]
        self._clock = clock

    @property
    def provider(self) -> PaymentProvider:
        return PaymentProvider.STRIPE

    def read(self, body: bytes, signature: str) -> Notice:
        verify(body, signature, self._secrets, self._clock())
        try:
            payload = body.decode()
            event = orjson.loads(payload)
            require_flat(event)
            return _notice(event, payload)
        except (ValueError, KeyError, TypeError, ArithmeticError):
            raise BadSignature("signed, and no event of Stripe's") from None


def require_flat(value: Any) -> None:
    """Raises: ValueError: `value`, which is of JSON, is nested deeper than DEEPEST."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise ValueError("too deep")


def _inside(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType, reportUnknownMemberType]
    return value if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType]


def _notice(event: Mapping[str, Any], payload: str) -> Notice:
    kind, thing = _name(event["type"]), part(part(event, "data"), "object")
    subject, reference = _about(kind, thing)
    payment_id = uuid_of(part(thing, "metadata").get("payment_id"))
    return Notice(
        external_id=_name(event["id"]),
        type=kind,
        subject=subject,
        reference=reference,
        account=event.get("account"),
        is_live=event["livemode"] is True,
        payment_id=None if payment_id is None else PaymentId(payment_id),
        amount=_amount(thing) if kind.startswith(_WHOLE) else None,
        payload=payload,
    )


def _name(text: Any) -> str:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise ValueError("not a name")
    return text


def _about(kind: str, thing: Mapping[str, Any]) -> tuple[str, str | None]:
    """What thing of ours an event is about, and Stripe's id of it."""
    if kind in _SETUP:
        return "setup", _name(thing["id"])
    if kind.startswith("payment_intent."):
        return "payment", _name(thing["id"])
    reference = id_of(thing.get("payment_intent")) if kind.startswith((*_WHOLE, *_PARTS)) else None
    # a charge without an intent is none of ours
    return ("", None) if reference is None else ("payment", _name(reference))


def _amount(thing: Mapping[str, Any]) -> Money:
    if not isinstance(thing["amount"], int):
        raise TypeError("not an amount")
    return from_stripe(thing["amount"], thing["currency"])
