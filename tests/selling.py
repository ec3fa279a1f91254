"""Something for sale, and carts that lack nothing to be placed, written past the services to be there quickly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from domain.carts.cart import CartId
from domain.orders.events import MESSAGES, OrderEventType
from domain.orders.order import OrderId
from domain.pricing.discounts import DiscountCodeId
from domain.pricing.shipping import ShippingRateId
from domain.products.inventory import VariantId
from domain.shared.ids import uuid7
from domain.users.address import Address
from domain.users.user import UserId
from persistence.audit import violations
from persistence.carts.repository import address_text
from persistence.connections import ConnectionSettings
from persistence.database import Database
from tests import sql

HOME = Address("7 Canary Row", "Leeds", "GB", first_name="Bea", last_name="Buyer", phone="+44 113 496 0077")
PRICE, SHIPPING = Decimal("10.00"), Decimal("5.00")


@dataclass(frozen=True, slots=True)
class Market:
    """A shop's database, with a way of shipping to Great Britain, and nothing for sale yet."""

    database: Database
    rate: ShippingRateId

    async def variant(self, on_hand: int, price: Decimal = PRICE) -> VariantId:
        """A product of its own with one variant, whose stock a trigger books."""
        product, variant = uuid7(), VariantId(uuid7())
        await sql.run(
            self.database,
            "INSERT INTO products (id, name, slug, status, published_at) VALUES (:id, 'Mug', :slug, 'active', now())",
            id=product,
            slug=f"mug-{product.hex}",
        )
        await sql.run(
            self.database,
            "INSERT INTO product_variants (id, product_id, title, sku, price, on_hand) "
            "VALUES (:id, :product, 'Blue', :sku, :price, :on_hand)",
            id=variant,
            product=product,
            sku=variant.hex,
            price=price,
            on_hand=on_hand,
        )
        return variant

    async def code(self, code: str, usage_limit: int | None = None, per_user: int | None = None) -> DiscountCodeId:
        """Ten percent off."""
        identity = DiscountCodeId(uuid7())
        await sql.run(
            self.database,
            "INSERT INTO discount_codes "
            "(id, code, kind, value, usage_limit, usage_limit_per_user, starts_at, created_at) "
            "VALUES (:id, :code, 'percentage', 10, :usage_limit, :per_user, now() - interval '1 hour', now())",
            id=identity,
            code=code,
            usage_limit=usage_limit,
            per_user=per_user,
        )
        return identity

    async def carts(
        self,
        wanted: Sequence[Mapping[VariantId, int]],
        *,
        email: str | None = None,
        user_id: UserId | None = None,
        codes: Sequence[str] = (),
        seen: Decimal = PRICE,
    ) -> list[CartId]:
        """A cart for each; guests have an address of their own each, unless one is given."""
        made = [CartId(uuid4()) for _ in wanted]
        lines = [
            (cart, variant, units, position)
            for cart, of in zip(made, wanted, strict=True)
            for position, (variant, units) in enumerate(of.items())
        ]
        await sql.run(
            self.database,
            "INSERT INTO carts (id, user_id, currency_code, email, shipping_address, shipping_rate_id, codes) "
            "SELECT id, :user_id, 'USD', coalesce(:email, 'guest-' || id || '@shop.example'), :address, :rate, :codes "
            "FROM unnest(CAST(:ids AS uuid[])) AS id",
            user_id=user_id,
            email=email,
            address=address_text(HOME),
            rate=self.rate,
            codes=list(codes),
            ids=made,
        )
        await sql.run(
            self.database,
            "INSERT INTO cart_lines (id, cart_id, variant_id, quantity, seen_price, position) "
            "SELECT gen_random_uuid(), "
            "* FROM unnest(CAST(:carts AS uuid[]), CAST(:variants AS uuid[]), CAST(:units AS int[]), "
            "CAST(:prices AS numeric[]), CAST(:positions AS int[]))",
            carts=[line[0] for line in lines],
            variants=[line[1] for line in lines],
            units=[line[2] for line in lines],
            prices=[seen] * len(lines),
            positions=[line[3] for line in lines],
        )
        return made

    async def cart(
        self, wanted: Mapping[VariantId, int], user_id: UserId | None = None, email: str | None = None
    ) -> CartId:
        [made] = await self.carts([wanted], user_id=user_id, email=email)
        return made

    async def confirm(self, *orders: OrderId) -> None:
        await confirm(self.database, *orders)

    async def stock(self, variant: VariantId) -> tuple[int, int]:
        """What is on hand, and what of it is reserved."""
        [row] = await sql.rows(
            self.database, "SELECT on_hand, reserved FROM product_variants WHERE id = :id", id=variant
        )
        return row[0], row[1]

    async def orders(self, where: str = "true") -> int:
        return await sql.value(self.database, f"SELECT count(*) FROM orders WHERE {where}")


async def confirm(database: Database, *orders: OrderId) -> None:
    """What a payment does to orders that wait for one."""
    await sql.run(
        database,
        (
            "INSERT INTO order_events (order_id, sequence, id, type, occurred_at, message, previous_status, status) "
            "SELECT id, events + 1, gen_random_uuid(), 'order_confirmed', now(), :message, status, 'confirmed' "
            "FROM orders WHERE id = ANY(CAST(:orders AS uuid[]))"
        ),
        (
            "UPDATE payments SET status = 'captured', amount_captured = amount, is_closed = true "
            "WHERE order_id = ANY(CAST(:orders AS uuid[]))"
        ),
        (
            "UPDATE orders SET status = 'confirmed', payment_status = 'paid', amount_captured = total, "
            "confirmed_at = now(), expires_at = NULL, events = events + 1 WHERE id = ANY(CAST(:orders AS uuid[]))"
        ),
        message=MESSAGES[OrderEventType.ORDER_CONFIRMED],
        orders=list(orders),
    )


async def market(database: Database) -> Market:
    rate = ShippingRateId(uuid7())
    await sql.run(
        database,
        "INSERT INTO shipping_rates (id, name, countries, price) VALUES (:id, 'Parcel', ARRAY['GB'], :price)",
        id=rate,
        price=SHIPPING,
    )
    return Market(database, rate)


async def books_agree(settings: ConnectionSettings) -> None:
    found = [violation async for violation in violations(settings)]
    assert not found, found
