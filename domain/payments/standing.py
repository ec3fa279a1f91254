"""Where an order's money is, as its payments say."""

from collections.abc import Iterable, Mapping, Sequence

from domain.orders.order import OrderPaymentStatus as Standing
from domain.payments.payment import Payment, PaymentStatus
from domain.shared.money import Money

_UNPAID = frozenset({Standing.PENDING, Standing.AUTHORIZED, Standing.FAILED, Standing.VOIDED})
_RECEIVED = frozenset({Standing.PARTIALLY_PAID, Standing.PAID, Standing.PARTIALLY_REFUNDED, Standing.REFUNDED})
TRANSITIONS: Mapping[Standing, frozenset[Standing]] = {
    Standing.PENDING: (_UNPAID | _RECEIVED) - {Standing.PENDING},
    Standing.AUTHORIZED: frozenset({Standing.VOIDED, Standing.PENDING}) | _RECEIVED,
    Standing.FAILED: (_UNPAID | _RECEIVED) - {Standing.FAILED},
    Standing.VOIDED: (_UNPAID | _RECEIVED) - {Standing.VOIDED},
    Standing.PARTIALLY_PAID: frozenset({Standing.PAID, Standing.PARTIALLY_REFUNDED, Standing.REFUNDED}),
    Standing.PAID: frozenset({Standing.PARTIALLY_REFUNDED, Standing.REFUNDED}),
    # a refund that fails later leaves the money here; and more can be paid in
    Standing.PARTIALLY_REFUNDED: frozenset({Standing.REFUNDED, Standing.PAID, Standing.PARTIALLY_PAID}),
    Standing.REFUNDED: frozenset({Standing.PARTIALLY_REFUNDED, Standing.PAID, Standing.PARTIALLY_PAID}),
}
"""Money that was received never becomes unreceived: it is refunded."""


def summed(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, Money.zero(currency))


def payment_status(total: Money, payments: Sequence[Payment]) -> Standing:
    """Where the money of an order over `total` is. `payments` are all of the order's, the newest last."""
    captured = summed((one.amount_captured for one in payments), total.currency_code)
    refunded = summed((one.amount_refunded for one in payments), total.currency_code)
    if captured.units:
        if refunded.units:
            return Standing.REFUNDED if captured <= refunded else Standing.PARTIALLY_REFUNDED
        return Standing.PAID if total <= captured else Standing.PARTIALLY_PAID
    if not total.units:
        return Standing.PAID
    statuses = {one.status for one in payments}
    if PaymentStatus.AUTHORIZED in statuses:
        return Standing.AUTHORIZED
    last = payments[-1].status if payments else None
    if last is PaymentStatus.FAILED:
        return Standing.FAILED
    return Standing.VOIDED if last is PaymentStatus.CANCELED else Standing.PENDING
