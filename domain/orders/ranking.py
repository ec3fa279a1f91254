"""What orders do to the ranks of products, after the transactions that they happened in.

An order counts from when it is confirmed, because until then nobody has paid for it, and no longer once it is canceled.
What is sent back or paid back later was sold all the same.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.orders.order import OrderId, OrderLine, OrderStatus
from domain.orders.work import OrderRepository
from domain.products.inventory import VariantId
from domain.products.ranking import SalesRanking
from domain.shared.consuming import ReceivingWork
from domain.shared.events import Event

COUNTED = frozenset({OrderStatus.CONFIRMED, OrderStatus.COMPLETED})
RANKING_TOPICS = ("order.confirmed", "order.canceled")
"""After these an order may count that did not, or the other way round."""


class RankingWork(ReceivingWork, Protocol):
    @property
    def orders(self) -> OrderRepository: ...
    @property
    def ranking(self) -> SalesRanking: ...


async def rank(work: RankingWork, event: Event) -> None:
    """Have the order count if it does by now: the news of its end may have come before those of its confirmation.

    It stays locked, so that it cannot be canceled between the look at it and the count.
    """
    order = await work.orders.lock(OrderId(event.key))
    if order is None:
        return
    if order.status in COUNTED:
        await work.ranking.count(order.id, units_of(await work.orders.lines_of(order.id)))
    else:
        await work.ranking.take_back(order.id)


def units_of(lines: Sequence[OrderLine]) -> Mapping[VariantId, int]:
    """What was ordered of each variant that there still is."""
    units = Counter[VariantId]()
    for line in lines:
        if line.variant_id is not None:
            units[line.variant_id] += line.quantity
    return units
