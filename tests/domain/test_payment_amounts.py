"""What goes back for units of a line, and what becomes of the units."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.payments.amounts import require_within, share
from domain.payments.returns import returned
from domain.shared.errors import InvalidInput, UserErrorCode
from domain.shared.money import Money
from tests.domain.payment_examples import line

CURRENCIES = st.sampled_from(["JPY", "USD", "KWD"])
"""With none, two and three decimals."""


@given(CURRENCIES, st.integers(0, 10**9), st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_shares_of_a_line_add_up_to_its_total_and_none_is_negative(currency: str, units: int, parts: list[int]) -> None:
    total, quantity, before = Money.of_units(units, currency), sum(parts), 0
    shares: list[Money] = []
    for part in parts:
        shares.append(share(total, quantity, before, before + part))
        before += part
    assert sum(shares, Money.zero(currency)) == total
    for part, one in zip(parts, shares, strict=True):
        assert one.units >= 0
        assert abs(one.units * quantity - units * part) < quantity  # less than a cent from what is just
        assert one == Money.of(one.amount, currency)


@given(CURRENCIES, st.integers(1, 10**9), st.integers(-(10**9), 2 * 10**9))
def test_an_amount_is_above_zero_and_at_most_what_is_there(currency: str, most: int, wanted: int) -> None:
    amount, limit = Money.of_units(wanted, currency), Money.of_units(most, currency)
    if 0 < wanted <= most:
        assert require_within(amount, limit) == amount
        return
    with pytest.raises(InvalidInput) as refused:
        require_within(amount, limit)
    assert refused.value.reason is (UserErrorCode.OUT_OF_RANGE if wanted <= 0 else UserErrorCode.AMOUNT_TOO_LARGE)


def test_an_amount_has_its_currency_s_decimals_however_it_was_sent() -> None:
    assert str(require_within(Money(Decimal(5), "USD"), Money.of_units(1_500, "USD")).amount) == "5.00"


@pytest.mark.parametrize(
    "amount",
    [
        *(Money(Decimal("1.001"), "USD"), Money(Decimal("0.5"), "JPY"), Money(Decimal("1.0001"), "KWD")),
        *(Money(Decimal("1e-30"), "USD"), Money(Decimal("1e30"), "USD"), Money(Decimal("1e400"), "USD")),
        *(Money(Decimal("NaN"), "USD"), Money(Decimal("Infinity"), "USD")),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused(amount: Money) -> None:
    with pytest.raises(InvalidInput):
        require_within(amount, Money.of_units(1_000_000, amount.currency_code))


@given(st.data())
def test_units_that_have_not_left_go_first_and_no_unit_goes_back_twice(data: st.DataObject) -> None:
    quantity = data.draw(st.integers(1, 20))
    canceled = data.draw(st.integers(0, quantity))
    fulfilled = data.draw(st.integers(0, quantity - canceled))
    refunded = canceled + data.draw(st.integers(0, fulfilled))
    packed = data.draw(st.integers(0, quantity - canceled - fulfilled))
    free = quantity - canceled - fulfilled - packed
    wanted, restock = data.draw(st.integers(-1, quantity + 1)), data.draw(st.booleans())
    of = line(quantity, fulfilled=fulfilled, refunded=refunded, canceled=canceled)
    sent = fulfilled - (refunded - canceled)
    if not 1 <= wanted <= free + sent:
        with pytest.raises(InvalidInput) as refused:
            returned(of, free, wanted, restock=restock, argument="lines.0.quantity")
        assert refused.value.reason is UserErrorCode.OUT_OF_RANGE
        return
    one = returned(of, free, wanted, restock=restock, argument="lines.0.quantity")
    assert free + sent <= quantity - refunded
    assert (one.quantity, one.not_sent) == (wanted, min(wanted, free))
    assert one.came_back == (wanted - one.not_sent if restock else 0)
    assert one.is_restocked is (restock or wanted <= free)
    # the next refund finds books that add up
    assert canceled + one.not_sent + fulfilled + packed <= quantity
    assert refunded + one.quantity - (canceled + one.not_sent) <= fulfilled


def test_what_is_packed_has_to_be_unpacked_first() -> None:
    with pytest.raises(InvalidInput, match="packed"):
        returned(line(2), 1, 2, restock=True, argument="lines.0.quantity")


@given(st.integers(1, 20), st.integers(0, 20))
def test_a_line_that_is_paid_back_has_nothing_left(quantity: int, free: int) -> None:
    assume(free <= quantity)
    with pytest.raises(InvalidInput):
        returned(line(quantity, fulfilled=quantity, refunded=quantity), free, 1, restock=True, argument="x")
