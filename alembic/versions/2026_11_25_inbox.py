"""Every consumer has its own copy of an event, and remembers what it has done."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_25_inbox"
down_revision: str | None = "2026_11_25_payments"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("consumer", sa.String(length=50), server_default=sa.text("''"), nullable=False))
    op.drop_constraint("pk_outbox", "outbox")
    op.create_primary_key("pk_outbox", "outbox", ["id", "consumer"])
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=50), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "message_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"])


def downgrade() -> None:
    """Of an event's copies one stays, for all: rather is something done twice than not at all."""
    op.drop_table("inbox")
    op.execute("DELETE FROM outbox one USING outbox other WHERE one.id = other.id AND one.consumer > other.consumer")
    op.drop_constraint("pk_outbox", "outbox")
    op.create_primary_key("pk_outbox", "outbox", ["id"])
    op.drop_column("outbox", "consumer")
