"""The audit finds cooked books of payments and refunds, law by law, and says where money is as the shop itself does."""

import random
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from domain.orders.order import OrderId
from domain.payments.payment import CaptureMethod, Payment, PaymentId, PaymentProvider, PaymentStatus
from domain.payments.standing import payment_status
from domain.shared.clock import now
from domain.shared.money import Money
from persistence.audit import violations
from persistence.connections import ConnectionSettings, connect
from persistence.payments.laws import LAWS, STANDING
from tests.persistence.order_examples import order
from tests.persistence.payment_examples import REFUND

SUMS, REFUNDED, LIMIT, WHERE, ENDED, OPEN, ALIKE, UNITS = LAWS
PAID, GONE, TRIED = (f"00000000-0000-7000-8000-00000000000{number}" for number in "123")
FIRST, SECOND, THIRD, OTHER = (f"00000000-0000-7000-8000-0000000000a{number}" for number in "1234")
PAYMENT = (
    "INSERT INTO payments (id, order_id, provider, status, currency_code, amount, amount_captured, amount_refunded, "
    "capture_method, created_at) VALUES"
)


def line(order_id: str) -> str:
    return (
        "INSERT INTO order_lines (id, order_id, product_name, variant_title, quantity, quantity_reserved, "
        "quantity_refunded, quantity_canceled, unit_price, discount, tax, total) "
        f"VALUES ('{order_id}', '{order_id}', 'Mug', 'M', 2, 0, 1, 1, 5, 1, 2, 11)"
    )


def payment(identity: str, order_id: str, status: str, captured: int = 0, refunded: int = 0) -> str:
    money = f"'USD', 16, {captured}, {refunded}"
    return f"{PAYMENT} ('{identity}', '{order_id}', 'sandbox', '{status}', {money}, 'automatic', now())"


def refund(identity: str, order_id: str, payment_id: str, amount: int, status: str) -> str:
    return f"{REFUND} ('{identity}', '{order_id}', '{payment_id}', {amount}, '{status}', 'other', NULL, now())"


HONEST = f"""
{order(PAID, "PAID-PAID-PAID", PAID)};
{line(PAID)};
{payment(FIRST, PAID, "failed")};
{payment(SECOND, PAID, "captured", 16, 8)};
{refund(FIRST, PAID, SECOND, 8, "succeeded")};
{refund(SECOND, PAID, SECOND, 3, "failed")};
INSERT INTO refund_lines VALUES ('{FIRST}', '{PAID}', 1, true);
UPDATE orders SET amount_captured = 16, amount_refunded = 8, payment_status = 'partially_refunded';
{order(GONE, "GONE-GONE-GONE", GONE)};
{payment(THIRD, GONE, "captured", 16)};
{refund(THIRD, GONE, THIRD, 16, "pending")};
UPDATE orders SET amount_captured = 16, status = 'canceled', canceled_at = now(), payment_status = 'paid'
  WHERE id = '{GONE}';
{order(TRIED, "TRIED-TRIED", TRIED)};
{payment(OTHER, TRIED, "processing")};
"""
COOKED = {
    "an order that has more than was paid": (
        f"UPDATE orders SET amount_captured = 17 WHERE id = '{PAID}'",
        {SUMS},
    ),
    "an order that forgot what was paid back": (
        f"UPDATE orders SET amount_refunded = 0 WHERE id = '{PAID}'",
        {SUMS},
    ),
    "a payment that forgot what was paid back": (
        f"UPDATE payments SET amount_refunded = 7 WHERE id = '{SECOND}'",
        {SUMS, REFUNDED},
    ),
    "a refund that nobody counted": (refund(OTHER, PAID, SECOND, 1, "succeeded"), {REFUNDED}),
    "a refund that is gone": (f"UPDATE refunds SET status = 'canceled' WHERE id = '{FIRST}'", {REFUNDED}),
    "more on its way back than came": (refund(OTHER, PAID, SECOND, 9, "pending"), {LIMIT}),
    "an order that says that it is paid": (
        f"UPDATE orders SET payment_status = 'paid' WHERE id = '{TRIED}'",
        {WHERE},
    ),
    "an order that does not know that its payment is authorized": (
        f"UPDATE payments SET status = 'authorized' WHERE id = '{OTHER}'",
        {WHERE},
    ),
    "a refund for what was canceled that never came": (
        f"UPDATE refunds SET status = 'failed' WHERE id = '{THIRD}'",
        {ENDED},
    ),
    "an order that expired with its money": (
        f"UPDATE orders SET status = 'expired' WHERE id = '{PAID}'",
        {ENDED},
    ),
    "two payments that may both take the money": (
        (
            f"DROP INDEX uq_payments_open; UPDATE payments SET status = 'processing' WHERE id = '{FIRST}'; "
            f"{payment('00000000-0000-7000-8000-0000000000a0', PAID, 'requires_action')}"
        ),
        {OPEN},
    ),
    "a payment in another currency": (f"UPDATE payments SET currency_code = 'EUR' WHERE id = '{OTHER}'", {ALIKE}),
    "a payment of no order": (
        (
            "ALTER TABLE payments DROP CONSTRAINT fk_payments_order_id; "
            f"UPDATE payments SET order_id = gen_random_uuid() WHERE id = '{OTHER}'"
        ),
        {ALIKE},
    ),
    "a refund for another order than its payment's": (
        f"UPDATE refunds SET order_id = '{TRIED}' WHERE id = '{SECOND}'",
        {ALIKE},
    ),
    "a refund for another order's line": (
        f"INSERT INTO refund_lines VALUES ('{THIRD}', '{PAID}', 1, true); UPDATE order_lines SET quantity_refunded = 2",
        {ALIKE},
    ),
    "a line that was paid back without a refund": ("UPDATE order_lines SET quantity_refunded = 2", {UNITS}),
    "a refund of units that are not paid back": ("UPDATE refund_lines SET quantity = 2", {UNITS}),
}


@pytest.fixture
async def honest(empty_database: ConnectionSettings) -> ConnectionSettings:
    await run(empty_database, HONEST)
    return empty_database


async def run(settings: ConnectionSettings, script: str) -> None:
    connection = await connect(settings)
    await connection.execute(script)
    await connection.close()


async def broken(settings: ConnectionSettings) -> set[str]:
    """Of the laws of money: these orders are nothing else."""
    found = [violation async for violation in violations(settings)]
    of_money = [violation for violation in found if violation.law in LAWS]
    assert all(violation.where.split(" ")[0] in {"payment", "order", "refund"} for violation in of_money)
    return {violation.law for violation in of_money}


async def test_honest_books_break_no_law_of_money(honest: ConnectionSettings) -> None:
    assert await broken(honest) == set()


@pytest.mark.parametrize("name", COOKED)
async def test_cooked_books_are_found_by_the_laws_that_they_break(honest: ConnectionSettings, name: str) -> None:
    statement, laws = COOKED[name]
    await run(honest, statement)
    assert await broken(honest) == laws


def test_every_law_is_broken_by_something() -> None:
    assert set[str]().union(*(laws for _, laws in COOKED.values())) == set(LAWS)


def some_payment(chance: random.Random, order_id: int, number: int) -> Payment:
    status = chance.choice(list(PaymentStatus))
    captured = chance.choice([1, 8, 15, 16, 17]) if status is PaymentStatus.CAPTURED else 0
    refunded = chance.choice([0, 0, captured // 2, captured])
    at = now()
    return Payment(
        id=PaymentId(UUID(int=order_id * 100 + number)),
        order_id=OrderId(UUID(int=order_id)),
        user_id=None,
        provider=PaymentProvider.SANDBOX,
        status=status,
        amount=Money.of(Decimal(20), "USD"),
        amount_captured=Money.of(Decimal(captured), "USD"),
        amount_refunded=Money.of(Decimal(refunded), "USD"),
        capture_method=CaptureMethod.AUTOMATIC,
        method=None,
        failure=None,
        next_action=None,
        reference=None,
        saved_payment_method_id=None,
        is_disputed=False,
        is_closed=False,
        created_at=at,
        updated_at=at,
    )


def rows(payments: Sequence[Payment]) -> str:
    listed = ", ".join(
        f"('{one.id}'::uuid, '{one.order_id}'::uuid, '{one.status.value}', {one.amount_captured.amount}, "
        f"{one.amount_refunded.amount})"
        for one in payments
    )
    return f"payments(id, order_id, status, amount_captured, amount_refunded) AS (VALUES {listed})"


async def test_sql_and_python_agree_on_where_an_order_s_money_is(empty_database: ConnectionSettings) -> None:
    chance = random.Random(16)
    totals = {number: chance.choice([0, 16, 16, 16]) for number in range(1, 2_000)}
    payments = {
        number: [some_payment(chance, number, place) for place in range(chance.choice([0, 1, 1, 2, 3]))]
        for number in totals
    }
    orders = ", ".join(f"('{UUID(int=number)}'::uuid, {total})" for number, total in totals.items())
    flat = [payment for of_order in payments.values() for payment in of_order]
    connection = await connect(empty_database)
    found = await connection.fetch(f"WITH orders(id, total) AS (VALUES {orders}), {rows(flat)} {STANDING}")
    await connection.close()
    in_sql = {row[0].int: row[1] for row in found}
    in_python = {
        number: payment_status(Money.of(Decimal(total), "USD"), payments[number]).value
        for number, total in totals.items()
    }
    assert in_sql == in_python
    assert len(set(in_python.values())) == 8
