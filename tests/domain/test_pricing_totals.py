"""What carts cost, at random: what must hold for any of them."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing.basket import Basket, PricedLine
from domain.pricing.totals import Cost, cost_of, goods_of
from domain.shared.money import Money
from tests.domain.baskets import (
    LARGEST_PRICE,
    NOW,
    baskets,
    entered,
    few,
    fixed,
    free_shipping,
    line,
    method,
    money,
    percent,
    tax,
)


def total(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, Money.zero(currency))


def amounts_of(cost: Cost) -> Iterable[Money]:
    yield from (cost.subtotal, cost.discount, cost.shipping, cost.shipping_tax, cost.tax, cost.total)
    yield from (tax_line.amount for tax_line in cost.tax_lines)
    yield from (code.amount for code in cost.codes if code.amount is not None)
    for each in cost.lines.values():
        yield from (each.subtotal, each.discount, each.tax, each.total)


@few
@given(baskets())
def test_lines_sum_to_totals(basket: Basket) -> None:
    cost, currency = cost_of(basket), basket.currency_code
    lines = cost.lines.values()
    on_top = Money.zero(currency) if cost.tax_included else cost.tax
    assert cost.lines.keys() == {each.key for each in basket.lines}
    assert cost.subtotal == total((each.subtotal for each in lines), currency)
    assert cost.discount == total((each.discount for each in lines), currency)
    assert goods_of(basket) == cost.subtotal - cost.discount
    assert cost.tax == total((each.tax for each in lines), currency) + cost.shipping_tax
    assert cost.tax == total((tax_line.amount for tax_line in cost.tax_lines), currency)
    assert cost.total == cost.subtotal - cost.discount + cost.shipping + on_top
    shipping = cost.shipping if cost.tax_included else cost.shipping + cost.shipping_tax
    assert cost.total == total((each.total for each in lines), currency) + shipping
    for each in lines:
        assert each.total == each.subtotal - each.discount + (Money.zero(currency) if cost.tax_included else each.tax)


@few
@given(baskets())
def test_what_codes_take_off_is_the_discount_and_the_shipping_that_is_saved(basket: Basket) -> None:
    cost, currency = cost_of(basket), basket.currency_code
    saved = Money.zero(currency) if basket.shipping is None else basket.shipping.price - cost.shipping
    assert total((code.amount for code in cost.codes if code.amount is not None), currency) == cost.discount + saved
    assert [code.applicable for code in cost.codes] == [code.amount is not None for code in cost.codes]
    assert len(cost.codes) == len(basket.codes)


@few
@given(baskets())
def test_nothing_is_negative_and_everything_is_in_whole_units(basket: Basket) -> None:
    for amount in amounts_of(cost_of(basket)):
        assert amount.units >= 0
        assert amount == Money.of(amount.amount, basket.currency_code)


@few
@given(baskets(), st.data())
def test_the_order_of_lines_codes_and_rates_does_not_matter(basket: Basket, data: st.DataObject) -> None:
    shuffled = replace(
        basket,
        lines=data.draw(st.permutations(basket.lines)),
        codes=data.draw(st.permutations(basket.codes)),
        tax_rates=data.draw(st.permutations(basket.tax_rates)),
    )
    assert cost_of(shuffled) == cost_of(basket)


@few
@given(baskets(included=False))
def test_prices_made_by_adding_taxes_contain_the_same_taxes(basket: Basket) -> None:
    added = cost_of(basket)
    gross = Basket(
        basket.currency_code,
        basket.at,
        [PricedLine(key, each.total, 1, None, frozenset()) for key, each in added.lines.items()],
        shipping=method(added.shipping + added.shipping_tax),
        tax_rates=[replace(rate, included_in_price=True) for rate in basket.tax_rates],
    )
    included = cost_of(gross)
    assert (included.tax, included.shipping_tax, included.total) == (added.tax, added.shipping_tax, added.total)
    assert included.tax_lines == added.tax_lines
    assert all(included.lines[key].tax == each.tax for key, each in added.lines.items())


@few
@given(baskets())
def test_a_whole_discount_leaves_nothing_but_shipping(basket: Basket) -> None:
    everything = percent("EVERYTHING", "100")
    given_away = replace(basket, codes=[*basket.codes, *entered(everything)] if basket.lines else ())
    cost = cost_of(given_away)
    assert goods_of(given_away) == Money.zero(basket.currency_code)
    assert cost.tax == cost.shipping_tax
    assert all(not each.total.units for each in cost.lines.values())


@few
@given(baskets())
def test_free_shipping_leaves_nothing_of_shipping_and_its_tax(basket: Basket) -> None:
    cost = cost_of(replace(basket, codes=[*basket.codes, *entered(free_shipping("GRATIS"))]))
    if basket.lines:
        assert not cost.shipping.units
        assert not cost.shipping_tax.units
    assert cost.discount == cost_of(basket).discount


@few
@given(baskets())
def test_a_discount_is_spread_in_proportion(basket: Basket) -> None:
    cost = cost_of(replace(basket, codes=entered(percent("TENTH", "10"))))
    for each in cost.lines.values():
        # half a unit from rounding the whole, one from allocating it
        assert abs(Decimal(each.discount.units) - Decimal(each.subtotal.units) / 10) <= Decimal("1.5")


@pytest.mark.parametrize(("currency", "places"), [("JPY", 0), ("USD", 2), ("KWD", 3)])
def test_the_largest_cart_is_priced_to_the_smallest_unit(currency: str, places: int) -> None:
    unit_price = Money.of(Decimal(LARGEST_PRICE), currency) - Money.of_units(1, currency)
    lines = [line(number, unit_price, 1_000) for number in range(1, 101)]
    cost = cost_of(Basket(currency, NOW, lines, entered(fixed("ONE", "1")), tax_rates=[tax(1, "0.099751")]))
    assert cost.subtotal.units == (LARGEST_PRICE * 10**places - 1) * 100_000
    assert cost.discount.units == 10**places
    assert max(each.discount.units for each in cost.lines.values()) == -(-(10**places) // 100)
    assert cost.total.units == cost.subtotal.units - cost.discount.units + cost.tax.units


def test_an_empty_basket_costs_nothing() -> None:
    cost = cost_of(Basket("USD", NOW, [], entered(percent("TEN", "10")), tax_rates=[tax(1, "0.19")]))
    assert set(amounts_of(cost)) == {money(0)}
    assert [code.applicable for code in cost.codes] == [False]


def test_weight_is_that_of_all_pieces_and_what_is_not_weighed_weighs_nothing() -> None:
    weightless = replace(line(2, money(1), 5), weight_grams=None)
    assert Basket("USD", NOW, [line(1, money(1), 3), weightless]).weight_grams == 300


@pytest.mark.parametrize(("quantity", "price"), [(0, "1"), (-1, "1"), (1, "-0.01")])
def test_a_line_of_nothing_or_below_zero_is_refused(quantity: int, price: str) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        line(1, money(price), quantity)


def test_nothing_is_in_a_basket_twice() -> None:
    with pytest.raises(ValueError, match="same key"):
        Basket("USD", NOW, [line(1, money(1)), line(1, money(2))])
    with pytest.raises(ValueError, match="once per cart"):
        Basket("USD", NOW, [], entered(percent("TEN", "10"), percent("TEN", "20")))
    with pytest.raises(ValueError, match="raised once"):
        Basket("USD", NOW, [], tax_rates=[tax(1, "0.1"), tax(1, "0.2")])


def test_a_foreign_price_is_refused() -> None:
    with pytest.raises(ValueError, match="USD cannot be reckoned with EUR"):
        cost_of(Basket("USD", NOW, [line(1, money(1, "EUR"))]))
    with pytest.raises(ValueError, match="cannot be reckoned"):
        cost_of(Basket("USD", NOW, [line(1, money(1))], shipping=method(money(1, "EUR"))))
