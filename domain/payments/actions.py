"""What can be done with an order now, and why not: the same rules as those who do it ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.orders.errors import InvalidTransition
from domain.orders.fulfilling import unpacked
from domain.orders.fulfillment import Fulfillment
from domain.orders.fulfillments import why_not_fulfill
from domain.orders.order import Order, OrderLine
from domain.orders.orders import why_not_cancel
from domain.payments.payment import Payment
from domain.payments.payments import why_not_pay
from domain.payments.refund import Refund
from domain.payments.refunds import why_not_refund, why_not_return
from domain.shared.errors import DomainError, Forbidden


class OrderAction(Enum):
    """What can be done with an order."""

    PAY = "PAY"
    CANCEL = "CANCEL"
    FULFILL = "FULFILL"
    REFUND = "REFUND"
    RETURN = "RETURN"


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """`reason` is why it is not allowed."""

    action: OrderAction
    reason: DomainError | None

    @property
    def allowed(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the rules look at."""

    order: Order
    lines: Sequence[OrderLine]
    fulfillments: Sequence[Fulfillment]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]


FOR_STAFF = "This is for administrators only."


def available(situation: Situation, at: datetime, *, is_staff: bool) -> Sequence[AvailableAction]:
    """Every action, for whoever looks at the order."""
    order, payments, refunds = situation.order, situation.payments, situation.refunds
    reasons = {
        OrderAction.PAY: why_not_pay(order, payments, at),
        OrderAction.CANCEL: why_not_cancel(order),
        OrderAction.FULFILL: why_not_fulfill(order) or _nothing_left(situation),
        OrderAction.REFUND: why_not_refund(payments, refunds),
        OrderAction.RETURN: why_not_return(situation.lines, payments, refunds),
    }
    theirs = frozenset({OrderAction.PAY, OrderAction.CANCEL})
    return [
        AvailableAction(action, Forbidden(FOR_STAFF))
        if action not in theirs and not is_staff
        else AvailableAction(action, None if why is None else InvalidTransition(order.status.name, action.name, why))
        for action, why in reasons.items()
    ]


def _nothing_left(situation: Situation) -> str | None:
    free = unpacked(situation.lines, situation.fulfillments)
    return None if any(units > 0 for units in free.values()) else "All of the order is packed, sent or paid back."
