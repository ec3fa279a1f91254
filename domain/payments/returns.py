"""What becomes of units that are paid back."""

from dataclasses import dataclass

from domain.orders.order import OrderLine
from domain.shared.errors import InvalidInput, UserErrorCode


@dataclass(frozen=True, slots=True)
class Return:
    """Of `quantity` units of a line, `not_sent` had not left the shelf, and `came_back` are on it again."""

    line: OrderLine
    quantity: int
    not_sent: int
    came_back: int

    @property
    def is_restocked(self) -> bool:
        """Whether all of them can be sold again."""
        return self.quantity == self.not_sent + self.came_back


def returned(line: OrderLine, free: int, quantity: int, *, restock: bool, argument: str) -> Return:
    """Units that have not left go first: nobody has to send them back, so they are always for sale again.

    `free` are those that are neither gone nor packed. What is packed may be on the van before the money is back.

    Raises:
        InvalidInput: there are not so many that were not paid back already.
    """
    left = line.quantity - line.quantity_refunded
    if not 1 <= quantity <= left:
        problem = f"must be from 1 to {left}." if left else "must be of a line that is not paid back already."
        raise InvalidInput(argument, problem, UserErrorCode.OUT_OF_RANGE)
    sent = line.quantity_fulfilled - (line.quantity_refunded - line.quantity_canceled)
    if quantity > free + sent:
        problem = f"must be at most {free + sent}: the others are packed, so cancel their fulfillment first."
        raise InvalidInput(argument, problem, UserErrorCode.OUT_OF_RANGE)
    not_sent = min(quantity, free)
    return Return(line, quantity, not_sent, quantity - not_sent if restock else 0)
