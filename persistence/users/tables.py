"""People who sign in, where they are signed in, and where parcels reach them."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from persistence.metadata import METADATA, NOW, created_at, timestamp, updated_at

users = Table(
    "users",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("email", String(255), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("first_name", String(100), nullable=False),
    Column("last_name", String(100), nullable=False),
    Column("role", String(16), nullable=False, server_default=text("'customer'")),
    Column("email_verified", Boolean, nullable=False, server_default=text("false")),
    Column(
        "search_text",
        Text,
        Computed("lower(first_name || ' ' || last_name || ' ' || email)", persisted=True),
        nullable=False,
    ),
    created_at(),
    updated_at(),
    CheckConstraint("role IN ('admin', 'customer')", name="role"),
    CheckConstraint("email LIKE '%_@_%'", name="email"),
    Index("uq_users_email", text("lower(email)"), unique=True),
    Index("ix_users_role", "role"),
    Index("ix_users_created_at", "created_at", "id"),
    Index(
        "ix_users_search_text",
        "search_text",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    ),
)

addresses = Table(
    "user_addresses",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("first_name", String(100)),
    Column("last_name", String(100)),
    Column("company", String(100)),
    Column("line1", String(200), nullable=False),
    Column("line2", String(200)),
    Column("city", String(100), nullable=False),
    Column("region", String(100)),
    Column("postal_code", String(20)),
    Column("country_code", String(2), nullable=False),
    Column("phone", String(40)),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    created_at(),
    CheckConstraint("line1 <> '' AND city <> ''", name="present"),
    CheckConstraint("country_code ~ '^[A-Z]{2}$'", name="country_code"),
    Index("ix_user_addresses_user_id", "user_id", "id"),
    Index("uq_user_addresses_default", "user_id", unique=True, postgresql_where=text("is_default")),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("user_agent", String(500)),
    Column("ip_address", String(45)),
    timestamp("created_at"),
    timestamp("last_used_at"),
    timestamp("expires_at"),
    timestamp("revoked_at", nullable=True),
    Index("ix_sessions_user_id", "user_id", "id"),
)

refresh_tokens = Table(
    "refresh_tokens",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("session_id", Uuid, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    timestamp("expires_at"),
    timestamp("used_at", nullable=True),
    Column("sealed_successor", LargeBinary),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    CheckConstraint("sealed_successor IS NULL OR used_at IS NOT NULL", name="successor_of_used"),
    Index("ix_refresh_tokens_session_id", "session_id"),
    # one token at most can be next in a family, whatever the code does
    Index("uq_refresh_tokens_unused", "session_id", unique=True, postgresql_where=text("used_at IS NULL")),
)

# outlives its session and its user: whoever holds an access token of a deleted user must be refused, too
revocations = Table(
    "session_revocations",
    METADATA,
    Column("session_id", Uuid, primary_key=True),
    timestamp("revoked_at", default=NOW),
    Index("ix_session_revocations_revoked_at", "revoked_at"),
)

one_time_tokens = Table(
    "one_time_tokens",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("email", String(255), nullable=False),
    timestamp("expires_at"),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    CheckConstraint("purpose IN ('verify_email', 'reset_password', 'change_email')", name="purpose"),
    Index("ix_one_time_tokens_user_id", "user_id", "purpose"),
)
