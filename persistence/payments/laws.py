"""What must hold of payments and refunds, in SQL."""

from collections.abc import Mapping

STANDING = """
    SELECT o.id, CASE
      WHEN p.captured > 0 AND p.refunded > 0 AND p.refunded >= p.captured THEN 'refunded'
      WHEN p.captured > 0 AND p.refunded > 0 THEN 'partially_refunded'
      WHEN p.captured > 0 AND p.captured >= o.total THEN 'paid'
      WHEN p.captured > 0 THEN 'partially_paid'
      WHEN o.total = 0 THEN 'paid'
      WHEN p.is_authorized THEN 'authorized'
      WHEN p.newest = 'failed' THEN 'failed'
      WHEN p.newest = 'canceled' THEN 'voided'
      ELSE 'pending'
    END AS standing
    FROM orders o LEFT JOIN (
      SELECT order_id, sum(amount_captured) AS captured, sum(amount_refunded) AS refunded,
        bool_or(status = 'authorized') AS is_authorized, (array_agg(status ORDER BY id DESC))[1] AS newest
      FROM payments GROUP BY order_id
    ) p ON p.order_id = o.id
"""
"""`domain.payments.standing.payment_status`; a property test holds the two together."""
LAWS: Mapping[str, str] = {
    "An order has received, and paid back, what its payments say": """
        SELECT 'order ' || o.number || ': ' || o.amount_captured || ' received and ' || o.amount_refunded
          || ' paid back, its payments say ' || coalesce(p.captured, 0) || ' and ' || coalesce(p.refunded, 0)
        FROM orders o LEFT JOIN (
          SELECT order_id, sum(amount_captured) AS captured, sum(amount_refunded) AS refunded
          FROM payments GROUP BY order_id
        ) p ON p.order_id = o.id
        WHERE (o.amount_captured, o.amount_refunded) IS DISTINCT FROM
          (coalesce(p.captured, 0), coalesce(p.refunded, 0))
    """,
    "What was paid back of a payment is what its refunds have paid out": """
        SELECT 'payment ' || p.id || ': ' || p.amount_refunded || ' paid back, its refunds say '
          || coalesce(r.refunded, 0)
        FROM payments p LEFT JOIN (
          SELECT payment_id, sum(amount) AS refunded FROM refunds WHERE status = 'succeeded' GROUP BY payment_id
        ) r ON r.payment_id = p.id
        WHERE p.amount_refunded <> coalesce(r.refunded, 0)
    """,
    "No more of a payment is paid back, or on its way back, than was received": """
        SELECT 'payment ' || p.id || ': ' || p.amount_captured || ' received, ' || r.refunded || ' going back'
        FROM payments p JOIN (
          SELECT payment_id, sum(amount) AS refunded FROM refunds WHERE status IN ('pending', 'succeeded')
          GROUP BY payment_id
        ) r ON r.payment_id = p.id
        WHERE r.refunded > p.amount_captured
    """,
    "Where an order's money is follows from its payments": f"""
        SELECT 'order ' || o.number || ': it is ' || o.payment_status || ', its payments say ' || s.standing
        FROM orders o JOIN ({STANDING}) s ON s.id = o.id WHERE o.payment_status <> s.standing
    """,  # noqa: S608  (all of it is written here)
    "What was received for an order that ended is paid back, or on its way back": """
        SELECT 'order ' || o.number || ': it is ' || o.status || ', ' || o.captured || ' received, '
          || coalesce(r.refunded, 0) || ' going back'
        FROM (
          SELECT o.id, o.number, o.status, sum(p.amount_captured) AS captured
          FROM orders o JOIN payments p ON p.order_id = o.id
          WHERE o.status IN ('canceled', 'expired') GROUP BY o.id
        ) o LEFT JOIN (
          SELECT p.order_id, sum(r.amount) AS refunded FROM refunds r JOIN payments p ON p.id = r.payment_id
          WHERE r.status IN ('pending', 'succeeded') GROUP BY p.order_id
        ) r ON r.order_id = o.id
        WHERE o.captured > coalesce(r.refunded, 0)
    """,
    "Money can still come of one payment of an order at most": """
        SELECT 'order ' || o.number || ': ' || count(*) || ' payments are open'
        FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.status IN
          ('requires_payment_method', 'requires_confirmation', 'requires_action', 'processing', 'authorized')
        GROUP BY o.id HAVING count(*) > 1
    """,
    "Payments and refunds are of one order, in its currency": """
        SELECT 'payment ' || p.id || ': it is in ' || p.currency_code || ', and its order in '
          || coalesce(o.currency_code, 'none')
        FROM payments p LEFT JOIN orders o ON o.id = p.order_id
        WHERE o.id IS NULL OR p.currency_code <> o.currency_code
        UNION ALL
        SELECT 'refund ' || r.id || ': its order is not that of payment ' || r.payment_id
        FROM refunds r LEFT JOIN payments p ON p.id = r.payment_id
        WHERE p.order_id IS DISTINCT FROM r.order_id
        UNION ALL
        SELECT 'refund ' || r.id || ': it is for a line of another order'
        FROM refund_lines rl JOIN refunds r ON r.id = rl.refund_id JOIN order_lines l ON l.id = rl.order_line_id
        WHERE l.order_id <> r.order_id
    """,
    "As many units of a line are paid back as refunds say": """
        SELECT 'order ' || o.number || ': ' || l.quantity_refunded || ' units of ' || l.product_name
          || ' are paid back, refunds say ' || coalesce(r.quantity, 0)
        FROM order_lines l JOIN orders o ON o.id = l.order_id LEFT JOIN (
          SELECT order_line_id, sum(quantity) AS quantity FROM refund_lines GROUP BY order_line_id
        ) r ON r.order_line_id = l.id
        WHERE l.quantity_refunded <> coalesce(r.quantity, 0)
    """,
}
