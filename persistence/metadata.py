"""The database schema as Souk knows it; migrations are compared with it."""

from enum import Enum

from sqlalchemy import CheckConstraint, Column, DateTime, MetaData, TextClause, text

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
NOW = text("now()")


def timestamp(name: str, *, nullable: bool = False, default: TextClause | None = None) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def created_at() -> Column[object]:
    return timestamp("created_at", default=NOW)


def updated_at() -> Column[object]:
    """Kept by the trigger `touch_updated_at`, whoever writes."""
    return timestamp("updated_at", default=NOW)


def one_of(column: str, values: type[Enum]) -> CheckConstraint:
    """The column has one of these values, under a name of its own."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
