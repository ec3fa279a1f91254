"""Sessions, tokens, addresses; keys of requests that must happen once, and what is to be done after a transaction."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_25_accounts"
down_revision: str | None = "2026_11_23_users"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NOW = sa.text("now()")


def timestamp(name: str, *, nullable: bool = False, default: bool = False) -> sa.Column[object]:
    server_default = NOW if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=server_default)


def upgrade() -> None:
    people()
    sessions()
    tokens()
    effects()


def people() -> None:
    # a trusted extension: the database's owner may create it
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    text = "lower(first_name || ' ' || last_name || ' ' || email)"
    op.add_column("users", sa.Column("search_text", sa.Text(), sa.Computed(text, persisted=True), nullable=False))
    op.create_index(
        "ix_users_search_text",
        "users",
        ["search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.drop_index("ix_users_created_at", "users")
    op.create_index("ix_users_created_at", "users", ["created_at", "id"])
    op.create_table(
        "user_addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(length=100)) for name in ("first_name", "last_name", "company")),
        sa.Column("line1", sa.String(length=200), nullable=False),
        sa.Column("line2", sa.String(length=200)),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("region", sa.String(length=100)),
        sa.Column("postal_code", sa.String(length=20)),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("phone", sa.String(length=40)),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        timestamp("created_at", default=True),
        sa.CheckConstraint("line1 <> '' AND city <> ''", name=op.f("ck_user_addresses_present")),
        sa.CheckConstraint("country_code ~ '^[A-Z]{2}$'", name=op.f("ck_user_addresses_country_code")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_addresses_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_addresses")),
    )
    op.create_index("ix_user_addresses_user_id", "user_addresses", ["user_id", "id"])
    op.create_index(
        "uq_user_addresses_default", "user_addresses", ["user_id"], unique=True, postgresql_where=sa.text("is_default")
    )


def sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_agent", sa.String(length=500)),
        sa.Column("ip_address", sa.String(length=45)),
        timestamp("created_at"),
        timestamp("last_used_at"),
        timestamp("expires_at"),
        timestamp("revoked_at", nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id", "id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        timestamp("expires_at"),
        timestamp("used_at", nullable=True),
        sa.Column("sealed_successor", sa.LargeBinary()),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_refresh_tokens_hash")),
        sa.CheckConstraint(
            "sealed_successor IS NULL OR used_at IS NOT NULL", name=op.f("ck_refresh_tokens_successor_of_used")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_refresh_tokens_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    # one token at most can be next in a family, whatever the code does
    op.create_index(
        "uq_refresh_tokens_unused",
        "refresh_tokens",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL"),
    )


def tokens() -> None:
    op.create_table(
        "session_revocations",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        timestamp("revoked_at", default=True),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_revocations")),
    )
    op.create_index("ix_session_revocations_revoked_at", "session_revocations", ["revoked_at"])
    op.create_table(
        "one_time_tokens",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        timestamp("expires_at"),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_one_time_tokens_hash")),
        sa.CheckConstraint(
            "purpose IN ('verify_email', 'reset_password', 'change_email')", name=op.f("ck_one_time_tokens_purpose")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_one_time_tokens")),
    )
    op.create_index("ix_one_time_tokens_user_id", "one_time_tokens", ["user_id", "purpose"])


def effects() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("operation", sa.String(length=50), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_result", sa.LargeBinary()),
        timestamp("created_at"),
        sa.PrimaryKeyConstraint("actor", "operation", "key_hash", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        timestamp("occurred_at", default=True),
        timestamp("due_at", default=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.String(length=500)),
        timestamp("parked_at", nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at", "id"], postgresql_where=sa.text("parked_at IS NULL"))
    op.create_index("ix_outbox_key", "outbox", ["key", "id"], postgresql_where=sa.text("parked_at IS NULL"))


def downgrade() -> None:
    for table in (
        "outbox",
        "idempotency_keys",
        "one_time_tokens",
        "session_revocations",
        "refresh_tokens",
        "sessions",
        "user_addresses",
    ):
        op.drop_table(table)
    op.drop_column("users", "search_text")
    op.drop_index("ix_users_created_at", "users")
    op.create_index("ix_users_created_at", "users", ["created_at"])
    op.execute("DROP EXTENSION IF EXISTS pg_trgm")
