"""A cart is saved with the lines that it has now, whatever it had before."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.carts.cart import Cart, CartLine, CartLineId, new_cart_id
from domain.shared.ids import uuid7
from domain.shared.money import Money
from persistence.carts.repository import SqlCarts
from persistence.connections import ConnectionSettings
from persistence.database import Database
from tests.selling import Market, market

AT = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
async def stall(empty_database: ConnectionSettings) -> AsyncGenerator[Market]:
    database = Database(empty_database)
    await database.open()
    yield await market(database)
    await database.close()


async def test_a_line_may_take_the_place_of_an_earlier_one_of_its_variant(stall: Market) -> None:
    variants = [await stall.variant(5) for _ in range(3)]
    lines = tuple(CartLine(CartLineId(uuid7()), one, 2, Money.of(Decimal(1), "USD")) for one in variants)
    new = replace(lines[0], id=CartLineId(uuid7()), quantity=3)
    empty = Cart(new_cart_id(), None, 0, "USD", None, None, None, None, None, (), (), None, AT, AT)
    async with stall.database.transaction() as transaction:
        carts = SqlCarts(transaction)
        cart = await carts.add(empty)
        for kept in (lines, (new, lines[2]), (), lines):
            cart = await carts.save(replace(cart, lines=kept))
            found = await carts.lock(cart.id)
            assert found is not None
            assert found.lines == kept
        assert cart.version == 4
