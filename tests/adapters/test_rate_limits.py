"""One suite for both ways to count, and what only Redis can do to us."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from adapters.rate_limits import ANSWER_SECONDS, FEWEST_KEYS, MOST_KEYS, MemoryLimiter, RedisLimiter
from adapters.redis_connections import redis_client
from domain.shared.errors import RateLimited
from domain.shared.rates import Allowance, Limiter
from tests import valkey
from tests.valkey import Valkey

FIVE = (Allowance(5, 60),)
FOUR = (Allowance(4, 60),)
HOURLY = Allowance(3, 3_600)
PATIENCE_SECONDS = 60.0


@pytest.fixture(params=["memory", "redis"])
async def limiter(request: pytest.FixtureRequest, redis_url: str) -> AsyncGenerator[Limiter]:
    if request.param == "memory":
        yield MemoryLimiter()
        return
    async with closing(redis_url) as opened:
        yield opened


@pytest.fixture
def key() -> str:
    return f"{uuid4()}@shop.example"


@pytest.fixture
def server() -> Generator[Valkey]:
    """A Redis for this test alone, which may break it."""
    with valkey.running() as started:
        yield started


@asynccontextmanager
async def closing(url: str, answer_seconds: float = PATIENCE_SECONDS) -> AsyncGenerator[RedisLimiter]:
    """How it counts, and what it does without a Redis, is no matter of how busy the machine is."""
    limiter = RedisLimiter(url, answer_seconds)
    try:
        yield limiter
    finally:
        await limiter.close()


async def is_allowed(limiter: Limiter, key: str, allowances: Sequence[Allowance] = FIVE) -> bool:
    try:
        await limiter.hit("log-in", key, allowances)
    except RateLimited:
        return False
    return True


async def allowed_of(count: int, limiter: Limiter, key: str, allowances: Sequence[Allowance] = FIVE) -> int:
    return sum(await asyncio.gather(*(is_allowed(limiter, key, allowances) for _ in range(count))))


async def is_shared(limiter: RedisLimiter) -> None:
    """Wait until Redis counts again: a whole quota is allowed, not half of it."""
    for _ in range(1_500):
        if await allowed_of(2, limiter, str(uuid4()), (Allowance(2, 60),)) == 2:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("Redis does not count again")


async def test_of_a_hundred_tries_at_once_as_many_as_are_allowed_succeed(limiter: Limiter, key: str) -> None:
    assert await allowed_of(100, limiter, key) == 5


async def test_of_several_allowances_all_hold(limiter: Limiter, key: str) -> None:
    assert await allowed_of(100, limiter, key, (Allowance(5, 60), HOURLY, Allowance(50, 1))) == 3


async def test_what_one_allowance_refuses_is_not_counted_by_the_others(limiter: Limiter, key: str) -> None:
    wide, narrow = Allowance(5, 60), Allowance(2, 60)
    for order in ((wide, narrow), (narrow, wide)):
        for _ in range(20):
            await is_allowed(limiter, key, order)
        assert await allowed_of(20, limiter, key, (wide,)) == 3
        await limiter.forget("log-in", key, order)


async def test_after_the_told_time_it_is_allowed_again(limiter: Limiter, key: str) -> None:
    once = (Allowance(1, 1),)
    for _ in range(2):
        await limiter.hit("log-in", key, once)
        with pytest.raises(RateLimited) as refused:
            await limiter.hit("log-in", key, once)
        assert refused.value.retry_after in {1, 2}
        await asyncio.sleep(refused.value.retry_after)


async def test_the_told_time_is_that_of_the_last_window_to_have_room(limiter: Limiter, key: str) -> None:
    allowances = (Allowance(1, 1), Allowance(1, 3_600), Allowance(1, 60), Allowance(9, 86_400))
    await limiter.hit("log-in", key, allowances)
    for ask in (limiter.hit, limiter.check):
        with pytest.raises(RateLimited) as refused:
            await ask("log-in", key, allowances)
        assert 3_500 < refused.value.retry_after <= 3_600


async def test_a_moving_window_has_room_as_soon_as_its_oldest_try_is_past(limiter: Limiter, key: str) -> None:
    twice = (Allowance(2, 2),)
    await limiter.hit("log-in", key, twice)
    await asyncio.sleep(1.1)
    await limiter.hit("log-in", key, twice)
    with pytest.raises(RateLimited) as refused:
        await limiter.hit("log-in", key, twice)
    await asyncio.sleep(refused.value.retry_after)
    assert await allowed_of(5, limiter, key, twice) >= 1


async def test_what_is_forgotten_begins_anew(limiter: Limiter, key: str) -> None:
    both = (*FIVE, HOURLY)
    for _ in range(2):
        assert await allowed_of(10, limiter, key, both) == 3
        await limiter.forget("log-in", key, both)


async def test_to_check_counts_nothing(limiter: Limiter, key: str) -> None:
    for _ in range(20):
        await limiter.check("log-in", key, FIVE)
    assert await allowed_of(10, limiter, key) == 5
    with pytest.raises(RateLimited):
        await limiter.check("log-in", key, FIVE)


async def test_keys_and_names_are_counted_apart(limiter: Limiter, key: str) -> None:
    assert await allowed_of(10, limiter, key) == 5
    assert await allowed_of(10, limiter, f"{key} ") == 5
    await limiter.hit("reset", key, FIVE)
    with pytest.raises(RateLimited):
        await limiter.hit("log-in", key, FIVE)


async def test_without_an_allowance_nothing_is_refused(limiter: Limiter, key: str) -> None:
    assert await allowed_of(10, limiter, key, ()) == 10


async def test_any_text_can_be_a_key(limiter: Limiter) -> None:
    for key in ("", "\0", "\ud800", "ü" * 10_000, "a/b*{c}"):
        await limiter.forget("log-in", key, FIVE)
        assert await allowed_of(6, limiter, key) == 5


async def test_memory_lets_go_of_windows_that_are_over() -> None:
    limiter = MemoryLimiter()
    brief = (Allowance(5, 1),)
    for number in range(5 * FEWEST_KEYS):
        await limiter.hit("api", str(number), brief)
    await asyncio.sleep(1.1)
    for number in range(10 * FEWEST_KEYS):
        await limiter.hit("api", f"later {number}", (HOURLY,))
    assert limiter.windows <= 10 * FEWEST_KEYS


async def test_memory_has_a_bound_and_keeps_those_that_are_tried() -> None:
    limiter = MemoryLimiter()
    for number in range(2 * MOST_KEYS):
        await limiter.hit("api", str(number), (HOURLY,))
        if number % 1_000 == 0:
            await is_allowed(limiter, "guessed", (HOURLY,))
    assert MOST_KEYS // 2 < limiter.windows <= MOST_KEYS
    assert not await is_allowed(limiter, "guessed", (HOURLY,))
    assert await is_allowed(limiter, str(2 * MOST_KEYS - 1), (HOURLY,))


async def test_what_stops_waiting_leaves_the_limiter_in_order(limiter: Limiter, key: str) -> None:
    for round_ in range(20):
        tries = [asyncio.ensure_future(is_allowed(limiter, f"{key} {round_}")) for _ in range(20)]
        await asyncio.sleep(0.0005 * (round_ % 5))
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    assert await allowed_of(100, limiter, key) == 5


async def test_processes_share_what_redis_counts(redis_url: str, key: str) -> None:
    async with closing(redis_url) as one, closing(redis_url) as other:
        both = await asyncio.gather(allowed_of(50, one, key), allowed_of(50, other, key))
        assert sum(both) == 5
        await other.forget("log-in", key, FIVE)
        assert await allowed_of(10, one, key) == 5


async def test_redis_never_sees_the_key(server: Valkey) -> None:
    client: Any = redis_client(server.url, PATIENCE_SECONDS)
    async with closing(server.url) as limiter, aclosing(client):
        await allowed_of(10, limiter, "alice@shop.example", (*FIVE, HOURLY))
        names = await client.keys("*")
        assert len(names) == 2
        stored = b" ".join([name + b" ".join(await client.lrange(name, 0, -1)) for name in names])
        assert b"alice" not in stored
        assert b"shop.example" not in stored
        assert all([0 < await client.ttl(name) <= HOURLY.seconds for name in names])


async def test_while_redis_is_gone_half_as_much_is_allowed(server: Valkey, key: str) -> None:
    async with closing(server.url) as limiter:
        assert await allowed_of(3, limiter, key, FOUR) == 3
        server.kill()
        with capture_logs() as logs:
            assert await allowed_of(50, limiter, key, FOUR) == 2
            assert await allowed_of(50, limiter, "other", (Allowance(1, 60),)) == 1
            with pytest.raises(RateLimited):
                await limiter.check("log-in", key, FOUR)
            await limiter.forget("log-in", key, FOUR)
            await limiter.check("log-in", key, FOUR)
            server.start()
            await is_shared(limiter)
            assert await allowed_of(50, limiter, key, FOUR) == 4
        assert [(line["event"], line["log_level"]) for line in logs] == [
            ("Redis fails", "warning"),
            ("Redis works again", "info"),
        ]


async def test_a_redis_that_hangs_is_no_different_and_leaves_no_connection_stuck(server: Valkey, key: str) -> None:
    async with closing(server.url, 4 * ANSWER_SECONDS) as limiter:
        await limiter.hit("log-in", "before", FOUR)
        server.pause()
        assert await allowed_of(200, limiter, key, FOUR) == 2
        server.resume()
        await is_shared(limiter)
        assert await allowed_of(200, limiter, f"{key} later", FOUR) == 4


async def test_a_redis_that_was_restarted_between_two_tries_goes_unnoticed(server: Valkey, key: str) -> None:
    async with closing(server.url) as limiter:
        assert await allowed_of(50, limiter, key, FOUR) == 4
        server.restart()
        with capture_logs() as logs:
            assert await allowed_of(50, limiter, key, FOUR) == 4
        assert logs == []


async def test_a_redis_that_was_flushed_counts_anew(server: Valkey, key: str) -> None:
    client: Any = redis_client(server.url, PATIENCE_SECONDS)
    async with closing(server.url) as limiter, aclosing(client):
        assert await allowed_of(50, limiter, key) == 5
        await client.flushall()
        await client.script_flush()
        assert await allowed_of(50, limiter, key) == 5


async def test_a_redis_that_refuses_to_write_is_as_good_as_gone(server: Valkey, key: str) -> None:
    client: Any = redis_client(server.url, PATIENCE_SECONDS)
    async with closing(server.url) as limiter, aclosing(client):
        await client.config_set("maxmemory", "1")
        assert await allowed_of(50, limiter, key, FOUR) == 2


async def test_a_redis_that_was_never_there_is_as_good_as_gone(key: str) -> None:
    async with closing("redis://127.0.0.1:1/0") as limiter:
        assert await allowed_of(50, limiter, key, FOUR) == 2
