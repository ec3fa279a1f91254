"""Each difference between our books and the provider's is told once, and what is alike is not told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from domain.payments.comparing import BookedPayment, BookedRefund, differences
from domain.payments.gateway import Intent, ProviderRefund
from domain.payments.payment import CaptureMethod, PaymentId, PaymentStatus
from domain.payments.refund import RefundId, RefundStatus
from domain.shared.money import Money


def usd(units: int) -> Money:
    return Money.of_units(units, "USD")


MINE, ELSEWHERE, LOST = (RefundId(UUID(int=number)) for number in (1, 2, 3))
THEIRS = Intent(
    reference="pi_1",
    payment_id=PaymentId(UUID(int=7)),
    status=PaymentStatus.CAPTURED,
    amount=usd(1_600),
    amount_captured=usd(1_600),
    capture_method=CaptureMethod.AUTOMATIC,
    is_live=False,
    refunds=(
        ProviderRefund("re_1", usd(300), RefundStatus.SUCCEEDED, MINE),
        ProviderRefund("re_2", usd(200), RefundStatus.PENDING, None),
    ),
)
OURS = BookedPayment(
    id=PaymentId(UUID(int=7)),
    reference="pi_1",
    status=PaymentStatus.CAPTURED,
    amount=usd(1_600),
    amount_captured=usd(1_600),
    amount_refunded=usd(300),
    refunds=(
        BookedRefund(MINE, None, usd(300), RefundStatus.SUCCEEDED),
        BookedRefund(ELSEWHERE, "re_2", usd(200), RefundStatus.PENDING),
    ),
)
WAITING = BookedRefund(LOST, None, usd(100), RefundStatus.PENDING)
CHANGED: Mapping[str, tuple[BookedPayment, Intent, Sequence[str]]] = {
    "nothing": (OURS, THEIRS, []),
    "for another payment": (OURS, replace(THEIRS, payment_id=None), ["the provider has it for nothing of ours"]),
    "amount": (
        replace(OURS, amount=usd(1_700)),
        THEIRS,
        ["it is about 17.00 USD, the provider says 16.00 USD"],
    ),
    "currency": (
        replace(OURS, amount=Money.of_units(1_600, "EUR")),
        THEIRS,
        ["it is about 16.00 EUR, the provider says 16.00 USD"],
    ),
    "captured": (
        replace(OURS, amount_captured=usd(0)),
        THEIRS,
        ["it has brought 0.00 USD, the provider says 16.00 USD"],
    ),
    "refunded": (
        replace(OURS, amount_refunded=usd(500)),
        THEIRS,
        ["it has given back 5.00 USD, the provider says 3.00 USD"],
    ),
    "status": (
        replace(OURS, status=PaymentStatus.PROCESSING),
        THEIRS,
        ["it is processing, the provider says captured"],
    ),
    "status of what came to nothing": (
        replace(OURS, status=PaymentStatus.FAILED),
        replace(THEIRS, status=PaymentStatus.CANCELED),
        [],
    ),
    "a refund that we do not have": (
        replace(OURS, refunds=OURS.refunds[:1]),
        THEIRS,
        ["the provider has a refund re_2 of 2.00 USD that the shop does not have"],
    ),
    "a refund on its way there": (replace(OURS, refunds=(*OURS.refunds, WAITING)), THEIRS, []),
    "a refund that was never made": (
        replace(OURS, refunds=(*OURS.refunds, replace(WAITING, status=RefundStatus.SUCCEEDED))),
        THEIRS,
        [f"the provider does not know its refund {LOST} of 1.00 USD"],
    ),
    "a refund of another amount that failed": (
        OURS,
        replace(
            THEIRS,
            refunds=(THEIRS.refunds[0], ProviderRefund("re_2", usd(150), RefundStatus.FAILED, None)),
        ),
        [
            f"its refund {ELSEWHERE} is 2.00 USD, the provider says 1.50 USD",
            f"its refund {ELSEWHERE} is pending, the provider says failed",
        ],
    ),
}


@pytest.mark.parametrize("what", CHANGED)
def test_each_difference_is_told(what: str) -> None:
    ours, theirs, told = CHANGED[what]
    assert list(differences(ours, theirs)) == told
