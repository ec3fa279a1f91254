"""What the payment provider tells is believed when it is signed, kept once, and acknowledged when it is kept."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from adapters.sandbox.webhooks import SandboxNoticeReader
from adapters.stripe_payments import StripeNoticeReader
from domain.payments.gateway import NoticeReader
from persistence.connections import ConnectionSettings
from persistence.metadata import METADATA
from server.app import build_app
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import sql
from tests.gate import gate
from tests.sizes import FORGERIES, WEBHOOK_COPIES
from tests.webhooks import (
    AT,
    CLIENT_SECRET,
    FOREIGN,
    HEADERS,
    SECOND,
    SECRET,
    Webhook,
    about,
    event,
    mac,
    resigned,
    rewritten,
    signed,
)

PROVIDERS = list(HEADERS)
AT_ONCE = 100
LIMIT = 256 * 1_024


def reader(provider: str, *secrets: str, at: datetime = AT) -> NoticeReader:
    if provider == "stripe":
        return StripeNoticeReader(secrets, lambda: at)
    return SandboxNoticeReader([secret.encode() for secret in secrets], lambda: at)


@dataclass
class Door:
    """A running shop, as its provider sees it."""

    client: httpx.AsyncClient
    shop: Shop

    async def send(self, webhook: Webhook, **headers: str) -> httpx.Response:
        return await self.client.post(
            webhook.address, content=webhook.body, headers={**webhook.headers, **headers}, timeout=60
        )

    async def kept(self) -> list[tuple[str, str]]:
        rows = await sql.rows(self.shop.database, "SELECT external_id, status FROM provider_events ORDER BY 1")
        return [(row[0], row[1]) for row in rows]

    async def everything(self) -> Mapping[str, list[str]]:
        return {
            name: sorted(map(repr, await sql.rows(self.shop.database, f'SELECT * FROM "{name}"')))
            for name in METADATA.tables
        }


@asynccontextmanager
async def door(url: str, provider: str, *secrets: str, at: datetime = AT) -> AsyncGenerator[Door]:
    """Without what goes on in the background, which would look into events at once."""
    settings = read_settings(database_url=url, public_url="http://shop.example")
    app = build_app(settings)
    async with open_shop(settings) as shop:
        app.state.shop = replace(shop, notices=reader(provider, *(secrets or (SECRET,)), at=at))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            yield Door(client, app.state.shop)


@pytest.fixture(params=PROVIDERS)
async def entrance(empty_database: ConnectionSettings, request: pytest.FixtureRequest) -> AsyncGenerator[Door]:
    async with door(empty_database.url, request.param) as opened:
        yield opened


def provider_of(there: Door) -> str:
    assert there.shop.notices is not None
    return there.shop.notices.provider.value


async def test_what_is_signed_is_kept_and_waits_to_be_looked_into(entrance: Door) -> None:
    reply = await entrance.send(signed(provider_of(entrance), event("evt_1")))
    assert (reply.status_code, reply.json()) == (200, {"received": True})
    assert await entrance.kept() == [("evt_1", "received")]
    [(topic,)] = await sql.rows(entrance.shop.database, "SELECT topic FROM outbox")
    assert topic == "provider_event.received"
    [(payload, amount)] = await sql.rows(entrance.shop.database, "SELECT payload, amount FROM provider_events")
    assert (json.loads(payload)["id"], str(amount)) == ("evt_1", "16.0000")
    assert CLIENT_SECRET not in payload


async def test_what_does_not_concern_the_shop_is_kept_and_left_alone(entrance: Door) -> None:
    customer = {"id": "cus_1", "object": "customer", "metadata": dict[str, str]()}
    told = {**event("evt_1", kind="customer.created"), "data": {"object": customer}}
    assert (await entrance.send(signed(provider_of(entrance), told))).status_code == 200
    assert await entrance.kept() == [("evt_1", "ignored")]
    assert await sql.rows(entrance.shop.database, "SELECT FROM outbox") == []


async def test_events_about_one_thing_are_looked_into_in_turn(entrance: Door) -> None:
    for reference in ("pi_1", "pi_1", "pi_2"):
        await entrance.send(signed(provider_of(entrance), event(reference=reference)))
    rows = await sql.rows(entrance.shop.database, "SELECT key, count(*) FROM outbox GROUP BY key ORDER BY 2")
    assert [row[1] for row in rows] == [1, 2]


async def test_of_many_copies_at_once_one_is_kept_and_all_are_acknowledged(entrance: Door) -> None:
    copy = signed(provider_of(entrance), event("evt_1"))
    replies = await asyncio.gather(*(entrance.send(copy) for _ in range(WEBHOOK_COPIES)))
    assert {reply.status_code for reply in replies} == {200}
    assert await entrance.kept() == [("evt_1", "received")]
    assert await sql.value(entrance.shop.database, "SELECT count(*) FROM outbox") == 1


Forge = Callable[[Webhook, random.Random], Webhook]


def _anew(webhook: Webhook, secret: str, seconds: int) -> Webhook:
    return resigned(webhook, f"t={seconds},v1={mac(secret, seconds, webhook.body)}")


def _stamp(at: datetime = AT) -> int:
    return int(at.timestamp())


def _spaced(webhook: Webhook, chance: random.Random) -> Webhook:
    return rewritten(webhook, json.dumps(json.loads(webhook.body), indent=chance.randint(1, 8)).encode())


def _dearer(webhook: Webhook, chance: random.Random) -> Webhook:
    told = about(json.loads(webhook.body), amount=chance.randint(1, 1_599))
    return rewritten(webhook, json.dumps(told, separators=(",", ":")).encode())


def _flipped(webhook: Webhook, chance: random.Random) -> Webhook:
    place = chance.randrange(len(webhook.body))
    other = webhook.body[place] ^ (1 << chance.randrange(7))
    return rewritten(webhook, webhook.body[:place] + bytes([other]) + webhook.body[place + 1 :])


def _wrong_digit(webhook: Webhook, chance: random.Random) -> Webhook:
    signature = webhook.signature or ""
    place = chance.randrange(signature.index("v1=") + 3, len(signature))
    other = chance.choice([sign for sign in "0123456789abcdef" if sign != signature[place]])
    return resigned(webhook, signature[:place] + other + signature[place + 1 :])


FORGERIES_OF: Mapping[str, Forge] = {
    "no signature": lambda webhook, _: resigned(webhook, None),
    "an empty signature": lambda webhook, chance: resigned(webhook, chance.choice(["", " ", ",", "t=,v1=", "="])),
    "somebody else's secret": lambda webhook, chance: _anew(webhook, f"{FOREIGN}{chance.random()}", _stamp()),
    "an empty secret": lambda webhook, _: _anew(webhook, "", _stamp()),
    "a wrong digit": _wrong_digit,
    "a changed bit": _flipped,
    "another amount": _dearer,
    "another notation": _spaced,
    "a piece of it": lambda webhook, chance: rewritten(webhook, webhook.body[: chance.randrange(len(webhook.body))]),
    "more behind it": lambda webhook, chance: rewritten(webhook, webhook.body + chance.choice([b"\n", b" ", b"{}"])),
    "too old": lambda webhook, chance: _anew(webhook, SECRET, _stamp() - 301 - chance.randrange(10**8)),
    "of the future": lambda webhook, chance: _anew(webhook, SECRET, _stamp() + 301 + chance.randrange(10**8)),
    "another time than was signed": lambda webhook, chance: resigned(
        webhook, (webhook.signature or "").replace(f"t={_stamp()}", f"t={_stamp() + chance.randint(1, 299)}")
    ),
    "two times": lambda webhook, _: resigned(webhook, f"t={_stamp()},{webhook.signature}"),
    "another scheme": lambda webhook, _: resigned(webhook, (webhook.signature or "").replace("v1=", "v0=")),
    "signed, and no event": lambda webhook, chance: signed(
        webhook.provider, chance.choice([b"", b"null", b"[]", b"{}", b"1", b"{", b"\xff\xfe", b'{"id": "evt_1"}'])
    ),
}


async def test_forgeries_change_nothing(entrance: Door) -> None:
    chance = random.Random(FORGERIES)
    genuine = signed(provider_of(entrance), event("evt_1"))
    before = await entrance.everything()
    kinds = list(FORGERIES_OF)
    wanted = [kinds[number % len(kinds)] for number in range(FORGERIES)]
    with capture_logs() as logs:
        for start in range(0, FORGERIES, AT_ONCE):
            batch = wanted[start : start + AT_ONCE]
            replies = await asyncio.gather(*(entrance.send(FORGERIES_OF[kind](genuine, chance)) for kind in batch))
            told = {(kind, reply.status_code) for kind, reply in zip(batch, replies, strict=True)}
            assert told == {(kind, 400) for kind in batch}
            # why, nobody learns
            assert len({reply.content for reply in replies}) == 1
    assert await entrance.everything() == before
    assert {log["why"] for log in logs if log["event"] == "webhook refused"} == {"BadSignature"}
    for canary in (SECRET, CLIENT_SECRET, "evt_1", (genuine.signature or "")[-64:]):
        assert canary not in repr(logs)
    assert (await entrance.send(genuine)).status_code == 200


async def test_a_signature_in_another_header_is_none(entrance: Door) -> None:
    genuine = signed(provider_of(entrance), event())
    reply = await entrance.client.post(
        genuine.address, content=genuine.body, headers={"Signature": genuine.signature or ""}
    )
    assert reply.status_code == 400


@pytest.mark.parametrize("seconds", [-299, 299])
async def test_clocks_may_differ_by_five_minutes(entrance: Door, seconds: int) -> None:
    webhook = signed(provider_of(entrance), event(), at=AT + timedelta(seconds=seconds))
    assert (await entrance.send(webhook)).status_code == 200


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_while_a_secret_is_replaced_both_are_good_and_then_the_new_one_alone(
    empty_database: ConnectionSettings, provider: str
) -> None:
    async with door(empty_database.url, provider, SECOND, SECRET) as there:
        for secret in (SECRET, SECOND):
            assert (await there.send(signed(provider, event(), secret))).status_code == 200
    async with door(empty_database.url, provider, SECOND) as there:
        assert (await there.send(signed(provider, event(), SECRET))).status_code == 400
        assert (await there.send(signed(provider, event(), SECOND))).status_code == 200


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_is_sent_again_after_months_is_known(empty_database: ConnectionSettings, provider: str) -> None:
    later = AT + timedelta(days=200)
    for at in (AT, later):
        async with door(empty_database.url, provider, at=at) as there:
            assert (await there.send(signed(provider, event("evt_1"), at=at))).status_code == 200
            assert await there.kept() == [("evt_1", "received")]


async def test_a_body_has_a_quarter_of_a_mebibyte_at_most(entrance: Door) -> None:
    name = provider_of(entrance)
    room = LIMIT - len(signed(name, event("evt_1", more="")).body)
    assert len(signed(name, event("evt_1", more="x" * room)).body) == LIMIT
    assert (await entrance.send(signed(name, event("evt_1", more="x" * room)))).status_code == 200
    assert (await entrance.send(signed(name, event("evt_2", more="x" * (room + 1))))).status_code == 413
    assert await entrance.kept() == [("evt_1", "received")]


async def test_names_that_no_provider_gives_are_refused(entrance: Door) -> None:
    for identity in ("", "x" * 256, "evt_\u0000", "evt_ü", "evt_\ud800"):
        body = json.dumps({**event(), "id": identity}).encode()
        assert (await entrance.send(signed(provider_of(entrance), body))).status_code == 400
    assert await entrance.kept() == []


async def test_texts_that_the_database_cannot_keep_are_kept_without_what_it_cannot(entrance: Door) -> None:
    odd = event("evt_1", note="a\x00b", other={"c\x00": ["\x00"]})
    assert (await entrance.send(signed(provider_of(entrance), odd))).status_code == 200
    payload = json.loads(await sql.value(entrance.shop.database, "SELECT payload FROM provider_events"))
    assert (payload["note"], payload["other"]) == ("a?b", {"c?": ["?"]})


async def test_only_the_address_of_the_shop_s_own_provider_is_there(entrance: Door) -> None:
    own = provider_of(entrance)
    for name in (*(name for name in PROVIDERS if name != own), "nobody", own.upper()):
        reply = await entrance.client.post(f"/webhooks/{name}", content=b"{}")
        assert reply.status_code == 404
    assert (await entrance.client.post("/webhooks", content=b"{}")).status_code == 404
    reply = await entrance.client.get(f"/webhooks/{own}")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


async def test_who_carries_a_session_or_comes_from_a_page_is_treated_alike(entrance: Door) -> None:
    name = provider_of(entrance)
    carried = {"authorization": "Bearer canary", "cookie": "a=b", "origin": "https://evil.example"}
    reply = await entrance.send(signed(name, event()), **carried)
    assert reply.status_code == 200
    assert not [header for header in reply.headers if header.startswith("access-control")]
    assert (await entrance.send(resigned(signed(name, event()), None), **carried)).status_code == 400


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_while_the_database_is_away_the_provider_is_asked_to_come_again(
    empty_database: ConnectionSettings, provider: str
) -> None:
    async with gate(empty_database.url) as way, door(way.url, provider) as there:
        assert (await there.send(signed(provider, event("evt_1")))).status_code == 200
        await way.cut()
        reply = await there.send(signed(provider, event("evt_2")))
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
        await way.open()
        assert (await there.send(signed(provider, event("evt_2")))).status_code == 200
        assert [name for name, _ in await there.kept()] == ["evt_1", "evt_2"]
