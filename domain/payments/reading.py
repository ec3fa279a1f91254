"""How payments are read. Every method answers a whole batch, with one statement."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.orders.order import OrderId
from domain.payments.payment import Payment, PaymentId, SavedPaymentMethod, SavedPaymentMethodId
from domain.payments.refund import Refund, RefundId, RefundLine
from domain.shared.reading import Wanted
from domain.users.user import UserId


class PaymentReader(Protocol):
    async def by_ids(self, ids: Sequence[PaymentId], *, wanted: Wanted = None) -> Mapping[PaymentId, Payment]: ...
    async def of_orders(
        self, ids: Sequence[OrderId], *, wanted: Wanted = None
    ) -> Mapping[OrderId, Sequence[Payment]]: ...
    async def refunds(self, ids: Sequence[RefundId], *, wanted: Wanted = None) -> Mapping[RefundId, Refund]: ...
    async def refunds_of(
        self, ids: Sequence[OrderId], *, wanted: Wanted = None
    ) -> Mapping[OrderId, Sequence[Refund]]: ...
    async def refund_lines(self, ids: Sequence[RefundId]) -> Mapping[RefundId, Sequence[RefundLine]]: ...
    async def saved(
        self, ids: Sequence[SavedPaymentMethodId], *, wanted: Wanted = None
    ) -> Mapping[SavedPaymentMethodId, SavedPaymentMethod]: ...
    async def saved_of(
        self, ids: Sequence[UserId], *, wanted: Wanted = None
    ) -> Mapping[UserId, Sequence[SavedPaymentMethod]]: ...
