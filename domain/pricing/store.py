"""What administrators set: discount codes, shipping rates and tax rates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from domain.pricing import discounts, shipping, taxes
from domain.pricing.discounts import DiscountCode, DiscountCodeId
from domain.pricing.settings import at_least
from domain.pricing.shipping import ShippingRate, ShippingRateId
from domain.pricing.taxes import TaxRate, TaxRateId
from domain.products.category import Category, CategoryId
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.paging import Order, Page, Window
from domain.shared.reading import Wanted
from domain.shared.shop import ShopReader
from domain.shared.work import Begin, Once, Work

NEWEST_FIRST = Order("CREATED_AT", datetime, descending=True)


@dataclass(frozen=True, slots=True)
class DiscountScope:
    """All discount codes of the shop."""


class StoreReader(Protocol):
    """Settings are few: rates are read all at once, the active ones first."""

    async def discounts(
        self, ids: Sequence[DiscountCodeId], *, wanted: Wanted = None
    ) -> Mapping[DiscountCodeId, DiscountCode]: ...
    async def discount_page(self, window: Window, *, wanted: Wanted = None) -> Page[DiscountCode]: ...
    async def discount_count(self) -> int: ...
    async def categories_of(
        self, ids: Sequence[DiscountCodeId], *, wanted: Wanted = None
    ) -> Mapping[DiscountCodeId, Sequence[Category]]: ...
    async def shipping_rates(self) -> Sequence[ShippingRate]: ...
    async def tax_rates(self) -> Sequence[TaxRate]: ...


class StoreRepository(Protocol):
    """What is read here stays locked until the unit of work ends."""

    async def add_discount(self, code: DiscountCode) -> None:
        """Raises: Conflict: there is such a code."""
        ...

    async def categories(self, ids: Sequence[CategoryId]) -> Collection[CategoryId]:
        """Those of them that are there, and stay there."""
        ...

    async def discount(self, identity: DiscountCodeId) -> DiscountCode | None: ...
    async def save_discount(self, code: DiscountCode) -> None: ...
    async def has_shipping_rate(self, identity: ShippingRateId) -> bool: ...
    async def put_shipping_rate(self, rate: ShippingRate) -> None: ...
    async def tax_rates(self, country_code: str) -> Sequence[TaxRate]:
        """All of a country's, so that two that do not go together cannot be set at the same time."""
        ...

    async def has_tax_rate(self, identity: TaxRateId) -> bool: ...
    async def put_tax_rate(self, rate: TaxRate) -> None: ...


class StoreWork(Work, Protocol):
    @property
    def store(self) -> StoreRepository: ...


@dataclass(frozen=True, slots=True)
class DiscountChange:
    """What is given changes; None leaves it as it is."""

    active: bool | None = None
    ends_at: datetime | None = None
    usage_limit: int | None = None


@dataclass(frozen=True, slots=True)
class StoreSettings:
    begin: Begin[StoreWork]
    shop: ShopReader

    async def create_discount(
        self, code: DiscountCode, once: Once | None = None, *, sent: Sequence[CategoryId] = ()
    ) -> DiscountCode:
        """Add a code; `sent` are its categories in the order in which errors count them.

        Raises:
            SeveralErrors, InvalidInput: it cannot be used.
            NotFound: one of its categories is not there.
            Conflict: there is such a code.
        """
        tidy = discounts.checked(code, (await self.shop.shop()).currency_code)
        async with self.begin(once) as work:
            known = await work.store.categories(sorted(tidy.category_ids)) if tidy.category_ids else ()
            for number, one in enumerate(sent or sorted(tidy.category_ids)):
                if one not in known:
                    raise NotFound(f"categoryIds.{number}", "category")
            await work.store.add_discount(tidy)
            await work.commit(tidy)
        return tidy

    async def update_discount(
        self, identity: DiscountCodeId, change: DiscountChange, once: Once | None = None
    ) -> DiscountCode:
        """Raises: NotFound: there is none. InvalidInput: it would end before it starts, or never be usable."""
        at_least(1, change.usage_limit, "usageLimit")
        async with self.begin(once) as work:
            known = await work.store.discount(identity)
            if known is None:
                raise NotFound("id", "discount code")
            changed = replace(
                known,
                active=known.active if change.active is None else change.active,
                ends_at=known.ends_at if change.ends_at is None else change.ends_at,
                usage_limit=known.usage_limit if change.usage_limit is None else change.usage_limit,
            )
            if changed.ends_at is not None and changed.ends_at <= changed.starts_at:
                raise InvalidInput("endsAt", f"must be later than its start, {changed.starts_at.isoformat()}.")
            await work.store.save_discount(changed)
            await work.commit(changed)
        return changed

    async def set_shipping_rate(self, rate: ShippingRate, *, is_new: bool, once: Once | None = None) -> ShippingRate:
        """Add a rate, or replace one. Raises: SeveralErrors: it cannot be used. NotFound: there is none to replace."""
        tidy = shipping.checked(rate, (await self.shop.shop()).currency_code)
        async with self.begin(once) as work:
            if not is_new and not await work.store.has_shipping_rate(tidy.id):
                raise NotFound("id", "shipping rate")
            await work.store.put_shipping_rate(tidy)
            await work.commit(tidy)
        return tidy

    async def set_tax_rate(self, rate: TaxRate, *, is_new: bool, once: Once | None = None) -> TaxRate:
        """Add a rate, or replace one. Raises: SeveralErrors: it cannot be used. NotFound: there is none to replace."""
        async with self.begin(once) as work:
            tidy = taxes.checked(rate, await work.store.tax_rates(rate.country_code.strip().upper()))
            if not is_new and not await work.store.has_tax_rate(tidy.id):
                raise NotFound("id", "tax rate")
            await work.store.put_tax_rate(tidy)
            await work.commit(tidy)
        return tidy
