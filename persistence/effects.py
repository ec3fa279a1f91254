"""What makes an effect happen once, and what is to be done after it: idempotency keys, the outbox and the inbox."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from persistence.metadata import METADATA, NOW, timestamp

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    Column("actor", String(36), nullable=False),
    Column("operation", String(50), nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("sealed_result", LargeBinary),
    timestamp("created_at"),
    PrimaryKeyConstraint("actor", "operation", "key_hash"),
    Index("ix_idempotency_keys_created_at", "created_at"),
)

outbox = Table(
    "outbox",
    METADATA,
    Column("id", Uuid, nullable=False),
    Column("consumer", String(50), nullable=False, server_default=text("''")),
    Column("topic", String(100), nullable=False),
    Column("key", Uuid, nullable=False),
    Column("facts", JSONB, nullable=False),
    timestamp("occurred_at", default=NOW),
    timestamp("due_at", default=NOW),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("error", String(500)),
    timestamp("parked_at", nullable=True),
    PrimaryKeyConstraint("id", "consumer"),
    CheckConstraint("attempts >= 0", name="attempts"),
    Index("ix_outbox_due_at", "due_at", "id", postgresql_where=text("parked_at IS NULL")),
    Index("ix_outbox_key", "key", "id", postgresql_where=text("parked_at IS NULL")),
)

inbox = Table(
    "inbox",
    METADATA,
    Column("consumer", String(50), nullable=False),
    Column("message_id", Uuid, nullable=False),
    timestamp("handled_at", default=NOW),
    PrimaryKeyConstraint("consumer", "message_id"),
    Index("ix_inbox_handled_at", "handled_at"),
)
