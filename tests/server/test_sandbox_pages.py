"""What a buyer meets where payments are played, over HTTP."""

import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from domain.payments.gateway import Confirmation, Intent, NewIntent, PaymentGateway
from domain.payments.payment import CaptureMethod, PaymentId, PaymentStatus
from domain.shared.ids import uuid7
from domain.shared.money import Money
from persistence.connections import ConnectionSettings
from server.app import build_app
from server.payment_wiring import gateway
from server.settings import BadSettings, read_settings
from server.wiring import Shop
from tests.generous import GenerousLimiter

RETURN_URL = "https://frontend.example/orders/1?step=paid"
APPROVE, REFUSE = {"decision": "approve"}, {"decision": "refuse"}
NOBODY = "of nobody"
STRIPE = {"stripe_secret_key": "sk_test_1", "stripe_webhook_secret": "whsec_12345678"}


@dataclass
class Counter:
    """The whole application, and the gateway that the shop would use."""

    app: Starlette
    client: httpx.AsyncClient
    gateway: PaymentGateway

    async def asking(self, return_url: str = RETURN_URL, token: str = "pm_card_authenticationRequired") -> Intent:
        amount = Money.of_units(123_450, "USD")
        new = NewIntent(PaymentId(uuid7()), "order", "SK-<1>", amount, CaptureMethod.AUTOMATIC)
        intent = await self.gateway.create(new)
        return await self.gateway.confirm(Confirmation(intent.reference, token, return_url, str(uuid7())))

    async def setup_page(self) -> tuple[str, str]:
        """Its path, and the id of its setup."""
        setup = await self.gateway.set_up(await self.gateway.new_customer("user", str(uuid7())), str(uuid7()))
        return f"/sandbox/setup/{setup.client_secret}", setup.reference


@pytest.fixture
async def counter(empty_database: ConnectionSettings) -> AsyncGenerator[Counter]:
    settings = read_settings(database_url=empty_database.url, public_url="http://shop.example")
    app = build_app(settings, limiter=GenerousLimiter())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client,
    ):
        shop: Shop = app.state.shop
        async with AsyncExitStack() as stack:
            yield Counter(app, client, gateway(settings, shop.database, stack))


def path_of(intent: Intent) -> str:
    assert intent.next_action is not None
    assert intent.next_action.url is not None
    return urlsplit(intent.next_action.url).path


async def test_the_page_says_what_is_paid_and_asks(counter: Counter) -> None:
    page = await counter.client.get(path_of(await counter.asking()))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>Approve this payment?</h1>" in page.text
    assert "<dd>SK-&lt;1&gt;</dd>" in page.text
    assert "<dd>$1,234.50</dd>" in page.text
    assert "<dd>Visa ending in 3184</dd>" in page.text
    assert re.findall(r'<html lang="(\w+)"', page.text) == ["en"]
    assert "<script" not in page.text


@pytest.mark.parametrize(
    ("decision", "status", "told"),
    [(APPROVE, PaymentStatus.CAPTURED, "succeeded"), (REFUSE, PaymentStatus.FAILED, "failed")],
)
async def test_the_buyer_decides_and_goes_back(
    counter: Counter, decision: dict[str, str], status: PaymentStatus, told: str
) -> None:
    intent = await counter.asking()
    reply = await counter.client.post(path_of(intent), data=decision)
    assert reply.status_code == 303
    target = urlsplit(reply.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == "https://frontend.example/orders/1"
    query = {"step": ["paid"], "payment_intent": [intent.reference], "redirect_status": [told]}
    assert parse_qs(target.query) == query
    assert (await counter.gateway.retrieve(intent.reference)).status is status


async def test_a_decision_stands(counter: Counter) -> None:
    intent = await counter.asking()
    for decision in (APPROVE, REFUSE):
        assert (
            "redirect_status=succeeded"
            in (await counter.client.post(path_of(intent), data=decision)).headers["location"]
        )
    page = await counter.client.get(path_of(intent))
    assert "It is approved." in page.text
    assert "redirect_status=succeeded'>Back to the shop</a>" in page.text
    assert (await counter.gateway.retrieve(intent.reference)).status is PaymentStatus.CAPTURED


async def test_looking_decides_nothing(counter: Counter) -> None:
    intent = await counter.asking()
    for method in ("GET", "HEAD"):
        assert (await counter.client.request(method, path_of(intent))).status_code == 200
    assert (await counter.client.post(path_of(intent), data={"decision": "perhaps"})).status_code == 400
    assert (await counter.client.post(path_of(intent), content=b"\xff=%ff")).status_code == 400
    assert (await counter.client.post(path_of(intent), content=b"a" * 2**18)).status_code == 413
    assert (await counter.gateway.retrieve(intent.reference)).status is PaymentStatus.REQUIRES_ACTION


async def test_what_was_canceled_cannot_be_approved(counter: Counter) -> None:
    intent = await counter.asking()
    await counter.gateway.cancel(intent.reference, str(uuid7()))
    assert "is to be approved here now" in (await counter.client.get(path_of(intent))).text
    reply = await counter.client.post(path_of(intent), data=APPROVE)
    assert "redirect_status=failed" in reply.headers["location"]
    assert (await counter.gateway.retrieve(intent.reference)).status is PaymentStatus.CANCELED


@pytest.mark.parametrize(
    ("return_url", "allowed"),
    [
        (RETURN_URL, " https://frontend.example"),
        ("http://127.0.0.1:3000/back", " http://127.0.0.1:3000"),
        ("souk-app://orders/1", " souk-app:"),
        ("javascript:alert(1)", ""),
        ("data:text/html,hello", ""),
        ("https://a;script-src *", " https://a"),
        ("/nowhere", ""),
    ],
)
async def test_the_form_may_lead_to_our_page_and_back_to_the_shop_alone(
    counter: Counter, return_url: str, allowed: str
) -> None:
    intent = await counter.asking(return_url)
    page = await counter.client.get(path_of(intent))
    policy = page.headers["content-security-policy"]
    assert policy == (
        f"default-src 'none'; style-src 'self'; form-action 'self'{allowed}; base-uri 'none'; frame-ancestors 'none'"
    )
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    reply = await counter.client.post(path_of(intent), data=APPROVE)
    assert reply.status_code == (303 if allowed else 200)


@pytest.mark.parametrize("path", ["/sandbox/approve/pi_none", "/sandbox/setup/seti_none_secret_none"])
async def test_what_nobody_knows_is_not_there(counter: Counter, path: str) -> None:
    assert (await counter.client.get(path)).status_code == 404
    assert (await counter.client.post(path, data={**APPROVE, "token": "pm_card_visa"})).status_code == 404


async def test_a_buyer_chooses_a_card_to_keep(counter: Counter) -> None:
    path, reference = await counter.setup_page()
    page = await counter.client.get(path)
    assert "value='pm_card_visa' checked" in page.text
    assert "Visa ending in 0002: your card was declined" in page.text
    declined = await counter.client.post(path, data={"token": "pm_card_chargeDeclined"})
    assert (declined.status_code, "role='alert'>Your card was declined.<" in declined.text) == (422, True)
    assert not (await counter.gateway.retrieve_setup(reference)).is_complete
    assert (await counter.client.post(path, data={"token": NOBODY})).status_code == 404
    kept = await counter.client.post(path, data={"token": "pm_card_mastercard"})
    assert "Mastercard ending in 4444 can be paid with from now on." in kept.text
    again = await counter.client.post(path, data={"token": "pm_card_visa"})
    assert "Mastercard ending in 4444" in again.text
    setup = await counter.gateway.retrieve_setup(reference)
    assert setup.method is not None
    assert setup.method.brand == "mastercard"


async def test_a_setup_belongs_to_who_knows_its_secret(counter: Counter) -> None:
    path, reference = await counter.setup_page()
    for other in (f"/sandbox/setup/{reference}", path[:-1], f"{path}x"):
        assert (await counter.client.get(other)).status_code == 404
        assert (await counter.client.post(other, data={"token": "pm_card_visa"})).status_code == 404
    assert not (await counter.gateway.retrieve_setup(reference)).is_complete


async def test_a_request_may_ask_for_mishaps(counter: Counter) -> None:
    asked = {"query": "{ __typename }"}
    for mishaps, status in (("drop=0.5,seed=3", 200), ("rain", 400)):
        headers = {"souk-sandbox-scenario": mishaps}
        assert (await counter.client.post("/graphql", json=asked, headers=headers)).status_code == status


def production(**more: str) -> dict[str, str]:
    return {
        "souk_env": "production",
        "database_url": "postgresql://a/b",
        "public_url": "https://shop.example",
        "allowed_hosts": "shop.example",
        "smtp_url": "smtp://mail.example",
        "jwt_secret": "0" * 32,
        **more,
    }


async def test_there_is_no_page_of_the_sandbox_in_production() -> None:
    app = build_app(read_settings(**production(**STRIPE)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
        for path in ("/sandbox/approve/pi_1", "/sandbox/setup/seti_1", "/sandbox/files/sandbox.css"):
            assert (await client.get(path)).json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_mishaps_are_refused_in_production_and_when_there_are_none_of_the_name() -> None:
    with pytest.raises(BadSettings, match="no sandbox in production"):
        read_settings(**production(**STRIPE, sandbox_scenario="drop"))
    with pytest.raises(BadSettings, match="SANDBOX_SCENARIO: must be normal, or some of delay"):
        read_settings(sandbox_scenario="rain")
