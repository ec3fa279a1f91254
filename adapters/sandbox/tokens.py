"""Means of payment to try things out with. Names and behaviour are those of Stripe's test mode.

Source: https://docs.stripe.com/testing; numbers of cards are never seen here, as they are not with Stripe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from domain.payments.payment import PaymentFailure


class Course(Enum):
    """How a payment with it goes."""

    AT_ONCE = "at once"
    DECLINED = "declined"
    ASKS_THE_BUYER = "asks the buyer"
    BY_THE_BANK = "by the bank"
    """It is being processed for a while, and then succeeds, or fails when there is a failure."""


class RefundCourse(Enum):
    AT_ONCE = "at once"
    PENDING = "pending"
    """It succeeds after a while."""
    RETURNED = "returned"
    """It succeeds, and the bank sends the money back after a while."""


@dataclass(frozen=True, slots=True)
class Means:
    """`exp_month` and `exp_year` are None for what does not expire."""

    type: str
    brand: str
    last4: str
    course: Course = Course.AT_ONCE
    failure: PaymentFailure | None = None
    is_disputed: bool = False
    refunds: RefundCourse = RefundCourse.AT_ONCE
    exp_month: int | None = 12
    exp_year: int | None = 2034


NOT_AUTHENTICATED = PaymentFailure(
    "payment_intent_authentication_failure",
    None,
    "The payment was not approved. Choose another means of payment, or try again.",
)


def _declined(code: str, decline_code: str | None, message: str, last4: str) -> Means:
    return Means("card", "visa", last4, Course.DECLINED, PaymentFailure(code, decline_code, message))


def _returned_by_bank(code: str, message: str, last4: str) -> Means:
    return replace(_BANK, last4=last4, failure=PaymentFailure(code, None, message))


_VISA = Means("card", "visa", "4242")
_BANK = Means("us_bank_account", "STRIPE TEST BANK", "6789", Course.BY_THE_BANK, exp_month=None, exp_year=None)
_DECLINED = "Your card was declined."

TOKENS: Mapping[str, Means] = {
    "pm_card_visa": _VISA,
    "pm_card_mastercard": replace(_VISA, brand="mastercard", last4="4444"),
    "pm_card_amex": replace(_VISA, brand="amex", last4="8431"),
    "pm_card_chargeDeclined": _declined("card_declined", "generic_decline", _DECLINED, "0002"),
    "pm_card_chargeDeclinedInsufficientFunds": _declined(
        "card_declined", "insufficient_funds", "Your card has insufficient funds.", "9995"
    ),
    "pm_card_chargeDeclinedLostCard": _declined("card_declined", "lost_card", _DECLINED, "9987"),
    "pm_card_chargeDeclinedExpiredCard": _declined("expired_card", None, "Your card has expired.", "0069"),
    "pm_card_chargeDeclinedProcessingError": _declined(
        "processing_error", None, "An error occurred while processing your card. Try again in a little bit.", "0119"
    ),
    "pm_card_authenticationRequired": replace(_VISA, last4="3184", course=Course.ASKS_THE_BUYER),
    "pm_card_createDispute": replace(_VISA, last4="0259", is_disputed=True),
    "pm_card_pendingRefund": replace(_VISA, last4="7726", refunds=RefundCourse.PENDING),
    "pm_card_refundFail": replace(_VISA, last4="5126", refunds=RefundCourse.RETURNED),
    "pm_usBankAccount": _BANK,
    "pm_usBankAccount_success": _BANK,
    "pm_usBankAccount_accountClosed": _returned_by_bank(
        "account_closed", "The bank account is closed. Choose another means of payment.", "1113"
    ),
    "pm_usBankAccount_insufficientFunds": _returned_by_bank(
        "insufficient_funds", "The bank account has insufficient funds.", "2227"
    ),
}
