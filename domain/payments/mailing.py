"""Writes the letters about refunds, after the transactions that they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.orders.mailing import addressed
from domain.orders.reading import OrderReader
from domain.payments.letters import RefundLetters, Repaid
from domain.payments.reading import PaymentReader
from domain.payments.refund import RefundId, RefundStatus
from domain.shared.events import Event, Handler
from domain.shared.mail import Mailer
from domain.shared.shop import ShopReader


@dataclass(frozen=True, slots=True)
class RefundMailing:
    """Letters go where those about the order go."""

    reader: PaymentReader
    orders: OrderReader
    mailer: Mailer
    shop: ShopReader

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is done about events, by their topics. Raises: MailRefused, Unavailable."""
        return {"refund.succeeded": self.succeeded}

    async def succeeded(self, event: Event) -> None:
        repaid = await self._repaid(RefundId(UUID(str(event.facts["refund_id"]))))
        known = None if repaid is None else await addressed(self.orders, repaid.refund.order_id)
        if repaid is not None and known is not None:
            letters = RefundLetters((await self.shop.shop()).name)
            await self.mailer.send(letters.refunded(event.id, *known, repaid))

    async def _repaid(self, refund_id: RefundId) -> Repaid | None:
        """None when the bank has sent the money back meanwhile: nobody is told of money that does not come."""
        refund = (await self.reader.refunds([refund_id])).get(refund_id)
        if refund is None or refund.status is not RefundStatus.SUCCEEDED:
            return None
        lines = (await self.reader.refund_lines([refund_id])).get(refund_id, ())
        payment = (await self.reader.by_ids([refund.payment_id])).get(refund.payment_id)
        return Repaid(refund, lines, None if payment is None else payment.method)
