"""Failures about payments."""

from domain.payments.payment import PaymentFailure
from domain.shared.errors import Conflict, DomainError, NotFound, UserErrorCode

FOR_GOOD = frozenset({"lost_card", "stolen_card", "fraudulent", "expired_card", "pickup_card"})
"""Decline codes after which the same card is never accepted (Stripe's documentation of decline codes)."""


class PaymentDeclined(DomainError):
    """Whoever has the buyer's money did not give it. Nothing was charged; another payment can be tried."""

    code = "CONFLICT"
    reason = UserErrorCode.PAYMENT_DECLINED
    decline_code: str
    retryable: bool

    def __init__(self, failure: PaymentFailure) -> None:
        super().__init__(f"{failure.message} Try again with a new payment.")
        self.decline_code = failure.decline_code or failure.code
        self.retryable = self.decline_code not in FOR_GOOD


class ProviderUnavailable(Conflict):
    """The payment provider does not answer. The same can be sent again: it has its effect once."""

    def __init__(self, message: str) -> None:
        super().__init__(message, None, UserErrorCode.PROVIDER_UNAVAILABLE)


class UnknownSavedMethod(NotFound):
    def __init__(self) -> None:
        super().__init__("savedPaymentMethodId", "saved payment method")


class ProviderMismatch(Exception):
    """What the provider says does not fit what we know: another amount, currency, payment, or kind of money."""
