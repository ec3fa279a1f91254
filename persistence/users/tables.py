"""People who sign in."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, String, Table, Text, Uuid, text

from persistence.metadata import METADATA, created_at, updated_at

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
    created_at(),
    updated_at(),
    CheckConstraint("role IN ('admin', 'customer')", name="role"),
    CheckConstraint("email LIKE '%_@_%'", name="email"),
    Index("uq_users_email", text("lower(email)"), unique=True),
    Index("ix_users_role", "role"),
    Index("ix_users_created_at", "created_at"),
)
