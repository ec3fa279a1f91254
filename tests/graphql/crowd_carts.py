"""What the sixty people are about to buy, the store settings that this is reckoned up by, and some strangers' carts."""

from datetime import timedelta
from decimal import Decimal
from itertools import islice
from uuid import UUID

from domain.carts.cart import Cart, CartId, CartLine, CartLineId
from domain.carts.work import CartsWork
from domain.pricing.discounts import DiscountCode, DiscountCodeId, DiscountKind
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.products.category import CategoryId
from domain.products.inventory import VariantId
from domain.shared.money import Money
from domain.users.address import Address
from domain.users.user import UserId
from server.demo.reading import read_catalogue
from server.wiring import Shop
from tests import sql
from tests.graphql import crowd

STRANGERS = 3
CURRENCY = "USD"
SEEN = Money.of(Decimal(1), CURRENCY)
"""Not what anything costs now, so that every line has a problem to tell of."""
BOOKED = """
INSERT INTO inventory_adjustments (id, variant_id, on_hand_delta, reserved_delta, reason, note, user_id)
SELECT md5(id::text)::uuid, id, 1, 0, 'correction', 'counted', :user FROM product_variants
"""


def cart_id(number: int) -> CartId:
    """Of the person with this number; of strangers, who have the numbers after theirs."""
    return CartId(UUID(int=0xCA27_0000_0000 + number))


def line_id(number: int, index: int) -> CartLineId:
    return CartLineId(UUID(int=0x11E0_0000_0000 + number * 0x1_0000 + index))


def discount_id(number: int) -> DiscountCodeId:
    return DiscountCodeId(UUID(int=0xD15C_0000_0000 + number))


def rate_id(number: int) -> ShippingRateId:
    return ShippingRateId(UUID(int=0x5817_0000_0000 + number))


def tax_id(number: int) -> TaxRateId:
    return TaxRateId(UUID(int=0x7A4_0000_0000 + number))


async def gather(shop: Shop) -> None:
    """Beside the people of `crowd`, who must be there."""
    for number in range(1, 4):
        await shop.services.store_settings.set_shipping_rate(_rate(number), is_new=True)
        await shop.services.store_settings.set_tax_rate(_tax(number), is_new=True)
    for number in range(1, crowd.MANY + 1):
        await shop.services.store_settings.create_discount(_discount(number))
    async with shop.services.carts.begin() as work:
        for number in range(1, crowd.PEOPLE + STRANGERS + 1):
            await _fill(work, number)
        await work.commit()
    counted = "UPDATE product_variants SET on_hand = on_hand + 1"
    await sql.run(shop.database, BOOKED, user=crowd.user_id(1))
    await sql.run(shop.database, counted)


async def _fill(work: CartsWork, number: int) -> None:
    at = crowd.LAUNCH + timedelta(days=number)
    shown = [one for one in read_catalogue().products if one.status.value == "active"]
    wanted = islice((one.variants[0].id for one in shown[number % 10 :]), 1 + number % 3)
    lines = [CartLine(line_id(number, index), VariantId(one), 1, SEEN) for index, one in enumerate(wanted)]
    cart = Cart(
        id=cart_id(number),
        user_id=UserId(crowd.user_id(number)) if number <= crowd.PEOPLE else None,
        version=0,
        currency_code=CURRENCY,
        email=f"buyer{number}@shop.example",
        phone=None,
        shipping_address=Address(f"{number} Long Road", "Leeds", "GB"),
        billing_address=Address("1 High Street", "York", "GB") if number % 2 else None,
        shipping_rate_id=rate_id(1 + number % 3),
        codes=(f"CODE{1 + number % crowd.MANY}", "GONE"),
        lines=tuple(lines),
        order_id=None,
        created_at=at,
        updated_at=at,
    )
    await work.carts.add(cart)
    await work.carts.save(cart)


def _rate(number: int) -> ShippingRate:
    price = Money.of(Decimal(number), CURRENCY)
    return ShippingRate(
        rate_id(number), f"Post {number}", None, frozenset({"GB"}), price, None, None, 1, 3, active=True
    )


def _tax(number: int) -> TaxRate:
    return TaxRate(tax_id(number), f"Tax {number}", "GB", None, Decimal("0.05"), included_in_price=True, active=True)


def _discount(number: int) -> DiscountCode:
    at = crowd.LAUNCH + timedelta(minutes=number)
    shelves = [CategoryId(one.id) for one in read_catalogue().categories]
    return DiscountCode(
        id=discount_id(number),
        code=f"CODE{number}",
        kind=DiscountKind.PERCENTAGE,
        value=Decimal(number),
        minimum_subtotal=None,
        usage_limit=None,
        usage_limit_per_user=None,
        times_used=0,
        starts_at=at,
        ends_at=None,
        active=True,
        category_ids=frozenset({shelves[number % len(shelves)], shelves[-number % len(shelves)]}),
        created_at=at,
    )
