"""The one graph."""

from functools import cache
from typing import Any

import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryObjectDefinition

from domain.users.access import Viewer
from schema import access, carts, errors, orders, payments, pricing, products, provider_events, users
from schema.carts import CartMutations, CartQueries
from schema.fulfillments import FulfillmentMutations
from schema.nodes import NodeQueries
from schema.orders import OrderMutations, OrderQueries, OrderSubscriptions
from schema.payments import PaymentMutations, PaymentQueries
from schema.pricing import PricingMutations, PricingQueries
from schema.products import ProductMutations, ProductQueries, ProductSubscriptions
from schema.provider_events import ProviderEventMutations, ProviderEventQueries
from schema.rendering import Auth
from schema.scalars import SCALARS
from schema.shop import ShopQueries
from schema.users import UserMutations, UserQueries


@strawberry.type(description="Everything that can be read.")
class Query(
    NodeQueries,
    ShopQueries,
    UserQueries,
    ProductQueries,
    PricingQueries,
    CartQueries,
    OrderQueries,
    PaymentQueries,
    ProviderEventQueries,
): ...


@strawberry.type(description="Everything that can be done.")
class Mutation(
    UserMutations,
    ProductMutations,
    PricingMutations,
    CartMutations,
    OrderMutations,
    FulfillmentMutations,
    PaymentMutations,
    ProviderEventMutations,
): ...


@strawberry.type(description="What can be followed, over WebSocket (graphql-transport-ws) or server-sent events.")
class Subscription(OrderSubscriptions, ProductSubscriptions): ...


ROOTS = frozenset({"Query", "Mutation", "Subscription"})


class AccessRules(SchemaExtension):
    """Holds the table's rules where Strawberry executes the schema itself; ours looks them up when it plans."""

    def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        type_name, field = info.parent_type.name, info.field_name
        if not field.startswith("__") and not type_name.startswith("__") and type_name != "Mutation":
            owner = access.OWNERS.get(type_name)
            access.rule(type_name, field).require(info.context.actor, getattr(root, owner) if owner else None)
        return _next(root, info, *args, **kwargs)


@cache
def build() -> strawberry.Schema:
    """One for the process, however many shops it opens: making it takes 0.1 s."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[
            *(products.Category, products.InventoryAdjustment, products.Product, products.ProductMedia),
            products.ProductVariant,
            *(pricing.DiscountCode, pricing.ShippingRate, pricing.TaxRate),
            *(users.SavedAddress, users.Session, users.User),
            *(carts.Cart, carts.CartLine, carts.ShippingMethod, carts.CartVersionConflictError),
            *(payments.OrderPaymentEvent, payments.OrderRefundEvent, payments.Payment, payments.Refund),
            *(payments.PaymentDeclinedError, payments.SavedPaymentMethod),
            *(orders.Order, orders.OrderLine, orders.OrderLifecycleEvent),
            *(orders.Fulfillment, orders.OrderFulfillmentEvent),
            provider_events.ProviderEvent,
            *(orders.InsufficientStockError, orders.InvalidTransitionError, orders.QuoteChangedError),
            *errors.TYPES,
        ],
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[AccessRules],
    )
    _show_rules(schema)
    return schema


def _show_rules(schema: strawberry.Schema) -> None:
    """Print each rule that asks for something: on the type, where all its fields ask for the same."""
    types: dict[str, Any] = schema.schema_converter.type_map
    for name, concrete in types.items():
        definition = concrete.definition
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_input or definition.is_interface:
            continue
        names = schema.config.name_converter
        asked = {field: access.rule(name, names.get_graphql_name(field)).viewer for field in definition.fields}
        whole = set(asked.values()) if name not in ROOTS else set[Viewer | None]()
        if len(whole) == 1:
            definition.directives = _directives(*whole)
        else:
            for field, viewer in asked.items():
                field.directives = _directives(viewer)


def _directives(viewer: Viewer | None) -> list[object]:
    return [] if viewer is None else [Auth(requires=viewer)]
