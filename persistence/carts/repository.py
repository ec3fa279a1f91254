"""Carts: changed in turn, read many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Integer, SelectBase, Uuid, any_, delete, func, select, true, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.types import Numeric

from domain.carts.cart import Cart, CartId, CartLine, CartLineId
from domain.carts.checkout import Facts
from domain.pricing.shipping import ShippingRateId
from domain.products.inventory import VariantId
from domain.products.product import ProductStatus
from domain.shared.errors import InvalidToken
from domain.shared.money import Money
from domain.users.address import Address
from domain.users.oneself import GONE
from domain.users.user import UserId
from persistence.carts import facts
from persistence.carts.tables import carts, lines
from persistence.database import Database, Rows, Transaction
from persistence.grouping import grouped
from persistence.products.mappers import CURRENCY, money
from persistence.products.tables import products, variants
from persistence.statements import Statement, given, parameter, parameters
from persistence.users.tables import users

CART = tuple(carts.c)
CHANGING = ("user_id", "email", "phone", "shipping_address", "billing_address", "shipping_rate_id", "codes", "order_id")


def _lines(which: ColumnElement[bool]) -> SelectBase:
    return (
        select(lines.c.cart_id, lines.c.id, lines.c.variant_id, lines.c.quantity, lines.c.seen_price)
        .where(which)
        .order_by(lines.c.position, lines.c.id)
    )


IDS, CART_ID = parameters("ids", Uuid()), parameter("id", Uuid())


def _add() -> Statement:
    """A cart and its lines, these from arrays of their values, in one round trip."""
    named = given(carts, "id", "version", "currency_code", *CHANGING)
    added = insert(carts).values(named).returning(*CART).cte("added")
    return Statement(select(*added.c).add_cte(_put(true()).cte("put")))


def _save() -> Statement:
    """The cart with all its lines as they are now."""
    saved = (
        update(carts)
        .where(carts.c.id == CART_ID)
        .values({**given(carts, *CHANGING), "version": carts.c.version + 1})
        .returning(*CART)
        .cte("saved")
    )
    gone = delete(lines).where(lines.c.cart_id == CART_ID, lines.c.id != func.all(IDS))
    dropped = gone.returning(lines.c.id).cte("dropped")
    # asking for what is gone has it go first: a new line may be of the variant of an old one
    is_gone = select(func.count()).select_from(dropped).scalar_subquery() >= 0
    return Statement(select(*saved.c).add_cte(_put(is_gone).cte("put")))


def _put(when: ColumnElement[bool]) -> Insert:
    rows = select(
        func.unnest(IDS).label("id"),
        CART_ID.label("cart_id"),
        func.unnest(parameters("variants", Uuid())).label("variant_id"),
        func.unnest(parameters("quantities", Integer())).label("quantity"),
        func.unnest(parameters("prices", Numeric())).label("seen_price"),
        func.unnest(parameters("positions", Integer())).label("position"),
    ).where(when)
    new = insert(lines).from_select(["id", "cart_id", "variant_id", "quantity", "seen_price", "position"], rows)
    changing = ("quantity", "seen_price", "position")
    return new.on_conflict_do_update(index_elements=[lines.c.id], set_={one: new.excluded[one] for one in changing})


class SqlCarts:
    """Implements `domain.carts.work.CartRepository`."""

    ADD = _add()
    LOCK = Statement(select(*CART).where(carts.c.id == CART_ID).with_for_update(key_share=True))
    LOCK_OPEN = Statement(
        select(*CART)
        .where(carts.c.user_id == parameter("user_id", Uuid()), carts.c.order_id.is_(None))
        .with_for_update(key_share=True)
    )
    LOCK_USER = Statement(
        select(users.c.id).where(users.c.id == parameter("user_id", Uuid())).with_for_update(key_share=True)
    )
    SAVE = _save()
    DELETE = Statement(delete(carts).where(carts.c.id == CART_ID))
    LINES = Statement(_lines(lines.c.cart_id == CART_ID))
    PRICES = Statement(
        select(variants.c.id, variants.c.price, CURRENCY)
        .join(products, products.c.id == variants.c.product_id)
        .where(variants.c.id == any_(parameters("keys", Uuid())), products.c.status == ProductStatus.ACTIVE.value)
        # as the lines that refer to it will do: it is not removed before they are there
        .with_for_update(read=True, key_share=True, of=variants)
    )

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, cart: Cart) -> Cart:
        new = {"version": cart.version, "currency_code": cart.currency_code}
        rows = await self._transaction.fetch(self.ADD, {**_values(cart), **_line_values(cart), **new})
        return cart_of(rows[0], cart.lines)

    async def lock(self, cart_id: CartId) -> Cart | None:
        return await self._whole(await self._transaction.fetch(self.LOCK, {"id": cart_id}))

    async def lock_open(self, user_id: UserId) -> Cart | None:
        user = {"user_id": user_id}
        found = await self._whole(await self._transaction.fetch(self.LOCK_OPEN, user))
        if found is not None:
            return found
        # whoever is about to begin a cart has the user locked, be it here or to sign in
        if not await self._transaction.fetch(self.LOCK_USER, user):
            raise InvalidToken(GONE)
        return await self._whole(await self._transaction.fetch(self.LOCK_OPEN, user))

    async def save(self, cart: Cart) -> Cart:
        rows = await self._transaction.fetch(self.SAVE, {**_values(cart), **_line_values(cart)})
        return cart_of(rows[0], cart.lines)

    async def delete(self, cart_id: CartId) -> None:
        await self._transaction.run(self.DELETE, {"id": cart_id})

    async def prices(self, variants: Sequence[VariantId]) -> Mapping[VariantId, Money]:
        found = await self._transaction.fetch(self.PRICES, {"keys": variants})
        return {VariantId(identity): Money.of(price, currency) for identity, price, currency in found}

    async def facts(self, cart: Cart) -> Facts:
        return (await facts.facts_of(self._transaction, [cart]))[cart]

    async def _whole(self, rows: Rows) -> Cart | None:
        for row in rows:
            found = await self._transaction.fetch(self.LINES, {"id": row[0]})
            return cart_of(row, [_line(line, row) for line in found])
        return None


class SqlCartReader:
    """Implements `domain.carts.reading.CartReader`."""

    BY_IDS = Statement(select(*CART).where(carts.c.id == any_(parameters("keys", Uuid()))))
    OF_USERS = Statement(
        select(*CART).where(carts.c.user_id == any_(parameters("keys", Uuid())), carts.c.order_id.is_(None))
    )
    LINES = Statement(_lines(lines.c.cart_id == any_(parameters("keys", Uuid()))))

    HOLDING = Statement(select(lines.c.cart_id).where(lines.c.id == any_(parameters("keys", Uuid()))).distinct())

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(self, ids: Sequence[CartId]) -> Mapping[CartId, Cart]:
        return {cart.id: cart for cart in await self._whole(self.BY_IDS, ids)}

    async def open_of(self, users: Sequence[UserId]) -> Mapping[UserId, Cart]:
        found = await self._whole(self.OF_USERS, users)
        return {cart.user_id: cart for cart in found if cart.user_id is not None}

    async def with_lines(self, lines: Sequence[CartLineId]) -> Mapping[CartLineId, Cart]:
        held = await self._database.fetch(self.HOLDING, {"keys": lines})
        found = await self._whole(self.BY_IDS, [row[0] for row in held]) if held else ()
        return {line.id: cart for cart in found for line in cart.lines}

    async def facts_of(self, carts: Sequence[Cart]) -> Mapping[Cart, Facts]:
        return await facts.facts_of(self._database, carts)

    async def _whole(self, statement: Statement, keys: Sequence[UUID]) -> Sequence[Cart]:
        rows = await self._database.fetch(statement, {"keys": keys})
        if not rows:
            return ()
        found = await self._database.fetch(self.LINES, {"keys": [row[0] for row in rows]})
        of = grouped((line[0], line) for line in found)
        return [cart_of(row, [_line(line, row) for line in of.get(row[0], ())]) for row in rows]


def cart_of(row: Sequence[Any], its_lines: Sequence[CartLine]) -> Cart:
    """From a row of `CART`."""
    named = dict(zip((column.name for column in CART), row, strict=True))
    return Cart(
        id=CartId(named["id"]),
        user_id=None if named["user_id"] is None else UserId(named["user_id"]),
        version=named["version"],
        currency_code=named["currency_code"],
        email=named["email"],
        phone=named["phone"],
        shipping_address=address_of(named["shipping_address"]),
        billing_address=address_of(named["billing_address"]),
        shipping_rate_id=None if named["shipping_rate_id"] is None else ShippingRateId(named["shipping_rate_id"]),
        codes=tuple(named["codes"]),
        lines=tuple(its_lines),
        order_id=named["order_id"],
        created_at=named["created_at"],
        updated_at=named["updated_at"],
    )


def address_of(stored: str | None) -> Address | None:
    return None if stored is None else Address(**orjson.loads(stored))


def address_text(address: Address | None) -> str | None:
    return None if address is None else orjson.dumps(asdict(address)).decode()


def _line(row: Sequence[Any], cart: Sequence[Any]) -> CartLine:
    _, identity, variant, quantity, price = row
    currency = cart[_CURRENCY]
    return CartLine(CartLineId(identity), VariantId(variant), quantity, money(price, currency) or Money.zero(currency))


_CURRENCY = [column.name for column in CART].index("currency_code")


def _line_values(cart: Cart) -> Mapping[str, object]:
    return {
        "ids": [line.id for line in cart.lines],
        "variants": [line.variant_id for line in cart.lines],
        "quantities": [line.quantity for line in cart.lines],
        "prices": [line.seen_price.amount for line in cart.lines],
        "positions": list(range(len(cart.lines))),
    }


def _values(cart: Cart) -> Mapping[str, Any]:
    return {
        "id": cart.id,
        "user_id": cart.user_id,
        "email": cart.email,
        "phone": cart.phone,
        "shipping_address": address_text(cart.shipping_address),
        "billing_address": address_text(cart.billing_address),
        "shipping_rate_id": cart.shipping_rate_id,
        "codes": list(cart.codes),
        "order_id": cart.order_id,
    }
