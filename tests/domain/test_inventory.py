"""Stock of one variant."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.products.inventory import Inventory, StockStatus, VariantId
from domain.products.product import ProductId, ProductVariant
from domain.shared.money import Money

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def stock(tracked: bool, on_hand: int, reserved: int = 0, threshold: int = 10) -> Inventory:  # noqa: FBT001
    return Inventory(tracked, on_hand, reserved, threshold, VariantId(UUID(int=0)))


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    on_hand = draw(st.integers(0, 200))
    return stock(draw(st.booleans()), on_hand, draw(st.integers(0, on_hand)), draw(st.integers(0, 50)))


def variant(inventory: Inventory) -> ProductVariant:
    price = Money.of(Decimal(5), "USD")
    nothing = UUID(int=0)
    return ProductVariant(
        VariantId(nothing), ProductId(nothing), "M", None, None, price, None, None, None, inventory, NOW, NOW
    )


@pytest.mark.parametrize(
    ("on_hand", "reserved", "threshold", "status"),
    [
        (0, 0, 10, StockStatus.OUT_OF_STOCK),
        (5, 5, 10, StockStatus.OUT_OF_STOCK),
        (5, 5, 0, StockStatus.OUT_OF_STOCK),
        (1, 0, 10, StockStatus.LOW_STOCK),
        (10, 0, 10, StockStatus.LOW_STOCK),
        (30, 20, 10, StockStatus.LOW_STOCK),
        (11, 0, 10, StockStatus.IN_STOCK),
        (31, 20, 10, StockStatus.IN_STOCK),
        (1, 0, 0, StockStatus.IN_STOCK),
    ],
)
def test_stock_that_is_counted_is_out_low_or_in(
    on_hand: int, reserved: int, threshold: int, status: StockStatus
) -> None:
    assert stock(tracked=True, on_hand=on_hand, reserved=reserved, threshold=threshold).status is status


def test_stock_that_is_not_counted_never_runs_out() -> None:
    uncounted = stock(tracked=False, on_hand=0)
    assert uncounted.for_sale
    assert uncounted.status is StockStatus.IN_STOCK
    assert variant(uncounted).quantity_available is None


@given(inventories())
def test_what_is_on_hand_is_available_or_reserved(inventory: Inventory) -> None:
    assert inventory.available + inventory.reserved == inventory.on_hand
    assert inventory.available >= 0


@given(inventories())
def test_only_what_is_for_sale_is_not_out_of_stock(inventory: Inventory) -> None:
    assert inventory.for_sale is (inventory.status is not StockStatus.OUT_OF_STOCK)
    assert inventory.for_sale is (not inventory.tracked or inventory.available > 0)


@given(inventories())
def test_low_stock_is_at_most_the_threshold_and_at_least_one(inventory: Inventory) -> None:
    low = inventory.status is StockStatus.LOW_STOCK
    assert low is (inventory.tracked and 0 < inventory.available <= inventory.low_stock_threshold)


@given(inventories())
def test_reserving_one_more_never_raises_the_status(inventory: Inventory) -> None:
    order = (StockStatus.OUT_OF_STOCK, StockStatus.LOW_STOCK, StockStatus.IN_STOCK)
    if inventory.available:
        after = replace(inventory, reserved=inventory.reserved + 1)
        assert order.index(after.status) <= order.index(inventory.status)


@given(inventories())
def test_a_variant_says_what_its_inventory_says(inventory: Inventory) -> None:
    one = variant(inventory)
    assert one.available_for_sale is inventory.for_sale
    assert one.stock_status is inventory.status
    assert one.quantity_available == (inventory.available if inventory.tracked else None)
