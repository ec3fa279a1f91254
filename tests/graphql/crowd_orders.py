"""What the sixty people bought: an order of each of them, and many more of `crowd.BUSY`, from carts that are placed."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.carts.cart import Cart, CartId
from domain.orders.events import MESSAGES, OrderEvent, OrderEventId, OrderEventType
from domain.orders.fulfillment import Fulfillment, FulfillmentId, FulfillmentLine, FulfillmentStatus, Tracking
from domain.orders.order import (
    Order,
    OrderCancelReason,
    OrderFulfillmentStatus,
    OrderId,
    OrderLine,
    OrderLineId,
    OrderPaymentStatus,
    OrderStatus,
    ShippingMethodSnapshot,
)
from domain.orders.progress import Progress
from domain.orders.work import OrdersWork
from domain.payments.work import PaymentsWork
from domain.pricing.taxes import TaxLine
from domain.pricing.totals import Amounts
from domain.products.drafts import VariantDraft
from domain.products.inventory import VariantId
from domain.shared.clock import now
from domain.shared.money import Money
from domain.users.address import Address
from domain.users.user import UserId
from server.demo.reading import read_catalogue
from server.wiring import Shop
from tests.graphql import crowd, crowd_payments
from tests.graphql.crowd_carts import CURRENCY

ORDERS = crowd.PEOPLE + crowd.MANY
LINES = 2
CHANGES_OF_MIND = 4
ENOUGH = 10
"""Units of a variant, which is in a few orders."""
FOREVER = timedelta(days=36_500)
ENDS = {
    OrderStatus.PENDING: None,
    OrderStatus.CONFIRMED: OrderEventType.ORDER_CONFIRMED,
    OrderStatus.CANCELED: OrderEventType.ORDER_CANCELED,
    OrderStatus.EXPIRED: OrderEventType.ORDER_EXPIRED,
}
"""Where orders stand, in turn, and what brought them there."""


def order_id(number: int) -> OrderId:
    """Of the person with this number; what comes after people is another one of BUSY."""
    return OrderId(UUID(int=0x04DE_0000_0000 + number))


def placed_cart_id(number: int) -> CartId:
    return CartId(UUID(int=0xCA27_1000_0000 + number))


def line_id(number: int, index: int) -> OrderLineId:
    return OrderLineId(UUID(int=0x04DE_11E0_0000_0000 + number * 0x1_0000 + index))


def event_id(number: int, sequence: int) -> OrderEventId:
    return OrderEventId(UUID(int=0x04DE_E7E4_0000_0000 + number * 0x1_0000 + sequence))


def fulfillment_id(number: int, place: int) -> FulfillmentId:
    return FulfillmentId(UUID(int=0x04DE_F0F1_0000_0000 + number * 0x1_0000 + place))


SHIPPED = fulfillment_id(1, CHANGES_OF_MIND + LINES - 1)
"""The last of the first order that was confirmed."""


async def gather(shop: Shop) -> None:
    """Beside the people of `crowd`, who must be there and have no open cart yet."""
    variants = [one for product in read_catalogue().products for one in product.variants[:1]]
    stock = [one for one in variants if one.on_hand >= ENOUGH]
    async with shop.services.payments.begin() as work:
        for number in range(1, ORDERS + 1):
            await _place(work, number, [stock[(number * LINES + index) % len(stock)] for index in range(LINES)])
        await work.commit()


async def _place(work: PaymentsWork, number: int, bought: list[VariantDraft]) -> None:
    """Through all that the shop itself does for an order, so that its books agree."""
    order = _order(number)
    cart = _cart(number, order)
    await work.carts.add(cart)
    await work.carts.save(cart)
    lines = [_line(number, index, variant) for index, variant in enumerate(bought)]
    await work.orders.add(order, lines, cart.id, None)
    await work.orders.append(_event(number, order, OrderEventType.ORDER_PLACED, None))
    for variant in bought:
        assert await work.orders.reserve({VariantId(variant.id): 1}) is None
    # not when it was placed: the newest of each variant's adjustments are what the tests look at
    await work.orders.book(order.id, now())
    end = list(ENDS)[number % len(ENDS)]
    await _move_on(work, number, await crowd_payments.pay(work, number, order, lines, end))


async def _move_on(work: OrdersWork, number: int, order: Order) -> None:
    status, kind = list(ENDS.items())[number % len(ENDS)]
    if kind is None:
        return
    later = order.placed_at + timedelta(minutes=5)
    moved = replace(order, status=status, events=order.events + 1, expires_at=None)
    if status is OrderStatus.CONFIRMED:
        moved = replace(moved, confirmed_at=later)
    else:
        await work.orders.release(order.id, now())
    if status is OrderStatus.CANCELED:
        moved = replace(moved, canceled_at=later, cancel_reason=OrderCancelReason.CUSTOMER)
    await work.orders.save(moved)
    await work.orders.append(_event(number, moved, kind, order.status))
    if status is OrderStatus.CONFIRMED:
        await _pack(work, number, moved)


async def _pack(work: OrdersWork, number: int, order: Order) -> None:
    """One line was sent, the other is packed, and before that somebody thought otherwise."""
    stages = [FulfillmentStatus.CANCELED] * CHANGES_OF_MIND + [FulfillmentStatus.PENDING] * LINES
    progress = Progress(order, now())
    for place, status in enumerate(stages):
        one = _fulfillment(number, place, order, status)
        await work.fulfillments.add(one)
        progress.happened(OrderEventType.FULFILLMENT_CREATED, fulfillment_id=one.id)
        if place == len(stages) - 1:
            await work.fulfillments.ship(one, progress.at)
            left = replace(one, status=FulfillmentStatus.IN_TRANSIT, shipped_at=progress.at)
            await work.fulfillments.save(left)
            progress.happened(OrderEventType.SHIPMENT_IN_TRANSIT, fulfillment_id=one.id, location="Leeds")
            progress.order = replace(progress.order, fulfillment_status=OrderFulfillmentStatus.PARTIALLY_FULFILLED)
    await progress.store(work)


def _fulfillment(number: int, place: int, order: Order, status: FulfillmentStatus) -> Fulfillment:
    identity = fulfillment_id(number, place)
    return Fulfillment(
        id=identity,
        order_id=order.id,
        status=status,
        tracking=Tracking("Post", f"{number}/{place}", f"https://post.example/{identity}"),
        estimated_delivery_at=order.placed_at + timedelta(days=3),
        created_at=order.placed_at,
        shipped_at=None,
        delivered_at=None,
        lines=[FulfillmentLine(identity, line_id(number, place % LINES), 1)],
    )


def _money(amount: str) -> Money:
    return Money.of(Decimal(amount), CURRENCY)


def _at(number: int) -> datetime:
    """The orders of all kinds of people are the newest."""
    return crowd.LAUNCH + timedelta(days=number if number <= crowd.PEOPLE else -number)


def _order(number: int) -> Order:
    at = _at(number)
    shipping = _money("5")
    tax = TaxLine("VAT", Decimal("0.2"), _money("4.60"))
    return Order(
        id=order_id(number),
        number=f"CR0W-D000-{number:04}",
        status=OrderStatus.PENDING,
        payment_status=OrderPaymentStatus.PENDING,
        fulfillment_status=OrderFulfillmentStatus.UNFULFILLED,
        email=f"buyer{number}@shop.example",
        user_id=UserId(crowd.user_id(number)) if number <= crowd.PEOPLE else crowd.BUSY.user_id,
        cost=Amounts(
            _money("20"), _money("2"), shipping, tax.amount, _money("27.60"), tax_lines=[tax], tax_included=False
        ),
        discount_codes=[f"CODE{1 + number % crowd.MANY}"],
        shipping_address=Address(f"{number} Long Road", "Leeds", "GB"),
        billing_address=Address("1 High Street", "York", "GB") if number % 2 else None,
        shipping_method=ShippingMethodSnapshot("Post", shipping),
        note="Ring twice." if number % 2 else None,
        events=1,
        placed_at=at,
        expires_at=at + FOREVER,
        confirmed_at=None,
        completed_at=None,
        canceled_at=None,
        cancel_reason=None,
        amount_captured=Money.zero("USD"),
        amount_refunded=Money.zero("USD"),
        updated_at=at,
    )


def _cart(number: int, order: Order) -> Cart:
    return Cart(
        id=placed_cart_id(number),
        user_id=order.user_id,
        version=0,
        currency_code=CURRENCY,
        email=order.email,
        phone=None,
        shipping_address=order.shipping_address,
        billing_address=order.billing_address,
        shipping_rate_id=None,
        codes=(),
        lines=(),
        order_id=None,
        created_at=order.placed_at,
        updated_at=order.placed_at,
    )


def _line(number: int, index: int, variant: VariantDraft) -> OrderLine:
    return OrderLine(
        id=line_id(number, index),
        order_id=order_id(number),
        variant_id=VariantId(variant.id),
        product_name=f"Product {index}",
        variant_title=variant.title,
        sku=variant.sku,
        quantity=1,
        quantity_fulfilled=0,
        quantity_refunded=0,
        quantity_canceled=0,
        quantity_returned=0,
        unit_price=_money("10"),
        discount=_money("1"),
        tax=_money("1.80"),
        total=_money("10.80"),
    )


def _event(number: int, order: Order, kind: OrderEventType, previous: OrderStatus | None) -> OrderEvent:
    at = order.placed_at + timedelta(minutes=5 * (order.events - 1))
    return OrderEvent(
        event_id(number, order.events), order.id, order.events, kind, at, MESSAGES[kind], previous, order.status
    )
