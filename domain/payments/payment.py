"""A payment: one try to get an order's money, and how far it got."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.orders.order import OrderId
from domain.shared.money import Money
from domain.users.user import UserId

PaymentId = NewType("PaymentId", UUID)
SavedPaymentMethodId = NewType("SavedPaymentMethodId", UUID)


class PaymentProvider(Enum):
    """Who moves the money."""

    STRIPE = "stripe"
    SANDBOX = "sandbox"


class PaymentStatus(Enum):
    """How far a payment got."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELED = "canceled"


class CaptureMethod(Enum):
    """When authorized money is taken: at once, or when the shop says so."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


_ANY = frozenset(PaymentStatus)
_BEFORE = frozenset({PaymentStatus.REQUIRES_PAYMENT_METHOD, PaymentStatus.REQUIRES_CONFIRMATION})
TRANSITIONS: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.REQUIRES_PAYMENT_METHOD: _ANY - {PaymentStatus.REQUIRES_PAYMENT_METHOD},
    PaymentStatus.REQUIRES_CONFIRMATION: _ANY - _BEFORE,
    PaymentStatus.REQUIRES_ACTION: _ANY - _BEFORE - {PaymentStatus.REQUIRES_ACTION},
    # what became of a try turns out: also that the provider never heard of it
    PaymentStatus.PROCESSING: _ANY - {PaymentStatus.PROCESSING},
    PaymentStatus.AUTHORIZED: frozenset({PaymentStatus.CAPTURED, PaymentStatus.CANCELED}),
    PaymentStatus.CAPTURED: frozenset(),
    # late success: until the provider has closed it, the buyer may be faster
    PaymentStatus.FAILED: frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED}),
    PaymentStatus.CANCELED: frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED}),
}
OPEN = frozenset(
    {
        PaymentStatus.REQUIRES_PAYMENT_METHOD,
        PaymentStatus.REQUIRES_CONFIRMATION,
        PaymentStatus.REQUIRES_ACTION,
        PaymentStatus.PROCESSING,
        PaymentStatus.AUTHORIZED,
    }
)
"""Money can still come of it. An order has one such payment at most."""
FINAL = frozenset({PaymentStatus.CAPTURED, PaymentStatus.CANCELED})
"""At the provider, nothing becomes of it any more."""


@dataclass(frozen=True, slots=True)
class PaymentMethodDetails:
    """What may be shown of a means of payment: never a whole number of a card."""

    type: str
    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None

    @property
    def name(self) -> str:
        """For people, such as Visa ending in 4242."""
        known = (self.brand or self.type).replace("_", " ").title()
        return f"{known} ending in {self.last4}" if self.last4 else known


@dataclass(frozen=True, slots=True)
class PaymentFailure:
    """Why the last try failed, in the provider's codes, with a sentence for the buyer."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class PaymentNextAction:
    """What the buyer has to do, and where."""

    type: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Payment:
    """`reference` is the provider's id of it, once the provider knows it.

    `is_closed`: the provider has said that nothing can come of it any more, and need not be asked again.
    """

    id: PaymentId
    order_id: OrderId
    user_id: UserId | None
    provider: PaymentProvider
    status: PaymentStatus
    amount: Money
    amount_captured: Money
    amount_refunded: Money
    capture_method: CaptureMethod
    method: PaymentMethodDetails | None
    failure: PaymentFailure | None
    next_action: PaymentNextAction | None
    reference: str | None
    saved_payment_method_id: SavedPaymentMethodId | None
    is_disputed: bool
    is_closed: bool
    created_at: datetime
    updated_at: datetime

    @property
    def owner(self) -> UUID:
        """As of its order."""
        return self.user_id or self.order_id

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class SavedPaymentMethod:
    """A means of payment that a user keeps for next time; `reference` is the provider's id of it."""

    id: SavedPaymentMethodId
    user_id: UserId
    provider: PaymentProvider
    reference: str
    details: PaymentMethodDetails
    is_default: bool
    created_at: datetime
