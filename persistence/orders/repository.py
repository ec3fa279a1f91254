"""Orders' write side. What is read to be changed stays locked until the unit of work ends."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    DateTime,
    Integer,
    LargeBinary,
    String,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain.orders.events import MESSAGES, OrderEvent
from domain.orders.fulfillment import Fulfillment
from domain.orders.order import Order, OrderId, OrderLine, OrderStatus
from domain.orders.tracking import TOPIC as EVENTS
from domain.pricing.discounts import DiscountCodeId
from domain.products.availability import TOPIC as STOCK
from domain.products.inventory import InventoryReason, VariantId
from domain.users.user import UserId
from persistence.carts.repository import address_text
from persistence.carts.tables import carts
from persistence.database import Transaction
from persistence.orders.mappers import FULFILLMENT, LINE, ORDER
from persistence.orders.tables import events, fulfillments, lines, orders, redemptions
from persistence.payments.tables import payments
from persistence.pricing.tables import discount_codes
from persistence.products.tables import adjustments, variants
from persistence.statements import Statement, constant, few, inserting, parameter, updating

ORDERS = ORDER.reading(None)
LINES, FULFILLMENTS = LINE.reading(None), FULFILLMENT.reading(None)
ORDER_ID = parameter("order_id", Uuid())
VARIANT_ID = parameter("variant_id", Uuid())
QUANTITY = parameter("quantity", Integer())
AT = parameter("at", DateTime(timezone=True))
EVENT_COLUMNS = tuple(column.name for column in events.c if column.name != "position")
"""The position is given later, once it was committed."""
ERASED = "erased"
"""Stands where something personal stood."""
ADDED = tuple(column.name for column in orders.c if column.name != "updated_at")
CHANGING = (
    *("status", "payment_status", "fulfillment_status", "email", "note", "events", "expires_at", "confirmed_at"),
    *("completed_at", "canceled_at", "cancel_reason", "amount_captured", "amount_refunded"),
)


LEDGER = ["id", "variant_id", "on_hand_delta", "reserved_delta", "reason", "order_id", "created_at"]
_LINE_VALUES = (
    *("id", "order_id", "variant_id", "product_name", "variant_title", "sku", "quantity"),
    *("unit_price", "discount", "tax", "total"),
)


def _reserve() -> Statement:
    """Nothing is changed where stock is not counted; the row is touched, so that it is found all the same."""
    promised = variants.c.reserved + QUANTITY
    counted = and_(variants.c.tracked, promised <= variants.c.on_hand)
    return Statement(
        update(variants)
        .where(variants.c.id == VARIANT_ID, or_(not_(variants.c.tracked), counted))
        .values(reserved=variants.c.reserved + cast(variants.c.tracked, Integer()) * QUANTITY)
        .returning(variants.c.id)
    )


def _put_lines() -> Statement:
    given = {column.name: parameter(column.name, column.type) for column in lines.c if column.name in _LINE_VALUES}
    return Statement(insert(lines).values({**given, "quantity_reserved": 0}))


def _book_reserved() -> Statement:
    """A line reserves what it sells of variants whose stock is counted; each gets a row of the ledger."""
    reserved = (
        update(lines)
        .where(lines.c.order_id == ORDER_ID, variants.c.id == lines.c.variant_id, variants.c.tracked)
        .values(quantity_reserved=lines.c.quantity)
        .returning(lines.c.variant_id, lines.c.quantity_reserved)
        .cte("reserved")
    )
    reason = literal(InventoryReason.RESERVED.value)
    rows = select(
        *(func.gen_random_uuid(), reserved.c.variant_id, literal(0), reserved.c.quantity_reserved),
        *(reason, ORDER_ID, AT),
    )
    return Statement(insert(adjustments).from_select(LEDGER, rows))


def _book_released() -> Statement:
    """A row of the ledger for each line that still has something reserved."""
    rows = select(
        func.gen_random_uuid(),
        lines.c.variant_id,
        literal(0),
        -lines.c.quantity_reserved,
        literal(InventoryReason.RELEASED.value),
        lines.c.order_id,
        AT,
    ).where(lines.c.order_id == ORDER_ID, lines.c.quantity_reserved > 0, lines.c.variant_id.is_not(None))
    return Statement(insert(adjustments).from_select(LEDGER, rows))


def _redeem() -> Statement:
    """One use more, unless that were one too many."""
    code, user, email = parameter("code", Uuid()), parameter("user_id", Uuid()), parameter("email", String())
    mine = or_(redemptions.c.email == email, redemptions.c.user_id == user)
    used = (
        select(func.count())
        .select_from(redemptions)
        .where(redemptions.c.discount_code_id == discount_codes.c.id, mine)
        .scalar_subquery()
    )
    return Statement(
        update(discount_codes)
        .where(
            discount_codes.c.id == code,
            or_(discount_codes.c.usage_limit.is_(None), discount_codes.c.times_used < discount_codes.c.usage_limit),
            or_(discount_codes.c.usage_limit_per_user.is_(None), used < discount_codes.c.usage_limit_per_user),
        )
        .values(times_used=discount_codes.c.times_used + 1)
    )


THEIRS = select(orders.c.id).where(orders.c.user_id == parameter("user_id", Uuid()))


def _anonymise() -> Statement:
    nowhere = func.jsonb_build_object(
        *("line1", ERASED, "city", ERASED, "country_code", orders.c.shipping_address["country_code"].astext)
    )
    return Statement(
        update(orders)
        .where(orders.c.user_id == parameter("user_id", Uuid()))
        .values(email=ERASED, shipping_address=nowhere, billing_address=None, note=None)
    )


def _anonymise_events() -> Statement:
    """What people wrote stands behind the shop's own words, which each kind of event begins with."""
    own_words = case({kind.value: words for kind, words in MESSAGES.items()}, value=events.c.type)
    return Statement(update(events).where(events.c.order_id.in_(THEIRS)).values(message=own_words, location=None))


class SqlOrders:
    """Implements `domain.orders.work.OrderRepository`."""

    RESERVE = _reserve()
    AVAILABLE = Statement(select(variants.c.on_hand - variants.c.reserved).where(variants.c.id == VARIANT_ID))
    LOCK_CODE = Statement(
        select(discount_codes.c.id).where(discount_codes.c.id == parameter("code", Uuid())).with_for_update()
    )
    REDEEM = _redeem()
    REMEMBER = inserting(redemptions, "discount_code_id", "order_id", "user_id", "email")
    ADD = inserting(orders, *ADDED)
    ADD_LINE = _put_lines()
    COMPLETE = Statement(
        update(carts)
        .where(carts.c.id == parameter("cart_id", Uuid()))
        .values(order_id=ORDER_ID, version=carts.c.version + 1)
    )
    BOOK_RESERVED = _book_reserved()
    LOCK = Statement(select(*ORDERS.columns).where(orders.c.id == ORDER_ID).with_for_update(key_share=True))
    LINES_OF = Statement(
        select(*LINES.columns)
        .join(orders, orders.c.id == lines.c.order_id)
        .where(lines.c.order_id == ORDER_ID)
        .order_by(lines.c.id)
    )
    FULFILLMENTS_OF = Statement(
        select(*FULFILLMENTS.columns).where(fulfillments.c.order_id == ORDER_ID).order_by(fulfillments.c.id)
    )
    OVERDUE = Statement(
        few(
            select(*ORDERS.columns)
            .where(orders.c.status == constant(OrderStatus.PENDING.value), orders.c.expires_at <= AT)
            .order_by(orders.c.expires_at, orders.c.id)
            .with_for_update(key_share=True, skip_locked=True),
        )
    )
    RENEW_ACCESS = Statement(
        update(orders)
        .where(
            orders.c.id == ORDER_ID,
            orders.c.access_nonce == func.coalesce(parameter("known", LargeBinary()), orders.c.access_nonce),
        )
        .values(access_nonce=parameter("nonce", LargeBinary()))
    )
    SAVE = updating(orders, *CHANGING, returning=ORDERS.columns)
    RESERVED = Statement(
        select(lines.c.variant_id, lines.c.quantity_reserved)
        .where(lines.c.order_id == ORDER_ID, lines.c.quantity_reserved > 0, lines.c.variant_id.is_not(None))
        .order_by(lines.c.variant_id)
    )
    RELEASE = Statement(
        update(variants).where(variants.c.id == VARIANT_ID).values(reserved=variants.c.reserved - QUANTITY)
    )
    BOOK_RELEASED = _book_released()
    RELEASE_LINES = Statement(update(lines).where(lines.c.order_id == ORDER_ID).values(quantity_reserved=0))
    USED = Statement(
        select(discount_codes.c.id)
        .join(redemptions, redemptions.c.discount_code_id == discount_codes.c.id)
        .where(redemptions.c.order_id == ORDER_ID)
        .order_by(discount_codes.c.id)
        .with_for_update(of=discount_codes)
    )
    GIVE_BACK = Statement(
        update(discount_codes)
        .where(
            discount_codes.c.id.in_(select(redemptions.c.discount_code_id).where(redemptions.c.order_id == ORDER_ID))
        )
        .values(times_used=discount_codes.c.times_used - 1)
    )
    FORGET = Statement(redemptions.delete().where(redemptions.c.order_id == ORDER_ID))
    ANONYMISE = _anonymise()
    ANONYMISE_EVENTS = _anonymise_events()
    # by its number, the carrier tells who got a shipment, and where
    ANONYMISE_TRACKING = Statement(
        update(fulfillments).where(fulfillments.c.order_id.in_(THEIRS)).values(tracking_number=None, tracking_url=None)
    )
    ANONYMISE_PAYMENTS = Statement(
        update(payments).where(payments.c.user_id == parameter("user_id", Uuid())).values(method=None, failure=None)
    )
    ANONYMISE_USES = Statement(
        update(redemptions).where(redemptions.c.user_id == parameter("user_id", Uuid())).values(email=ERASED)
    )
    APPEND = inserting(events, *EVENT_COLUMNS)

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._redeemed: list[Mapping[str, Any]] = []

    async def reserve(self, wanted: Mapping[VariantId, int]) -> VariantId | None:
        """One conditional UPDATE for each, by rising id: two orders wait for each other, but never for ever."""
        rows = [{"variant_id": variant, "quantity": wanted[variant]} for variant in sorted(wanted)]
        for variant in sorted(wanted):
            await self._transaction.turn(variant)
            self._transaction.tell(STOCK, variant)
        done = {row[0] for row in await self._transaction.fetch_many(self.RESERVE, rows)}
        return next((variant for variant in sorted(wanted) if variant not in done), None)

    async def available(self, variant_id: VariantId) -> int:
        rows = await self._transaction.fetch(self.AVAILABLE, {"variant_id": variant_id})
        return rows[0][0] if rows else 0

    async def redeem(self, code: DiscountCodeId, order_id: OrderId, user_id: UserId | None, email: str) -> bool:
        """Locks the code first: who waited for it counts what the other one used, too."""
        await self._transaction.turn(code)
        await self._transaction.fetch(self.LOCK_CODE, {"code": code})
        buyer = {"user_id": user_id, "email": email}
        if not await self._transaction.run(self.REDEEM, {"code": code, **buyer}):
            return False
        self._redeemed.append({"discount_code_id": code, "order_id": order_id, **buyer})
        return True

    async def add(self, order: Order, lines: Sequence[OrderLine], cart_id: UUID, access_nonce: bytes | None) -> None:
        await self._transaction.write(self.ADD, {**_values(order), "cart_id": cart_id, "access_nonce": access_nonce})
        await self._transaction.write(self.ADD_LINE, *map(_line_values, lines))
        if self._redeemed:
            await self._transaction.write(self.REMEMBER, *self._redeemed)
        await self._transaction.write(self.COMPLETE, {"cart_id": cart_id, "order_id": order.id})

    async def renew_access(self, order_id: OrderId, nonce: bytes, known: bytes | None) -> bool:
        self._transaction.tell(EVENTS, order_id)  # whoever follows the order by the token is looked at again
        values = {"order_id": order_id, "nonce": nonce, "known": known}
        return await self._transaction.run(self.RENEW_ACCESS, values) == 1

    async def book(self, order_id: OrderId, at: datetime) -> None:
        await self._transaction.run(self.BOOK_RESERVED, {"order_id": order_id, "at": at})

    async def lock(self, order_id: OrderId) -> Order | None:
        return next(iter(ORDERS.objects(await self._transaction.fetch(self.LOCK, {"order_id": order_id}))), None)

    async def lines_of(self, order_id: OrderId) -> Sequence[OrderLine]:
        return LINES.objects(await self._transaction.fetch(self.LINES_OF, {"order_id": order_id}))

    async def fulfillments_of(self, order_id: OrderId) -> Sequence[Fulfillment]:
        return FULFILLMENTS.objects(await self._transaction.fetch(self.FULFILLMENTS_OF, {"order_id": order_id}))

    async def overdue(self, at: datetime, most: int) -> Sequence[Order]:
        return ORDERS.objects(await self._transaction.fetch(self.OVERDUE, {"at": at, "most": most}))

    async def save(self, order: Order) -> Order:
        rows = await self._transaction.fetch(self.SAVE, {**_values(order), "of_id": order.id})
        return ORDERS.objects(rows)[0]

    async def release(self, order_id: OrderId, at: datetime) -> None:
        """Codes before variants, each by rising id: as orders that are placed lock them."""
        mine = {"order_id": order_id}
        if await self._transaction.fetch(self.USED, mine):
            await self._transaction.run(self.GIVE_BACK, mine)
            await self._transaction.run(self.FORGET, mine)
        reserved = await self._transaction.fetch(self.RESERVED, mine)
        for variant, _ in reserved:
            await self._transaction.turn(variant)
            self._transaction.tell(STOCK, variant)
        released = [{"variant_id": variant, "quantity": quantity} for variant, quantity in reserved]
        await self._transaction.run_many(self.RELEASE, released)
        await self._transaction.run(self.BOOK_RELEASED, {**mine, "at": at})
        await self._transaction.run(self.RELEASE_LINES, mine)

    async def anonymise(self, user_id: UserId) -> None:
        """Orders first, as whatever changes what belongs to one of them locks it first."""
        mine = {"user_id": user_id}
        for statement in (self.ANONYMISE, self.ANONYMISE_EVENTS, self.ANONYMISE_TRACKING):
            await self._transaction.run(statement, mine)
        for statement in (self.ANONYMISE_PAYMENTS, self.ANONYMISE_USES):
            await self._transaction.run(statement, mine)

    async def append(self, *events: OrderEvent) -> None:
        for event in events:
            self._transaction.tell(EVENTS, event.order_id)
        await self._transaction.write(self.APPEND, *map(_event_values, events))


def _values(order: Order) -> Mapping[str, Any]:
    cost = order.cost
    return {
        **{name: getattr(order, name) for name in ("id", "number", "user_id", "email", "note", "events")},
        **{name: getattr(order, name) for name in ("placed_at", "expires_at", "confirmed_at", "completed_at")},
        "canceled_at": order.canceled_at,
        "status": order.status.value,
        "payment_status": order.payment_status.value,
        "fulfillment_status": order.fulfillment_status.value,
        "currency_code": cost.total.currency_code,
        **{name: getattr(cost, name).amount for name in ("subtotal", "discount", "shipping", "tax", "total")},
        "tax_lines": orjson.dumps(
            [[line.title, str(line.rate), str(line.amount.amount)] for line in cost.tax_lines]
        ).decode(),
        "tax_included": cost.tax_included,
        "discount_codes": list(order.discount_codes),
        "shipping_address": address_text(order.shipping_address),
        "billing_address": address_text(order.billing_address),
        "shipping_method": order.shipping_method.name,
        "cancel_reason": order.cancel_reason and order.cancel_reason.value,
        "amount_captured": order.amount_captured.amount,
        "amount_refunded": order.amount_refunded.amount,
    }


def _line_values(line: OrderLine) -> Mapping[str, Any]:
    plain = ("id", "order_id", "variant_id", "product_name", "variant_title", "sku", "quantity")
    amounts = ("unit_price", "discount", "tax", "total")
    return {name: getattr(line, name) for name in plain} | {name: getattr(line, name).amount for name in amounts}


def _event_values(event: OrderEvent) -> Mapping[str, Any]:
    return {
        **{column: getattr(event, column) for column in EVENT_COLUMNS},
        "amount": None if event.amount is None else event.amount.amount,
        "type": event.type.value,
        "previous_status": event.previous_status and event.previous_status.value,
        "status": event.status.value,
    }
