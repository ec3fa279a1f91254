"""Which products a list shows, and in which order."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.products.category import CategoryId
from domain.products.listing import (
    KEYS,
    NEWEST_FIRST,
    OptionFilter,
    PriceRange,
    ProductFilter,
    ProductSortField,
    price_range,
    product_order,
    visible,
)
from domain.products.product import ProductId, ProductStatus
from domain.shared.errors import Forbidden, InvalidInput

ACTIVE_ONLY = (ProductStatus.ACTIVE,)
SUBSETS = list(chain.from_iterable(combinations(ProductStatus, count) for count in range(len(ProductStatus) + 1)))
BOUNDS = st.none() | st.decimals(min_value=0, max_value=Decimal("999999999999999.9999"), allow_nan=False)
FULL = ProductFilter(
    ids=(ProductId(UUID(int=1)),),
    category_id=CategoryId(UUID(int=2)),
    price=PriceRange(Decimal(1), Decimal(2)),
    in_stock=True,
    on_sale=False,
    options=(OptionFilter("Size", ("M",)),),
    created_after=datetime(2026, 1, 1, tzinfo=UTC),
    updated_after=datetime(2026, 1, 2, tzinfo=UTC),
)


@pytest.mark.parametrize("statuses", SUBSETS)
def test_only_staff_chooses_statuses(statuses: tuple[ProductStatus, ...]) -> None:
    with pytest.raises(Forbidden, match="status"):
        visible(ProductFilter(), statuses, staff=False)
    assert visible(ProductFilter(), statuses, staff=True).statuses == statuses


def test_staff_sees_every_status_unless_it_chooses() -> None:
    assert set(visible(ProductFilter(), None, staff=True).statuses) == set(ProductStatus)


def test_everybody_else_sees_what_is_active() -> None:
    assert visible(ProductFilter(), None, staff=False).statuses == ACTIVE_ONLY


@pytest.mark.parametrize("staff", [True, False])
def test_who_looks_changes_nothing_but_the_statuses(*, staff: bool) -> None:
    seen = visible(FULL, None, staff=staff)
    changed = {name for name in ProductFilter.__slots__ if getattr(seen, name) != getattr(FULL, name)}
    assert changed == ({"statuses"} if staff else set())


@given(BOUNDS, BOUNDS)
def test_a_price_range_is_kept_exactly_or_refused_when_reversed(low: Decimal | None, high: Decimal | None) -> None:
    if low is not None and high is not None and low > high:
        with pytest.raises(InvalidInput) as refused:
            price_range(low, high)
        assert refused.value.argument == "price.min"
    else:
        assert price_range(low, high) == PriceRange(low, high)


@pytest.mark.parametrize("bound", ["-0.01", "-1", "1E+15", "1000000000000000", "1E+40"])
def test_a_bound_that_no_price_can_have_is_refused_by_name(bound: str) -> None:
    with pytest.raises(InvalidInput) as lower:
        price_range(Decimal(bound), None)
    with pytest.raises(InvalidInput) as upper:
        price_range(None, Decimal(bound))
    assert (lower.value.argument, upper.value.argument) == ("price.min", "price.max")


@pytest.mark.parametrize("bound", ["0", "0.0001", "999999999999999.9999"])
def test_a_range_may_be_one_price(bound: str) -> None:
    assert price_range(Decimal(bound), Decimal(bound)) == PriceRange(Decimal(bound), Decimal(bound))


@pytest.mark.parametrize("field", ProductSortField)
def test_every_order_has_a_key_of_its_own_name(field: ProductSortField) -> None:
    rising, falling = (product_order(field, descending=descending) for descending in (False, True))
    assert rising.name == falling.name == field.value
    assert rising.key is falling.key is KEYS[field]
    assert rising.descending is not falling.descending
    assert rising.tag != falling.tag


@pytest.mark.parametrize("field", ProductSortField)
def test_ascending_begins_with_the_smallest_but_with_the_first_of_a_ranking(field: ProductSortField) -> None:
    ranked = field in {ProductSortField.BEST_SELLING, ProductSortField.RELEVANCE}
    assert product_order(field, descending=False).descending is ranked


def test_the_newest_come_first_where_nothing_is_said() -> None:
    assert product_order(ProductSortField.CREATED_AT, descending=True) == NEWEST_FIRST
