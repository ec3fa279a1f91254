"""Means of payment that users keep: set up at the provider, used for an order, and forgotten."""

from dataclasses import replace

import pytest

from domain.payments.payment import PaymentProvider
from domain.payments.sandbox import SandboxMethod
from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.users.user import ANONYMOUS, Actor
from resolvers import global_ids
from tests.graphql.asking import ADMIN, data
from tests.graphql.ordering import Counter, Json
from tests.graphql.paying import Till
from tests.people import Person, person

KEPT = "{ me { paymentMethods { id isDefault details { type brand last4 expMonth expYear } } } }"


@pytest.fixture
def till(counter: Counter) -> Till:
    return Till(counter)


async def kept(till: Till, actor: Actor) -> list[Json]:
    return (await data(till.counter.shop, KEPT, None, actor))["me"]["paymentMethods"]


async def keeps(till: Till, one: Person, token: str = "pm_card_visa") -> str:
    """The id of what somebody keeps, who goes through with it at the provider."""
    secret = await till.done("paymentMethodSetup", one.actor)
    reference = secret.partition("_secret_")[0]
    async with till.sandbox.open() as book:
        setup = await book.setup(reference)
        assert setup is not None
        method = SandboxMethod(f"pm_{uuid7().hex}", token, setup.customer, now())
        await book.write(method, replace(setup, status="succeeded", method=method.id))
        await book.commit()
    services = till.counter.shop.services.saved_methods
    assert await services.learn_setup(PaymentProvider.SANDBOX, reference)
    assert not await services.learn_setup(PaymentProvider.SANDBOX, reference)
    return (await kept(till, one.actor))[-1]["id"]


async def test_a_means_of_payment_is_kept_once_the_buyer_went_through_with_it(till: Till) -> None:
    owner = await person(till.counter.shop)
    secret = await till.done("paymentMethodSetup", owner.actor, idempotencyKey="keep")
    assert await till.done("paymentMethodSetup", owner.actor, idempotencyKey="keep") == secret
    assert await till.refused("paymentMethodSetup") == [("UNAUTHENTICATED", None)]
    assert await kept(till, owner.actor) == []
    assert not await till.counter.shop.services.saved_methods.learn_setup(
        PaymentProvider.SANDBOX, secret.partition("_secret_")[0]
    )
    identity = await keeps(till, owner)
    card = {"type": "card", "brand": "visa", "last4": "4242", "expMonth": 12, "expYear": 2034}
    assert await kept(till, owner.actor) == [{"id": identity, "isDefault": True, "details": card}]
    await keeps(till, owner, "pm_card_mastercard")
    assert [one["isDefault"] for one in await kept(till, owner.actor)] == [True, False]


async def test_what_is_kept_pays_for_an_order_and_for_the_next_one(till: Till) -> None:
    owner = await person(till.counter.shop)
    method = await keeps(till, owner)
    for _ in range(2):
        sale = await till.sold(actor=owner.actor, savedPaymentMethodId=method)
        payment = await till.done("paymentConfirm", owner.actor, paymentId=sale.payment)
        assert (payment["status"], payment["method"]) == ("CAPTURED", {"brand": "visa", "last4": "4242"})
    assert await till.taken() == 3_000
    sale = await till.sold(actor=owner.actor)
    again = await till.done("paymentCreate", owner.actor, orderId=sale.order, savedPaymentMethodId=method)
    assert again["status"] == "REQUIRES_CONFIRMATION"
    assert (await till.done("paymentConfirm", owner.actor, paymentId=again["id"]))["status"] == "CAPTURED"


async def test_what_somebody_else_keeps_is_not_there(till: Till) -> None:
    owner, other = await person(till.counter.shop), await person(till.counter.shop)
    method = await keeps(till, owner)
    mug = await till.counter.stall.variant(10)
    for stranger in (ANONYMOUS, other.actor):
        kept = await till.counter.stall.cart({mug: 1}, user_id=stranger.user_id)
        cart = global_ids.encode("Cart", kept)
        for wanted in (method, "nothing"):
            assert await till.refused("orderPlace", stranger, cartId=cart, savedPaymentMethodId=wanted) == [
                ("NOT_FOUND", "savedPaymentMethodId")
            ]
        sale = await till.placed(kept, stranger)
        for actor in (stranger, ADMIN, owner.actor):
            refused = await till.refused(
                "paymentCreate", actor, orderId=sale.order, savedPaymentMethodId=method, **sale.key
            )
            found = "orderId" if actor is owner.actor and stranger is not ANONYMOUS else "savedPaymentMethodId"
            assert refused == [("NOT_FOUND", found)]
    for stranger in (other.actor, ADMIN):
        assert await till.refused("savedPaymentMethodDelete", stranger, id=method) == [("NOT_FOUND", "id")]
    assert await till.refused("savedPaymentMethodDelete", id=method) == [("UNAUTHENTICATED", None)]


async def test_what_is_forgotten_pays_no_more_and_the_newest_is_used_first_then(till: Till) -> None:
    owner = await person(till.counter.shop)
    methods = [await keeps(till, owner), await keeps(till, owner, "pm_card_amex"), await keeps(till, owner)]
    sale = await till.sold(actor=owner.actor, savedPaymentMethodId=methods[0])
    assert await till.done("savedPaymentMethodDelete", owner.actor, id=methods[0]) == methods[0]
    assert [(one["id"], one["isDefault"]) for one in await kept(till, owner.actor)] == [
        *((methods[1], False), (methods[2], True)),
    ]
    assert await till.refused("savedPaymentMethodDelete", owner.actor, id=methods[0]) == [("NOT_FOUND", "id")]
    assert await till.refused("paymentConfirm", owner.actor, paymentId=sale.payment) == [
        ("REQUIRED", "paymentMethodToken")
    ]
