"""Anything by its global id."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated
from uuid import UUID

import strawberry

from domain.carts.cart import Cart, CartId, CartLineId
from domain.orders.events import (
    OrderEvent,
    OrderEventId,
    OrderFulfillmentEvent,
    OrderLifecycleEvent,
    OrderPaymentEvent,
    OrderRefundEvent,
)
from domain.orders.fulfillment import FulfillmentId
from domain.orders.order import OrderId, OrderLineId
from domain.payments.notices import ProviderEventId
from domain.payments.payment import PaymentId, SavedPaymentMethodId
from domain.payments.refund import RefundId
from domain.pricing.discounts import DiscountCodeId
from domain.pricing.shipping import ShippingRateId
from domain.pricing.taxes import TaxRateId
from domain.products.category import CategoryId
from domain.products.inventory import AdjustmentId, VariantId
from domain.products.product import MediaId, ProductId
from domain.users.address import AddressId
from domain.users.user import SessionId, UserId
from resolvers import global_ids
from resolvers.context import Info
from resolvers.loaders import Loaders
from resolvers.product_listing import bounded
from schema.scalars import ID


async def _event(loaders: Loaders, identity: UUID, kind: type[OrderEvent]) -> OrderEvent | None:
    """An event by the name of another kind's is not there, as it is with all ids."""
    found = await loaders.order_event.load(OrderEventId(identity))
    return found if isinstance(found, kind) else None


LOAD: Mapping[str, Callable[[Loaders, UUID], Awaitable[object | None]]] = {
    "Cart": lambda loaders, identity: loaders.cart.load(CartId(identity)),
    "Category": lambda loaders, identity: loaders.category.load(CategoryId(identity)),
    "CartLine": lambda loaders, identity: loaders.cart_line.load(CartLineId(identity)),
    "DiscountCode": lambda loaders, identity: loaders.discount.load(DiscountCodeId(identity)),
    "Fulfillment": lambda loaders, identity: loaders.fulfillment.load(FulfillmentId(identity)),
    "InventoryAdjustment": lambda loaders, identity: loaders.adjustment.load(AdjustmentId(identity)),
    "Order": lambda loaders, identity: loaders.order.load(OrderId(identity)),
    "OrderFulfillmentEvent": lambda loaders, identity: _event(loaders, identity, OrderFulfillmentEvent),
    "OrderLifecycleEvent": lambda loaders, identity: _event(loaders, identity, OrderLifecycleEvent),
    "OrderLine": lambda loaders, identity: loaders.order_line.load(OrderLineId(identity)),
    "OrderPaymentEvent": lambda loaders, identity: _event(loaders, identity, OrderPaymentEvent),
    "OrderRefundEvent": lambda loaders, identity: _event(loaders, identity, OrderRefundEvent),
    "Payment": lambda loaders, identity: loaders.payment.load(PaymentId(identity)),
    "Product": lambda loaders, identity: loaders.product.load(ProductId(identity)),
    "ProductMedia": lambda loaders, identity: loaders.medium.load(MediaId(identity)),
    "ProductVariant": lambda loaders, identity: loaders.variant.load(VariantId(identity)),
    "Refund": lambda loaders, identity: loaders.refund.load(RefundId(identity)),
    "ProviderEvent": lambda loaders, identity: loaders.provider_event.load(ProviderEventId(identity)),
    "SavedAddress": lambda loaders, identity: loaders.address.load(AddressId(identity)),
    "SavedPaymentMethod": lambda loaders, identity: loaders.saved_method.load(SavedPaymentMethodId(identity)),
    "Session": lambda loaders, identity: loaders.session.load(SessionId(identity)),
    "ShippingMethod": lambda loaders, identity: loaders.shipping_method.load(ShippingRateId(identity)),
    "ShippingRate": lambda loaders, identity: loaders.shipping_rate.load(ShippingRateId(identity)),
    "TaxRate": lambda loaders, identity: loaders.tax_rate.load(TaxRateId(identity)),
    "User": lambda loaders, identity: loaders.user.load(UserId(identity)),
}


async def node(
    info: Info,
    id: Annotated[ID, strawberry.argument(description="The global id of anything that has one.")],  # noqa: A002
) -> object | None:
    """What is not there and what the viewer may not see are both null: the difference would tell that it exists."""
    return await _load(info, id)


async def nodes(
    info: Info,
    ids: Annotated[list[ID], strawberry.argument(description="Up to 100 global ids.")],
) -> list[object | None]:
    return await asyncio.gather(*(_load(info, identity) for identity in bounded("ids", ids)))


def _load(info: Info, text: str) -> Awaitable[object | None]:
    found = global_ids.decode(text)
    load = None if found is None else LOAD.get(found.type_name)
    return _nothing() if found is None or load is None else _held(info, load(info.context.loaders, found.id))


async def _held(info: Info, loading: Awaitable[object | None]) -> object | None:
    """What was loaded. Whoever names a guest's cart has the key to it."""
    found = await loading
    if isinstance(found, Cart) and found.user_id is None:
        info.context.hold(found.id)
    return found


async def _nothing() -> None:
    return None
