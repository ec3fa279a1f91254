"""What the database can be asked, and how long lists are."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from domain.carts.reading import CartReader
from domain.orders.listing import OrderScope
from domain.orders.reading import EventScope, OrderReader
from domain.payments.event_listing import ProviderEventReader, ProviderEventScope
from domain.payments.reading import PaymentReader
from domain.pricing.store import DiscountScope, StoreReader
from domain.products.ledger import LedgerReader, LedgerScope
from domain.products.listing import CategoryScope, ProductScope
from domain.products.reading import CategoryReader, MediaReader, ProductReader, VariantReader
from domain.shared.shop import ShopReader
from domain.users.listing import UserScope
from domain.users.reading import AddressReader, SessionReader, UserReader

Scope = (
    ProductScope
    | CategoryScope
    | LedgerScope
    | UserScope
    | DiscountScope
    | OrderScope
    | EventScope
    | ProviderEventScope
)


@dataclass(frozen=True, slots=True)
class Readers:
    """What the database can be asked; one set per process."""

    products: ProductReader
    variants: VariantReader
    media: MediaReader
    categories: CategoryReader
    ledger: LedgerReader
    store: StoreReader
    carts: CartReader
    orders: OrderReader
    payments: PaymentReader
    provider_events: ProviderEventReader
    users: UserReader
    addresses: AddressReader
    sessions: SessionReader
    shop: ShopReader


async def counts(readers: Readers, scopes: Sequence[Scope]) -> Mapping[Scope, int]:
    found: dict[Scope, int] = {}
    for kind, count_of in _counting(readers).items():
        of_kind = [scope for scope in scopes if isinstance(scope, kind)]
        if of_kind:
            found |= await count_of(of_kind)
    return found


def _counting(readers: Readers) -> Mapping[type[Scope], Callable[[Any], Awaitable[Mapping[Any, int]]]]:
    return {
        ProductScope: readers.products.counts,
        CategoryScope: readers.categories.counts,
        LedgerScope: readers.ledger.counts,
        DiscountScope: partial(_discount_counts, readers.store),
        OrderScope: readers.orders.counts,
        EventScope: readers.orders.event_counts,
        ProviderEventScope: readers.provider_events.counts,
        UserScope: readers.users.counts,
    }


async def _discount_counts(reader: StoreReader, scopes: Sequence[DiscountScope]) -> Mapping[DiscountScope, int]:
    """There is one list of them."""
    return dict.fromkeys(scopes, await reader.discount_count())
