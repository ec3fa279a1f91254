"""What carts cost, reckoned by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest

from domain.pricing.basket import Basket, EnteredCode, PricedLine
from domain.pricing.discounts import DiscountCode
from domain.pricing.shipping import methods
from domain.pricing.taxes import TaxRate
from domain.pricing.totals import Cost, cost_of, goods_of
from tests.domain.baskets import (
    CATEGORIES,
    NOW,
    entered,
    fixed,
    free_shipping,
    line,
    method,
    money,
    percent,
    shipping_rate,
    tax,
)

HATS, SHOES, _, _ = CATEGORIES
GERMAN = [tax(1, "0.19", included=True, title="MwSt.")]
QUEBEC = [tax(1, "0.05", title="GST"), tax(2, "0.09975", title="QST", region="QC")]
JAPANESE = [tax(1, "0.1")]
KUWAITI = [tax(1, "0.05")]


class Example(NamedTuple):
    """`bought` is quantity and price of each line; `lines` is discount, tax and total of each, `cost` all of it."""

    name: str
    currency: str
    bought: Sequence[tuple[int, str]]
    shipping: str
    rates: Sequence[TaxRate]
    codes: Sequence[DiscountCode]
    lines: Sequence[tuple[str, str, str]]
    cost: tuple[str, str, str, str, str]
    tax_lines: Sequence[str]

    def basket(self) -> Basket:
        return Basket(
            self.currency,
            NOW,
            [line(at, money(price, self.currency), quantity) for at, (quantity, price) in enumerate(self.bought, 1)],
            entered(*self.codes),
            method(money(self.shipping, self.currency)),
            self.rates,
        )


EXAMPLES = [
    Example(
        "German VAT of 19 % is in the prices",
        "EUR",
        [(2, "19.99"), (1, "5.00")],
        "4.90",
        GERMAN,
        [],
        # 39.98 / 1.19 = 33.597 and 5.00 / 1.19 = 4.202; of shipping, 4.90 / 1.19 = 4.118
        [("0.00", "6.38", "39.98"), ("0.00", "0.80", "5.00")],
        ("44.98", "0.00", "4.90", "7.96", "49.88"),
        ["7.96"],
    ),
    Example(
        "German VAT after a tenth off",
        "EUR",
        [(2, "19.99"), (1, "5.00")],
        "4.90",
        GERMAN,
        [percent("TENTH", "10")],
        # 4.498 is rounded to 4.50, which is 3.9998 and 0.5002; 35.98 / 1.19 = 30.235 and 4.50 / 1.19 = 3.782
        [("4.00", "5.74", "35.98"), ("0.50", "0.72", "4.50")],
        ("44.98", "4.50", "4.90", "7.24", "45.38"),
        ["7.24"],
    ),
    Example(
        "Quebec adds GST of 5 % and QST of 9.975 %",
        "CAD",
        [(1, "100.00"), (3, "3.35")],
        "10.10",
        QUEBEC,
        [],
        # 14.975 % of 100.00 is 14.975, of 10.05 is 1.50499, of 10.10 is 1.51248; 17.99 is 6.00668 and 11.98332
        [("0.00", "14.98", "114.98"), ("0.00", "1.50", "11.55")],
        ("110.05", "0.00", "10.10", "17.99", "138.14"),
        ["6.01", "11.98"],
    ),
    Example(
        "Japanese consumption tax of 10 % in whole yen",
        "JPY",
        [(3, "333"), (1, "1")],
        "500",
        JAPANESE,
        [fixed("HUNDRED", "100")],
        # the discount of 100 is 99.9 and 0.1; the taxes are 89.9, 0.1 and 50
        [("100", "90", "989"), ("0", "0", "1")],
        ("1000", "100", "500", "140", "1540"),
        ["140"],
    ),
    Example(
        "three decimals of the Kuwaiti dinar",
        "KWD",
        [(3, "1.234")],
        "0.750",
        KUWAITI,
        [free_shipping("GRATIS"), percent("QUARTER", "25")],
        # 25 % of 3.702 is 0.9255; 5 % of 2.776 is 0.1388
        [("0.926", "0.139", "2.915")],
        ("3.702", "0.926", "0.000", "0.139", "2.915"),
        ["0.139"],
    ),
    Example(
        "nothing is left of the goods, and shipping is taxed",
        "EUR",
        [(1, "19.99"), (1, "0.01")],
        "4.90",
        GERMAN,
        [percent("ALL", "100"), fixed("FIVE", "5")],
        [("19.99", "0.00", "0.00"), ("0.01", "0.00", "0.00")],
        ("20.00", "20.00", "4.90", "0.78", "4.90"),
        ["0.78"],
    ),
]


def reckoned(cost: Cost) -> tuple[str, ...]:
    return tuple(str(part.amount) for part in (cost.subtotal, cost.discount, cost.shipping, cost.tax, cost.total))


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
def test_carts_cost_what_was_reckoned_by_hand(example: Example) -> None:
    cost = cost_of(example.basket())
    lines = [(str(each.discount.amount), str(each.tax.amount), str(each.total.amount)) for each in cost.lines.values()]
    assert lines == example.lines
    assert reckoned(cost) == example.cost
    assert [str(tax_line.amount.amount) for tax_line in cost.tax_lines] == example.tax_lines
    assert cost.tax_included == (example.rates == GERMAN)


def of_codes(codes: Sequence[EnteredCode], *lines: PricedLine) -> tuple[Cost, list[tuple[str, str | None]]]:
    cost = cost_of(Basket("USD", NOW, lines, codes, method(money("7.50"))))
    return cost, [(code.code, None if code.amount is None else str(code.amount.amount)) for code in cost.codes]


def test_percentages_act_before_fixed_amounts_and_these_before_free_shipping_each_on_what_is_left() -> None:
    codes = entered(free_shipping("AAA"), fixed("BBB", "5"), percent("DDD", "20"), percent("CCC", "10"))
    cost, amounts = of_codes(codes, line(1, money(100)))
    assert amounts == [("CCC", "10.00"), ("DDD", "18.00"), ("BBB", "5.00"), ("AAA", "7.50")]
    assert reckoned(cost) == ("100.00", "33.00", "0.00", "0.00", "67.00")


def test_a_code_for_a_category_touches_no_other_goods() -> None:
    cost, amounts = of_codes(
        entered(fixed("HATS", "30", HATS)),
        line(1, money(20), 1, HATS, SHOES),
        line(2, money(100), 1, SHOES),
        line(3, money(50)),
    )
    assert amounts == [("HATS", "20.00")]
    assert [str(each.discount.amount) for each in cost.lines.values()] == ["20.00", "0.00", "0.00"]


def test_free_shipping_for_a_category_needs_something_of_it_in_the_cart() -> None:
    _, without = of_codes(entered(free_shipping("HATS", HATS)), line(1, money(20), 1, SHOES))
    _, with_one = of_codes(
        entered(free_shipping("HATS", HATS)), line(1, money(20), 1, SHOES), line(2, money(0), 1, HATS)
    )
    assert (without, with_one) == ([("HATS", None)], [("HATS", "7.50")])


def test_shipping_that_is_free_twice_is_saved_once() -> None:
    _, amounts = of_codes(entered(free_shipping("BBB"), free_shipping("AAA")), line(1, money(20)))
    assert amounts == [("AAA", "7.50"), ("BBB", "0.00")]


def test_a_minimum_is_met_by_what_the_goods_cost_before_other_codes() -> None:
    needy = replace(fixed("FIVE", "5", HATS), minimum_subtotal=money(20))
    hats, shoes = line(1, money(10), 2, HATS), line(2, money(100), 1, SHOES)
    assert of_codes(entered(needy, percent("HALF", "50")), hats, shoes)[1] == [("HALF", "60.00"), ("FIVE", "5.00")]
    cost, amounts = of_codes(entered(needy), replace(hats, unit_price=money("9.99")), shoes)
    assert amounts == [("FIVE", None)]
    assert cost.codes[0].reason == "This code needs goods for $20.00 or more: $0.02 is missing."


def test_how_often_the_buyer_has_used_a_code_counts() -> None:
    once = replace(percent("ONCE", "10"), usage_limit_per_user=1)
    assert of_codes([EnteredCode(once, 0)], line(1, money(10)))[1] == [("ONCE", "1.00")]
    assert of_codes([EnteredCode(once, 1)], line(1, money(10)))[1] == [("ONCE", None)]


def test_a_discount_may_take_back_the_free_shipping_of_a_rate() -> None:
    rates = [shipping_rate(1, money("4.90"), money("50.00"))]
    basket = Basket("USD", NOW, [line(1, money(25), 2)])
    assert [way.price for way in methods(rates, "DE", 0, goods_of(basket))] == [money(0)]
    discounted = replace(basket, codes=entered(fixed("CENT", "0.01")))
    assert [way.price for way in methods(rates, "DE", 0, goods_of(discounted))] == [money("4.90")]
