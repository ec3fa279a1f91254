"""What breaks the rules of orders, for `test_catalogue_rules`: one statement for each."""

# the variant and the code of `shop_examples`, and things of this module's own
VARIANT, PRODUCT, CODE = (f"00000000-0000-7000-8000-00000000000{number}" for number in ("5", "3", "1"))
ONE, TWO, NOBODY = (f"00000000-0000-7000-8000-00000000000{number}" for number in ("a", "b", "f"))
LINE = (
    "INSERT INTO order_lines (id, order_id, variant_id, product_name, variant_title, quantity, quantity_reserved, "
    "unit_price, discount, tax, total) VALUES"
)
EVENT = "INSERT INTO order_events (order_id, sequence, id, type, occurred_at, message, status) VALUES"
USE = "INSERT INTO discount_redemptions (discount_code_id, order_id, user_id, email) VALUES"
ORDER = (
    "INSERT INTO orders (id, number, cart_id, user_id, email, status, payment_status, fulfillment_status, "
    "currency_code, subtotal, discount, shipping, tax, total, tax_lines, tax_included, discount_codes, "
    "shipping_address, shipping_method, events, placed_at) VALUES"
)


def order(identity: str, number: str, cart: str, user: str = "NULL") -> str:
    return (
        f"{ORDER} ('{identity}', '{number}', '{cart}', {user}, 'a@b.c', 'pending', 'pending', 'unfulfilled', 'USD', "
        "10, 1, 5, 2, 16, '[]', false, '{}', '{}', 'Parcel', 1, now())"
    )


ORDERS = f"""
{order(ONE, "AAAA-AAAA-AAAA", ONE)};
{LINE} ('{ONE}', '{ONE}', '{VARIANT}', 'Mug', 'M', 1, 0, 10, 1, 2, 11);
{EVENT} ('{ONE}', 1, '{ONE}', 'order_placed', now(), 'Placed.', 'pending');
{USE} ('{CODE}', '{ONE}', NULL, 'a@b.c');
INSERT INTO product_sales (order_id, product_id, units) VALUES ('{ONE}', '{PRODUCT}', 1);
"""
REFUSED = {
    "fk_inventory_adjustments_order_id": f"UPDATE inventory_adjustments SET order_id = '{NOBODY}'",
    "ck_orders_status": "UPDATE orders SET status = 'lost'",
    "ck_orders_payment_status": "UPDATE orders SET payment_status = 'lost'",
    "ck_orders_fulfillment_status": "UPDATE orders SET fulfillment_status = 'lost'",
    "ck_orders_total": "UPDATE orders SET total = total - 0.01",
    "ck_orders_canceled": "UPDATE orders SET canceled_at = now()",
    "ck_orders_events": "UPDATE orders SET events = 0",
    "uq_orders_number": order(TWO, "AAAA-AAAA-AAAA", TWO),
    "uq_orders_cart_id": order(TWO, "BBBB-BBBB-BBBB", ONE),
    "fk_orders_user_id": order(TWO, "BBBB-BBBB-BBBB", TWO, f"'{NOBODY}'"),
    "ck_order_lines_quantities": "UPDATE order_lines SET quantity_reserved = 1, quantity_fulfilled = 1",
    "ck_order_lines_amounts": "UPDATE order_lines SET tax = -1",
    "fk_order_lines_order_id": f"UPDATE order_lines SET order_id = '{NOBODY}'",
    "fk_order_lines_variant_id": f"UPDATE order_lines SET variant_id = '{NOBODY}'",
    "ck_order_events_sequence": f"{EVENT} ('{ONE}', 0, '{TWO}', 'order_placed', now(), 'Placed.', 'pending')",
    "uq_order_events_id": f"{EVENT} ('{ONE}', 2, '{ONE}', 'order_placed', now(), 'Placed.', 'pending')",
    "fk_order_events_order_id": f"{EVENT} ('{NOBODY}', 1, '{TWO}', 'order_placed', now(), 'Placed.', 'pending')",
    "fk_discount_redemptions_discount_code_id": f"{USE} ('{NOBODY}', '{ONE}', NULL, 'a@b.c')",
    "fk_discount_redemptions_order_id": f"{USE} ('{CODE}', '{NOBODY}', NULL, 'a@b.c')",
    "ck_product_sales_units": "UPDATE product_sales SET units = 0",
    "fk_product_sales_order_id": f"UPDATE product_sales SET order_id = '{NOBODY}'",
    "fk_product_sales_product_id": f"UPDATE product_sales SET product_id = '{NOBODY}'",
    "fk_discount_redemptions_user_id": f"UPDATE discount_redemptions SET user_id = '{NOBODY}'",
}
