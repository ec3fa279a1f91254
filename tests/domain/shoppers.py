"""Carts, and what the shop says about what is in them: by hand, and at random."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from domain.carts.cart import MOST_CODES, MOST_UNITS, Cart, CartId, CartLine, CartLineId
from domain.carts.checkout import Checkout, Facts, Offer, reckon
from domain.pricing.basket import EnteredCode
from domain.pricing.discounts import DiscountCode
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.taxes import TaxRate
from domain.products.category import CategoryId
from domain.products.inventory import Inventory, VariantId
from domain.products.product import ProductId, ProductVariant
from domain.shared.money import Money
from domain.users.address import Address
from domain.users.user import UserId
from tests.domain.baskets import CATEGORIES, NOW, money, shipping_rate

HOME = Address("1 High Street", "Berlin", "DE")
POST = shipping_rate(1, money("5"))
CODES = st.sampled_from([f"CODE{number}" for number in range(8)])
"""More than fit into one cart."""


def variant_id(number: int) -> VariantId:
    return VariantId(UUID(int=number))


def line_id(number: int) -> CartLineId:
    return CartLineId(UUID(int=1_000 + number))


def cart_line(number: int, quantity: int = 1, seen: str = "10") -> CartLine:
    return CartLine(line_id(number), variant_id(number), quantity, money(seen))


def cart(*lines: CartLine, codes: Sequence[str] = (), number: int = 1) -> Cart:
    return Cart(
        id=CartId(UUID(int=number)),
        user_id=None,
        version=3,
        currency_code="USD",
        email=None,
        phone=None,
        shipping_address=None,
        billing_address=None,
        shipping_rate_id=None,
        codes=tuple(codes),
        lines=lines,
        order_id=None,
        created_at=NOW,
        updated_at=NOW,
    )


def ready(*lines: CartLine, codes: Sequence[str] = ()) -> Cart:
    """One in whose way nothing stands, as long as its goods are for sale and POST goes there."""
    return replace(cart(*lines, codes=codes), email="ann@shop.example", shipping_address=HOME, shipping_rate_id=POST.id)


def offer(
    number: int,
    price: str = "10",
    *,
    stock: int | None = None,
    for_sale: bool = True,
    weight: int | None = 100,
    shelf: CategoryId = CATEGORIES[0],
) -> Offer:
    """Without `stock`, it is not counted."""
    inventory = Inventory(stock is not None, stock or 0, 0, 10, variant_id(number))
    product = ProductId(UUID(int=number))
    variant = ProductVariant(
        variant_id(number), product, "M", None, None, money(price), None, None, weight, inventory, NOW, NOW
    )
    return Offer(variant, "Mug", for_sale, frozenset({shelf}))


def facts(
    *offers: Offer,
    rates: Sequence[ShippingRate] = (POST,),
    taxes: Sequence[TaxRate] = (),
    codes: Sequence[DiscountCode] = (),
) -> Facts:
    return Facts(
        {one.variant.id: one for one in offers}, rates, taxes, {code.code: EnteredCode(code) for code in codes}
    )


def reckoned(cart: Cart, facts: Facts) -> Checkout:
    return reckon(cart, facts, NOW)


@st.composite
def carts(draw: st.DrawFn, number: int = 1) -> Cart:
    """Up to a few lines of twenty variants, in any order, sometimes with nearly as many units as there may be."""
    amounts = st.integers(1, 5) | st.integers(MOST_UNITS - 5, MOST_UNITS)
    drawn = draw(st.lists(st.tuples(st.integers(1, 20), amounts), max_size=8, unique_by=lambda pair: pair[0]))
    lines = [replace(cart_line(one, quantity), id=line_id(one + 100 * number)) for one, quantity in drawn]
    codes = draw(st.lists(CODES, max_size=MOST_CODES, unique=True))
    made = cart(*lines, codes=codes, number=number)
    return replace(
        made,
        user_id=draw(st.none() | st.just(UserId(UUID(int=number)))),
        email=draw(st.sampled_from([None, "ann@shop.example", "ben@shop.example"])),
        phone=draw(st.sampled_from([None, "1234", "5678"])),
        shipping_address=draw(st.sampled_from([None, HOME, Address("2 Low Street", "York", "GB")])),
        billing_address=draw(st.sampled_from([None, HOME])),
        shipping_rate_id=draw(st.sampled_from([None, POST.id, ShippingRateId(UUID(int=2))])),
    )


def priced(*numbers: int, amount: str = "12.50") -> dict[VariantId, Money]:
    return {variant_id(number): money(amount) for number in numbers}


ALL_PRICES = priced(*range(1, 201))
FREE = Decimal(0)
