"""What users keep to pay with."""

from dataclasses import replace

import orjson
from sqlalchemy import String, Uuid, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.payments.payment import PaymentProvider, SavedPaymentMethod, SavedPaymentMethodId
from domain.users.user import UserId
from persistence.database import Transaction
from persistence.payments.mappers import SAVED
from persistence.payments.tables import customers, saved_methods
from persistence.statements import Statement, given, parameter
from persistence.users.tables import users

ALL = SAVED.reading(None)
USER = parameter("user_id", Uuid())
ID = parameter("id", Uuid())
PROVIDER = parameter("provider", String())
REFERENCE = parameter("reference", String())


def _newest_becomes_default() -> Statement:
    newest = (
        select(saved_methods.c.id)
        .where(saved_methods.c.user_id == USER)
        .order_by(saved_methods.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return Statement(update(saved_methods).where(saved_methods.c.id == newest).values(is_default=True))


class SqlSavedMethods:
    """Implements `domain.payments.work.SavedMethodRepository`."""

    CUSTOMER = Statement(
        select(customers.c.reference).where(customers.c.user_id == USER, customers.c.provider == PROVIDER)
    )
    REMEMBER = Statement(
        insert(customers).values(given(customers, "user_id", "provider", "reference")).on_conflict_do_nothing()
    )
    USER_OF = Statement(
        select(customers.c.user_id).where(customers.c.provider == PROVIDER, customers.c.reference == REFERENCE)
    )
    LOCK_USER = Statement(select(users.c.id).where(users.c.id == USER).with_for_update(key_share=True))
    HAS_SOME = Statement(select(exists().where(saved_methods.c.user_id == USER)))
    ADD = Statement(
        insert(saved_methods)
        .values(given(saved_methods, *(column.name for column in saved_methods.c)))
        .on_conflict_do_nothing(index_elements=[saved_methods.c.provider, saved_methods.c.reference])
    )
    LOCK = Statement(select(*ALL.columns).where(saved_methods.c.id == ID).with_for_update())
    REMOVE = Statement(delete(saved_methods).where(saved_methods.c.id == ID))
    NEWEST_BECOMES_DEFAULT = _newest_becomes_default()

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def customer(self, user_id: UserId, provider: PaymentProvider) -> str | None:
        rows = await self._transaction.fetch(self.CUSTOMER, {"user_id": user_id, "provider": provider.value})
        return rows[0][0] if rows else None

    async def remember_customer(self, user_id: UserId, provider: PaymentProvider, reference: str) -> str:
        values = {"user_id": user_id, "provider": provider.value, "reference": reference}
        await self._transaction.run(self.REMEMBER, values)
        return await self.customer(user_id, provider) or reference

    async def user_of(self, provider: PaymentProvider, customer: str) -> UserId | None:
        rows = await self._transaction.fetch(self.USER_OF, {"provider": provider.value, "reference": customer})
        return UserId(rows[0][0]) if rows else None

    async def add(self, method: SavedPaymentMethod) -> bool:
        """Locks the user: of two that are kept at once, one is the default."""
        await self._transaction.fetch(self.LOCK_USER, {"user_id": method.user_id})
        is_first = not (await self._transaction.fetch(self.HAS_SOME, {"user_id": method.user_id}))[0][0]
        kept = replace(method, is_default=is_first)
        values = {name: getattr(kept, name) for name in ("id", "user_id", "reference", "is_default", "created_at")}
        details = orjson.dumps(kept.details).decode()
        return (
            await self._transaction.run(self.ADD, {**values, "provider": kept.provider.value, "details": details}) == 1
        )

    async def lock(self, method_id: SavedPaymentMethodId) -> SavedPaymentMethod | None:
        return next(iter(ALL.objects(await self._transaction.fetch(self.LOCK, {"id": method_id}))), None)

    async def remove(self, method_id: SavedPaymentMethodId) -> None:
        method = await self.lock(method_id)
        if method is None:
            return
        await self._transaction.fetch(self.LOCK_USER, {"user_id": method.user_id})
        await self._transaction.run(self.REMOVE, {"id": method_id})
        if method.is_default:
            await self._transaction.run(self.NEWEST_BECOMES_DEFAULT, {"user_id": method.user_id})
