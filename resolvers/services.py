"""The use cases that mutations carry out; one set per process."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from domain.carts.carts import Carts
from domain.carts.quotes import Signer
from domain.orders.access import OrderAccess
from domain.orders.fulfillments import Fulfillments
from domain.orders.orders import Orders
from domain.orders.stream import OrderStream
from domain.orders.tracking import OrderTracking
from domain.payments.payments import Payments
from domain.payments.placing import CheckoutPlacing
from domain.payments.provider_events import NoticeKeeping
from domain.payments.refunds import Refunds
from domain.payments.saved_methods import SavedMethods
from domain.pricing.store import StoreSettings
from domain.products.availability import StockWatch
from domain.products.stock_keeping import StockKeeping
from domain.shared.work import Once
from domain.users.accounts import Accounts
from domain.users.address_book import AddressBook
from domain.users.authentication import Authentication
from domain.users.confirmation import Confirmation
from domain.users.user import Actor


class Repetitions(Protocol):
    """What makes a request that is sent twice have its effect once."""

    def once(self, actor: Actor, operation: str, key: str, given: object, of: str = "") -> Once:
        """`of` tells whose the key is where the actor does not: the same key of somebody else is another one."""
        ...

    async def result(self, once: Once, kind: type) -> object | None:
        """What the request was answered with before, a `kind`; None when it was not.

        Raises:
            IdempotencyKeyReused: its key was used with other input.
        """
        ...


class Presence(Protocol):
    def is_current(self, actor: Actor) -> bool:
        """Whether the actor's session still stands."""
        ...


@dataclass(frozen=True, slots=True)
class Followed:
    """What subscriptions follow."""

    order_tracking: OrderTracking
    order_stream: OrderStream
    stock_watch: StockWatch

    async def run(self) -> None:
        """Look for news until cancelled."""
        await asyncio.gather(self.order_tracking.run(), self.order_stream.run(), self.stock_watch.run())


@dataclass(frozen=True, slots=True)
class Services:
    presence: Presence
    repetitions: Repetitions
    authentication: Authentication
    accounts: Accounts
    confirmation: Confirmation
    address_book: AddressBook
    stock_keeping: StockKeeping
    store_settings: StoreSettings
    carts: Carts
    checkout_placing: CheckoutPlacing
    order_access: OrderAccess
    orders: Orders
    payments: Payments
    refunds: Refunds
    saved_methods: SavedMethods
    publishable_key: str | None
    """What Stripe's software in browsers is told; None with the sandbox."""
    fulfillments: Fulfillments
    provider_events: NoticeKeeping
    signer: Signer
    followed: Followed
