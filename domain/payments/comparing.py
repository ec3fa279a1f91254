"""Our books against the provider's: every difference there is, in a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.payments.gateway import Intent, ProviderRefund
from domain.payments.payment import PaymentId, PaymentStatus
from domain.payments.refund import RefundId, RefundStatus
from domain.shared.money import Money

_NOTHING_PAID = frozenset({PaymentStatus.FAILED, PaymentStatus.CANCELED})
"""What we call failed, the provider may have closed since then."""


@dataclass(frozen=True, slots=True)
class BookedRefund:
    id: RefundId
    reference: str | None
    amount: Money
    status: RefundStatus


@dataclass(frozen=True, slots=True)
class BookedPayment:
    """What our books say of a payment that the provider knows."""

    id: PaymentId
    reference: str
    status: PaymentStatus
    amount: Money
    amount_captured: Money
    amount_refunded: Money
    refunds: Sequence[BookedRefund]


def differences(ours: BookedPayment, theirs: Intent) -> Iterator[str]:
    """Each one, as the end of a sentence about the payment."""
    if theirs.payment_id != ours.id:
        yield f"the provider has it for {theirs.payment_id or 'nothing of ours'}"
    if theirs.status is not ours.status and not {theirs.status, ours.status} <= _NOTHING_PAID:
        yield f"it is {ours.status.value}, the provider says {theirs.status.value}"
    returned = sum(
        (one.amount for one in theirs.refunds if one.status is RefundStatus.SUCCEEDED),
        Money.zero(theirs.amount.currency_code),
    )
    for what, mine, known in (
        ("is about", ours.amount, theirs.amount),
        ("has brought", ours.amount_captured, theirs.amount_captured),
        ("has given back", ours.amount_refunded, returned),
    ):
        if mine != known:
            yield f"it {what} {_written(mine)}, the provider says {_written(known)}"
    yield from _refund_differences(ours, theirs)


def _refund_differences(ours: BookedPayment, theirs: Intent) -> Iterator[str]:
    unseen = {one.id: one for one in ours.refunds}
    for told in theirs.refunds:
        mine = next((one for one in unseen.values() if _is_same(one, told)), None)
        if mine is None:
            yield f"the provider has a refund {told.reference} of {_written(told.amount)} that the shop does not have"
            continue
        del unseen[mine.id]
        if mine.amount != told.amount:
            yield f"its refund {mine.id} is {_written(mine.amount)}, the provider says {_written(told.amount)}"
        if mine.status is not told.status:
            yield f"its refund {mine.id} is {mine.status.value}, the provider says {told.status.value}"
    for left in unseen.values():
        if left.reference is not None or left.status is RefundStatus.SUCCEEDED:
            yield f"the provider does not know its refund {left.id} of {_written(left.amount)}"


def _is_same(mine: BookedRefund, told: ProviderRefund) -> bool:
    return mine.reference == told.reference or mine.id == told.refund_id


def _written(money: Money) -> str:
    return f"{money.amount} {money.currency_code}"
