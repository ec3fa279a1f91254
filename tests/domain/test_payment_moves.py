"""Where payments, refunds and an order's money move: each state is reached, and no move is made that is not listed."""

from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from itertools import product
from typing import NamedTuple, TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.order import OrderPaymentStatus
from domain.payments import payment as payments
from domain.payments import refund as refunds
from domain.payments import standing
from domain.payments.errors import ProviderMismatch
from domain.payments.gateway import Intent
from domain.payments.payment import FINAL, OPEN, CaptureMethod, PaymentFailure, PaymentId, PaymentStatus
from domain.payments.refund import RefundStatus
from domain.payments.settling import IN_FLIGHT, known_by
from domain.payments.standing import payment_status
from tests.domain.payment_examples import AT, payment, usd

S = TypeVar("S", bound=Enum)
LATER = AT + IN_FLIGHT + timedelta(seconds=1)
TOTAL = 3
"""Cents: enough for parts of parts."""


def reached(start: S, moves: Mapping[S, AbstractSet[S]]) -> set[S]:
    found, ahead = {start}, deque([start])
    while ahead:
        for state in moves[ahead.popleft()] - found:
            found.add(state)
            ahead.append(state)
    return found


def test_every_status_of_a_payment_is_reached() -> None:
    assert reached(PaymentStatus.REQUIRES_PAYMENT_METHOD, payments.TRANSITIONS) == set(PaymentStatus)
    assert payments.TRANSITIONS.keys() == set(PaymentStatus)
    assert not payments.TRANSITIONS[PaymentStatus.CAPTURED]
    assert set() == OPEN & FINAL


def test_money_that_was_captured_or_authorized_never_becomes_a_try_again() -> None:
    begun = OPEN - {PaymentStatus.AUTHORIZED}
    for status in (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED, PaymentStatus.FAILED, PaymentStatus.CANCELED):
        assert payments.TRANSITIONS[status] & begun == set()


def test_every_status_of_a_refund_is_reached_and_what_failed_has_ended() -> None:
    assert reached(RefundStatus.PENDING, refunds.TRANSITIONS) == set(RefundStatus) == refunds.TRANSITIONS.keys()
    for status in (RefundStatus.FAILED, RefundStatus.CANCELED):
        assert not refunds.TRANSITIONS[status]


def intent(status: PaymentStatus, captured: int = 0, amount: int = 2) -> Intent:
    return Intent(
        reference="pi_1",
        payment_id=PaymentId(UUID(int=1)),
        status=status,
        amount=usd(amount),
        amount_captured=usd(captured),
        capture_method=CaptureMethod.MANUAL,
        is_live=False,
        failure=PaymentFailure("card_declined", None, "No.") if status is PaymentStatus.FAILED else None,
    )


@pytest.mark.parametrize(("before", "told"), list(product(PaymentStatus, PaymentStatus)))
def test_a_payment_moves_only_where_it_can_whatever_the_provider_says(
    before: PaymentStatus, told: PaymentStatus
) -> None:
    known = payment(before, captured=2 if before is PaymentStatus.CAPTURED else 0)
    after = known_by(known, intent(told, 1 if told is PaymentStatus.CAPTURED else 0), LATER)
    assert after.status is (told if told in payments.TRANSITIONS[before] else before)
    assert known.amount_captured <= after.amount_captured
    assert after.amount_captured.units == 0 or after.status is PaymentStatus.CAPTURED
    assert (after.failure is not None) is (after.status is PaymentStatus.FAILED and told is PaymentStatus.FAILED)
    # what comes twice changes nothing the second time
    assert known_by(after, intent(told, 1 if told is PaymentStatus.CAPTURED else 0), LATER) == after


@given(st.lists(st.sampled_from(PaymentStatus), max_size=8))
def test_money_that_came_is_known_in_whatever_order_it_is_told(told: list[PaymentStatus]) -> None:
    known = payment()
    for status in told:
        moved = known_by(known, intent(status, 2 if status is PaymentStatus.CAPTURED else 0), LATER)
        assert moved.status is known.status or moved.status in payments.TRANSITIONS[known.status]
        assert not known.is_closed or moved.is_closed
        known = moved
    if PaymentStatus.CAPTURED in told:
        assert (known.status, known.amount_captured) == (PaymentStatus.CAPTURED, usd(2))


def test_what_is_on_its_way_to_the_provider_is_not_given_up() -> None:
    known = payment(PaymentStatus.PROCESSING)
    never_heard = intent(PaymentStatus.REQUIRES_PAYMENT_METHOD)
    assert known_by(known, never_heard, AT + IN_FLIGHT - timedelta(seconds=1)).status is PaymentStatus.PROCESSING
    assert known_by(known, never_heard, LATER).status is PaymentStatus.REQUIRES_PAYMENT_METHOD


@pytest.mark.parametrize(
    "other",
    [
        replace(intent(PaymentStatus.CAPTURED, 2), payment_id=PaymentId(UUID(int=7))),
        replace(intent(PaymentStatus.CAPTURED, 2), reference="pi_2"),
        intent(PaymentStatus.CAPTURED, 2, amount=3),
        replace(intent(PaymentStatus.CAPTURED), amount=replace(usd(2), currency_code="EUR")),
    ],
)
def test_another_payment_or_amount_is_not_believed(other: Intent) -> None:
    with pytest.raises(ProviderMismatch):
        known_by(payment(PaymentStatus.PROCESSING), other, LATER)


class One(NamedTuple):
    """A payment in the model below; amounts are in cents."""

    status: PaymentStatus
    amount: int
    captured: int = 0
    refunded: int = 0
    is_closed: bool = False


def steps(all_: tuple[One, ...]) -> Iterator[tuple[One, ...]]:
    """Whatever can happen next: a payment moves on, is closed or paid back, or another one is begun."""
    for place, one in enumerate(all_):
        for moved in _moved(one):
            yield (*all_[:place], moved, *all_[place + 1 :])
    due = TOTAL - sum(one.captured for one in all_)
    if len(all_) < 2 and due and all(one.is_closed for one in all_):
        for first in (PaymentStatus.REQUIRES_PAYMENT_METHOD, PaymentStatus.REQUIRES_CONFIRMATION):
            yield (*all_, One(first, due))


def _moved(one: One) -> Iterator[One]:
    if not one.is_closed:
        for status in payments.TRANSITIONS[one.status]:
            if status is PaymentStatus.CAPTURED:
                yield from (one._replace(status=status, captured=taken, is_closed=True) for taken in _to(one.amount))
            else:
                yield one._replace(status=status)
        if one.status in {PaymentStatus.FAILED, PaymentStatus.CANCELED}:
            yield one._replace(is_closed=True)
    # refunds succeed, and fail later
    yield from (one._replace(refunded=back) for back in range(one.captured + 1) if back != one.refunded)


def _to(amount: int) -> range:
    return range(1, amount + 1)


def stands(all_: tuple[One, ...]) -> OrderPaymentStatus:
    return payment_status(usd(TOTAL), [payment(one.status, one.amount, one.captured, one.refunded) for one in all_])


def test_an_order_s_money_moves_as_listed_and_gets_everywhere() -> None:
    seen: set[tuple[One, ...]] = {()}
    ahead, moves = deque(seen), set[tuple[OrderPaymentStatus, OrderPaymentStatus]]()
    while ahead:
        before = ahead.popleft()
        for after in steps(before):
            moves.add((stands(before), stands(after)))
            if after not in seen:
                seen.add(after)
                ahead.append(after)
    done = {(before, after) for before, after in moves if before is not after}
    listed = {(before, after) for before, ends in standing.TRANSITIONS.items() for after in ends}
    assert done - listed == set()
    assert {stands(all_) for all_ in seen} == set(OrderPaymentStatus) == standing.TRANSITIONS.keys()


def test_what_costs_nothing_is_paid() -> None:
    assert payment_status(usd(0), []) is OrderPaymentStatus.PAID
