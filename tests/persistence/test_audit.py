"""The audit finds cooked books, law by law, and nothing in honest ones."""

from pathlib import Path

import pytest

from domain.orders.fulfillment import FulfillmentStatus
from domain.orders.fulfillments import Packing, Update
from domain.orders.order import OrderCancelReason, OrderId
from domain.orders.placing import Placement
from domain.orders.shipment import Details
from domain.payments.wish import Wish
from domain.users.user import ANONYMOUS, Actor, UserRole
from persistence.audit import LAWS, violations
from persistence.connections import ConnectionSettings
from persistence.payments import laws as money
from server.wiring import Shop
from tests import sql
from tests.command import Souk, fresh_home
from tests.selling import Market, books_agree, confirm, market

OF_GOODS = [law for law in LAWS if law not in money.LAWS]
"""The laws of money have tests of their own."""
STOCK, RESERVED, LEDGER, ENDED, SENT, SHIPPED, PACKED, GOODS, TOTALS, LINES, EVENTS, CARTS, CODES, SOLD = OF_GOODS
COOKED = {
    "units that nobody booked": ("UPDATE product_variants SET on_hand = on_hand + 1", {STOCK}),
    "units that were booked and never came": (
        (
            "INSERT INTO inventory_adjustments (id, variant_id, on_hand_delta, reserved_delta, reason) "
            "SELECT gen_random_uuid(), id, 7, 0, 'received' FROM product_variants LIMIT 1"
        ),
        {STOCK},
    ),
    "a row of the ledger that is gone": (
        "DELETE FROM inventory_adjustments WHERE reason = 'released'",
        {STOCK, LEDGER},
    ),
    "units reserved for nobody": ("UPDATE product_variants SET reserved = reserved + 1", {STOCK, RESERVED}),
    "a line that forgot what it reserves": (
        "UPDATE order_lines SET quantity_reserved = quantity_reserved - 1 WHERE quantity_reserved > 0",
        {RESERVED, LEDGER},
    ),
    "a reservation booked for another order": (
        (
            "UPDATE inventory_adjustments SET order_id = (SELECT id FROM orders WHERE status = 'canceled') "
            "WHERE reason = 'reserved'"
        ),
        {LEDGER, SHIPPED},
    ),
    "units reserved for what was canceled": (
        (
            "UPDATE order_lines SET quantity_reserved = quantity WHERE order_id = "
            "(SELECT id FROM orders WHERE status = 'canceled')"
        ),
        {RESERVED, LEDGER, ENDED},
    ),
    "an order that ended without an event": (
        "UPDATE orders SET status = 'expired' WHERE status = 'pending'",
        {ENDED, EVENTS},
    ),
    "a line at another price": ("UPDATE order_lines SET unit_price = unit_price + 1", {TOTALS}),
    "a line with another discount": ("UPDATE order_lines SET discount = discount + 1", {TOTALS}),
    "a line with another total": ("UPDATE order_lines SET total = total + 0.01", {TOTALS}),
    "a total that still adds up by itself": ("UPDATE orders SET subtotal = subtotal + 1, total = total + 1", {TOTALS}),
    "an order without lines": (
        "DELETE FROM order_lines WHERE order_id = (SELECT id FROM orders WHERE status = 'canceled')",
        {LINES},
    ),
    "an event that is gone": ("DELETE FROM order_events WHERE sequence = 1", {EVENTS}),
    "an event too many": (
        (
            "INSERT INTO order_events (order_id, sequence, id, type, occurred_at, message, status) "
            "SELECT id, 9, gen_random_uuid(), 'order_placed', now(), 'Again.', status FROM orders"
        ),
        {EVENTS},
    ),
    "events with a gap": ("UPDATE order_events SET sequence = 9 WHERE sequence = 2", {EVENTS}),
    "a cart that forgot its order": ("UPDATE carts SET order_id = NULL", {CARTS}),
    "a cart that names an order that is none": ("UPDATE carts SET order_id = gen_random_uuid()", {CARTS}),
    "a cart that names somebody else's order": (
        "UPDATE carts SET order_id = (SELECT id FROM orders WHERE status = 'canceled')",
        {CARTS},
    ),
    "units that were counted, and not added": (
        (
            "INSERT INTO product_sales (order_id, product_id, units) "
            "SELECT o.id, p.id, 1 FROM orders o, products p WHERE o.confirmed_at IS NOT NULL LIMIT 1"
        ),
        {SOLD},
    ),
    "an order that was counted before it was confirmed": (
        (
            "WITH sold AS (UPDATE products SET units_sold = 9) INSERT INTO product_sales (order_id, product_id, units) "
            "SELECT o.id, p.id, 1 FROM orders o, products p WHERE o.confirmed_at IS NULL LIMIT 1"
        ),
        {SOLD},
    ),
    "a shipment that left without a word": (
        "UPDATE fulfillments SET status = 'in_transit', shipped_at = now() WHERE status = 'pending'",
        {SENT, GOODS},
    ),
    "a line that forgot what was sent": (
        "UPDATE order_lines SET quantity_fulfilled = 0 WHERE quantity_fulfilled > 0",
        {SENT, SHIPPED},
    ),
    "units that left an order, and never the shelf": (
        "UPDATE inventory_adjustments SET reason = 'correction', order_id = NULL WHERE reason = 'shipped'",
        {LEDGER, SHIPPED},
    ),
    "units that left the shelf for an order that sent none": (
        (
            "UPDATE inventory_adjustments SET order_id = (SELECT id FROM orders WHERE status = 'canceled') "
            "WHERE reason = 'shipped'"
        ),
        {LEDGER, SHIPPED},
    ),
    "units that left the shelf, and stay reserved": (
        "UPDATE inventory_adjustments SET reserved_delta = 0 WHERE reason = 'shipped'",
        {STOCK, LEDGER, SHIPPED},
    ),
    "something that is packed of an order that ended": (
        (
            "UPDATE fulfillments SET order_id = (SELECT id FROM orders WHERE status = 'canceled') "
            "WHERE status = 'pending'"
        ),
        {PACKED},
    ),
    "goods that are said to be here": ("UPDATE orders SET fulfillment_status = 'unfulfilled'", {GOODS}),
    "goods that are said to be there": (
        "UPDATE orders SET fulfillment_status = 'delivered' WHERE status = 'pending'",
        {GOODS},
    ),
    "goods that came back by a refund, and nobody noticed": (
        "UPDATE order_lines SET quantity_returned = 1 WHERE quantity_fulfilled > 0",
        {GOODS},
    ),
    "a use that was not counted": ("UPDATE discount_codes SET times_used = times_used - 1", {CODES}),
    "a use that no order had": ("UPDATE discount_codes SET times_used = times_used + 1", {CODES}),
}


@pytest.fixture
async def honest(own_shop: Shop) -> Market:
    """With an order that stands, one that was canceled, one whose variant is gone, and one that was sent in part."""
    stall = await market(own_shop.database)
    mug, gone = await stall.variant(10), await stall.variant(10)
    await stall.code("TEN")
    carts = await stall.carts([{mug: 2}, {mug: 3}], codes=["TEN"])
    carts += await stall.carts([{gone: 1, mug: 1}])
    placed = [
        (await own_shop.services.checkout_placing.place(ANONYMOUS, Placement(cart), Wish())).order for cart in carts
    ]
    staff = Actor(None, UserRole.ADMIN)
    await own_shop.services.orders.cancel(staff, placed[1].id, OrderCancelReason.OTHER, "changed their mind")
    [cart] = await stall.carts([{mug: 1, await stall.variant(10): 1}])
    await _sent(own_shop, (await own_shop.services.checkout_placing.place(ANONYMOUS, Placement(cart), Wish())).order.id)
    await sql.run(stall.database, "DELETE FROM product_variants WHERE id = :id", id=gone)
    await sql.run(
        stall.database,
        *(
            (
                "INSERT INTO order_events (order_id, sequence, id, type, occurred_at, message, status) "
                "SELECT id, 2, gen_random_uuid(), 'note_added', now(), 'A note.', 'pending' "
                "FROM orders WHERE status = 'pending'"
            ),
            "UPDATE orders SET events = 2 WHERE status = 'pending'",
        ),
    )
    return stall


async def _sent(shop: Shop, order: OrderId) -> None:
    """One line is on its way, the other one is packed."""
    await confirm(shop.database, order)
    lines = (await shop.readers.orders.lines_of([order]))[order]
    service = shop.services.fulfillments
    packed = [await service.create(Packing(order, [(line.id, 1)], Details())) for line in lines]
    await service.update(Update(packed[0].fulfillment.id, FulfillmentStatus.IN_TRANSIT, None, Details()))


async def test_honest_books_agree(honest: Market) -> None:
    await books_agree(honest.database.settings)


@pytest.mark.parametrize("name", COOKED)
async def test_cooked_books_are_found_by_the_laws_that_they_break(honest: Market, name: str) -> None:
    statement, broken = COOKED[name]
    await sql.run(honest.database, statement)
    found = [violation async for violation in violations(honest.database.settings)]
    assert {violation.law for violation in found if violation.law in OF_GOODS} == broken
    assert all(violation.where.split(" ")[0] in {"variant", "order", "cart", "code", "product"} for violation in found)


def test_every_law_is_broken_by_something() -> None:
    assert set[str]().union(*(broken for _, broken in COOKED.values())) == set(OF_GOODS)


async def test_the_audit_changes_nothing(honest: Market) -> None:
    before = await sql.rows(honest.database, "SELECT xmin, * FROM orders ORDER BY id")
    await books_agree(honest.database.settings)
    assert await sql.rows(honest.database, "SELECT xmin, * FROM orders ORDER BY id") == before


async def test_the_command_succeeds_when_the_books_agree_and_lists_what_does_not(honest: Market) -> None:
    with fresh_home() as home:
        souk = Souk(home, environment={"DATABASE_URL": honest.database.settings.url})
        done = souk.run("audit")
        assert (done.returncode, done.stderr) == (0, "")
        assert f"The books agree: {len(LAWS)} laws hold." in done.stdout
        one = "UPDATE product_variants SET on_hand = on_hand + 1 WHERE id = (SELECT id FROM product_variants LIMIT 1)"
        await sql.run(honest.database, one)
        found = souk.run("audit")
        assert found.returncode == 1
        assert STOCK in found.stdout
        assert found.stderr.strip() == "souk: The books do not agree: 1 violations, listed above."


def test_the_command_says_so_when_it_cannot_read_the_books(empty_database: ConnectionSettings, tmp_path: Path) -> None:
    souk = Souk(tmp_path, environment={"DATABASE_URL": empty_database.url.replace("empty_", "nothing_")})
    assert souk.refuses("audit")
