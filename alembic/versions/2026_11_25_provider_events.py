"""What provider events claim: whose money they are about, of which payment, and how much."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_25_provider_events"
down_revision: str | None = "2026_11_25_sandbox"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

CLAIMS = ("account", "is_live", "payment_id", "amount", "currency_code")


def upgrade() -> None:
    op.add_column("provider_events", sa.Column("account", sa.String(length=255)))
    op.add_column(
        "provider_events", sa.Column("is_live", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("provider_events", sa.Column("payment_id", sa.Uuid()))
    op.add_column("provider_events", sa.Column("amount", sa.Numeric(precision=19, scale=4)))
    op.add_column("provider_events", sa.Column("currency_code", sa.String(length=3)))
    op.create_check_constraint(
        op.f("ck_provider_events_amount"), "provider_events", "(amount IS NULL) = (currency_code IS NULL)"
    )


def downgrade() -> None:
    for name in CLAIMS:
        op.drop_column("provider_events", name)
