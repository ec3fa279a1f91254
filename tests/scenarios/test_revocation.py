"""A session that ends in one process has ended in all of them, whatever carries the news, or does not."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

from adapters.redis_connections import redis_client
from domain.shared.errors import InvalidToken
from persistence.connections import ConnectionSettings
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import valkey
from tests.conftest import Statements
from tests.generous import GenerousLimiter
from tests.graphql.accounts.mutations import opened, send, session_id
from tests.people import PASSWORD, Person, person, signed_in

PATIENCE = 60.0
"""Seconds until a test that hangs fails. A second is promised, which a busy test machine may not keep."""
OTHER = "another four random words"


class Closing(Protocol):
    async def close(self) -> None: ...


async def ready(shop: Shop) -> Shop:
    """Until it has read which sessions were revoked, it believes no token."""
    async with asyncio.timeout(PATIENCE):
        while not shop.identities.revoked.loaded:  # noqa: ASYNC110  (nobody is told when it has)
            await asyncio.sleep(0.01)
    return shop


@asynccontextmanager
async def two_processes(url: str, redis_url: str | None = None) -> AsyncGenerator[tuple[Shop, Shop]]:
    """As good as: they share a database, perhaps a Redis, and nothing else."""
    async with opened(url, redis_url=redis_url) as one, opened(url, redis_url=redis_url) as two:
        yield await ready(one), await ready(two)


async def silence(shop: Shop) -> None:
    """It neither hears nor tells anything from now on."""
    await cast("Closing", shop.identities.revoked._signals).close()  # pyright: ignore[reportPrivateUsage]


def believes(shop: Shop, who: Person) -> bool:
    try:
        return shop.identities.identify(who.tokens.access_token).actor == who.actor
    except InvalidToken:
        return False


async def noticed(shop: Shop, *ended: Person) -> float:
    """How many seconds it took until `shop` refuses them."""
    begin = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        for one in ended:
            assert one.actor.session_id
            await shop.identities.revoked.until(one.actor.session_id)
    assert not any(believes(shop, one) for one in ended)
    return time.perf_counter() - begin


async def end_in_every_way(one: Shop, two: Shop) -> None:
    """Whatever ends sessions in the first process ends them in the second, and no others."""
    ann, ben = await person(one), await person(one)
    devices = [await signed_in(one, ann.user) for _ in range(4)]
    assert all(believes(shop, who) for shop in (one, two) for who in (ann, ben, *devices))
    await send(one, "userLogout", {}, devices[0])
    await noticed(two, devices[0])
    await send(one, "sessionRevoke", {"id": session_id(devices[1])}, ann)
    await noticed(two, devices[1])
    await send(one, "userPasswordChange", {"currentPassword": PASSWORD, "newPassword": OTHER}, ann)
    await noticed(two, *devices[2:])
    assert believes(two, ann)
    last = await signed_in(one, ann.user)
    await send(one, "userDelete", {"password": OTHER}, ann)
    await noticed(two, ann, last)
    assert believes(two, ben)
    assert not any(believes(shop, who) for shop in (one, two) for who in (ann, last, *devices))


async def test_over_postgresql_every_process_hears_of_it(empty_database: ConnectionSettings) -> None:
    async with two_processes(empty_database.url) as (one, two):
        await end_in_every_way(one, two)


async def test_over_redis_every_process_hears_of_it_and_emptying_redis_forgets_nothing(
    empty_database: ConnectionSettings, redis_url: str
) -> None:
    async with two_processes(empty_database.url, redis_url) as (one, two):
        await end_in_every_way(one, two)
        ann = await person(one)
        await send(one, "userLogout", {}, ann)
        await noticed(two, ann)
        client: Any = redis_client(redis_url, PATIENCE)  # partly untyped there
        await client.flushall()
        await client.aclose()
        await two.identities.revoked.look()
        assert not believes(one, ann)
        assert not believes(two, ann)
        async with opened(empty_database.url, redis_url=redis_url) as three:
            assert not believes(await ready(three), ann)


async def test_a_process_that_hears_nothing_any_more_looks_for_itself(empty_database: ConnectionSettings) -> None:
    async with two_processes(empty_database.url) as (one, two):
        await silence(two)
        await end_in_every_way(one, two)


async def test_a_process_that_can_tell_nobody_is_noticed_all_the_same(empty_database: ConnectionSettings) -> None:
    async with two_processes(empty_database.url) as (one, two):
        await silence(one)
        await end_in_every_way(one, two)


async def test_when_redis_is_gone_every_process_looks_for_itself(empty_database: ConnectionSettings) -> None:
    with valkey.running() as redis:
        async with two_processes(empty_database.url, redis.url) as (one, two):
            redis.kill()
            await end_in_every_way(one, two)


async def test_a_process_that_starts_later_knows_what_ended_before(empty_database: ConnectionSettings) -> None:
    async with opened(empty_database.url) as one:
        ann, ben = await person(await ready(one)), await person(one)
        await send(one, "userLogout", {}, ann)
        async with opened(empty_database.url) as later:
            assert not believes(await ready(later), ann)
            assert believes(later, ben)


async def test_who_is_told_only_by_the_database_is_refused_too(empty_database: ConnectionSettings) -> None:
    """Such as by a command that sets a password anew, and has no signals."""
    async with two_processes(empty_database.url) as (one, two):
        ann, admin = await person(one), await person(one)
        async with one.services.accounts.begin() as work:
            ended = await work.sessions.revoke(ann.user.id, one.services.accounts.clock())
            await work.commit()
        assert list(ended) == [ann.actor.session_id]
        await asyncio.gather(noticed(one, ann), noticed(two, ann))
        assert believes(two, admin)


async def test_to_know_who_somebody_is_costs_no_statement(
    empty_database: ConnectionSettings,
) -> None:
    statements = Statements()
    settings = read_settings(database_url=empty_database.url, public_url="http://shop.example")
    async with open_shop(settings, statements, GenerousLimiter()) as shop:
        ann = await person(await ready(shop))
        statements.clear()
        assert all(believes(shop, ann) for _ in range(100))
        assert statements.seen == []
