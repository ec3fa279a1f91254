"""What can be done to a cart: nothing is lost but by the limits, a variant is one line, and lines keep their places."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.carts.cart import MOST_CODES, MOST_LINES, MOST_UNITS, Cart, CartId, counted, new_cart_id
from domain.carts.carts import opened
from domain.carts.errors import CartCompleted, CartVersionConflict
from domain.products.inventory import VariantId
from domain.shared.errors import Conflict, InvalidInput, NotFound, UserErrorCode
from domain.users.user import ANONYMOUS, Actor, UserId, UserRole
from tests.domain.baskets import money, some
from tests.domain.shoppers import ALL_PRICES, CODES, cart, cart_line, carts, line_id, priced, variant_id

ANN, BEN = UserId(UUID(int=1)), UserId(UUID(int=2))
WANTED = st.dictionaries(st.integers(1, 25).map(variant_id), st.integers(1, 5), max_size=8)


def units(of: Cart) -> Mapping[VariantId, int]:
    return {line.variant_id: line.quantity for line in of.lines}


def order(of: Cart) -> list[VariantId]:
    return [line.variant_id for line in of.lines]


def is_sound(changed: Cart) -> None:
    """One line for a variant, one id for a line, and no more of anything than there may be."""
    assert len({line.variant_id for line in changed.lines}) == len({line.id for line in changed.lines})
    assert len({line.id for line in changed.lines}) == len(changed.lines) <= MOST_LINES
    assert all(1 <= line.quantity <= MOST_UNITS for line in changed.lines)
    assert len({*changed.codes}) == len(changed.codes) <= MOST_CODES


def the_rest_is_as_before(changed: Cart, before: Cart, *but: str) -> None:
    same = {name: getattr(before, name) for name in but}
    assert replace(changed, **same) == before


# More of something


@some
@given(carts(), WANTED)
def test_what_is_added_is_there_besides_all_that_was(before: Cart, wanted: Mapping[VariantId, int]) -> None:
    total = {variant: units(before).get(variant, 0) + wanted.get(variant, 0) for variant in {*units(before), *wanted}}
    if any(quantity > MOST_UNITS for variant, quantity in total.items() if variant in wanted):
        with pytest.raises(InvalidInput):
            before.with_more([*wanted.items()], ALL_PRICES)
        return
    after = before.with_more([*wanted.items()], ALL_PRICES)
    is_sound(after)
    assert units(after) == total
    assert order(after) == [*order(before), *(variant for variant in wanted if variant not in units(before))]
    assert [line.id for line in after.lines][: len(before.lines)] == [line.id for line in before.lines]
    the_rest_is_as_before(after, before, "lines")


@some
@given(carts(), WANTED)
def test_the_price_that_is_seen_is_the_one_of_the_last_touch(before: Cart, wanted: Mapping[VariantId, int]) -> None:
    halved = replace(before, lines=tuple(replace(line, quantity=1) for line in before.lines))
    for line in halved.with_more([*wanted.items()], ALL_PRICES).lines:
        assert line.seen_price == (ALL_PRICES[line.variant_id] if line.variant_id in wanted else money("10"))


def test_what_has_no_price_is_not_for_sale() -> None:
    with pytest.raises(NotFound) as refused:
        cart().with_more([(variant_id(1), 1), (variant_id(2), 1)], priced(1))
    assert refused.value.field == ["lines", "1", "variantId"]


@pytest.mark.parametrize("quantity", [-1, 0, MOST_UNITS + 1, 2**31, 2**63])
def test_there_is_one_piece_at_least_and_not_too_many(quantity: int) -> None:
    for number, attempt in (
        (3, lambda: counted(quantity, 3)),
        (0, lambda: cart().with_more([(variant_id(1), quantity)], priced(1))),
        (1, lambda: cart().with_more([(variant_id(1), 1), (variant_id(1), quantity)], priced(1))),
    ):
        with pytest.raises(InvalidInput) as refused:
            attempt()
        wrong = refused.value
        assert (wrong.argument, wrong.reason) == (f"lines.{number}.quantity", UserErrorCode.OUT_OF_RANGE)


def test_a_line_takes_no_more_than_the_most_units() -> None:
    full = cart(cart_line(1, MOST_UNITS - 1)).with_more([(variant_id(1), 1)], priced(1))
    assert full.total_quantity == MOST_UNITS
    with pytest.raises(InvalidInput):
        full.with_more([(variant_id(1), 1)], priced(1))


def test_a_cart_takes_no_more_than_the_most_lines_but_more_of_these() -> None:
    full = cart(*(cart_line(number) for number in range(1, MOST_LINES + 1)))
    with pytest.raises(InvalidInput) as refused:
        full.with_more([(variant_id(MOST_LINES + 1), 1)], ALL_PRICES)
    assert (refused.value.argument, refused.value.reason) == ("lines", UserErrorCode.OUT_OF_RANGE)
    assert full.with_more([(variant_id(MOST_LINES), 1)], ALL_PRICES).total_quantity == MOST_LINES + 1


def test_what_is_wanted_twice_is_added_up() -> None:
    wanted = [(variant_id(1), 2), (variant_id(2), 1), (variant_id(1), 3)]
    assert units(cart().with_more(wanted, ALL_PRICES)) == {variant_id(1): 5, variant_id(2): 1}
    with pytest.raises(InvalidInput) as refused:
        cart().with_more([(variant_id(1), MOST_UNITS), (variant_id(2), 1), (variant_id(1), 1)], ALL_PRICES)
    assert refused.value.field == ["lines", "2", "quantity"]


# Other quantities, and fewer lines


@some
@given(carts(), st.data())
def test_quantities_are_set_and_lines_of_none_go(before: Cart, data: st.DataObject) -> None:
    ids = [line.id for line in before.lines]
    wanted = data.draw(st.dictionaries(st.sampled_from(ids), st.integers(0, 9)) if ids else st.just({}))
    after = before.with_quantities([*wanted.items()], ALL_PRICES)
    is_sound(after)
    assert [(line.id, line.quantity) for line in after.lines] == [
        (line.id, wanted.get(line.id, line.quantity)) for line in before.lines if wanted.get(line.id) != 0
    ]
    the_rest_is_as_before(after, before, "lines")


def test_a_line_whose_quantity_is_set_has_seen_the_price_of_now_if_there_is_one() -> None:
    before = cart(cart_line(1), cart_line(2), cart_line(3))
    after = before.with_quantities([(line_id(1), 9), (line_id(2), 2), (line_id(1), 2)], priced(1))
    assert [line.quantity for line in after.lines][:2] == [2, 2]
    assert [line.seen_price for line in after.lines] == [money("12.50"), money("10"), money("10")]


@some
@given(carts(), st.data())
def test_lines_that_are_taken_out_are_gone_and_the_others_stay(before: Cart, data: st.DataObject) -> None:
    ids = [line.id for line in before.lines]
    gone = data.draw(st.lists(st.sampled_from(ids)) if ids else st.just([]))
    after = before.without(gone)
    assert after.lines == tuple(line for line in before.lines if line.id not in gone)
    the_rest_is_as_before(after, before, "lines")


def test_a_line_of_another_cart_is_not_there() -> None:
    known, strange = cart(cart_line(1)), line_id(2)
    with pytest.raises(NotFound) as refused:
        known.with_quantities([(line_id(1), 2), (strange, 0)], {})
    assert refused.value.field == ["lines", "1", "lineId"]
    with pytest.raises(NotFound) as refused:
        known.without([line_id(1), strange])
    assert refused.value.field == ["lineIds", "1"]


@pytest.mark.parametrize("quantity", [-1, MOST_UNITS + 1, 2**31])
def test_a_quantity_that_is_set_is_one_that_can_be_bought(quantity: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        cart(cart_line(1)).with_quantities([(line_id(1), quantity)], {})
    assert (refused.value.argument, refused.value.reason) == ("lines.0.quantity", UserErrorCode.OUT_OF_RANGE)


# Codes


@some
@given(carts(), CODES)
def test_a_code_is_entered_once_and_taken_out_again(before: Cart, code: str) -> None:
    if code in before.codes:
        with pytest.raises(Conflict):
            before.with_code(code)
        assert before.without_code(code).codes == tuple(one for one in before.codes if one != code)
    elif len(before.codes) == MOST_CODES:
        with pytest.raises(InvalidInput):
            before.with_code(code)
    else:
        after = before.with_code(code)
        assert after.codes == (*before.codes, code)
        assert after.without_code(code) == before


def test_a_code_that_is_not_there_cannot_be_taken_out() -> None:
    with pytest.raises(NotFound) as refused:
        cart(codes=["SUMMER"]).without_code("summer")
    assert refused.value.field == ["code"]


# Two carts into one


@some
@given(carts(1), carts(2))
def test_a_merged_cart_has_everything_of_both_but_for_the_limits(guest: Cart, mine: Cart) -> None:
    merged = guest.merged_into(mine)
    is_sound(merged)
    both = {variant: units(mine).get(variant, 0) + units(guest).get(variant, 0) for variant in order(mine)}
    both |= {variant: quantity for variant, quantity in units(guest).items() if variant not in both}
    assert units(merged) == {variant: min(quantity, MOST_UNITS) for variant, quantity in both.items()}
    assert order(merged) == list(both)
    assert [line.id for line in merged.lines][: len(mine.lines)] == [line.id for line in mine.lines]
    assert merged.codes == tuple(dict.fromkeys((*mine.codes, *guest.codes)))[:MOST_CODES]
    for name in ("shipping_address", "billing_address", "shipping_rate_id", "phone"):
        assert getattr(merged, name) == (getattr(mine, name) or getattr(guest, name))
    assert merged.total_quantity <= mine.total_quantity + guest.total_quantity
    the_rest_is_as_before(
        merged, mine, "lines", "codes", "shipping_address", "billing_address", "shipping_rate_id", "phone"
    )


@some
@given(carts(1), carts(2))
def test_lines_of_a_guest_s_cart_get_ids_that_it_did_not_have(guest: Cart, mine: Cart) -> None:
    assert not {line.id for line in guest.merged_into(mine).lines} & {line.id for line in guest.lines}


def test_of_more_lines_than_there_may_be_those_of_one_s_own_cart_stay() -> None:
    mine = cart(*(cart_line(number) for number in range(1, MOST_LINES)))
    guest = cart(*(cart_line(number, 2) for number in (5, MOST_LINES + 1, MOST_LINES + 2)))
    merged = guest.merged_into(mine)
    assert order(merged) == [variant_id(number) for number in (*range(1, MOST_LINES), MOST_LINES + 1)]
    assert units(merged)[variant_id(5)] == 3


# Whose it is


def test_ids_of_carts_are_random_to_the_last_bit() -> None:
    ids = [new_cart_id() for _ in range(2_000)]
    assert len({*ids}) == len(ids)
    for bit in range(128):
        ones = sum(identity.int >> bit & 1 for identity in ids)
        assert 700 < ones < 1_300, bit


@pytest.mark.parametrize(
    ("owner", "actor", "may"),
    [
        (None, ANONYMOUS, True),
        (None, Actor(ANN), True),
        (ANN, Actor(ANN), True),
        (ANN, ANONYMOUS, False),
        (ANN, Actor(BEN), False),
        (ANN, Actor(BEN, UserRole.ADMIN), False),
    ],
)
def test_a_guest_s_cart_is_for_whoever_names_it_and_a_customer_s_for_them_alone(
    owner: UserId | None, actor: Actor, *, may: bool
) -> None:
    found = replace(cart(), user_id=owner)
    assert found.owner == (owner or CartId(found.id))
    if may:
        assert opened(found, actor) is found
        with pytest.raises(CartCompleted):
            opened(replace(found, order_id=UUID(int=9)), actor)
        return
    for one in (found, replace(found, order_id=UUID(int=9)), None):
        with pytest.raises(NotFound) as refused:
            opened(one, actor)
        assert (refused.value.message, refused.value.field) == ("There is no cart with this id.", ["cartId"])


def test_a_conflict_carries_the_cart_and_the_key_to_it() -> None:
    mine = replace(cart(), user_id=ANN)
    for one, key in ((mine, ANN), (cart(), cart().id)):
        conflict = CartVersionConflict(one)
        assert (conflict.cart, conflict.holds, conflict.reason.value) == (one, key, "CART_VERSION_CONFLICT")
        assert "3" in conflict.message
