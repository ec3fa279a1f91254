"""Looks whether the books agree: stock, orders, shipments, totals, codes, money. Reads only, in one snapshot."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from persistence.connections import ConnectionSettings, connect
from persistence.payments import laws as money

SECONDS = 600.0
BATCH = 500


@dataclass(frozen=True, slots=True)
class Violation:
    """A law, and where it does not hold."""

    law: str
    where: str


LAWS: Mapping[str, str] = {
    "What is on hand and reserved of a variant is what its ledger adds up to": """
        SELECT 'variant ' || v.id || ': ' || v.on_hand || ' on hand and ' || v.reserved || ' reserved, the ledger says '
          || coalesce(l.on_hand, 0) || ' and ' || coalesce(l.reserved, 0)
        FROM product_variants v LEFT JOIN (
          SELECT variant_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
          FROM inventory_adjustments GROUP BY variant_id
        ) l ON l.variant_id = v.id
        WHERE (v.on_hand, v.reserved) IS DISTINCT FROM (coalesce(l.on_hand, 0), coalesce(l.reserved, 0))
    """,
    "What is reserved of a variant is what orders have reserved": """
        SELECT 'variant ' || v.id || ': ' || v.reserved || ' reserved, orders say ' || coalesce(o.reserved, 0)
        FROM product_variants v LEFT JOIN (
          SELECT variant_id, sum(quantity_reserved) AS reserved FROM order_lines
          WHERE variant_id IS NOT NULL GROUP BY variant_id
        ) o ON o.variant_id = v.id
        WHERE v.reserved <> coalesce(o.reserved, 0)
    """,
    "The ledger has for each order just what is reserved for it": """
        SELECT 'order ' || o.number || ': ' || l.reserved || ' reserved, the ledger says ' || coalesce(a.reserved, 0)
        FROM orders o
        JOIN (
          SELECT order_id, sum(quantity_reserved) AS reserved FROM order_lines
          WHERE variant_id IS NOT NULL GROUP BY order_id
        ) l ON l.order_id = o.id
        LEFT JOIN (
          SELECT order_id, sum(reserved_delta) AS reserved FROM inventory_adjustments
          WHERE order_id IS NOT NULL GROUP BY order_id
        ) a ON a.order_id = o.id
        WHERE l.reserved <> coalesce(a.reserved, 0)
    """,
    "Nothing is reserved for orders that have ended": """
        SELECT 'order ' || o.number || ': ' || sum(l.quantity_reserved) || ' reserved, and it is ' || o.status
        FROM orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.status IN ('canceled', 'expired') AND l.quantity_reserved > 0 GROUP BY o.number, o.status
    """,
    "Of each line, as much has left as shipments that have left hold of it": """
        SELECT 'order ' || o.number || ': ' || l.quantity_fulfilled || ' sent of a line, shipments say '
          || coalesce(u.gone, 0)
        FROM orders o JOIN order_lines l ON l.order_id = o.id LEFT JOIN (
          SELECT p.order_line_id, sum(p.quantity) AS gone
          FROM fulfillment_lines p JOIN fulfillments f ON f.id = p.fulfillment_id
          WHERE f.status NOT IN ('pending', 'canceled') GROUP BY p.order_line_id
        ) u ON u.order_line_id = l.id
        WHERE l.quantity_fulfilled <> coalesce(u.gone, 0)
    """,
    "The ledger has for each order just what has left of it": """
        SELECT 'order ' || o.number || ': ' || coalesce(l.units, 0) || ' sent, the ledger says ' || coalesce(a.units, 0)
        FROM (
          SELECT order_id, variant_id, sum(quantity_fulfilled) AS units FROM order_lines
          WHERE variant_id IS NOT NULL GROUP BY order_id, variant_id
        ) l
        FULL JOIN (
          SELECT order_id, variant_id, bool_or(reason = 'reserved') AS counted,
            -sum(on_hand_delta) FILTER (WHERE reason = 'shipped') AS units,
            -sum(reserved_delta) FILTER (WHERE reason = 'shipped') AS reserved
          FROM inventory_adjustments WHERE order_id IS NOT NULL GROUP BY order_id, variant_id
        ) a USING (order_id, variant_id)
        JOIN orders o ON o.id = order_id
        WHERE coalesce(a.units, 0) <> CASE WHEN a.counted THEN coalesce(l.units, 0) ELSE 0 END OR a.units <> a.reserved
    """,
    "Something is packed of confirmed orders only": """
        SELECT DISTINCT 'order ' || o.number || ': something is packed, and it is ' || o.status
        FROM orders o JOIN fulfillments f ON f.order_id = o.id WHERE f.status = 'pending' AND o.status <> 'confirmed'
    """,
    "An order's goods are where its lines and shipments say": """
        SELECT 'order ' || o.number || ': ' || o.fulfillment_status || ', its lines and shipments say ' || s.says
        FROM orders o JOIN (
          SELECT order_id, CASE
            WHEN gone = 0 THEN 'unfulfilled'
            WHEN back > 0 THEN CASE WHEN back >= due THEN 'returned' ELSE 'partially_returned' END
            WHEN arrived > 0 THEN CASE WHEN arrived >= due THEN 'delivered' ELSE 'partially_delivered' END
            ELSE CASE WHEN gone >= due THEN 'fulfilled' ELSE 'partially_fulfilled' END END AS says
          FROM (
            SELECT l.order_id, sum(l.quantity - l.quantity_canceled) AS due, coalesce(sum(u.gone), 0) AS gone,
              coalesce(sum(u.arrived), 0) AS arrived, sum(greatest(u.back, l.quantity_returned)) AS back
            FROM order_lines l LEFT JOIN (
              SELECT p.order_line_id,
                sum(p.quantity) FILTER (WHERE f.status NOT IN ('pending', 'canceled')) AS gone,
                sum(p.quantity) FILTER (WHERE f.status = 'delivered') AS arrived,
                sum(p.quantity) FILTER (WHERE f.status = 'returned') AS back
              FROM fulfillment_lines p JOIN fulfillments f ON f.id = p.fulfillment_id GROUP BY p.order_line_id
            ) u ON u.order_line_id = l.id GROUP BY l.order_id
          ) counted
        ) s ON s.order_id = o.id
        WHERE o.fulfillment_status <> s.says
    """,
    "An order's lines add up to its totals": """
        SELECT 'order ' || o.number || ': its lines say ' || l.subtotal || ' less ' || l.discount || ', tax ' || l.tax
        FROM orders o JOIN (
          SELECT order_id, sum(unit_price * quantity) AS subtotal, sum(discount) AS discount, sum(tax) AS tax,
            sum(total) AS total
          FROM order_lines GROUP BY order_id
        ) l ON l.order_id = o.id
        WHERE o.subtotal <> l.subtotal OR o.discount <> l.discount OR o.tax < l.tax
          OR o.total <> l.total + o.shipping + CASE WHEN o.tax_included THEN 0 ELSE o.tax - l.tax END
    """,
    "Every order has lines": """
        SELECT 'order ' || o.number FROM orders o WHERE NOT EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id)
    """,
    "An order's events are numbered without a gap, and the last one says where it stands": """
        SELECT 'order ' || o.number || ': ' || o.events || ' events, there are ' || count(e.sequence)
        FROM orders o LEFT JOIN order_events e ON e.order_id = o.id
        GROUP BY o.id HAVING count(e.sequence) <> o.events OR max(e.sequence) <> o.events
          OR (array_agg(e.status ORDER BY e.sequence DESC))[1] IS DISTINCT FROM o.status
    """,
    "A cart and the order that it became know each other": """
        SELECT 'order ' || o.number FROM orders o LEFT JOIN carts c ON c.id = o.cart_id
        WHERE c.id IS NOT NULL AND c.order_id IS DISTINCT FROM o.id
        UNION ALL
        SELECT 'cart ' || c.id FROM carts c LEFT JOIN orders o ON o.id = c.order_id
        WHERE c.order_id IS NOT NULL AND o.cart_id IS DISTINCT FROM c.id
    """,
    "A discount code was used as often as orders say": """
        SELECT 'code ' || d.code || ': ' || d.times_used || ' times, orders say ' || count(r.order_id)
        FROM discount_codes d LEFT JOIN discount_redemptions r ON r.discount_code_id = d.id
        GROUP BY d.id HAVING d.times_used <> count(r.order_id)
    """,
    "A product has sold what orders were counted for, and those were confirmed": """
        SELECT 'product ' || p.id || ': ' || p.units_sold || ' sold, orders were counted for ' || sum(s.units)
        FROM products p JOIN product_sales s ON s.product_id = p.id
        GROUP BY p.id HAVING p.units_sold < sum(s.units)
        UNION ALL
        SELECT DISTINCT 'order ' || o.number || ': it was counted as sold, and it never was confirmed'
        FROM orders o JOIN product_sales s ON s.order_id = o.id WHERE o.confirmed_at IS NULL
    """,
    **money.LAWS,
}


async def violations(settings: ConnectionSettings) -> AsyncGenerator[Violation]:
    """Every one, law by law. Raises: OSError, asyncpg.PostgresError: the database cannot be read."""
    connection = await connect(settings)
    try:
        await connection.execute(f"SET statement_timeout = {int(SECONDS * 1_000)}")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            for law, sql in LAWS.items():
                async for where in _found(connection, sql):
                    yield Violation(law, where)
    finally:
        await connection.close()


async def _found(connection: "asyncpg.Connection[Any]", sql: str) -> AsyncGenerator[str]:
    async for row in connection.cursor(sql, prefetch=BATCH, timeout=SECONDS):
        yield row[0]
