"""The ledger of stock: a row for every change of what is on hand or reserved, from the first unit on."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_25_stock_ledger"
down_revision: str | None = "2026_11_25_accounts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Whoever creates a variant with stock has received it: bulk loads and services alike.
OPENING = """
CREATE FUNCTION book_opening_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO inventory_adjustments (id, variant_id, on_hand_delta, reserved_delta, reason, created_at)
  SELECT gen_random_uuid(), id, on_hand, reserved, 'received', created_at
  FROM opened WHERE on_hand <> 0 OR reserved <> 0;
  RETURN NULL;
END $$
"""
EXISTING = """
INSERT INTO inventory_adjustments (id, variant_id, on_hand_delta, reserved_delta, reason, created_at)
SELECT gen_random_uuid(), id, on_hand, reserved, 'received', created_at
FROM product_variants WHERE on_hand <> 0 OR reserved <> 0
"""


def upgrade() -> None:
    op.create_table(
        "inventory_adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand_delta", sa.Integer(), nullable=False),
        sa.Column("reserved_delta", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=500)),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("on_hand_delta <> 0 OR reserved_delta <> 0", name=op.f("ck_inventory_adjustments_delta")),
        sa.CheckConstraint(
            "reason IN ('received', 'correction', 'damaged', 'reserved', 'released', 'shipped', 'returned')",
            name=op.f("ck_inventory_adjustments_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["product_variants.id"],
            name=op.f("fk_inventory_adjustments_variant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_inventory_adjustments_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_adjustments")),
    )
    op.execute(EXISTING)
    op.create_index("ix_inventory_adjustments_variant_id", "inventory_adjustments", ["variant_id", "created_at", "id"])
    op.create_index("ix_inventory_adjustments_user_id", "inventory_adjustments", ["user_id"])
    op.execute(OPENING)
    op.execute(
        "CREATE TRIGGER book_opening_stock AFTER INSERT ON product_variants "
        "REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION book_opening_stock()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER book_opening_stock ON product_variants")
    op.execute("DROP FUNCTION book_opening_stock()")
    op.drop_table("inventory_adjustments")
