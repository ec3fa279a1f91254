"""Store settings: read, and set."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import SelectBase, String, Uuid, any_, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.pricing.discounts import DiscountCode, DiscountCodeId
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.store import DiscountScope
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.products.category import Category, CategoryId
from domain.shared.errors import Conflict, UserErrorCode
from domain.shared.money import Money
from domain.shared.paging import Page, Position, Window, cut
from domain.shared.reading import Wanted
from persistence.database import Database, Transaction
from persistence.grouping import gathered, keyed
from persistence.mapping import Query
from persistence.paging import ROW_LIMIT, Keyset, WindowPlan, window_values
from persistence.pricing.mappers import DISCOUNT, SHIPPING_RATE, TAX_RATE
from persistence.pricing.tables import discount_code_categories, discount_codes, shipping_rates, tax_rates
from persistence.products.listing import Columns
from persistence.products.mappers import CATEGORY
from persistence.products.tables import categories
from persistence.statements import Statement, given, inserting, parameter, parameters, updating

BY_CREATION = Keyset(discount_codes.c.created_at, discount_codes.c.id, discount_codes.c.created_at.type)
DISCOUNTS = DISCOUNT.reading(None)
SHIPPING_RATES = SHIPPING_RATE.reading(None)
TAX_RATES = TAX_RATE.reading(None)
ID = parameter("id", Uuid())


def _by_ids(columns: Columns) -> SelectBase:
    asked = discount_codes.c.id == any_(parameters("keys", Uuid()))
    return select(*columns, discount_codes.c.id.label("key")).where(asked)


def _page(columns: Columns, plan: WindowPlan) -> SelectBase:
    return (
        select(*columns, BY_CREATION.key.label("sort_key"))
        .where(*BY_CREATION.between(plan))
        .order_by(*BY_CREATION.ordering(plan))
        .limit(ROW_LIMIT)
    )


def _categories(columns: Columns) -> SelectBase:
    link = discount_code_categories.c
    return (
        select(*columns, link.discount_code_id.label("key"))
        .join(discount_code_categories, link.category_id == categories.c.id)
        .where(link.discount_code_id == any_(parameters("keys", Uuid())))
        .order_by(categories.c.name_key, categories.c.id)
    )


class SqlStoreReader:
    """Implements `domain.pricing.store.StoreReader`."""

    BY_IDS = Query(DISCOUNT, _by_ids)
    PAGE = Query(DISCOUNT, _page)
    CATEGORIES = Query(CATEGORY, _categories)
    COUNT = Statement(select(func.count()).select_from(discount_codes))
    SHIPPING_RATES = Statement(
        select(*SHIPPING_RATES.columns).order_by(
            shipping_rates.c.active.desc(), shipping_rates.c.name, shipping_rates.c.id
        )
    )
    TAX_RATES = Statement(
        select(*TAX_RATES.columns).order_by(
            tax_rates.c.active.desc(), tax_rates.c.country_code, tax_rates.c.title, tax_rates.c.id
        )
    )

    def __init__(self, database: Database) -> None:
        self._database = database

    async def discounts(
        self, ids: Sequence[DiscountCodeId], *, wanted: Wanted = None
    ) -> Mapping[DiscountCodeId, DiscountCode]:
        return keyed(await self.BY_IDS.ask(self._database, {"keys": ids}, wanted))

    async def discount_page(self, window: Window, *, wanted: Wanted = None) -> Page[DiscountCode]:
        found, rows = await self.PAGE.ask(self._database, window_values(window), wanted, WindowPlan.of(window))
        placed = [(one, Position(row[-1], one.id)) for one, row in zip(found, rows, strict=True)]
        return cut(window, placed, DiscountScope())

    async def discount_count(self) -> int:
        return (await self._database.fetch(self.COUNT, {}))[0][0]

    async def categories_of(
        self, ids: Sequence[DiscountCodeId], *, wanted: Wanted = None
    ) -> Mapping[DiscountCodeId, Sequence[Category]]:
        return gathered(await self.CATEGORIES.ask(self._database, {"keys": ids}, wanted))

    async def shipping_rates(self) -> Sequence[ShippingRate]:
        return SHIPPING_RATES.objects(await self._database.fetch(self.SHIPPING_RATES, {}))

    async def tax_rates(self) -> Sequence[TaxRate]:
        return TAX_RATES.objects(await self._database.fetch(self.TAX_RATES, {}))


def _put(table: Any, *names: str) -> Statement:
    """A new row, or other values for the row with its id."""
    new = insert(table).values(given(table, "id", *names))
    return Statement(
        new.on_conflict_do_update(index_elements=[table.c.id], set_={name: new.excluded[name] for name in names})
    )


class SqlStore:
    """Implements `domain.pricing.store.StoreRepository`."""

    ADD_DISCOUNT = inserting(
        discount_codes,
        *("id", "code", "kind", "value", "minimum_subtotal", "usage_limit", "usage_limit_per_user"),
        *("starts_at", "ends_at", "active", "created_at"),
    )
    CATEGORIES = Statement(
        select(categories.c.id)
        .where(categories.c.id == any_(parameters("keys", Uuid())))
        .with_for_update(read=True, key_share=True)
    )
    ADD_CATEGORY = inserting(discount_code_categories, "discount_code_id", "category_id")
    DISCOUNT = Statement(select(*DISCOUNTS.columns).where(discount_codes.c.id == ID).with_for_update(of=discount_codes))
    SAVE_DISCOUNT = updating(discount_codes, "active", "ends_at", "usage_limit")
    HAS_SHIPPING_RATE = Statement(select(shipping_rates.c.id).where(shipping_rates.c.id == ID).with_for_update())
    PUT_SHIPPING_RATE = _put(
        shipping_rates,
        *("name", "description", "countries", "price", "free_above", "max_weight_grams", "min_days", "max_days"),
        "active",
    )
    # one country's settings change one after the other, also when there is no row to lock yet
    LOCK_COUNTRY = Statement(
        select(func.pg_advisory_xact_lock(func.hashtext("tax_rates"), func.hashtext(parameter("country", String()))))
    )
    OF_COUNTRY = Statement(select(*TAX_RATES.columns).where(tax_rates.c.country_code == parameter("country", String())))
    HAS_TAX_RATE = Statement(select(tax_rates.c.id).where(tax_rates.c.id == ID).with_for_update())
    PUT_TAX_RATE = _put(tax_rates, "title", "country_code", "region", "rate", "included_in_price", "active")

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add_discount(self, code: DiscountCode) -> None:
        values = {**_fields(code), "kind": code.kind.value, "minimum_subtotal": _amount(code.minimum_subtotal)}
        links = [{"discount_code_id": code.id, "category_id": one} for one in sorted(code.category_ids)]
        try:
            await self._transaction.run(self.ADD_DISCOUNT, values)
            await self._transaction.run_many(self.ADD_CATEGORY, links)
        except asyncpg.UniqueViolationError as known:
            raise Conflict(f"There is a code {code.code} already.", "code", UserErrorCode.TAKEN) from known

    async def categories(self, ids: Sequence[CategoryId]) -> Collection[CategoryId]:
        return {row[0] for row in await self._transaction.fetch(self.CATEGORIES, {"keys": ids})}

    async def discount(self, identity: DiscountCodeId) -> DiscountCode | None:
        return next(iter(DISCOUNTS.objects(await self._transaction.fetch(self.DISCOUNT, {"id": identity}))), None)

    async def save_discount(self, code: DiscountCode) -> None:
        await self._transaction.run(self.SAVE_DISCOUNT, {**_fields(code), "of_id": code.id})

    async def has_shipping_rate(self, identity: ShippingRateId) -> bool:
        return await self._has(self.HAS_SHIPPING_RATE, identity)

    async def put_shipping_rate(self, rate: ShippingRate) -> None:
        amounts = {"price": rate.price.amount, "free_above": _amount(rate.free_above)}
        await self._transaction.run(
            self.PUT_SHIPPING_RATE, {**_fields(rate), **amounts, "countries": sorted(rate.countries)}
        )

    async def tax_rates(self, country_code: str) -> Sequence[TaxRate]:
        await self._transaction.fetch(self.LOCK_COUNTRY, {"country": country_code})
        return TAX_RATES.objects(await self._transaction.fetch(self.OF_COUNTRY, {"country": country_code}))

    async def has_tax_rate(self, identity: TaxRateId) -> bool:
        return await self._has(self.HAS_TAX_RATE, identity)

    async def put_tax_rate(self, rate: TaxRate) -> None:
        await self._transaction.run(self.PUT_TAX_RATE, _fields(rate))

    async def _has(self, statement: Statement, identity: UUID) -> bool:
        return bool(await self._transaction.fetch(statement, {"id": identity}))


def _fields(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _amount(money: Money | None) -> Any:
    return None if money is None else money.amount
