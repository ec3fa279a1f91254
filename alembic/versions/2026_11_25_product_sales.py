"""What each order was counted for in the ranks of products, so that it counts once and can be taken back."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_25_product_sales"
down_revision: str | None = "2026_11_25_event_stream"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TOUCH = (
    "CREATE TRIGGER touch_updated_at BEFORE UPDATE ON products FOR EACH ROW {when}EXECUTE FUNCTION touch_updated_at()"
)
# the figure is changed by sales alone, and a sale is no change of the product
UNLESS_SOLD = "WHEN (OLD.units_sold = NEW.units_sold)"


def upgrade() -> None:
    op.create_table(
        "product_sales",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("units >= 1", name=op.f("ck_product_sales_units")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_product_sales_order_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_sales_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", "product_id", name=op.f("pk_product_sales")),
    )
    op.create_index("ix_product_sales_product_id", "product_sales", ["product_id"])
    op.execute("DROP TRIGGER touch_updated_at ON products")
    op.execute(TOUCH.format(when=UNLESS_SOLD))


def downgrade() -> None:
    op.execute("DROP TRIGGER touch_updated_at ON products")
    op.execute(TOUCH.format(when=""))
    op.drop_table("product_sales")
