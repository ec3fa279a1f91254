"""Failures about orders."""

from domain.products.inventory import VariantId
from domain.products.product import ProductVariant
from domain.shared.errors import Conflict, DomainError, UserErrorCode


class InsufficientStock(DomainError):
    """Fewer units are left than somebody wants to buy."""

    code = "CONFLICT"
    reason = UserErrorCode.INSUFFICIENT_STOCK

    def __init__(self, variant: ProductVariant, name: str, requested: int, available: int) -> None:
        super().__init__(f"Of {name}, {available} are left, not {requested}.")
        self.field = ["cartId"]
        self.variant = variant
        self.variant_id: VariantId = variant.id
        self.quantity_requested = requested
        self.quantity_available = available


class InvalidTransition(DomainError):
    """The order, or its payment or shipment, does not stand where this could be done.

    `current` is its status, `action` what was tried.
    """

    code = "CONFLICT"
    reason = UserErrorCode.INVALID_TRANSITION

    def __init__(self, current: str, action: str, why: str) -> None:
        super().__init__(why)
        self.current = current
        self.action = action


class CartNotReady(Conflict):
    """The cart cannot be placed as it is."""

    def __init__(self, message: str, reason: UserErrorCode) -> None:
        super().__init__(message, "cartId", reason)
