"""The books of the sandbox. Nothing of the shop's refers to them, and they to nothing of the shop's.

Columns are called, and stand, as the fields of their records in `domain.payments.sandbox`.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from persistence.metadata import METADATA, timestamp

ZERO = text("0")


def _id() -> Column[object]:
    return Column("id", String(64), primary_key=True)


def _word(name: str, length: int = 64, *, nullable: bool = False) -> Column[object]:
    return Column(name, String(length), nullable=nullable)


def _of(name: str, table: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, String(64), ForeignKey(f"{table}.id"), nullable=nullable)


def _units(name: str) -> Column[object]:
    return Column(name, BigInteger, nullable=False, server_default=ZERO)


customers = Table(
    "sandbox_customers",
    METADATA,
    _id(),
    _word("user_id"),
    timestamp("created_at"),
)

methods = Table(
    "sandbox_methods",
    METADATA,
    _id(),
    _word("token"),
    _of("customer", "sandbox_customers", nullable=True),
    timestamp("created_at"),
)

intents = Table(
    "sandbox_intents",
    METADATA,
    _id(),
    _word("client_secret", 128),
    _word("payment_id"),
    _word("order_id", 255),
    _word("order_number", 255),
    Column("amount", BigInteger, nullable=False),
    _word("currency", 3),
    _word("capture_method", 16),
    _word("status", 32),
    _of("customer", "sandbox_customers", nullable=True),
    timestamp("created_at"),
    _units("amount_received"),
    _units("amount_refunded"),
    _of("method", "sandbox_methods", nullable=True),
    _word("token", nullable=True),
    _word("failure_code", nullable=True),
    _word("decline_code", nullable=True),
    _word("failure_message", 255, nullable=True),
    Column("return_url", Text),
    _word("dispute", nullable=True),
    timestamp("settles_at", nullable=True),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint(
        "0 <= amount_refunded AND amount_refunded <= amount_received AND amount_received <= amount", name="money"
    ),
    CheckConstraint("amount_received = 0 OR status = 'succeeded'", name="status_of_money"),
    Index("ix_sandbox_intents_settles_at", "settles_at", postgresql_where=text("settles_at IS NOT NULL")),
)

refunds = Table(
    "sandbox_refunds",
    METADATA,
    _id(),
    _of("intent_id", "sandbox_intents"),
    _word("refund_id"),
    Column("amount", BigInteger, nullable=False),
    _word("reason", 32),
    _word("status", 16),
    timestamp("created_at"),
    timestamp("settles_at", nullable=True),
    _word("settles_to", 16, nullable=True),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_sandbox_refunds_intent_id", "intent_id", "created_at", "id"),
    Index("ix_sandbox_refunds_settles_at", "settles_at", postgresql_where=text("settles_at IS NOT NULL")),
)

setups = Table(
    "sandbox_setups",
    METADATA,
    _id(),
    _word("client_secret", 128),
    _of("customer", "sandbox_customers"),
    _word("status", 32),
    timestamp("created_at"),
    _of("method", "sandbox_methods", nullable=True),
)

keys = Table(
    "sandbox_keys",
    METADATA,
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", Text),
    timestamp("created_at"),
    Index("ix_sandbox_keys_created_at", "created_at"),
)

deliveries = Table(
    "sandbox_deliveries",
    METADATA,
    Column("id", Uuid, primary_key=True),
    _word("about"),
    Column("payload", Text, nullable=False),
    timestamp("due_at", nullable=True),
    timestamp("created_at"),
    Column("attempts", Integer, nullable=False, server_default=ZERO),
    Index("ix_sandbox_deliveries_due_at", "due_at", "id", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_sandbox_deliveries_created_at", "created_at"),
)
