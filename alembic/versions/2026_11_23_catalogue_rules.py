"""What constraints cannot say about the catalogue, as triggers; and the shop's own row."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_23_catalogue_rules"
down_revision: str | None = "2026_11_23_catalogue"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TOUCHED = ("shop", "categories", "products", "product_variants")

TOUCH = """
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$
"""

# Walks up from the new parent. Two moves at once could each see a tree without the other's edge, so moves take turns.
ACYCLIC = """
CREATE FUNCTION keep_categories_acyclic() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock('categories'::regclass::oid::bigint);
  IF EXISTS (
    WITH RECURSIVE above AS (
      SELECT id, parent_id FROM categories WHERE id = NEW.parent_id
      UNION
      SELECT c.id, c.parent_id FROM categories c JOIN above a ON c.id = a.parent_id
    )
    SELECT FROM above WHERE id = NEW.id
  ) THEN
    RAISE EXCEPTION 'a category cannot stand below itself'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_categories_acyclic', TABLE = 'categories';
  END IF;
  RETURN NULL;
END $$
"""

# One statement for all products that a statement touched, so that bulk loads stay fast; it writes only what differs.
# The products are locked first, and in one order: a writer that waited for another must look at the variants anew, or
# its summary lacks the other's.
SUMMARISE = """
CREATE FUNCTION summarise_variants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM products WHERE id IN (SELECT product_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
  UPDATE products p SET
    price_min = s.price_min, price_max = s.price_max,
    compare_at_price_min = s.compare_at_price_min, compare_at_price_max = s.compare_at_price_max
  FROM (
    SELECT t.product_id,
      coalesce(min(v.price), 0) AS price_min, coalesce(max(v.price), 0) AS price_max,
      min(v.compare_at_price) AS compare_at_price_min, max(v.compare_at_price) AS compare_at_price_max
    FROM (SELECT DISTINCT product_id FROM changed) t
    LEFT JOIN product_variants v ON v.product_id = t.product_id
    GROUP BY t.product_id
  ) s
  WHERE p.id = s.product_id
    AND (p.price_min, p.price_max, p.compare_at_price_min, p.compare_at_price_max)
      IS DISTINCT FROM (s.price_min, s.price_max, s.compare_at_price_min, s.compare_at_price_max);
  RETURN NULL;
END $$
"""

# The row's price decides whether an update matters; orders change stock only and must not pay for this.
SUMMARISE_UPDATED = """
CREATE TRIGGER summarise_updated AFTER UPDATE OF price, compare_at_price, product_id ON product_variants
FOR EACH ROW WHEN (
  (OLD.price, OLD.compare_at_price, OLD.product_id) IS DISTINCT FROM (NEW.price, NEW.compare_at_price, NEW.product_id)
) EXECUTE FUNCTION summarise_one_variant()
"""

SUMMARISE_ONE = """
CREATE FUNCTION summarise_one_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM products WHERE id IN (OLD.product_id, NEW.product_id) ORDER BY id FOR NO KEY UPDATE;
  UPDATE products p SET (price_min, price_max, compare_at_price_min, compare_at_price_max) = (
    SELECT coalesce(min(v.price), 0), coalesce(max(v.price), 0), min(v.compare_at_price), max(v.compare_at_price)
    FROM product_variants v WHERE v.product_id = p.id
  ) WHERE p.id IN (OLD.product_id, NEW.product_id);
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(TOUCH)
    for table in TOUCHED:
        op.execute(
            f"CREATE TRIGGER touch_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
        )
    op.execute(ACYCLIC)
    op.execute(
        "CREATE TRIGGER keep_acyclic AFTER INSERT OR UPDATE OF parent_id ON categories FOR EACH ROW "
        "WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION keep_categories_acyclic()"
    )
    op.execute(SUMMARISE)
    op.execute(SUMMARISE_ONE)
    op.execute(SUMMARISE_UPDATED)
    for trigger, happened, rows in (("summarise_inserted", "INSERT", "NEW"), ("summarise_deleted", "DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER {trigger} AFTER {happened} ON product_variants "
            f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION summarise_variants()"
        )
    op.execute("INSERT INTO shop (id, name, currency_code) VALUES (1, 'Souk', 'USD')")


def downgrade() -> None:
    op.execute("DELETE FROM shop")
    for trigger in ("summarise_updated", "summarise_inserted", "summarise_deleted"):
        op.execute(f"DROP TRIGGER {trigger} ON product_variants")
    op.execute("DROP TRIGGER keep_acyclic ON categories")
    for table in TOUCHED:
        op.execute(f"DROP TRIGGER touch_updated_at ON {table}")
    for function in ("summarise_variants", "summarise_one_variant", "keep_categories_acyclic", "touch_updated_at"):
        op.execute(f"DROP FUNCTION {function}()")
