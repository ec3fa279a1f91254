"""What there is to buy in the world of the matrix of access: store settings, a ledger, and a cart with all in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.carts.cart import Cart, CartId
from domain.carts.carts import Carts, Target
from domain.orders.fulfillments import Packing
from domain.orders.order import OrderCancelReason, OrderId
from domain.orders.placing import Placement
from domain.orders.shipment import Details
from domain.payments.notices import ProviderEventId
from domain.payments.payment import CaptureMethod
from domain.payments.wish import Wish
from domain.pricing.discounts import DiscountCode, DiscountCodeId, DiscountKind
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.products.category import CategoryId
from domain.products.inventory import AdjustmentId, InventoryReason, VariantId
from domain.products.stock_keeping import Change
from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.shared.money import Money
from domain.users.address import Address
from resolvers import global_ids
from server.demo.reading import read_catalogue
from server.wiring import Shop
from tests import sql
from tests.graphql import provider_events
from tests.graphql.paid_goods import Paid, paid
from tests.people import Person

CURRENCY = "USD"
CODE = "CANARY"
PARCEL = "CANARY-PARCEL-77"
SHELVES = [CategoryId(one.id) for one in read_catalogue().categories]


@dataclass(frozen=True, slots=True)
class Goods:
    cart: Cart
    code: DiscountCodeId
    rate: ShippingRateId
    tax: TaxRateId
    adjustment: AdjustmentId
    placed: CartId
    order: OrderId
    number: str
    bought: UUID
    event: UUID
    paid: Paid
    shipment: UUID
    shipped: UUID
    told: ProviderEventId

    @property
    def variables(self) -> Mapping[str, str]:
        """What documents name."""
        return {
            "cart": global_ids.encode("Cart", self.cart.id),
            "line": global_ids.encode("CartLine", self.cart.lines[0].id),
            "code": global_ids.encode("DiscountCode", self.code),
            "rate": global_ids.encode("ShippingRate", self.rate),
            "tax": global_ids.encode("TaxRate", self.tax),
            "adjustment": global_ids.encode("InventoryAdjustment", self.adjustment),
            "placed": global_ids.encode("Cart", self.placed),
            "order": global_ids.encode("Order", self.order),
            "number": self.number,
            "bought": global_ids.encode("OrderLine", self.bought),
            "event": global_ids.encode("OrderLifecycleEvent", self.event),
            **self.paid.variables,
            "shipment": global_ids.encode("Fulfillment", self.shipment),
            "shipped": global_ids.encode("OrderFulfillmentEvent", self.shipped),
            "told": global_ids.encode("ProviderEvent", self.told),
        }


def money(amount: str) -> Money:
    return Money.of(Decimal(amount), CURRENCY)


def discount(code: str, value: str = "10") -> DiscountCode:
    """One with everything that a code can have."""
    at = now()
    return DiscountCode(
        id=DiscountCodeId(uuid7()),
        code=code,
        kind=DiscountKind.PERCENTAGE,
        value=Decimal(value),
        minimum_subtotal=money("1"),
        usage_limit=1_000,
        usage_limit_per_user=100,
        times_used=0,
        starts_at=at - timedelta(days=1),
        ends_at=at + timedelta(days=1),
        active=True,
        category_ids=frozenset(SHELVES),
        created_at=at,
    )


def shipping_rate(name: str, *countries: str) -> ShippingRate:
    return ShippingRate(
        id=ShippingRateId(uuid7()),
        name=name,
        description="Comes in a box",
        countries=frozenset(countries),
        price=money("5"),
        free_above=money("100000"),
        max_weight_grams=1_000_000,
        min_days=1,
        max_days=3,
        active=True,
    )


def tax_rate(country: str, title: str = "VAT") -> TaxRate:
    return TaxRate(TaxRateId(uuid7()), title, country, "Somewhere", Decimal("0.2"), included_in_price=True, active=True)


async def stocked(shop: Shop, owner: Person, admin: Person, variant: VariantId, home: Address) -> Goods:
    """The settings stand first where they are listed, and what is booked is the last of the variant's."""
    settings = shop.services.store_settings
    code = await settings.create_discount(discount(CODE))
    rate = await settings.set_shipping_rate(shipping_rate("A parcel", "GB"), is_new=True)
    tax = await settings.set_tax_rate(tax_rate("AD"), is_new=True)
    bought = await _bought(shop, owner, variant, home, rate.id)
    counted = Change(variant, 1, InventoryReason.CORRECTION, "found one more")
    await shop.services.stock_keeping.adjust(counted, admin.user.id)
    [(adjustment,)] = await sql.rows(shop.database, BOOKED, by=admin.user.id)
    of_order = {"id": adjustment, "order": bought["order"]}
    await sql.run(shop.database, "UPDATE inventory_adjustments SET order_id = :order WHERE id = :id", **of_order)
    cart = await full_cart(shop.services.carts, owner, variant, home, rate.id)
    # what a line cost when it was put in differs from what it costs now: there is something to tell
    await sql.run(shop.database, "UPDATE cart_lines SET seen_price = 1 WHERE cart_id = :cart", cart=cart.id)
    told = provider_events.canary()
    await provider_events.add(shop, told)
    return Goods(cart, code.id, rate.id, tax.id, AdjustmentId(UUID(str(adjustment))), **bought, told=told.id)


async def _bought(shop: Shop, owner: Person, variant: VariantId, home: Address, rate: ShippingRateId) -> dict[str, Any]:
    """An order that was paid, paid back and canceled, with every instant, and a shipment that is complete, too."""
    cart = await full_cart(shop.services.carts, owner, variant, home, rate)
    wish = Wish(CaptureMethod.MANUAL)
    placed = await shop.services.checkout_placing.place(owner.actor, Placement(cart.id, None, "Ring twice"), wish)
    order = placed.order
    assert placed.payment is not None
    money = await paid(shop, owner, order, placed.payment)
    details = Details(
        carrier="Canary Post", number=PARCEL, url="https://canary.example/77", estimated_delivery_at=now()
    )
    packed = await shop.services.fulfillments.create(Packing(order.id, None, details))
    await shop.services.orders.cancel(owner.actor, order.id, OrderCancelReason.CUSTOMER, "changed their mind")
    dates = "confirmed_at = placed_at, completed_at = placed_at, expires_at = placed_at"
    of_shipment = "status = 'delivered', shipped_at = created_at, delivered_at = created_at"
    await sql.run(
        shop.database,
        f"UPDATE orders SET {dates} WHERE id = :id",
        f"UPDATE fulfillments SET {of_shipment} WHERE order_id = :id",
        "UPDATE order_events SET location = 'Canary Wharf' WHERE order_id = :id AND fulfillment_id IS NOT NULL",
        id=order.id,
    )
    [(bought,)] = await sql.rows(shop.database, "SELECT id FROM order_lines WHERE order_id = :id", id=order.id)
    last = "SELECT id FROM order_events WHERE order_id = :id ORDER BY sequence DESC LIMIT 2"
    (event,), (shipped,) = await sql.rows(shop.database, last, id=order.id)
    ids = {"bought": UUID(str(bought)), "event": UUID(str(event)), "shipped": UUID(str(shipped))}
    ids["shipment"] = packed.fulfillment.id
    return {"placed": cart.id, "order": order.id, "number": order.number, "paid": money, **ids}


BOOKED = "SELECT id FROM inventory_adjustments WHERE user_id = :by"


async def full_cart(carts: Carts, owner: Person, variant: VariantId, home: Address, rate: ShippingRateId) -> Cart:
    """One that could be placed, with everything in it that there can be."""
    actor = owner.actor
    cart = await carts.create(actor, [(variant, 2)], owner.user.email, "+44 113 496 0077")
    target = Target(cart.id)
    await carts.set_shipping_address(actor, target, home)
    await carts.set_billing_address(actor, target, home)
    await carts.apply_code(actor, target, CODE)
    return (await carts.select_shipping(actor, target, rate)).cart
