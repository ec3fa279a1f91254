"""What the provider told us, in PostgreSQL: written as it comes, and read by administrators."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, SelectBase, String, Uuid, any_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from domain.payments.event_listing import ProviderEventListing, ProviderEventScope
from domain.payments.notices import Claims, ProviderEvent, ProviderEventId, ProviderEventStatus
from domain.payments.payment import PaymentId, PaymentProvider
from domain.payments.provider_events import KnownPayment
from domain.shared.money import Money
from domain.shared.paging import Page, Position, cut
from domain.shared.reading import Wanted
from persistence.database import Database, Transaction
from persistence.grouping import keyed
from persistence.mapping import Mapper, Query, made_by
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan, window_values
from persistence.payments.tables import payments, provider_events
from persistence.products.listing import Columns
from persistence.statements import Statement, given, parameter, parameters, updating

KEY = provider_events.c
NEWEST = Keyset(KEY.received_at, KEY.id, KEY.received_at.type)
OF_STATUS = KEY.status == any_(parameters("status", String()))


def _claims(
    account: str | None,
    is_live: bool,  # noqa: FBT001  (values come by their columns' order)
    payment_id: UUID | None,
    amount: Decimal | None,
    currency: str | None,
) -> Claims:
    money = None if amount is None or currency is None else Money.of(amount, currency)
    return Claims(account, is_live, None if payment_id is None else PaymentId(payment_id), money)


EVENT = Mapper(
    ProviderEvent,
    {
        "id": KEY.id,
        "provider": made_by(PaymentProvider, KEY.provider),
        "external_id": KEY.external_id,
        "type": KEY.type,
        "subject": KEY.subject,
        "reference": KEY.reference,
        "status": made_by(ProviderEventStatus, KEY.status),
        "attempts": KEY.attempts,
        "error": KEY.error,
        "claims": made_by(_claims, KEY.account, KEY.is_live, KEY.payment_id, KEY.amount, KEY.currency_code),
        "payload": KEY.payload,
        "received_at": KEY.received_at,
        "processed_at": KEY.processed_at,
    },
    properties={"content": ("payload",)},
)
EVENTS = EVENT.reading(None)


def _by_ids(columns: Columns) -> SelectBase:
    return select(*columns, KEY.id.label("key")).where(KEY.id == any_(parameters("keys", Uuid())))


def _clauses(*, by_status: bool) -> Sequence[ColumnElement[bool]]:
    return [OF_STATUS] if by_status else []


def _page(columns: Columns, by_status: bool, plan: WindowPlan) -> SelectBase:  # noqa: FBT001  (a variant, by its place)
    return (
        select(*columns, NEWEST.key.label("sort_key"))
        .where(*_clauses(by_status=by_status), *NEWEST.between(plan))
        .order_by(*NEWEST.ordering(plan))
        .limit(ROW_LIMIT)
    )


def _values(scope: ProviderEventScope) -> Mapping[str, object]:
    return {} if scope.status is None else {"status": [one.value for one in scope.status]}


class SqlProviderEvents:
    """Implements `domain.payments.event_listing.ProviderEventReader`."""

    BY_IDS = Query(EVENT, _by_ids)
    PAGE = Query(EVENT, _page)
    COUNT = Statement(select(func.count()).select_from(provider_events))
    COUNT_OF_STATUS = Statement(select(func.count()).select_from(provider_events).where(OF_STATUS))

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_ids(
        self, ids: Sequence[ProviderEventId], *, wanted: Wanted = None
    ) -> Mapping[ProviderEventId, ProviderEvent]:
        return keyed(await self.BY_IDS.ask(self._database, {"keys": ids}, wanted))

    async def page(self, listing: ProviderEventListing, *, wanted: Wanted = None) -> Page[ProviderEvent]:
        scope, window = listing.scope, listing.window
        values = {**_values(scope), **window_values(window)}
        variant = (scope.status is not None, WindowPlan.of(window))
        found, rows = await self.PAGE.ask(self._database, values, wanted, *variant)
        placed = [(one, Position(row[-1], one.id)) for one, row in zip(found, rows, strict=True)]
        return cut(window, placed, scope)

    async def counts(self, scopes: Sequence[ProviderEventScope]) -> Mapping[ProviderEventScope, int]:
        return {scope: await self._count(scope) for scope in scopes}

    async def _count(self, scope: ProviderEventScope) -> int:
        statement = self.COUNT if scope.status is None else self.COUNT_OF_STATUS
        return (await self._database.fetch(statement, _values(scope)))[0][0]


NEW = (
    *("id", "provider", "external_id", "type", "subject", "reference", "status", "account", "is_live", "payment_id"),
    *("amount", "currency_code", "payload", "received_at", "processed_at"),
)


class SqlProviderEventRepository:
    """Implements `domain.payments.provider_events.ProviderEventRepository`."""

    ADD = Statement(
        insert(provider_events)
        .values(given(provider_events, *NEW))
        .on_conflict_do_nothing(index_elements=[KEY.provider, KEY.external_id])
    )
    LOCK = Statement(select(*EVENTS.columns).where(KEY.id == parameter("id", Uuid())).with_for_update())
    SAVE = updating(provider_events, "status", "attempts", "error", "processed_at")
    PAYMENTS = Statement(
        select(
            *(payments.c.id, payments.c.reference, payments.c.amount, payments.c.currency_code),
            payments.c.amount_captured == payments.c.amount,
        ).where(
            payments.c.provider == parameter("provider", String()),
            or_(
                payments.c.reference == parameter("reference", String()),
                payments.c.id == parameter("payment_id", Uuid()),
            ),
        )
    )

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, event: ProviderEvent) -> bool:
        claims = event.claims
        values = {
            "id": event.id,
            "provider": event.provider.value,
            "external_id": event.external_id,
            "type": event.type,
            "subject": event.subject,
            "reference": event.reference,
            "status": event.status.value,
            "account": claims.account,
            "is_live": claims.is_live,
            "payment_id": claims.payment_id,
            "amount": None if claims.amount is None else claims.amount.amount,
            "currency_code": None if claims.amount is None else claims.amount.currency_code,
            "payload": event.payload,
            "received_at": event.received_at,
            "processed_at": event.processed_at,
        }
        return await self._transaction.run(self.ADD, values) == 1

    async def lock(self, identity: ProviderEventId) -> ProviderEvent | None:
        found = EVENTS.objects(await self._transaction.fetch(self.LOCK, {"id": identity}))
        return next(iter(found), None)

    async def save(self, event: ProviderEvent) -> None:
        values = {"attempts": event.attempts, "error": event.error, "processed_at": event.processed_at}
        await self._transaction.write(self.SAVE, {**values, "status": event.status.value, "of_id": event.id})

    async def payments(
        self, provider: PaymentProvider, reference: str, payment_id: PaymentId | None
    ) -> Sequence[KnownPayment]:
        asked = {"provider": provider.value, "reference": reference, "payment_id": payment_id}
        return [
            KnownPayment(PaymentId(identity), known, Money.of(amount, currency), is_taken)
            for identity, known, amount, currency, is_taken in await self._transaction.fetch(self.PAYMENTS, asked)
        ]
