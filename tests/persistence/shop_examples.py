"""What breaks the rules of stock, store settings and carts, for `test_catalogue_rules`: one statement for each."""

ONE, OTHER, NOBODY = (f"00000000-0000-7000-8000-00000000000{number}" for number in ("1", "2", "f"))
SHELF, MUG = ONE, "00000000-0000-7000-8000-000000000005"
CODE = "INSERT INTO discount_codes (id, code, kind, value, starts_at, created_at) VALUES"
FOR = "INSERT INTO discount_code_categories (discount_code_id, category_id) VALUES"
CART = "INSERT INTO carts (id, user_id, currency_code) VALUES"
LINE = "INSERT INTO cart_lines (id, cart_id, variant_id, quantity, seen_price, position) VALUES"
BOOKED = "INSERT INTO inventory_adjustments (id, variant_id, on_hand_delta, reserved_delta, reason) VALUES"

SHOP = f"""
{BOOKED} ('{ONE}', '{MUG}', 1, 0, 'received');
{CODE} ('{ONE}', 'SUMMER', 'percentage', 10, now(), now());
{FOR} ('{ONE}', '{SHELF}');
INSERT INTO shipping_rates (id, name, countries, price) VALUES ('{ONE}', 'Post', '{{GB}}', 5);
INSERT INTO tax_rates (id, title, country_code, rate) VALUES ('{ONE}', 'VAT', 'GB', 0.2);
{CART} ('{ONE}', '{ONE}', 'USD');
{LINE} ('{ONE}', '{ONE}', '{MUG}', 1, 10, 0);
"""
REFUSED = {
    "ck_inventory_adjustments_delta": "UPDATE inventory_adjustments SET on_hand_delta = 0",
    "ck_inventory_adjustments_reason": "UPDATE inventory_adjustments SET reason = 'stolen'",
    "fk_inventory_adjustments_variant_id": f"{BOOKED} ('{OTHER}', '{NOBODY}', 1, 0, 'received')",
    "fk_inventory_adjustments_user_id": f"UPDATE inventory_adjustments SET user_id = '{NOBODY}'",
    "ck_discount_codes_code": "UPDATE discount_codes SET code = 'summer'",
    "ck_discount_codes_value": "UPDATE discount_codes SET value = 100.01",
    "ck_discount_codes_minimum_subtotal": "UPDATE discount_codes SET minimum_subtotal = -0.01",
    "ck_discount_codes_usage": "UPDATE discount_codes SET usage_limit = 0",
    "ck_discount_codes_window": "UPDATE discount_codes SET ends_at = starts_at",
    "uq_discount_codes_code": f"{CODE} ('{OTHER}', 'SUMMER', 'fixed_amount', 1, now(), now())",
    "fk_discount_code_categories_discount_code_id": f"{FOR} ('{NOBODY}', '{SHELF}')",
    # without its last category a code would be good for everything
    "fk_discount_code_categories_category_id": f"UPDATE products SET category_id = NULL; "
    f"UPDATE categories SET parent_id = NULL; DELETE FROM categories WHERE id = '{SHELF}'",
    "ck_shipping_rates_present": "UPDATE shipping_rates SET countries = '{}'",
    "ck_shipping_rates_price": "UPDATE shipping_rates SET free_above = -0.01",
    "ck_shipping_rates_max_weight_grams": "UPDATE shipping_rates SET max_weight_grams = 0",
    "ck_shipping_rates_days": "UPDATE shipping_rates SET min_days = 3, max_days = 2",
    "ck_tax_rates_present": "UPDATE tax_rates SET country_code = 'gb'",
    "ck_tax_rates_rate": "UPDATE tax_rates SET rate = 1.000001",
    "ck_carts_version": "UPDATE carts SET version = -1",
    "fk_carts_user_id": f"UPDATE carts SET user_id = '{NOBODY}'",
    "ck_cart_lines_quantity": "UPDATE cart_lines SET quantity = 0",
    "ck_cart_lines_seen_price": "UPDATE cart_lines SET seen_price = -0.01",
    "fk_cart_lines_cart_id": f"{LINE} ('{OTHER}', '{NOBODY}', '{MUG}', 1, 10, 0)",
    "fk_cart_lines_variant_id": f"{LINE} ('{OTHER}', '{ONE}', '{NOBODY}', 1, 10, 0)",
    "uq_cart_lines_cart_id_variant_id": f"{LINE} ('{OTHER}', '{ONE}', '{MUG}', 2, 10, 1)",
    # a unique index, which the metadata knows as such
    "uq_carts_open": f"{CART} ('{OTHER}', '{ONE}', 'USD')",
}
