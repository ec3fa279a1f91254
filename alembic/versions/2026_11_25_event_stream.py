"""A place for each event among the events of all orders, given after it was committed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_25_event_stream"
down_revision: str | None = "2026_11_25_provider_events"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("order_events", sa.Column("position", sa.BigInteger()))
    op.create_index("ix_order_events_position", "order_events", ["position"], unique=True)
    op.create_index(
        "ix_order_events_waiting",
        "order_events",
        ["order_id", "sequence"],
        postgresql_where=sa.text("position IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_order_events_waiting", "order_events")
    op.drop_index("ix_order_events_position", "order_events")
    op.drop_column("order_events", "position")
