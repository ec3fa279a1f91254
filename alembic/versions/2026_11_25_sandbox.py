"""The books of the sandbox, which plays the provider of payments where there is no other."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_25_sandbox"
down_revision: str | None = "2026_11_25_inbox"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def words(name: str, length: int = 64, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def timestamp(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def units(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def key(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_sandbox_{table}"))


def refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"sandbox_{target}.id"], name=op.f(f"fk_sandbox_{table}_{column}"))


def check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_sandbox_{table}_{name}"))


def unfinished(table: str, column: str, *others: str) -> None:
    where = sa.text(f"{column} IS NOT NULL")
    op.create_index(f"ix_sandbox_{table}_{column}", f"sandbox_{table}", [column, *others], postgresql_where=where)


def upgrade() -> None:
    people()
    payments()
    refunds()
    requests()


def people() -> None:
    op.create_table("sandbox_customers", words("id"), words("user_id"), timestamp("created_at"), key("customers"))
    op.create_table(
        "sandbox_methods",
        words("id"),
        words("token"),
        words("customer", nullable=True),
        timestamp("created_at"),
        refers("methods", "customer", "customers"),
        key("methods"),
    )
    op.create_table(
        "sandbox_setups",
        words("id"),
        words("client_secret", 128),
        words("customer"),
        words("status", 32),
        timestamp("created_at"),
        words("method", nullable=True),
        refers("setups", "customer", "customers"),
        refers("setups", "method", "methods"),
        key("setups"),
    )


def payments() -> None:
    op.create_table(
        "sandbox_intents",
        words("id"),
        words("client_secret", 128),
        words("payment_id"),
        words("order_id", 255),
        words("order_number", 255),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        words("currency", 3),
        words("capture_method", 16),
        words("status", 32),
        words("customer", nullable=True),
        timestamp("created_at"),
        units("amount_received"),
        units("amount_refunded"),
        words("method", nullable=True),
        words("token", nullable=True),
        words("failure_code", nullable=True),
        words("decline_code", nullable=True),
        words("failure_message", 255, nullable=True),
        sa.Column("return_url", sa.Text()),
        words("dispute", nullable=True),
        timestamp("settles_at", nullable=True),
        check("intents", "amount", "amount > 0"),
        check(
            "intents",
            "money",
            "0 <= amount_refunded AND amount_refunded <= amount_received AND amount_received <= amount",
        ),
        check("intents", "status_of_money", "amount_received = 0 OR status = 'succeeded'"),
        refers("intents", "customer", "customers"),
        refers("intents", "method", "methods"),
        key("intents"),
    )
    unfinished("intents", "settles_at")


def refunds() -> None:
    op.create_table(
        "sandbox_refunds",
        words("id"),
        words("intent_id"),
        words("refund_id"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        words("reason", 32),
        words("status", 16),
        timestamp("created_at"),
        timestamp("settles_at", nullable=True),
        words("settles_to", 16, nullable=True),
        check("refunds", "amount", "amount > 0"),
        refers("refunds", "intent_id", "intents"),
        key("refunds"),
    )
    op.create_index("ix_sandbox_refunds_intent_id", "sandbox_refunds", ["intent_id", "created_at", "id"])
    unfinished("refunds", "settles_at")


def requests() -> None:
    op.create_table(
        "sandbox_keys",
        words("key", 255),
        words("fingerprint"),
        sa.Column("answer", sa.Text()),
        timestamp("created_at"),
        key("keys", "key"),
    )
    op.create_index("ix_sandbox_keys_created_at", "sandbox_keys", ["created_at"])
    op.create_table(
        "sandbox_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        words("about"),
        sa.Column("payload", sa.Text(), nullable=False),
        timestamp("due_at", nullable=True),
        timestamp("created_at"),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        key("deliveries"),
    )
    unfinished("deliveries", "due_at", "id")
    op.create_index("ix_sandbox_deliveries_created_at", "sandbox_deliveries", ["created_at"])


def downgrade() -> None:
    for table in reversed(("customers", "methods", "setups", "intents", "refunds", "keys", "deliveries")):
        op.drop_table(f"sandbox_{table}")
