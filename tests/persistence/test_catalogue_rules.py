"""What the database itself refuses, and what its triggers keep true, whoever writes."""

import asyncio
import random
from collections.abc import AsyncGenerator
from typing import TypeAlias

import asyncpg
import pytest
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint

from domain.shared.ids import uuid7
from persistence.carts.tables import carts
from persistence.connections import ConnectionSettings, connect
from persistence.metadata import METADATA
from persistence.orders.tables import orders
from persistence.payments.tables import payments
from persistence.pricing.tables import discount_codes
from persistence.products.tables import shop
from persistence.users.tables import users
from tests.persistence import account_examples, order_examples, payment_examples, shop_examples

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# one product with an option, a variant, a picture; a category; and a second product
A, B, C, D, V, W = (f"00000000-0000-7000-8000-00000000000{number}" for number in range(1, 7))
STOCK = f"""
INSERT INTO categories (id, name, slug) VALUES ('{A}', 'Top', 'top');
INSERT INTO categories (id, name, slug, parent_id) VALUES ('{B}', 'Below', 'below', '{A}');
INSERT INTO products (id, name, slug, category_id) VALUES ('{C}', 'Mug', 'mug', '{B}'), ('{D}', 'Jug', 'jug', NULL);
INSERT INTO product_options (product_id, name) VALUES ('{C}', 'Size');
INSERT INTO product_option_values (product_id, name, value) VALUES ('{C}', 'Size', 'M'), ('{C}', 'Size', 'L');
INSERT INTO product_variants (id, product_id, title, sku, price) VALUES ('{V}', '{C}', 'M', 'MUG-M', 10);
INSERT INTO product_variant_options (variant_id, product_id, name, value) VALUES ('{V}', '{C}', 'Size', 'M');
INSERT INTO product_media (id, product_id, location, alt) VALUES ('{W}', '{C}', '/mug.svg', 'A mug');
INSERT INTO users (id, email, password_hash, first_name, last_name) VALUES ('{A}', 'a@b.c', 'x', 'A', 'B');
"""
USER = "INSERT INTO users (id, email, password_hash, first_name, last_name) VALUES"
REFUSED = {
    "pk_shop": "INSERT INTO shop (id, name, currency_code) VALUES (1, 'Second', 'EUR')",
    "ck_shop_single": "INSERT INTO shop (id, name, currency_code) VALUES (2, 'Second', 'EUR')",
    "ck_shop_name": "UPDATE shop SET name = ''",
    "ck_shop_currency_code": "UPDATE shop SET currency_code = 'usd'",
    "ck_categories_name": "UPDATE categories SET name = '' WHERE slug = 'top'",
    "ck_categories_slug": "UPDATE categories SET slug = 'Not-a-slug' WHERE slug = 'top'",
    "ck_categories_own_parent": f"UPDATE categories SET parent_id = id WHERE id = '{A}'",
    "ck_categories_acyclic": f"UPDATE categories SET parent_id = '{B}' WHERE id = '{A}'",
    "uq_categories_name": "UPDATE categories SET name = 'Top' WHERE slug = 'below'",
    "uq_categories_slug": "UPDATE categories SET slug = 'top' WHERE slug = 'below'",
    "fk_categories_parent_id": f"DELETE FROM categories WHERE id = '{A}'",
    "ck_products_name": "UPDATE products SET name = ''",
    "ck_products_slug": "UPDATE products SET slug = 'mug--' WHERE slug = 'mug'",
    "ck_products_status": "UPDATE products SET status = 'sold'",
    "ck_products_active_is_published": "UPDATE products SET status = 'active'",
    "ck_products_price_range": "UPDATE products SET price_min = 11, price_max = 10",
    "ck_products_compare_at_price_range": "UPDATE products SET compare_at_price_min = 2, compare_at_price_max = 1",
    "ck_products_units_sold": "UPDATE products SET units_sold = -1",
    "ck_products_rating": "UPDATE products SET rating_average = 5.01",
    "uq_products_slug": "UPDATE products SET slug = 'jug' WHERE slug = 'mug'",
    "fk_products_category_id": f"DELETE FROM categories WHERE id = '{B}'",
    "ck_product_variants_title": "UPDATE product_variants SET title = ''",
    "ck_product_variants_sku": "UPDATE product_variants SET sku = ''",
    "ck_product_variants_price": "UPDATE product_variants SET price = -0.01",
    "ck_product_variants_compare_at_price": "UPDATE product_variants SET compare_at_price = 9.99",
    "ck_product_variants_cost_price": "UPDATE product_variants SET cost_price = -1",
    "ck_product_variants_weight_grams": "UPDATE product_variants SET weight_grams = -1",
    "ck_product_variants_stock": "UPDATE product_variants SET reserved = 1",
    "ck_product_variants_low_stock_threshold": "UPDATE product_variants SET low_stock_threshold = -1",
    "uq_product_variants_sku": f"INSERT INTO product_variants (id, product_id, title, sku, price) "
    f"VALUES ('{A}', '{D}', 'M', 'MUG-M', 1)",
    "uq_product_variants_product_id_title": f"INSERT INTO product_variants (id, product_id, title, price) "
    f"VALUES ('{A}', '{C}', 'M', 1)",
    "fk_product_variants_product_id": f"INSERT INTO product_variants (id, product_id, title, price) "
    f"VALUES ('{A}', '{A}', 'M', 1)",
    "ck_product_options_name": f"INSERT INTO product_options (product_id, name) VALUES ('{D}', '')",
    "fk_product_options_product_id": f"INSERT INTO product_options (product_id, name) VALUES ('{A}', 'Size')",
    "ck_product_option_values_value": f"INSERT INTO product_option_values VALUES ('{C}', 'Size', '')",
    "fk_product_option_values_product_id_name": f"INSERT INTO product_option_values VALUES ('{D}', 'Size', 'M')",
    "fk_product_variant_options_variant_id_product_id": f"UPDATE product_variant_options SET variant_id = '{A}'",
    "fk_product_variant_options_product_id_name_value": "UPDATE product_variant_options SET value = 'XXL'",
    "ck_product_media_location": "UPDATE product_media SET location = '//evil.example/x'",
    "ck_product_media_size": "UPDATE product_media SET width = 0",
    "fk_product_media_product_id": f"UPDATE product_media SET product_id = '{A}'",
    "ck_users_role": "UPDATE users SET role = 'root'",
    "ck_users_email": "UPDATE users SET email = 'nobody'",
    "uq_users_email": f"{USER} ('{B}', 'A@B.C', 'x', 'A', 'B')",
    **account_examples.REFUSED,
    **shop_examples.REFUSED,
    **order_examples.REFUSED,
    **payment_examples.REFUSED,
}
CANNOT_BE_BROKEN_ALONE = {"uq_product_variants_id_product_id"}  # the primary key refuses first
WRONG = """
SELECT count(*) FROM products p LEFT JOIN (
  SELECT product_id, min(price), max(price), min(compare_at_price), max(compare_at_price)
  FROM product_variants GROUP BY product_id
) AS v (product_id, low, high, before_low, before_high) ON v.product_id = p.id
WHERE (p.price_min, p.price_max, p.compare_at_price_min, p.compare_at_price_max)
  IS DISTINCT FROM (coalesce(v.low, 0), coalesce(v.high, 0), v.before_low, v.before_high)
"""


@pytest.fixture
async def connection(empty_database: ConnectionSettings) -> AsyncGenerator[Connection]:
    opened = await connect(empty_database)
    await opened.execute(STOCK + account_examples.ACCOUNTS + shop_examples.SHOP + order_examples.ORDERS)
    await opened.execute(payment_examples.PAYMENTS + payment_examples.SANDBOX)
    yield opened
    await opened.close()


def names(*kinds: type) -> set[str]:
    found = (one for table in METADATA.tables.values() for one in table.constraints if isinstance(one, kinds))
    return {str(one.name) for one in found}


def test_every_constraint_has_an_example() -> None:
    assert {shop, users, carts, orders, payments, discount_codes} <= {*METADATA.tables.values()}
    declared = names(CheckConstraint, UniqueConstraint, ForeignKeyConstraint)
    assert declared - {*REFUSED} == CANNOT_BE_BROKEN_ALONE


@pytest.mark.parametrize("name", REFUSED)
async def test_what_breaks_a_rule_is_refused_under_its_name(connection: Connection, name: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await connection.execute(REFUSED[name])
    assert refused.value.as_dict()["constraint_name"] == name


async def test_the_database_has_the_checks_that_the_metadata_has(connection: Connection) -> None:
    rows = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    )
    assert {row["conname"] for row in rows} == names(CheckConstraint)


async def test_deleting_a_product_takes_everything_with_it(connection: Connection) -> None:
    await connection.execute(f"DELETE FROM products WHERE id = '{C}'")
    for table in ("variants", "options", "option_values", "variant_options", "media", "sales"):
        assert await connection.fetchval(f"SELECT count(*) FROM product_{table}") == 0


async def test_deleting_a_user_takes_everything_with_it_but_the_news_of_it(connection: Connection) -> None:
    await connection.execute("INSERT INTO session_revocations (session_id) SELECT id FROM sessions")
    await connection.execute("DELETE FROM users")
    for table in ("user_addresses", "sessions", "refresh_tokens", "one_time_tokens", "carts", "cart_lines"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
    for table in ("session_revocations", "outbox"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1


async def test_a_variant_that_goes_takes_its_ledger_and_its_lines_in_carts_with_it(connection: Connection) -> None:
    await connection.execute(f"DELETE FROM product_variants WHERE id = '{V}'")
    for table in ("inventory_adjustments", "cart_lines"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await connection.fetchval("SELECT count(*) FROM carts") == 1


async def test_the_ledger_outlives_whoever_wrote_it(connection: Connection) -> None:
    await connection.execute(f"UPDATE inventory_adjustments SET user_id = '{A}'; DELETE FROM users")
    assert await connection.fetchval("SELECT count(*) FROM inventory_adjustments WHERE user_id IS NULL") == 1


async def test_what_a_variant_begins_with_is_booked(connection: Connection) -> None:
    await connection.execute(
        "INSERT INTO product_variants (id, product_id, title, price, on_hand, reserved) "
        f"VALUES ('{B}', '{C}', 'L', 10, 7, 2), ('{D}', '{C}', 'XL', 10, 0, 0)"
    )
    booked = await connection.fetch(
        "SELECT variant_id::text, on_hand_delta, reserved_delta, reason FROM inventory_adjustments WHERE id <> $1", A
    )
    assert [tuple(row) for row in booked] == [(B, 7, 2, "received")]


async def test_a_value_that_a_variant_has_cannot_be_taken_away(connection: Connection) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await connection.execute("DELETE FROM product_option_values WHERE value = 'M'")
    await connection.execute("DELETE FROM product_option_values WHERE value = 'L'")


@pytest.mark.parametrize("table", ["shop", "categories", "products", "product_variants", "users", "carts"])
async def test_a_change_is_dated_whatever_is_written(connection: Connection, table: str) -> None:
    await connection.execute(f"UPDATE {table} SET updated_at = '2001-01-01'")
    assert await connection.fetchval(f"SELECT bool_and(updated_at > '2026-01-01') FROM {table}")


async def test_a_product_is_not_dated_anew_by_what_is_sold_of_it(connection: Connection) -> None:
    dated = "SELECT array_agg(updated_at ORDER BY id) FROM products"
    before = await connection.fetchval(dated)
    await connection.execute("UPDATE products SET units_sold = units_sold + 1")
    assert await connection.fetchval(dated) == before
    await connection.execute("UPDATE products SET units_sold = units_sold, rating_count = rating_count + 1")
    assert all(now > then for now, then in zip(await connection.fetchval(dated), before, strict=True))


async def test_two_moves_at_once_make_no_circle(empty_database: ConnectionSettings, connection: Connection) -> None:
    await connection.execute(f"INSERT INTO categories (id, name, slug) VALUES ('{D}', 'Other', 'other')")
    other = await connect(empty_database)
    first, second = connection.transaction(), other.transaction()
    await first.start()
    await second.start()
    await connection.execute(f"UPDATE categories SET parent_id = '{D}' WHERE id = '{A}'")
    waiting = asyncio.ensure_future(other.execute(f"UPDATE categories SET parent_id = '{A}' WHERE id = '{D}'"))
    await asyncio.sleep(0.05)
    await first.commit()
    with pytest.raises(asyncpg.CheckViolationError, match="below itself"):
        await waiting
    await second.rollback()
    await other.close()


async def test_summaries_follow_random_changes_of_variants(connection: Connection) -> None:
    chance = random.Random(7)
    living: list[str] = [V]
    for step in range(150):
        price = chance.randint(0, 500)
        before = "NULL" if chance.random() < 0.5 else str(price + chance.randint(0, 50))
        owner, one = chance.choice((C, D)), chance.choice(living) if living else V
        change = chance.choice(("insert", "insert", "price", "move", "delete", "all"))
        if change == "insert":
            living.append(str(uuid7()))
            await connection.execute(
                "INSERT INTO product_variants (id, product_id, title, price, compare_at_price) "
                f"VALUES ('{living[-1]}', '{owner}', 'T{step}', {price}, {before})"
            )
        elif change == "price":
            await connection.execute(
                f"UPDATE product_variants SET price = {price}, compare_at_price = {before} WHERE id = '{one}'"
            )
        elif change == "move" and one != V:
            await connection.execute(f"UPDATE product_variants SET product_id = '{owner}' WHERE id = '{one}'")
        elif change == "delete" and one != V:
            await connection.execute(f"DELETE FROM product_variants WHERE id = '{one}'")
            living.remove(one)
        elif change == "all":
            await connection.execute(f"UPDATE product_variants SET price = price / 2 WHERE product_id = '{owner}'")
        assert await connection.fetchval(WRONG) == 0, f"step {step}: {change}"


@pytest.mark.parametrize(
    "change",
    [
        f"INSERT INTO product_variants (id, product_id, title, price) VALUES ('{B}', '{C}', 'S', 3)",
        f"UPDATE product_variants SET price = 3 WHERE id = '{V}'",
        f"DELETE FROM product_variants WHERE id = '{V}'",
    ],
)
async def test_summaries_of_two_writers_at_once_know_both(
    empty_database: ConnectionSettings, connection: Connection, change: str
) -> None:
    other = await connect(empty_database)
    first, second = connection.transaction(), other.transaction()
    await first.start()
    await second.start()
    await connection.execute(
        f"INSERT INTO product_variants (id, product_id, title, price) VALUES ('{A}', '{C}', 'XL', 90)"
    )
    waiting = asyncio.ensure_future(other.execute(change))
    await asyncio.sleep(0.05)
    await first.commit()
    await waiting
    await second.commit()
    await other.close()
    assert await connection.fetchval(WRONG) == 0
