"""What a cart comes to, how it can be shipped, and what stands in the way of placing it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.carts.cart import MOST_UNITS, Cart
from domain.carts.checkout import UNKNOWN_CODE, Checkout, Facts, Offer
from domain.carts.quotes import VALID
from domain.pricing.shipping import ShippingRateId
from domain.products.inventory import VariantId
from domain.users.address import Address
from tests.domain.baskets import (
    CATEGORIES,
    NOW,
    fixed,
    free_shipping,
    money,
    percent,
    shipping_rate,
    some,
    tax,
)
from tests.domain.shoppers import HOME, POST, cart, cart_line, facts, line_id, offer, ready, reckoned

MUG = offer(1)
READY = ready(cart_line(1, 2))
ABROAD = Address("2 Low Street", "York", "GB")


def told(checkout: Checkout) -> list[tuple[str, object, bool]]:
    return [(problem.code.value, problem.line and problem.line.id, problem.blocks) for problem in checkout.problems]


def obstacle(code: str, line: object = None) -> tuple[str, object, bool]:
    return code, line, True


# What stands in the way


def test_a_cart_in_whose_way_nothing_stands_has_a_quote() -> None:
    checkout = reckoned(READY, facts(MUG))
    assert (checkout.problems, checkout.obstacles) == ([], [])
    assert checkout.quote is not None
    assert checkout.quote.total == checkout.cost.total == money("25")
    assert checkout.quote.expires_at == NOW + VALID
    assert dict(checkout.quote.prices) == {line_id(1): money("10")}


@pytest.mark.parametrize(
    ("cart", "facts", "problems"),
    [
        (ready(), facts(), [obstacle("CART_EMPTY")]),
        (cart(), facts(), [obstacle("CART_EMPTY")]),
        (ready(cart_line(1)), facts(), [obstacle("CART_EMPTY")]),  # its only variant is gone
        (replace(READY, email=None), facts(MUG), [obstacle("CART_INCOMPLETE")]),
        (replace(READY, shipping_address=None), facts(MUG), [obstacle("CART_INCOMPLETE")]),
        (replace(READY, shipping_rate_id=None), facts(MUG), [obstacle("CART_INCOMPLETE")]),
        (cart(cart_line(1)), facts(MUG), [obstacle("CART_INCOMPLETE")] * 2),
        (replace(READY, shipping_address=ABROAD), facts(MUG), [obstacle("SHIPPING_NOT_AVAILABLE")]),
        (READY, facts(MUG, rates=[]), [obstacle("SHIPPING_NOT_AVAILABLE")]),
        (READY, facts(MUG, rates=[replace(POST, active=False)]), [obstacle("SHIPPING_NOT_AVAILABLE")]),
        (READY, facts(MUG, rates=[replace(POST, max_weight_grams=199)]), [obstacle("SHIPPING_NOT_AVAILABLE")]),
        (
            replace(READY, shipping_rate_id=ShippingRateId(UUID(int=9))),
            facts(MUG),
            [obstacle("SHIPPING_NOT_AVAILABLE")],
        ),
        (READY, facts(offer(1, stock=1)), [obstacle("INSUFFICIENT_STOCK", line_id(1))]),
        (READY, facts(offer(1, stock=0)), [obstacle("INSUFFICIENT_STOCK", line_id(1))]),
        (READY, facts(offer(1, for_sale=False)), [obstacle("NOT_AVAILABLE", line_id(1))]),
        (READY, facts(offer(1, for_sale=False, stock=0)), [obstacle("NOT_AVAILABLE", line_id(1))]),
        (READY, facts(offer(1, "12")), [("QUOTE_CHANGED", line_id(1), False)]),
        (
            READY,
            facts(offer(1, "9.99", stock=1)),
            [obstacle("INSUFFICIENT_STOCK", line_id(1)), ("QUOTE_CHANGED", line_id(1), False)],
        ),
        (READY, facts(offer(1, stock=2)), []),
    ],
)
def test_each_problem_is_told_with_its_line_and_there_is_a_quote_if_none_blocks(
    cart: Cart, facts: Facts, problems: Sequence[tuple[str, object, bool]]
) -> None:
    checkout = reckoned(cart, facts)
    assert told(checkout) == problems
    assert (checkout.quote is None) is any(blocks for _, _, blocks in problems)
    assert all(problem.message.endswith((".", "it.")) for problem in checkout.problems)


def test_problems_say_what_is_wrong_in_words() -> None:
    few = reckoned(READY, facts(offer(1, "12", stock=1)))
    assert [problem.message for problem in few.problems] == [
        "Mug, M: 2 are wanted, and 1 in stock.",
        "Mug, M costs 12.00 now; it was 10.00.",
    ]


def test_what_is_charged_is_the_price_of_now_not_the_one_that_was_seen() -> None:
    checkout = reckoned(READY, facts(offer(1, "12")))
    assert checkout.lines[0].unit_price == money("12")
    assert checkout.cost.subtotal == money("24")
    assert checkout.quote is not None
    assert checkout.quote.prices[line_id(1)] == money("12")


def test_a_line_whose_variant_is_gone_is_left_out() -> None:
    checkout = reckoned(ready(cart_line(1), cart_line(2)), facts(MUG))
    assert [line.id for line in checkout.lines] == [line_id(1)]
    assert checkout.cost.subtotal == money("10")
    assert checkout.problems == []


@some
@given(st.data())
def test_there_is_a_quote_if_and_only_if_nothing_blocks_and_it_is_what_it_costs(data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(1, 4), unique=True))
    lines = [cart_line(number, data.draw(st.integers(1, 4))) for number in numbers]
    offers = [
        offer(
            number,
            data.draw(st.sampled_from(["0", "9.99", "10"])),
            stock=data.draw(st.none() | st.integers(0, 5)),
            for_sale=data.draw(st.booleans() | st.just(value=True)),
        )
        for number in data.draw(st.lists(st.integers(1, 4), unique=True))
    ]
    wanted = replace(
        cart(*lines, codes=data.draw(st.lists(st.sampled_from(["HALF", "TEN", "NONE"]), unique=True))),
        email=data.draw(st.none() | st.just("ann@shop.example")),
        shipping_address=data.draw(st.sampled_from([None, HOME, HOME, ABROAD])),
        shipping_rate_id=data.draw(st.sampled_from([None, POST.id, ShippingRateId(UUID(int=9))])),
    )
    checkout = reckoned(wanted, facts(*offers, codes=[percent("HALF", "50"), fixed("TEN", "10")]))
    assert (checkout.quote is None) is bool(checkout.obstacles)
    assert {problem.code.value for problem in checkout.problems if not problem.blocks} <= {"QUOTE_CHANGED"}
    assert sum((line.total for line in checkout.lines), checkout.cost.shipping) == checkout.cost.total
    assert {code.code for code in checkout.codes} == {*wanted.codes}
    if checkout.quote is not None:
        assert checkout.method is not None
        assert checkout.quote.total == checkout.cost.total
        assert checkout.quote.prices == {line.id: line.unit_price for line in checkout.lines}
        assert all(line.quantity <= _left(offers, line.variant_id) for line in checkout.lines)


def _left(offers: Sequence[Offer], variant: VariantId) -> int:
    [stock] = [one.variant.inventory for one in offers if one.variant.id == variant]
    return stock.available if stock.tracked else MOST_UNITS


# How it can be shipped


def test_methods_are_those_that_go_there_and_take_the_weight_the_cheapest_first() -> None:
    rates = [
        replace(shipping_rate(2, money("9"), name="Courier"), max_weight_grams=None),
        replace(shipping_rate(3, money("3"), name="Letter"), max_weight_grams=1_999),
        replace(shipping_rate(4, money("7"), name="Parcel"), max_weight_grams=2_000),
        replace(shipping_rate(5, money("1"), name="Ferry"), countries=frozenset({"GB"})),
        replace(shipping_rate(6, money("1"), name="Old"), active=False),
    ]
    heavy = facts(offer(1, weight=900), offer(2, weight=200), offer(3, weight=None), rates=rates)
    wanted = ready(cart_line(1, 2), cart_line(2), cart_line(3, 10))
    checkout = reckoned(wanted, heavy)
    assert [method.name for method in checkout.methods] == ["Parcel", "Courier"]
    abroad = reckoned(replace(wanted, shipping_address=ABROAD), heavy)
    assert [method.name for method in abroad.methods] == ["Ferry"]
    assert reckoned(replace(wanted, shipping_address=None), heavy).methods == ()
    assert reckoned(ready(), heavy).methods == ()


@pytest.mark.parametrize(
    ("quantity", "codes", "price"),
    [(9, [], "5"), (10, [], "0"), (11, ["TENTH"], "5"), (12, ["TENTH"], "0"), (9, ["FREE"], "0")],
)
def test_shipping_is_free_from_a_price_of_the_goods_on_after_discounts(
    quantity: int, codes: Sequence[str], price: str
) -> None:
    wanted = ready(cart_line(1, quantity), codes=codes)
    rate = shipping_rate(1, money("5"), free_above=money("100"))
    shop = facts(MUG, rates=[rate], codes=[percent("TENTH", "10"), free_shipping("FREE")])
    assert reckoned(wanted, shop).cost.shipping == money(price)


def test_a_method_that_is_not_offered_any_more_is_not_charged() -> None:
    checkout = reckoned(READY, facts(MUG, rates=[replace(POST, active=False)]))
    assert checkout.method is None
    assert checkout.cost.shipping == money("0")


# Taxes


BERLIN = replace(HOME, region="Berlin")
TAXES = [
    tax(1, "0.19"),
    tax(2, "0.01", title="City", region="berlin"),
    tax(3, "0.5", title="Elsewhere", region="Bavaria"),
    replace(tax(4, "0.2", title="British"), country_code="GB"),
    replace(tax(5, "0.9", title="Old"), active=False),
]


@pytest.mark.parametrize(
    ("address", "titles", "amount"),
    [
        (None, [], "0"),
        (HOME, ["VAT"], "4.75"),
        (BERLIN, ["City", "VAT"], "5"),
        (replace(BERLIN, region=" BERLIN "), ["City", "VAT"], "5"),
        (replace(BERLIN, region="Hamburg"), ["VAT"], "4.75"),
    ],
)
def test_taxes_are_those_of_the_country_and_of_the_region(
    address: Address | None, titles: Sequence[str], amount: str
) -> None:
    checkout = reckoned(replace(READY, shipping_address=address), facts(MUG, taxes=TAXES))
    assert [line.title for line in checkout.cost.tax_lines] == titles
    assert checkout.cost.tax == money(amount)
    assert not checkout.cost.tax_included


def test_a_tax_that_is_included_is_part_of_the_price() -> None:
    checkout = reckoned(READY, facts(MUG, taxes=[tax(1, "0.25", included=True)]))
    assert checkout.cost.tax_included
    assert (checkout.cost.total, checkout.cost.tax) == (money("25"), money("5"))


# Codes


def test_codes_are_told_with_what_they_take_off_or_why_they_do_not_hold() -> None:
    late = replace(percent("LATE", "10"), starts_at=NOW + timedelta(seconds=1))
    over = replace(percent("OVER", "10"), ends_at=NOW)
    shelf = percent("SHELF", "10", CATEGORIES[1])
    much = replace(percent("MUCH", "10"), minimum_subtotal=money("20.01"))
    spent = replace(percent("SPENT", "10"), usage_limit=3, times_used=3)
    names = ["HALF", "LATE", "OVER", "SHELF", "MUCH", "SPENT", "NONE"]
    shop = facts(MUG, codes=[percent("HALF", "50"), late, over, shelf, much, spent])
    checkout = reckoned(replace(READY, codes=tuple(names)), shop)
    found = {code.code: code for code in checkout.codes}
    assert {name for name in names if found[name].applicable} == {"HALF"}
    assert found["HALF"].amount == checkout.cost.discount == money("10")
    assert found["NONE"].reason == UNKNOWN_CODE
    assert all(found[name].reason and found[name].amount is None for name in names if name != "HALF")
    # what does not hold stands in nobody's way: the price says so
    assert checkout.quote is not None


def test_a_code_holds_for_goods_below_its_category_alone() -> None:
    above, below, beside = CATEGORIES[:3]
    shop = facts(
        replace(offer(1), category_ids=frozenset({above, below})),
        offer(2, shelf=beside),
        codes=[percent("ABOVE", "50", above)],
    )
    checkout = reckoned(ready(cart_line(1), cart_line(2), codes=["ABOVE"]), shop)
    assert [line.discount for line in checkout.lines] == [money("5"), money("0")]
    assert [line.total for line in checkout.lines] == [money("5"), money("10")]


def test_an_amount_off_is_shared_among_the_lines_without_losing_a_cent() -> None:
    shop = facts(offer(1), offer(2), offer(3), codes=[fixed("TEN", "10")])
    checkout = reckoned(ready(cart_line(1), cart_line(2), cart_line(3), codes=["TEN"]), shop)
    assert [line.discount for line in checkout.lines] == [money("3.34"), money("3.33"), money("3.33")]
