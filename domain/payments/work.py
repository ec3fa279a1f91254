"""What a unit of work about payments can do. Whoever changes payments has locked their order first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.orders.order import Order, OrderId
from domain.orders.work import OrdersWork
from domain.payments.payment import (
    Payment,
    PaymentId,
    PaymentProvider,
    SavedPaymentMethod,
    SavedPaymentMethodId,
)
from domain.payments.refund import Refund, RefundId, RefundLine
from domain.payments.returns import Return
from domain.shared.work import Begin
from domain.users.user import UserId


class PaymentRepository(Protocol):
    async def add(self, payment: Payment) -> None: ...

    async def of_order(self, order_id: OrderId) -> Sequence[Payment]:
        """All of them, the oldest first."""
        ...

    async def save(self, payment: Payment) -> None: ...

    async def lock_order(self, payment_id: PaymentId) -> Order | None:
        """The order that a payment is for."""
        ...

    async def by_id(self, payment_id: PaymentId) -> Payment | None:
        """As it is at the moment: lock its order before you change it, and look again."""
        ...

    async def by_reference(self, provider: PaymentProvider, reference: str) -> Payment | None:
        """As it is at the moment."""
        ...

    async def unsettled(self, before: datetime, most: int) -> Sequence[Payment]:
        """Those of which the provider knows, or may know, more than we do, and that did not change since `before`."""
        ...

    async def refunds_of(self, order_id: OrderId) -> Sequence[Refund]:
        """All of them, the oldest first."""
        ...

    async def refund(self, refund_id: RefundId) -> Refund | None:
        """As it is at the moment."""
        ...

    async def add_refund(self, refund: Refund, lines: Sequence[RefundLine]) -> None: ...

    async def save_refund(self, refund: Refund) -> None: ...

    async def pending_refunds(self, before: datetime, most: int) -> Sequence[Refund]:
        """Those that did not change since `before`."""
        ...

    async def take_back(self, one: Return, at: datetime) -> None:
        """Count units as paid back on their line; free what was reserved for them, book what is on the shelf again."""
        ...


class SavedMethodRepository(Protocol):
    async def customer(self, user_id: UserId, provider: PaymentProvider) -> str | None:
        """The provider's id of a user."""
        ...

    async def remember_customer(self, user_id: UserId, provider: PaymentProvider, reference: str) -> str:
        """The one that is remembered: another request may have been faster."""
        ...

    async def user_of(self, provider: PaymentProvider, customer: str) -> UserId | None: ...

    async def add(self, method: SavedPaymentMethod) -> bool:
        """Whether it was not there yet. The first one of a user becomes their default."""
        ...

    async def lock(self, method_id: SavedPaymentMethodId) -> SavedPaymentMethod | None: ...

    async def remove(self, method_id: SavedPaymentMethodId) -> None:
        """The newest of those that are left becomes the default, if this one was."""
        ...


class PaymentsWork(OrdersWork, Protocol):
    @property
    def payments(self) -> PaymentRepository: ...

    @property
    def saved_methods(self) -> SavedMethodRepository: ...


BeginPaymentsWork = Begin[PaymentsWork]
