"""Which provider events a list shows, and how they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.payments.notices import ProviderEvent, ProviderEventId, ProviderEventStatus
from domain.shared.paging import Order, Page, Window
from domain.shared.reading import Wanted

NEWEST_FIRST = Order("RECEIVED_AT", datetime, descending=True)


@dataclass(frozen=True, slots=True)
class ProviderEventScope:
    """Those with one of these statuses; all, without any."""

    status: tuple[ProviderEventStatus, ...] | None = None


@dataclass(frozen=True, slots=True)
class ProviderEventListing:
    scope: ProviderEventScope
    window: Window


class ProviderEventReader(Protocol):
    async def by_ids(
        self, ids: Sequence[ProviderEventId], *, wanted: Wanted = None
    ) -> Mapping[ProviderEventId, ProviderEvent]: ...
    async def page(self, listing: ProviderEventListing, *, wanted: Wanted = None) -> Page[ProviderEvent]: ...
    async def counts(self, scopes: Sequence[ProviderEventScope]) -> Mapping[ProviderEventScope, int]: ...
