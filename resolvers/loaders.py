"""Every relation of the graph, batched. Made anew for each operation, so that nothing is cached across viewers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from domain.carts.cart import Cart, CartId, CartLineId
from domain.carts.checkout import Checkout, PricedCartLine, reckon
from domain.carts.reading import CartReader
from domain.orders.events import (
    OrderEvent,
    OrderEventId,
    OrderFulfillmentEvent,
    OrderLifecycleEvent,
    OrderPaymentEvent,
    OrderRefundEvent,
)
from domain.orders.fulfillment import Fulfillment, FulfillmentId
from domain.orders.order import Order, OrderId, OrderLine, OrderLineId
from domain.orders.reading import EventsKey, OrderReader, OrdersKey
from domain.payments.event_listing import ProviderEventReader
from domain.payments.notices import ProviderEvent, ProviderEventId
from domain.payments.payment import Payment, PaymentId, SavedPaymentMethod, SavedPaymentMethodId
from domain.payments.reading import PaymentReader
from domain.payments.refund import Refund, RefundId, RefundLine
from domain.pricing.discounts import DiscountCode, DiscountCodeId
from domain.pricing.shipping import ShippingMethod, ShippingRate, ShippingRateId
from domain.pricing.store import StoreReader
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.products.category import Category, CategoryId
from domain.products.inventory import AdjustmentId, InventoryAdjustment, VariantId
from domain.products.ledger import LedgerKey, LedgerReader
from domain.products.product import (
    MediaId,
    Product,
    ProductId,
    ProductMedia,
    ProductOption,
    ProductVariant,
    SelectedOption,
)
from domain.products.reading import CategoryPageKey
from domain.shared.clock import now
from domain.shared.paging import Page
from domain.shared.reading import Wanted
from domain.users.access import OWNER
from domain.users.address import AddressId, SavedAddress
from domain.users.reading import AddressReader, SessionReader, UserReader
from domain.users.sessions import Session
from domain.users.user import Actor, SessionId, User, UserId
from resolvers.batching import Loader, count, many, one
from resolvers.readers import Readers, Scope, counts

K = TypeVar("K")
EVENT_CLASSES = (OrderEvent, OrderLifecycleEvent, OrderPaymentEvent, OrderFulfillmentEvent, OrderRefundEvent)


@dataclass(frozen=True, slots=True)
class Loaders:
    product: Loader[ProductId, Product | None]
    product_by_slug: Loader[str, Product | None]
    products_of_category: Loader[CategoryPageKey, Page[Product] | None]
    variant: Loader[VariantId, ProductVariant | None]
    any_variant: Loader[VariantId, ProductVariant | None]
    variant_by_sku: Loader[str, ProductVariant | None]
    variants: Loader[ProductId, Sequence[ProductVariant]]
    options: Loader[ProductId, Sequence[ProductOption]]
    selected_options: Loader[VariantId, Sequence[SelectedOption]]
    medium: Loader[MediaId, ProductMedia | None]
    media: Loader[ProductId, Sequence[ProductMedia]]
    category: Loader[CategoryId, Category | None]
    category_by_slug: Loader[str, Category | None]
    children: Loader[CategoryId, Sequence[Category]]
    ancestors: Loader[CategoryId, Sequence[Category]]
    adjustment: Loader[AdjustmentId, InventoryAdjustment | None]
    adjustments: Loader[LedgerKey, Page[InventoryAdjustment] | None]
    cart: Loader[CartId, Cart | None]
    open_cart: Loader[UserId, Cart | None]
    cart_line: Loader[CartLineId, PricedCartLine | None]
    checkout: Loader[Cart, Checkout | None]
    order: Loader[OrderId, Order | None]
    any_order: Loader[OrderId, Order | None]
    order_by_number: Loader[str, Order | None]
    orders_of_user: Loader[OrdersKey, Page[Order] | None]
    order_line: Loader[OrderLineId, OrderLine | None]
    order_lines: Loader[OrderId, Sequence[OrderLine]]
    any_order_line: Loader[OrderLineId, OrderLine | None]
    fulfillment: Loader[FulfillmentId, Fulfillment | None]
    any_fulfillment: Loader[FulfillmentId, Fulfillment | None]
    fulfillments: Loader[OrderId, Sequence[Fulfillment]]
    order_event: Loader[OrderEventId, OrderEvent | None]
    order_events: Loader[EventsKey, Page[OrderEvent] | None]
    payment: Loader[PaymentId, Payment | None]
    any_payment: Loader[PaymentId, Payment | None]
    payments: Loader[OrderId, Sequence[Payment]]
    refund: Loader[RefundId, Refund | None]
    any_refund: Loader[RefundId, Refund | None]
    refunds: Loader[OrderId, Sequence[Refund]]
    refund_lines: Loader[RefundId, Sequence[RefundLine]]
    saved_method: Loader[SavedPaymentMethodId, SavedPaymentMethod | None]
    saved_methods: Loader[UserId, Sequence[SavedPaymentMethod]]
    provider_event: Loader[ProviderEventId, ProviderEvent | None]
    shipping_method: Loader[ShippingRateId, ShippingMethod | None]
    discount: Loader[DiscountCodeId, DiscountCode | None]
    discount_categories: Loader[DiscountCodeId, Sequence[Category]]
    shipping_rate: Loader[ShippingRateId, ShippingRate | None]
    tax_rate: Loader[TaxRateId, TaxRate | None]
    user: Loader[UserId, User | None]
    address: Loader[AddressId, SavedAddress | None]
    addresses: Loader[UserId, Sequence[SavedAddress]]
    session: Loader[SessionId, Session | None]
    sessions: Loader[UserId, Sequence[Session]]
    total_count: Loader[Scope, int]


def build(readers: Readers, actor: Actor, wanted: Mapping[type, Wanted]) -> Loaders:
    """`wanted` names what the operation looks at of each class; all of it, where a class is not named."""
    staff = actor.is_staff
    product, variant = wanted.get(Product), wanted.get(ProductVariant)
    medium, category = wanted.get(ProductMedia), wanted.get(Category)
    products, variants, media, categories = readers.products, readers.variants, readers.media, readers.categories
    address, session = wanted.get(SavedAddress), wanted.get(Session)
    adjustment = wanted.get(InventoryAdjustment)
    return Loaders(
        product=one(partial(products.by_ids, staff=staff, wanted=product)),
        product_by_slug=one(partial(products.by_slugs, staff=staff, wanted=product)),
        products_of_category=one(partial(products.pages_of_categories, wanted=product)),
        variant=one(partial(variants.by_ids, staff=staff, wanted=variant)),
        # what somebody put into a cart is shown there, whether or not it is still for sale
        any_variant=one(partial(variants.by_ids, staff=True, wanted=variant)),
        variant_by_sku=one(partial(variants.by_skus, staff=staff, wanted=variant)),
        variants=many(partial(variants.of_products, wanted=variant)),
        options=many(products.options_of),
        selected_options=many(variants.selected_options),
        medium=one(partial(media.by_ids, staff=staff, wanted=medium)),
        media=many(partial(media.of_products, wanted=medium)),
        category=one(partial(categories.by_ids, wanted=category)),
        category_by_slug=one(partial(categories.by_slugs, wanted=category)),
        children=many(partial(categories.children_of, wanted=category)),
        ancestors=many(partial(categories.ancestors_of, wanted=category)),
        adjustment=one(partial(_adjustments, readers.ledger, actor, adjustment)),
        adjustments=one(partial(readers.ledger.pages, wanted=adjustment)),
        cart=one(partial(_carts, readers.carts, actor)),
        open_cart=one(readers.carts.open_of),
        cart_line=one(partial(_cart_lines, readers.carts, actor)),
        checkout=one(partial(_checkouts, readers.carts)),
        **_of_orders(readers.orders, actor, wanted),
        **_of_payments(readers, actor, wanted),
        provider_event=one(partial(_provider_events, readers.provider_events, actor, wanted.get(ProviderEvent))),
        shipping_method=one(partial(_shipping_methods, readers.store)),
        discount=one(partial(_discounts, readers.store, actor, wanted.get(DiscountCode))),
        discount_categories=many(partial(readers.store.categories_of, wanted=category)),
        shipping_rate=one(partial(_shipping_rates, readers.store, actor)),
        tax_rate=one(partial(_tax_rates, readers.store, actor)),
        user=one(partial(_users, readers.users, actor, wanted.get(User))),
        address=one(partial(_addresses, readers.addresses, actor, address)),
        addresses=many(partial(readers.addresses.of_users, wanted=address)),
        session=one(partial(_sessions, readers.sessions, actor, session)),
        sessions=many(partial(readers.sessions.of_users, wanted=session)),
        total_count=count(partial(counts, readers)),
    )


def _of_orders(reader: OrderReader, actor: Actor, wanted: Mapping[type, Wanted]) -> Mapping[str, Any]:
    order = wanted.get(Order)
    return {
        "order": one(partial(_orders, reader.by_ids, actor, order)),
        # of what is seen, the order may be seen, too; what of it is shown has rules of its own
        "any_order": one(partial(reader.by_ids, wanted=order)),
        "order_by_number": one(partial(_orders, reader.by_numbers, actor, order)),
        "orders_of_user": one(partial(reader.pages_of_users, wanted=order)),
        "order_line": one(partial(_order_lines, reader, actor)),
        "order_lines": many(partial(reader.lines_of, wanted=wanted.get(OrderLine))),
        # what shows one of these has the same order, and its rule was kept already
        "any_order_line": one(partial(reader.lines, wanted=wanted.get(OrderLine))),
        "fulfillment": one(partial(_fulfillments, reader, actor)),
        "any_fulfillment": one(partial(reader.fulfillments, wanted=wanted.get(Fulfillment))),
        "fulfillments": many(partial(reader.fulfillments_of, wanted=wanted.get(Fulfillment))),
        "order_event": one(partial(_order_event, reader, actor)),
        "order_events": one(partial(reader.event_pages, wanted=_wanted_of(EVENT_CLASSES, wanted))),
    }


def _of_payments(readers: Readers, actor: Actor, wanted: Mapping[type, Wanted]) -> Mapping[str, Any]:
    reader, payment, refund = readers.payments, wanted.get(Payment), wanted.get(Refund)
    saved = wanted.get(SavedPaymentMethod)
    return {
        "payment": one(partial(_payments, reader, actor, payment)),
        "any_payment": one(partial(reader.by_ids, wanted=payment)),
        "payments": many(partial(reader.of_orders, wanted=payment)),
        "refund": one(partial(_refunds, readers, actor)),
        "any_refund": one(partial(reader.refunds, wanted=refund)),
        "refunds": many(partial(reader.refunds_of, wanted=refund)),
        "refund_lines": many(reader.refund_lines),
        "saved_method": one(partial(_saved_methods, reader, actor, saved)),
        "saved_methods": many(partial(reader.saved_of, wanted=saved)),
    }


def _wanted_of(classes: Sequence[type], wanted: Mapping[type, Wanted]) -> Wanted:
    """What the operation looks at of any of these, which are read together."""
    each = [wanted[one] for one in classes if one in wanted]
    known = [names for names in each if names is not None]
    return frozenset[str]().union(*known) if each and len(known) == len(each) else None


# What belongs to somebody else is not there: null and an error would tell that it exists.


async def _users(reader: UserReader, actor: Actor, wanted: Wanted, ids: Sequence[UserId]) -> Mapping[UserId, User]:
    visible = [identity for identity in ids if actor.is_staff or identity == actor.user_id]
    return await reader.by_ids(visible, wanted=wanted) if visible else {}


async def _adjustments(
    reader: LedgerReader, actor: Actor, wanted: Wanted, ids: Sequence[AdjustmentId]
) -> Mapping[AdjustmentId, InventoryAdjustment]:
    return await reader.by_ids(ids, wanted=wanted) if actor.is_staff else {}


async def _carts(reader: CartReader, actor: Actor, ids: Sequence[CartId]) -> Mapping[CartId, Cart]:
    """A guest's cart is there for whoever knows its id."""
    found = await reader.by_ids(ids)
    return {
        identity: cart
        for identity, cart in found.items()
        if cart.user_id is None or actor.is_staff or cart.user_id == actor.user_id
    }


async def _orders(
    read: Callable[..., Awaitable[Mapping[K, Order]]], actor: Actor, wanted: Wanted, keys: Sequence[K]
) -> Mapping[K, Order]:
    found = await read(keys, wanted=wanted)
    return {key: order for key, order in found.items() if OWNER.allows(actor, order.owner)}


async def _order_lines(
    reader: OrderReader, actor: Actor, ids: Sequence[OrderLineId]
) -> Mapping[OrderLineId, OrderLine]:
    found = await reader.lines(ids)
    mine = await _orders(reader.by_ids, actor, frozenset(), list({line.order_id for line in found.values()}))
    return {identity: line for identity, line in found.items() if line.order_id in mine}


async def _fulfillments(
    reader: OrderReader, actor: Actor, ids: Sequence[FulfillmentId]
) -> Mapping[FulfillmentId, Fulfillment]:
    found = await reader.fulfillments(ids)
    mine = await _orders(reader.by_ids, actor, frozenset(), list({one.order_id for one in found.values()}))
    return {identity: one for identity, one in found.items() if one.order_id in mine}


async def _order_event(
    reader: OrderReader, actor: Actor, ids: Sequence[OrderEventId]
) -> Mapping[OrderEventId, OrderEvent]:
    found = await reader.events(ids)
    mine = await _orders(reader.by_ids, actor, frozenset(), list({event.order_id for event in found.values()}))
    return {identity: event for identity, event in found.items() if event.order_id in mine}


async def _payments(
    reader: PaymentReader, actor: Actor, wanted: Wanted, ids: Sequence[PaymentId]
) -> Mapping[PaymentId, Payment]:
    found = await reader.by_ids(ids, wanted=wanted)
    return {identity: payment for identity, payment in found.items() if OWNER.allows(actor, payment.owner)}


async def _refunds(readers: Readers, actor: Actor, ids: Sequence[RefundId]) -> Mapping[RefundId, Refund]:
    found = await readers.payments.refunds(ids)
    orders = list({refund.order_id for refund in found.values()})
    mine = await _orders(readers.orders.by_ids, actor, frozenset(), orders)
    return {identity: refund for identity, refund in found.items() if refund.order_id in mine}


async def _saved_methods(
    reader: PaymentReader, actor: Actor, wanted: Wanted, ids: Sequence[SavedPaymentMethodId]
) -> Mapping[SavedPaymentMethodId, SavedPaymentMethod]:
    found = await reader.saved(ids, wanted=wanted)
    return {identity: one for identity, one in found.items() if OWNER.allows(actor, one.user_id)}


async def _provider_events(
    reader: ProviderEventReader, actor: Actor, wanted: Wanted, ids: Sequence[ProviderEventId]
) -> Mapping[ProviderEventId, ProviderEvent]:
    return await reader.by_ids(ids, wanted=wanted) if actor.is_staff else {}


async def _checkouts(reader: CartReader, carts: Sequence[Cart]) -> Mapping[Cart, Checkout]:
    at = now()
    return {cart: reckon(cart, facts, at) for cart, facts in (await reader.facts_of(carts)).items()}


async def _cart_lines(
    reader: CartReader, actor: Actor, ids: Sequence[CartLineId]
) -> Mapping[CartLineId, PricedCartLine]:
    """Of one's own carts only: a line's id, unlike a guest cart's, is no key to anything."""
    holding = await reader.with_lines(ids)
    mine = {cart for cart in holding.values() if cart.user_id is not None and cart.user_id == actor.user_id}
    checkouts = await _checkouts(reader, list(mine))
    return {line.id: line for checkout in checkouts.values() for line in checkout.lines}


async def _shipping_methods(
    reader: StoreReader, ids: Sequence[ShippingRateId]
) -> Mapping[ShippingRateId, ShippingMethod]:
    """As they are offered before a cart may get them for nothing."""
    rates = await reader.shipping_rates()
    return {rate.id: rate.offered_at(rate.price) for rate in rates if rate.active and rate.id in ids}


async def _discounts(
    reader: StoreReader, actor: Actor, wanted: Wanted, ids: Sequence[DiscountCodeId]
) -> Mapping[DiscountCodeId, DiscountCode]:
    return await reader.discounts(ids, wanted=wanted) if actor.is_staff else {}


async def _shipping_rates(
    reader: StoreReader, actor: Actor, ids: Sequence[ShippingRateId]
) -> Mapping[ShippingRateId, ShippingRate]:
    known = await reader.shipping_rates() if actor.is_staff else ()
    return {rate.id: rate for rate in known if rate.id in ids}


async def _tax_rates(reader: StoreReader, actor: Actor, ids: Sequence[TaxRateId]) -> Mapping[TaxRateId, TaxRate]:
    known = await reader.tax_rates() if actor.is_staff else ()
    return {rate.id: rate for rate in known if rate.id in ids}


async def _addresses(
    reader: AddressReader, actor: Actor, wanted: Wanted, ids: Sequence[AddressId]
) -> Mapping[AddressId, SavedAddress]:
    found = await reader.by_ids(ids, wanted=wanted)
    return {identity: one for identity, one in found.items() if actor.is_staff or one.user_id == actor.user_id}


async def _sessions(
    reader: SessionReader, actor: Actor, wanted: Wanted, ids: Sequence[SessionId]
) -> Mapping[SessionId, Session]:
    found = await reader.by_ids(ids, wanted=wanted)
    return {identity: one for identity, one in found.items() if one.user_id == actor.user_id}
