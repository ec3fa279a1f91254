"""The port to whoever moves the money.

Every call that changes something carries a key that is stable over its repetitions, so that it has its effect at the
provider once. A call may end without anybody knowing whether it had one (`OutcomeUnknown`): then the payment stays as
it is, PROCESSING for instance, until `retrieve`, asked by a webhook or the reconciler, tells the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.payments.payment import (
    CaptureMethod,
    PaymentFailure,
    PaymentId,
    PaymentMethodDetails,
    PaymentNextAction,
    PaymentProvider,
    PaymentStatus,
)
from domain.payments.refund import RefundId, RefundReason, RefundStatus
from domain.shared.errors import Unavailable
from domain.shared.money import Money


class ProviderDown(Unavailable):
    """The provider did not get the request: certainly nothing was done."""


class OutcomeUnknown(Unavailable):
    """The provider may have done it: it did not answer in time, or with a fault of its own."""


class ProviderRefused(Exception):
    """The provider will never do this, however often it is asked. `code` is its own; the message is for the log."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_about_our_keys(self) -> bool:
        """It has nothing to do with what was asked for, and passes when somebody changes the settings.

        Source: Stripe's types of errors.
        """
        return self.code in {"authentication_error", "permission_error"}


@dataclass(frozen=True, slots=True)
class NewIntent:
    """What the provider is to know of a payment before the buyer pays. The key is the payment's id.

    `customer` is the provider's id of the user, who may keep the means of payment for next time.
    """

    payment_id: PaymentId
    order_id: str
    order_number: str
    amount: Money
    capture_method: CaptureMethod
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A try to pay. `method` is a token of a means of payment; the buyer comes back to `return_url`."""

    reference: str
    method: str | None
    return_url: str
    key: str


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """`refund_id` is ours, None for what somebody did in the provider's own pages."""

    reference: str
    amount: Money
    status: RefundStatus
    refund_id: RefundId | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment as the provider knows it: the truth about its money.

    `status` is in our words. FAILED says that the last try was declined; `failure` says why. `payment_id` is ours, from
    the intent's metadata. `is_live` tells whether the money is real. With AUTHORIZED, `amount_captured` is zero.
    `method_reference` is the provider's id of the means of payment.
    """

    reference: str
    payment_id: PaymentId | None
    status: PaymentStatus
    amount: Money
    amount_captured: Money
    capture_method: CaptureMethod
    is_live: bool
    method: PaymentMethodDetails | None = None
    method_reference: str | None = None
    failure: PaymentFailure | None = None
    next_action: PaymentNextAction | None = None
    is_disputed: bool = False
    refunds: Sequence[ProviderRefund] = ()
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """A refund that is to be paid out. The key is the refund's id."""

    refund_id: RefundId
    reference: str
    """Of the payment."""
    amount: Money
    reason: RefundReason


@dataclass(frozen=True, slots=True)
class Setup:
    """A means of payment that a user wants to keep, as the provider knows it."""

    reference: str
    customer: str | None
    is_complete: bool
    method_reference: str | None = None
    method: PaymentMethodDetails | None = None
    client_secret: str | None = field(default=None, repr=False)


class PaymentGateway(Protocol):
    """All methods raise ProviderDown, OutcomeUnknown, and ProviderRefused.

    A declined card is no error: the intent comes back FAILED, with the failure.
    """

    @property
    def provider(self) -> PaymentProvider: ...

    async def create(self, new: NewIntent) -> Intent:
        """The same intent again for the same payment."""
        ...

    async def retrieve(self, reference: str) -> Intent:
        """With all its refunds."""
        ...

    async def confirm(self, confirmation: Confirmation) -> Intent: ...

    async def capture(self, reference: str, amount: Money, key: str) -> Intent:
        """Take `amount` of what is authorized; the rest is let go."""
        ...

    async def cancel(self, reference: str, key: str) -> Intent:
        """Nothing comes of it any more, unless it was paid already: then the intent says so."""
        ...

    async def refund(self, order: RefundOrder) -> ProviderRefund: ...

    async def new_customer(self, user_id: str, key: str) -> str:
        """The provider's id for one of our users."""
        ...

    async def set_up(self, customer: str, key: str) -> Setup:
        """Begin to keep a means of payment; the client goes on with the `client_secret`."""
        ...

    async def retrieve_setup(self, reference: str) -> Setup: ...

    async def detach(self, method_reference: str) -> None:
        """Forget a means of payment; fine when it is forgotten already."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook whose signature holds: something happened to the thing called `reference`.

    `subject` is the kind of that thing: "payment" (also for its refunds and disputes), "setup", or "" for what does not
    concern us. `account` and `is_live` tell whose money it is, and whether it is real; `amount` is that of the whole
    payment, None where the notice does not tell it. None of it is taken over: the provider is asked. It is here to be
    compared with what we know.
    """

    external_id: str
    type: str
    subject: str
    reference: str | None
    account: str | None
    is_live: bool
    payment_id: PaymentId | None
    amount: Money | None
    payload: str
    """As it was sent, JSON."""


class BadSignature(Exception):
    """Not from the provider, too old or too new, or not readable: nothing of it is believed."""


class NoticeReader(Protocol):
    @property
    def provider(self) -> PaymentProvider: ...

    def read(self, body: bytes, signature: str) -> Notice:
        """Verify the raw bytes with every secret that is valid, ±300 s, and read them. Raises: BadSignature."""
        ...
