"""Orders without a database: their numbers, when they can still be canceled, and how a quote differs."""

import re
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from uuid import UUID

import pytest

from domain.carts.cart import Cart, CartId, CartLine, CartLineId
from domain.carts.changes import QuoteChangeReason, changes
from domain.carts.checkout import Checkout, Facts, Offer, reckon
from domain.carts.quotes import VALID, Quote
from domain.orders.order import (
    TRANSITIONS,
    Order,
    OrderFulfillmentStatus,
    OrderId,
    OrderPaymentStatus,
    OrderStatus,
    ShippingMethodSnapshot,
    new_number,
)
from domain.orders.orders import why_not_cancel
from domain.pricing.basket import EnteredCode
from domain.pricing.discounts import DiscountCode, DiscountCodeId, DiscountKind
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.pricing.totals import Amounts
from domain.products.inventory import Inventory, VariantId
from domain.products.product import ProductId, ProductVariant
from domain.shared.money import Money
from domain.users.address import Address

AT = datetime(2026, 3, 1, tzinfo=UTC)
MUG, JUG = (VariantId(UUID(int=number)) for number in (1, 2))
RATE = ShippingRateId(UUID(int=3))
FREE = Money.zero("USD")
HOME = Address("1 Plain Street", "York", "GB")
ORDER = Order(
    id=OrderId(UUID(int=9)),
    number="7KQ2-M0XD-94RT",
    status=OrderStatus.PENDING,
    payment_status=OrderPaymentStatus.PENDING,
    fulfillment_status=OrderFulfillmentStatus.UNFULFILLED,
    email="a@shop.example",
    user_id=None,
    cost=Amounts(FREE, FREE, FREE, FREE, FREE, tax_lines=(), tax_included=False),
    discount_codes=(),
    shipping_address=HOME,
    billing_address=None,
    shipping_method=ShippingMethodSnapshot("Parcel", FREE),
    note=None,
    events=1,
    placed_at=AT,
    expires_at=None,
    confirmed_at=None,
    completed_at=None,
    canceled_at=None,
    cancel_reason=None,
    amount_captured=Money.zero("USD"),
    amount_refunded=Money.zero("USD"),
    updated_at=AT,
)


def test_numbers_are_easily_read_aloud_and_no_two_are_alike() -> None:
    numbers = [new_number() for _ in range(100_000)]
    assert all(re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert numbers != sorted(numbers)


def test_every_status_is_reached_and_those_that_end_lead_nowhere() -> None:
    reached, ahead = {OrderStatus.PENDING}, deque([OrderStatus.PENDING])
    while ahead:
        for status in TRANSITIONS[ahead.popleft()] - reached:
            reached.add(status)
            ahead.append(status)
    assert reached == set(OrderStatus) == TRANSITIONS.keys()
    assert {status for status in OrderStatus if not TRANSITIONS[status]} == {
        *(OrderStatus.COMPLETED, OrderStatus.CANCELED, OrderStatus.EXPIRED),
    }


@pytest.mark.parametrize(("status", "shipped"), list(product(OrderStatus, OrderFulfillmentStatus)))
def test_an_order_is_canceled_while_it_goes_on_and_nothing_has_shipped(
    status: OrderStatus, shipped: OrderFulfillmentStatus
) -> None:
    why = why_not_cancel(replace(ORDER, status=status, fulfillment_status=shipped))
    goes_on = status in {OrderStatus.PENDING, OrderStatus.CONFIRMED}
    assert (why is None) is (goes_on and shipped is OrderFulfillmentStatus.UNFULFILLED)
    assert why is None or why.endswith(".")


def test_a_guest_s_order_belongs_to_who_can_name_it() -> None:
    assert ORDER.owner == ORDER.id


def usd(amount: str) -> Money:
    return Money.of(Decimal(amount), "USD")


def offer(variant: VariantId, price: str) -> Offer:
    stock = Inventory(tracked=True, on_hand=100, reserved=0, low_stock_threshold=10, variant_id=variant)
    made = ProductVariant(
        id=variant,
        product_id=ProductId(UUID(int=4)),
        title="Blue",
        sku=None,
        barcode=None,
        price=usd(price),
        compare_at_price=None,
        cost_price=None,
        weight_grams=None,
        inventory=stock,
        created_at=AT,
        updated_at=AT,
    )
    return Offer(made, "Mug", for_sale=True, category_ids=frozenset())


def line(variant: VariantId, quantity: int = 1) -> CartLine:
    return CartLine(CartLineId(variant), variant, quantity, usd("10.00"))


def cart(*lines: CartLine, codes: tuple[str, ...] = ()) -> Cart:
    return Cart(
        id=CartId(UUID(int=5)),
        user_id=None,
        version=1,
        currency_code="USD",
        email="a@shop.example",
        phone=None,
        shipping_address=HOME,
        billing_address=None,
        shipping_rate_id=RATE,
        codes=codes,
        lines=lines,
        order_id=None,
        created_at=AT,
        updated_at=AT,
    )


def facts(price: str = "10.00", shipping: str = "5.00", tax: str = "0", percent: str | None = None) -> Facts:
    code = DiscountCode(
        id=DiscountCodeId(UUID(int=6)),
        code="TEN",
        kind=DiscountKind.PERCENTAGE,
        value=Decimal(percent or 10),
        minimum_subtotal=None,
        usage_limit=None,
        usage_limit_per_user=None,
        times_used=0,
        starts_at=AT,
        ends_at=None,
        active=percent is not None,
        category_ids=frozenset(),
        created_at=AT,
    )
    return Facts(
        {MUG: offer(MUG, price), JUG: offer(JUG, "10.00")},
        [ShippingRate(RATE, "Parcel", None, frozenset({"GB"}), usd(shipping), None, None, None, None, active=True)],
        [TaxRate(TaxRateId(UUID(int=7)), "VAT", "GB", None, Decimal(tax), included_in_price=False, active=True)],
        {"TEN": EnteredCode(code, 0)},
    )


def quoted(checkout: Checkout) -> Quote:
    assert checkout.quote is not None
    return checkout.quote


def reasons(before: Checkout, after: Checkout, at: datetime = AT) -> list[QuoteChangeReason]:
    return [change.reason for change in changes(quoted(before), after, at)]


def test_what_did_not_change_is_charged_until_the_quote_ends() -> None:
    checkout = reckon(cart(line(MUG)), facts(), AT)
    assert reasons(checkout, checkout, AT + VALID - timedelta(seconds=1)) == []
    assert reasons(checkout, checkout, AT + VALID) == [QuoteChangeReason.EXPIRED]


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        (facts(), facts(price="11.00"), [QuoteChangeReason.PRICE]),
        (facts(), facts(price="9.00"), [QuoteChangeReason.PRICE]),
        (facts(), facts(shipping="6.00"), [QuoteChangeReason.SHIPPING]),
        (facts(), facts(tax="0.1"), [QuoteChangeReason.TAX]),
        (facts(percent="10"), facts(), [QuoteChangeReason.DISCOUNT]),
        (facts(percent="10"), facts(percent="20"), [QuoteChangeReason.DISCOUNT]),
        (facts(), facts(price="15.00", shipping="0.00"), [QuoteChangeReason.PRICE, QuoteChangeReason.SHIPPING]),
    ],
)
def test_each_change_is_told_by_its_reason(then: Facts, now: Facts, told: list[QuoteChangeReason]) -> None:
    mine = cart(line(MUG), codes=("TEN",))
    assert reasons(reckon(mine, then, AT), reckon(mine, now, AT)) == told


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ([line(MUG), line(JUG)], [line(MUG)], [QuoteChangeReason.STOCK]),
        ([line(MUG)], [line(MUG), line(JUG)], [QuoteChangeReason.PRICE]),
        ([line(MUG, 2)], [line(MUG, 3)], [QuoteChangeReason.STOCK]),
        ([line(MUG, 1), line(JUG, 2)], [line(MUG, 2), line(JUG, 2)], [QuoteChangeReason.STOCK]),
    ],
)
def test_another_content_is_never_charged_in_place_of_what_was_quoted(
    then: list[CartLine], now: list[CartLine], told: list[QuoteChangeReason]
) -> None:
    assert reasons(reckon(cart(*then), facts(), AT), reckon(cart(*now), facts(), AT)) == told
