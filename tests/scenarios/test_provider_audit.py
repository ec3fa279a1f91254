"""`souk audit --provider` finds what our books and the provider's do not have in common."""

import asyncio

import pytest

from domain.payments.gateway import RefundOrder
from domain.payments.refund import RefundId, RefundReason
from domain.shared.ids import uuid7
from domain.shared.money import Money
from server.wiring import Shop
from tests import sql
from tests.command import Souk, fresh_home
from tests.paying import STAFF, Till

PAYMENTS = 12


@pytest.fixture
async def till(own_shop: Shop) -> Till:
    """With payments that were made, and one that the provider has never heard of."""
    till = await Till.of(own_shop)
    mug = await till.stall.variant(100)
    for _ in range(PAYMENTS):
        placed = await till.place(mug)
        assert placed.payment is not None
        await till.payments.confirm(STAFF, placed.payment.id, "pm_card_visa")
    await till.place(mug)
    await till.carry_out()
    return till


async def audit(till: Till) -> tuple[int, str, str]:
    with fresh_home() as home:
        souk = Souk(home, environment={"DATABASE_URL": till.shop.database.settings.url})
        done = await asyncio.to_thread(souk.run, "audit", "--provider")
        return done.returncode, done.stdout, done.stderr.strip()


async def test_books_that_are_alike_are_found_to_be(till: Till) -> None:
    code, out, failure = await audit(till)
    assert (code, failure) == (0, "")
    assert "The provider's books are ours." in out


async def test_every_difference_is_listed(till: Till) -> None:
    rows = await sql.rows(till.shop.database, "SELECT reference FROM payments WHERE reference IS NOT NULL ORDER BY id")
    for row in rows[:2]:
        await till.gateway.refund(
            RefundOrder(RefundId(uuid7()), row[0], Money.of_units(100, "USD"), RefundReason.OTHER)
        )
    await sql.run(
        till.shop.database, "UPDATE payments SET reference = 'pi_lost' WHERE reference = :lost", lost=rows[2][0]
    )
    code, out, failure = await audit(till)
    assert code == 1
    assert failure == "souk: The provider's books are not ours: 5 differences, listed above."
    assert out.count("that the shop does not have.") == 2
    assert out.count("it has given back 0.00 USD, the provider says 1.00 USD.") == 2
    assert "(pi_lost): the provider does not know it (resource_missing)." in out
