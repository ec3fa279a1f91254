"""Failures about carts."""

from collections.abc import Sequence

from domain.carts.cart import Cart
from domain.carts.changes import QuoteChange
from domain.shared.errors import Conflict, DomainError, UserErrorCode
from domain.shared.money import Money


class CartVersionConflict(Conflict):
    """Somebody else changed the cart; `cart` is how it is now."""

    def __init__(self, cart: Cart) -> None:
        message = f"The cart was changed meanwhile (its version is {cart.version}): look at it again."
        super().__init__(message, "expectedVersion", UserErrorCode.CART_VERSION_CONFLICT)
        self.cart = cart
        self.holds = cart.owner


class CartCompleted(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "The cart was placed as an order already: begin another.", "cartId", UserErrorCode.CART_COMPLETED
        )


class QuoteChanged(DomainError):
    """What the buyer was shown is not what would be charged; nothing was placed."""

    code = "CONFLICT"
    reason = UserErrorCode.QUOTE_CHANGED

    def __init__(self, quoted_total: Money, current_total: Money, changes: Sequence[QuoteChange]) -> None:
        super().__init__("The price is not what was quoted: look at the changes, and place the cart with a new quote.")
        self.field = ["quoteId"]
        self.quoted_total = quoted_total
        self.current_total = current_total
        self.changes = changes
