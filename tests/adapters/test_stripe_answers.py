"""What Stripe's objects say in our words, and amounts in its units."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from babel.core import Locale
from hypothesis import given
from hypothesis import strategies as st

from adapters.stripe_payments.amounts import from_stripe, to_stripe
from adapters.stripe_payments.answers import Unreadable, intent_of, refund_of, setup_of
from domain.payments.gateway import ProviderRefused
from domain.payments.payment import PaymentFailure, PaymentMethodDetails, PaymentNextAction, PaymentStatus
from domain.payments.refund import RefundStatus
from domain.shared.money import Money
from tests.adapters.payment_contract import money

SUPPORTED = ("USD", "EUR", "JPY", "KRW", "KWD", "BHD", "TND", "ISK", "UGX", "HUF", "TWD", "RSD", "MGA", "CLP", "LBP")
ERROR = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "lost_card",
    "message": "Your card was declined.",
    "payment_method": {"id": "pm_9", "type": "card", "card": {"brand": "amex", "last4": "0005"}},
}


NOTHING: dict[str, Any] = {}


def an_intent(**changed: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "amount": 2450,
        "amount_received": 0,
        "currency": "usd",
        "capture_method": "automatic_async",
        "metadata": {},
        "livemode": True,
        "status": "requires_payment_method",
        **changed,
    }


@pytest.mark.parametrize(
    ("status", "error", "ours"),
    [
        ("requires_payment_method", None, PaymentStatus.REQUIRES_PAYMENT_METHOD),
        ("requires_payment_method", ERROR, PaymentStatus.FAILED),
        ("requires_confirmation", None, PaymentStatus.REQUIRES_CONFIRMATION),
        ("requires_action", None, PaymentStatus.REQUIRES_ACTION),
        ("processing", None, PaymentStatus.PROCESSING),
        ("requires_capture", None, PaymentStatus.AUTHORIZED),
        ("succeeded", ERROR, PaymentStatus.CAPTURED),
        ("canceled", ERROR, PaymentStatus.CANCELED),
    ],
)
def test_each_status_has_its_word(status: str, error: object, ours: PaymentStatus) -> None:
    intent = intent_of(an_intent(status=status, last_payment_error=error, amount_received=2400))
    assert intent.status is ours
    assert (intent.failure is not None) == (ours is PaymentStatus.FAILED)
    assert intent.amount_captured == (money("24") if ours is PaymentStatus.CAPTURED else money("0"))
    assert intent.is_live


def test_a_failure_tells_of_the_card_that_failed() -> None:
    intent = intent_of(an_intent(last_payment_error=ERROR))
    assert intent.failure == PaymentFailure("card_declined", "lost_card", "Your card was declined.")
    assert intent.method == PaymentMethodDetails("card", "amex", "0005")
    assert intent.method_reference == "pm_9"


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (None, None),
        ({"type": "use_stripe_sdk", "use_stripe_sdk": {"a": 1}}, PaymentNextAction("use_stripe_sdk", None)),
        (
            {"type": "redirect_to_url", "redirect_to_url": {"url": "https://a.example"}},
            PaymentNextAction("redirect_to_url", "https://a.example"),
        ),
        (
            {"type": "boleto_display_details", "boleto_display_details": {"hosted_voucher_url": "https://b.example"}},
            PaymentNextAction("boleto_display_details", "https://b.example"),
        ),
    ],
)
def test_the_next_action_is_told(action: object, told: PaymentNextAction | None) -> None:
    assert intent_of(an_intent(status="requires_action", next_action=action)).next_action == told


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("pending", RefundStatus.PENDING),
        ("requires_action", RefundStatus.PENDING),
        ("succeeded", RefundStatus.SUCCEEDED),
        ("failed", RefundStatus.FAILED),
        ("canceled", RefundStatus.CANCELED),
    ],
)
def test_each_status_of_a_refund_has_its_word(status: str, ours: RefundStatus) -> None:
    assert refund_of({"id": "re_1", "amount": 5, "currency": "jpy", "status": status}).status is ours


@pytest.mark.parametrize(
    "odd",
    [
        {"status": "unheard_of"},
        {"amount": None},
        {"amount": "many"},
        {"currency": "zzz"},
        {"currency": None},
        {"latest_charge": {"refunds": {"data": [NOTHING]}}},
        {"last_payment_error": {"message": "no code, no type"}},
    ],
)
def test_what_is_not_as_documented_is_unreadable(odd: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        intent_of({**an_intent(), **odd})


def test_a_setup_without_its_parts_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        setup_of({"id": "seti_1"})


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("12.50", "USD", 1250),
        ("1250", "JPY", 1250),
        ("1.230", "KWD", 1230),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("10.45", "HUF", 1045),
        ("800.45", "TWD", 80045),
        ("90", "RSD", 9000),
        ("90", "MGA", 90),
    ],
)
def test_amounts_are_in_the_units_of_stripe(amount: str, currency: str, units: int) -> None:
    assert to_stripe(money(amount, currency)) == units
    assert from_stripe(units, currency.lower()) == money(amount, currency)


@given(units=st.integers(0, 99_999_999), currency=st.sampled_from(SUPPORTED))
def test_what_is_sent_comes_back_the_same(units: int, currency: str) -> None:
    amount = Money.of_units(units * 10, currency)
    assert from_stripe(to_stripe(amount), currency.lower()) == amount


def test_every_currency_either_goes_through_or_is_refused() -> None:
    for currency in map(str, Locale("en").currencies):
        amount = Money.of(Decimal("1234.567"), currency)
        with suppress(ProviderRefused):
            assert from_stripe(to_stripe(amount), currency) == amount


@pytest.mark.parametrize(("amount", "currency"), [("1.234", "KWD"), ("0.001", "BHD"), ("1.234", "LYD")])
def test_no_amount_is_rounded_in_secret(amount: str, currency: str) -> None:
    with pytest.raises(ProviderRefused):
        to_stripe(money(amount, currency))


def test_amounts_finer_than_ours_are_not_rounded_either() -> None:
    with pytest.raises(ValueError, match="too many decimals"):
        from_stripe(9050, "rsd")
