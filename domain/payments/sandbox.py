"""The books of the sandbox: what a provider of payments remembers, when it is our own one for trying things out.

It plays another company's server: its books have transactions of their own, never the shop's. Amounts are in the
smallest units of their currency, statuses and codes in the words of Stripe's API, whose shape the sandbox has.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SandboxCustomer:
    id: str
    user_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SandboxMethod:
    """A means of payment made of a test token. Without a customer it is good for one payment."""

    id: str
    token: str
    customer: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SandboxIntent:
    """`settles_at` is when a bank's answer comes, for as long as there is none."""

    id: str
    client_secret: str = field(repr=False)
    payment_id: str
    order_id: str
    order_number: str
    amount: int
    currency: str
    capture_method: str
    status: str
    customer: str | None
    created_at: datetime
    amount_received: int = 0
    amount_refunded: int = 0
    method: str | None = None
    token: str | None = None
    failure_code: str | None = None
    decline_code: str | None = None
    failure_message: str | None = None
    return_url: str | None = None
    dispute: str | None = None
    settles_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SandboxRefund:
    """`settles_to` is the status that it has from `settles_at` on."""

    id: str
    intent_id: str
    refund_id: str
    amount: int
    reason: str
    status: str
    created_at: datetime
    settles_at: datetime | None = None
    settles_to: str | None = None


@dataclass(frozen=True, slots=True)
class SandboxSetup:
    id: str
    client_secret: str = field(repr=False)
    customer: str
    status: str
    created_at: datetime
    method: str | None = None


@dataclass(frozen=True, slots=True)
class SandboxDelivery:
    """A webhook that is to be sent at `due_at`; `about` is the thing that it tells of."""

    id: UUID
    about: str
    payload: str
    due_at: datetime
    created_at: datetime
    attempts: int = 0


SandboxRecord = SandboxCustomer | SandboxMethod | SandboxIntent | SandboxRefund | SandboxSetup | SandboxDelivery


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a request with an idempotency key was answered first, as JSON; the fingerprint is of its parameters."""

    fingerprint: str
    answer: str


class KeyUsed(Exception):
    """There is an answer under the key already."""


class SandboxBook(Protocol):
    """The books in one transaction. What is read of intents and setups stays locked until it ends."""

    async def kept(self, key: str) -> KeptAnswer | None: ...

    async def keep(self, key: str, answer: KeptAnswer, at: datetime) -> None:
        """Under a key that nothing is kept under yet: `commit` finds out, and waits for whoever is about to use it."""
        ...

    async def intent(self, identity: str) -> SandboxIntent | None: ...

    async def refunds(self, intent_id: str) -> Sequence[SandboxRefund]:
        """Of one intent, the oldest first."""
        ...

    async def customer(self, identity: str) -> SandboxCustomer | None: ...

    async def method(self, identity: str) -> SandboxMethod | None: ...

    async def setup(self, identity: str) -> SandboxSetup | None: ...

    async def write(self, *records: SandboxRecord) -> None:
        """Add them, or replace those of the same id."""
        ...

    async def commit(self) -> None:
        """Raises: KeyUsed: nothing was done."""
        ...


class SandboxBooks(Protocol):
    """All methods raise Unavailable, and InTheWay when certainly nothing was done."""

    def open(self) -> AbstractAsyncContextManager[SandboxBook]: ...

    async def unsettled(self, at: datetime, most: int) -> Sequence[str]:
        """The ids of intents for which, or for whose refunds, a bank's answer is due."""
        ...

    async def take(self, at: datetime, most: int, lease: timedelta) -> Sequence[SandboxDelivery]:
        """Deliveries that are due, in that order; nobody else gets them before the lease is over."""
        ...

    async def delivered(self, delivery: SandboxDelivery) -> None: ...

    async def again(self, delivery: SandboxDelivery, due_at: datetime) -> None:
        """It did not get through, and is to be sent once more."""
        ...
