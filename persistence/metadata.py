"""The database schema as Souk knows it; migrations are compared with it."""

from sqlalchemy import Column, DateTime, MetaData, text

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def timestamp(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def created_at() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()"))


def updated_at() -> Column[object]:
    """Kept by the trigger `touch_updated_at`, whoever writes."""
    return Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()"))
