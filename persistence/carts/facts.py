"""What the shop says about carts: the offers behind their lines, ways of shipping, taxes, and their codes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, String, Uuid, any_, func, null, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.carts.cart import Cart
from domain.carts.checkout import Facts, Offer
from domain.pricing.basket import EnteredCode
from domain.pricing.discounts import DiscountCode
from domain.products.category import CategoryId
from domain.products.inventory import VariantId
from domain.products.product import ProductStatus
from persistence.database import Rows
from persistence.orders.tables import redemptions
from persistence.pricing.mappers import DISCOUNT, SHIPPING_RATE, TAX_RATE
from persistence.pricing.tables import discount_codes, shipping_rates, tax_rates
from persistence.products.mappers import VARIANT
from persistence.products.tables import categories, products, variants
from persistence.statements import Statement, parameters

VARIANTS = VARIANT.reading(None)
DISCOUNTS = DISCOUNT.reading(None)
RATES = SHIPPING_RATE.reading(None)
TAXES = TAX_RATE.reading(None)


class Source(Protocol):
    """The database, or a transaction."""

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> Rows: ...


ASKED = variants.c.id == any_(parameters("keys", Uuid()))
OFFERED = (*VARIANTS.columns, products.c.name.label("product"), products.c.status)


def _offers_on_shelves() -> Statement:
    """Variants with their product's name and status, and the categories it stands in, from its own up to the root."""
    shelves = select(products.c.category_id).join(variants, variants.c.product_id == products.c.id).where(ASKED)
    path = (
        select(categories.c.id.label("shelf"), categories.c.id, categories.c.parent_id)
        .where(categories.c.id.in_(shelves))
        .cte("path", recursive=True)
    )
    above = categories.alias("above")
    path = path.union(select(path.c.shelf, above.c.id, above.c.parent_id).join(path, above.c.id == path.c.parent_id))
    paths = select(path.c.shelf, func.array_agg(path.c.id, type_=ARRAY(Uuid())).label("ids")).group_by(path.c.shelf)
    found = paths.cte("paths")
    return Statement(
        select(*OFFERED, found.c.ids)
        .join(products, products.c.id == variants.c.product_id)
        .outerjoin(found, found.c.shelf == products.c.category_id)
        .where(ASKED)
    )


OFFERS_ON_SHELVES = _offers_on_shelves()
# only codes ask for categories, and most carts have none: finding them takes longer than the rest
OFFERS = Statement(
    select(*OFFERED, null().label("ids")).join(products, products.c.id == variants.c.product_id).where(ASKED)
)


def _active_rates() -> Statement:
    """Ways of shipping, and then taxes, each with nothing in the other's columns: no id is of both."""
    shipping = select(*_named("shipping", RATES.columns)).where(shipping_rates.c.active).cte("shipping")
    taxes = select(*_named("tax", TAXES.columns)).where(tax_rates.c.active).cte("taxes")
    both = shipping.join(taxes, shipping.c[0] == taxes.c[0], full=True)
    return Statement(select(*shipping.c, *taxes.c).select_from(both))


def _named(prefix: str, columns: Sequence[ColumnElement[Any]]) -> Sequence[ColumnElement[Any]]:
    return [one.label(f"{prefix}_{number}") for number, one in enumerate(columns)]


ACTIVE_RATES = _active_rates()
CODES = Statement(select(*DISCOUNTS.columns).where(discount_codes.c.code == any_(parameters("codes", String()))))


USES = Statement(
    select(redemptions.c.discount_code_id, redemptions.c.user_id, redemptions.c.email).where(
        redemptions.c.discount_code_id == any_(parameters("codes", Uuid())),
        or_(
            redemptions.c.user_id == any_(parameters("users", Uuid())),
            redemptions.c.email == any_(parameters("emails", String())),
        ),
    )
)


async def facts_of(source: Source, carts: Sequence[Cart]) -> Mapping[Cart, Facts]:
    """With as many statements for many carts as for one."""
    offers = await _offers_for(source, carts)
    addressed = any(cart.shipping_address is not None for cart in carts)
    rows: Rows = await source.fetch(ACTIVE_RATES, {}) if addressed else ()
    first_of_taxes = len(RATES.columns)
    rates = RATES.objects([row for row in rows if row[0] is not None])
    taxes = TAXES.objects([row[first_of_taxes:] for row in rows if row[0] is None])
    codes = await _codes_of(source, carts)
    used = await _uses(source, carts, codes)
    return {
        cart: Facts(
            {line.variant_id: offers[line.variant_id] for line in cart.lines if line.variant_id in offers},
            rates,
            taxes,
            {code: EnteredCode(codes[code], used(codes[code], cart)) for code in cart.codes if code in codes},
        )
        for cart in carts
    }


async def _offers_for(source: Source, carts: Sequence[Cart]) -> Mapping[VariantId, Offer]:
    wanted = list({line.variant_id for cart in carts for line in cart.lines})
    if not wanted:
        return {}
    coded = any(cart.codes for cart in carts)
    rows = await source.fetch(OFFERS_ON_SHELVES if coded else OFFERS, {"keys": wanted})
    return {
        variant.id: Offer(
            variant, row[-3], row[-2] == ProductStatus.ACTIVE.value, frozenset(map(CategoryId, row[-1] or ()))
        )
        for variant, row in zip(VARIANTS.objects(rows), rows, strict=True)
    }


async def _codes_of(source: Source, carts: Sequence[Cart]) -> Mapping[str, DiscountCode]:
    entered = list({code for cart in carts for code in cart.codes})
    if not entered:
        return {}
    return {code.code: code for code in DISCOUNTS.objects(await source.fetch(CODES, {"codes": entered}))}


async def _uses(
    source: Source, carts: Sequence[Cart], codes: Mapping[str, DiscountCode]
) -> Callable[[DiscountCode, Cart], int]:
    """How many orders a cart's buyer, by account or address, has placed with a code that counts them."""
    counted = [code.id for code in codes.values() if code.usage_limit_per_user is not None]
    if not counted:
        return lambda _, __: 0
    buyers = {
        "codes": counted,
        "users": [cart.user_id for cart in carts if cart.user_id is not None],
        "emails": [cart.email for cart in carts if cart.email is not None],
    }
    rows = await source.fetch(USES, buyers)

    def used(code: DiscountCode, cart: Cart) -> int:
        mine = (
            row
            for row in rows
            if row[0] == code.id and (row[2] == cart.email or (row[1] is not None and row[1] == cart.user_id))
        )
        return sum(1 for _ in mine)

    return used
