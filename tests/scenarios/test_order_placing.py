"""Many buyers at once, on real databases and over HTTP: nothing is sold twice, nobody is charged anything else."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import httpx
import pytest

from domain.carts.cart import CartId
from domain.carts.errors import QuoteChanged
from domain.orders.errors import InvalidTransition
from domain.orders.order import OrderCancelReason, OrderId
from domain.orders.placing import Placement
from domain.payments.wish import Wish
from domain.shared.errors import DomainError, Unavailable
from domain.users.user import ANONYMOUS, Actor, UserRole
from persistence.connections import ConnectionSettings
from persistence.database import Database
from resolvers import global_ids, loaders
from server.wiring import Shop
from tests import sql
from tests.command import Serving, Souk, fresh_home
from tests.connections import sent
from tests.people import person
from tests.selling import PRICE, SHIPPING, Market, books_agree, market
from tests.sizes import ALL_IN_ONE_ROW, BUYERS, CROSSING, IN_FLIGHT, KILLED_SERVERS, ORDER_KEYS

UNITS = 100
COPIES_OF_ONE = 20
PLACE = """mutation($input: OrderPlaceInput!) { orderPlace(input: $input) {
  order { id number status cost { total { amount } } lines { quantity } } accessToken
  userErrors { __typename code ... on InsufficientStockError { quantityRequested quantityAvailable } } } }"""
SOLD_OUT = [
    {
        "__typename": "InsufficientStockError",
        "code": "INSUFFICIENT_STOCK",
        "quantityRequested": 1,
        "quantityAvailable": 0,
    }
]
Answer = dict[str, Any]


@pytest.fixture
async def stall(empty_database: ConnectionSettings) -> AsyncGenerator[Market]:
    database = Database(empty_database)
    await database.open()
    yield await market(database)
    await database.close()


def wish(cart: CartId, key: str) -> Answer:
    return {"query": PLACE, "variables": {"input": {"cartId": global_ids.encode("Cart", cart), "idempotencyKey": key}}}


async def place_all(servers: Sequence[Serving], wishes: Sequence[Answer], at_once: int = IN_FLIGHT) -> list[Answer]:
    """What was answered, none of it an error of the server's."""
    replies = await sent([server.address for server in servers], wishes, at_once)
    assert Counter(reply.status for reply in replies) == {200: len(replies)}
    assert [reply.body for reply in replies if "errors" in reply.body] == []
    return [reply.body["data"]["orderPlace"] for reply in replies]


@pytest.fixture
def servers(empty_database: ConnectionSettings) -> Generator[Sequence[Serving]]:
    """Two processes over one database."""
    with fresh_home() as home, ExitStack() as running:
        yield [running.enter_context(Souk(home).serving(DATABASE_URL=empty_database.url)) for _ in range(2)]


async def test_a_hundred_units_make_a_hundred_orders_however_many_want_one(
    stall: Market, servers: Sequence[Serving]
) -> None:
    mug = await stall.variant(UNITS)
    carts = await stall.carts([{mug: 1}] * BUYERS)
    answers = await place_all(servers, [wish(cart, f"buyer {number}") for number, cart in enumerate(carts)])
    bought = [answer for answer in answers if answer["order"] is not None]
    assert len(bought) == len({answer["order"]["number"] for answer in bought}) == UNITS
    assert all(answer["userErrors"] == SOLD_OUT for answer in answers if answer["order"] is None)
    assert await stall.stock(mug) == (UNITS, UNITS)
    assert await stall.orders() == UNITS
    await books_agree(stall.database.settings)


async def test_a_placement_that_is_sent_twenty_times_at_once_is_one_order_and_answered_alike(
    stall: Market, servers: Sequence[Serving]
) -> None:
    mug = await stall.variant(ORDER_KEYS * 2)
    carts = await stall.carts([{mug: 1}] * ORDER_KEYS)
    for some in (carts[start : start + 50] for start in range(0, ORDER_KEYS, 50)):
        copies = [wish(cart, f"key of {cart}") for cart in some for _ in range(COPIES_OF_ONE)]
        answers = await place_all(servers, copies)
        for number in range(len(some)):
            alike = answers[number * COPIES_OF_ONE : (number + 1) * COPIES_OF_ONE]
            assert alike[0]["userErrors"] == []
            assert alike == [alike[0]] * COPIES_OF_ONE
    assert await stall.orders() == ORDER_KEYS
    assert await stall.stock(mug) == (ORDER_KEYS * 2, ORDER_KEYS)
    await books_agree(stall.database.settings)


async def test_carts_that_cross_each_other_never_wait_for_ever(stall: Market, servers: Sequence[Serving]) -> None:
    mugs = [await stall.variant(CROSSING) for _ in range(5)]
    there, back = dict.fromkeys(mugs, 1), dict.fromkeys(reversed(mugs), 1)
    carts = await stall.carts([there, back] * (CROSSING // 2))
    answers = await place_all(servers, [wish(cart, f"crossing {cart}") for cart in carts], ALL_IN_ONE_ROW)
    assert [answer["userErrors"] for answer in answers] == [[]] * CROSSING
    assert [await stall.stock(mug) for mug in mugs] == [(CROSSING, CROSSING)] * len(mugs)
    await books_agree(stall.database.settings)


async def test_a_server_that_is_killed_has_kept_every_order_that_it_told_of(
    stall: Market, empty_database: ConnectionSettings
) -> None:
    mug = await stall.variant(1_000_000)
    with fresh_home() as home:
        for time in range(KILLED_SERVERS):
            carts = await stall.carts([{mug: 2}] * 60)
            with Souk(home).serving(DATABASE_URL=empty_database.url) as server:
                told = await _until_killed(server, [wish(cart, f"{time} {cart}") for cart in carts])
            await _are_whole(stall, told)
            await books_agree(empty_database)
    # what was not told can be asked for again, and is there once
    assert await stall.orders() == await sql.value(stall.database, "SELECT count(DISTINCT cart_id) FROM orders")


async def _until_killed(server: Serving, wishes: Sequence[Answer]) -> list[Answer]:
    told: list[Answer] = []

    async def one(client: httpx.AsyncClient, wish: Answer) -> None:
        try:
            reply = await client.post("/graphql", json=wish)
        except httpx.TransportError:
            return
        told.append(reply.json()["data"]["orderPlace"])
        if len(told) == 1 + len(wishes) // 3:
            server.process.send_signal(signal.SIGKILL)

    async with httpx.AsyncClient(base_url=server.address, timeout=60.0) as client:
        await asyncio.gather(*(one(client, wish) for wish in wishes))
    assert len(told) > len(wishes) // 3
    return told


async def _are_whole(stall: Market, told: Sequence[Answer]) -> None:
    assert [answer["userErrors"] for answer in told] == [[]] * len(told)
    numbers = [answer["order"]["number"] for answer in told]
    whole = await sql.value(
        stall.database,
        "SELECT count(*) FROM orders o WHERE number = ANY(CAST(:numbers AS text[])) "
        "AND (SELECT sum(quantity_reserved) FROM order_lines l WHERE l.order_id = o.id) = 2 "
        "AND (SELECT count(*) FROM order_events e WHERE e.order_id = o.id) = 1 "
        "AND EXISTS (SELECT FROM carts c WHERE c.order_id = o.id)",
        numbers=numbers,
    )
    assert whole == len(numbers)


# what follows is about transactions, not about transports: the services, all at once


@pytest.fixture
async def own_market(own_shop: Shop) -> Market:
    return await market(own_shop.database)


async def place(
    shop: Shop, cart: CartId, quote_id: str | None = None, actor: Actor = ANONYMOUS
) -> OrderId | DomainError:
    """Again while somebody is in the way, or the machine is too busy: what follows is about what comes of it."""
    try:
        return (await shop.services.checkout_placing.place(actor, Placement(cart, quote_id), Wish())).order.id
    except Unavailable:
        return await place(shop, cart, quote_id)
    except DomainError as refused:
        return refused


async def cancel(shop: Shop, order: OrderId) -> str:
    staff = Actor((await person(shop, UserRole.ADMIN)).user.id, UserRole.ADMIN)
    try:
        await shop.services.orders.cancel(staff, order, OrderCancelReason.OTHER, None)
    except Unavailable:
        return await cancel(shop, order)
    except InvalidTransition as late:
        return type(late).__name__
    return "canceled"


async def test_what_is_canceled_and_expires_at_once_is_released_once(own_shop: Shop, own_market: Market) -> None:
    mug = await own_market.variant(40)
    orders = [await place(own_shop, cart) for cart in await own_market.carts([{mug: 2}] * 20)]
    assert await own_market.stock(mug) == (40, 40)
    await sql.run(own_market.database, "UPDATE orders SET expires_at = now() - interval '1 second'")
    done = await asyncio.gather(
        *(cancel(own_shop, order) for order in orders * 2 if not isinstance(order, DomainError)),
        *(own_shop.overdue.expire() for _ in range(3)),
    )
    canceled = done.count("canceled")
    assert canceled + sum(one for one in done if isinstance(one, int)) == 20
    assert {one for one in done if isinstance(one, str)} <= {"canceled", "InvalidTransition"}
    assert await own_market.stock(mug) == (40, 0)
    assert await own_market.orders("status = 'canceled'") == canceled
    await books_agree(own_market.database.settings)


async def test_expiry_of_many_orders_is_in_no_buyer_s_way(own_shop: Shop, own_market: Market) -> None:
    mugs = [await own_market.variant(500) for _ in range(4)]
    old = await own_market.carts([{mug: 1} for mug in mugs * 10])
    await asyncio.gather(*(place(own_shop, cart) for cart in old))
    await sql.run(
        own_market.database, "UPDATE orders SET expires_at = now() - interval '1 second' - random() * interval '1 hour'"
    )
    new = await own_market.carts([dict.fromkeys(mugs, 1)] * 40)
    ended, *bought = await asyncio.gather(own_shop.overdue.expire(), *(place(own_shop, cart) for cart in new))
    assert ended == 40
    assert [one for one in bought if isinstance(one, DomainError)] == []
    assert [await own_market.stock(mug) for mug in mugs] == [(500, 40)] * 4
    await books_agree(own_market.database.settings)


async def test_a_code_for_ten_is_used_by_ten(own_shop: Shop, own_market: Market) -> None:
    mug = await own_market.variant(100)
    await own_market.code("TEN", usage_limit=10)
    carts = await own_market.carts([{mug: 1}] * 60, codes=["TEN"])
    done = await asyncio.gather(*(place(own_shop, cart) for cart in carts))
    # who was too late for the code was told, or never shown its discount
    assert await own_market.orders("discount > 0") == 10
    assert await sql.value(own_market.database, "SELECT times_used FROM discount_codes") == 10
    assert {one.message for one in done if isinstance(one, DomainError)} <= {
        "The code TEN has been used up: go without it."
    }
    await books_agree(own_market.database.settings)


async def test_a_buyer_uses_a_code_as_often_as_one_buyer_may(own_shop: Shop, own_market: Market) -> None:
    mug = await own_market.variant(100)
    await own_market.code("TWICE", per_user=2)
    carts = await own_market.carts([{mug: 1}] * 12, codes=["TWICE"], email="one@shop.example")
    others = await own_market.carts([{mug: 1}] * 5, codes=["TWICE"])
    await asyncio.gather(*(place(own_shop, cart) for cart in (*carts, *others)))
    assert await own_market.orders("discount > 0 AND email = 'one@shop.example'") == 2
    assert await own_market.orders("discount > 0 AND email <> 'one@shop.example'") == 5
    await books_agree(own_market.database.settings)


async def test_two_codes_in_opposite_orders_never_wait_for_ever(own_shop: Shop, own_market: Market) -> None:
    mug = await own_market.variant(200)
    for code in ("FIRST", "SECOND"):
        await own_market.code(code, usage_limit=1_000)
    carts = await own_market.carts([{mug: 1}] * 20, codes=["FIRST", "SECOND"])
    carts += await own_market.carts([{mug: 1}] * 20, codes=["SECOND", "FIRST"])
    done = await asyncio.gather(*(place(own_shop, cart) for cart in carts))
    assert [one for one in done if isinstance(one, DomainError)] == []
    await books_agree(own_market.database.settings)


async def test_whatever_changes_meanwhile_the_quoted_total_is_charged_or_none(
    own_shop: Shop, own_market: Market
) -> None:
    mug = await own_market.variant(1_000)
    carts = await own_market.carts([{mug: 1}] * 40)
    quotes = await _quotes(own_shop, carts)
    assert {total for _, total in quotes} == {PRICE + SHIPPING}
    done, _ = await asyncio.gather(
        asyncio.gather(
            *(
                _after(number, own_shop, cart, quote)
                for number, (cart, (quote, _)) in enumerate(zip(carts, quotes, strict=True))
            )
        ),
        _dearer(own_market),
    )
    changed = [one for one in done if isinstance(one, DomainError)]
    assert {type(one) for one in changed} <= {QuoteChanged}
    assert await own_market.orders() == 40 - len(changed)
    assert await own_market.orders(f"total <> {PRICE + SHIPPING}") == 0
    await books_agree(own_market.database.settings)


async def _after(number: int, shop: Shop, cart: CartId, quote: str) -> OrderId | DomainError:
    await asyncio.sleep(number / 200)
    return await place(shop, cart, quote)


async def _quotes(shop: Shop, carts: Sequence[CartId]) -> list[tuple[str, Decimal]]:
    found = await shop.readers.carts.by_ids(carts)
    reckoned = loaders.build(shop.readers, ANONYMOUS, {}).checkout
    checkouts = await asyncio.gather(*(reckoned.load(found[cart]) for cart in carts))
    quotes = [checkout.quote for checkout in checkouts if checkout is not None]
    return [(quote.written(shop.services.signer), quote.total.amount) for quote in quotes if quote is not None]


async def _dearer(stall: Market) -> None:
    for number in range(10):
        await sql.run(stall.database, f"UPDATE product_variants SET price = 10 + {number}.5 * {number % 2}")
        await sql.run(stall.database, f"UPDATE shipping_rates SET price = 5 + {number % 3}")
        await asyncio.sleep(0.01)
