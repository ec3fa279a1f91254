"""What the end of an order means for its money."""

from typing import cast

from domain.orders.progress import Progress
from domain.orders.work import OrdersWork
from domain.payments.settling import Ledger
from domain.payments.work import PaymentsWork


class CalledOff:
    """Implements `domain.orders.orders.Settlement`: a unit of work is about orders and payments alike."""

    async def call_off(self, work: OrdersWork, progress: Progress) -> None:
        ledger = await Ledger.of(cast("PaymentsWork", work), progress)
        await ledger.call_off()
