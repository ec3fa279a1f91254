"""How often somebody may try, by a clock that tests set."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.rate_limits import MemoryLimiter
from domain.shared.errors import RateLimited
from domain.shared.rates import Allowance
from domain.users.throttling import FAILURES, LETTERS, TRIES, Throttle, network
from domain.users.user import UNKNOWN, Client

HERE, ELSEWHERE = Client("192.0.2.1"), Client("198.51.100.7")
ANN, BEN = "ann@shop.example", "ben@shop.example"
HOUR, DAY = 3_600, 86_400


class Windows:
    """Moving windows by a clock of their own. Implements `domain.shared.rates.Limiter`."""

    def __init__(self) -> None:
        self.at = 0.0
        self.hits: dict[tuple[str, str], list[float]] = {}

    async def hit(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        await self.check(name, key, allowances)
        self.hits.setdefault((name, key), []).append(self.at)

    async def check(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        hits = self.hits.get((name, key), [])
        waits = [self._wait(hits, allowance) for allowance in allowances]
        if any(wait > 0 for wait in waits):
            raise RateLimited(int(max(waits)))

    async def forget(self, name: str, key: str, allowances: Sequence[Allowance]) -> None:
        del allowances
        self.hits.pop((name, key), None)

    def _wait(self, hits: Sequence[float], allowance: Allowance) -> float:
        """Seconds until there is room; what is as old as the window counts no more."""
        inside = [hit for hit in hits if hit > self.at - allowance.seconds]
        return inside[-allowance.times] + allowance.seconds - self.at if len(inside) >= allowance.times else 0


class Door:
    """Somebody at a door, with all the time of the world."""

    def __init__(self) -> None:
        self.windows = Windows()
        self.throttle = Throttle(self.windows)

    async def try_and_fail(self, client: Client = HERE, account: str | None = ANN) -> int:
        """How long they had to wait before they could."""
        waited = 0
        while True:
            try:
                await self.throttle.admit(client, account)
            except RateLimited as limited:
                waited += limited.retry_after
                self.windows.at += limited.retry_after
                continue
            await self.throttle.failed(client, account)
            return waited


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8:1:2::9", "2001:db8:1:2:0::9"),
        ("fe80::1%eth0", "fe80::2%eth1"),
    ],
)
def test_addresses_of_one_household_are_one_place(one: str, another: str) -> None:
    assert network(one) == network(another)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("192.0.2.1", "192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("testclient", "another"),
    ],
)
def test_other_addresses_are_other_places(one: str, another: str) -> None:
    assert network(one) != network(another)


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1))
def test_the_last_64_bits_of_ipv6_make_no_difference(address: int, rest: int) -> None:
    one = IPv6Address(address)
    another = IPv6Address((address >> 64 << 64) | rest)
    if one.ipv4_mapped is None and another.ipv4_mapped is None:
        assert network(str(one)) == network(str(another))


@given(st.integers(0, 2**32 - 1))
def test_ipv4_is_counted_as_it_is_also_when_it_is_mapped(address: int) -> None:
    assert network(str(IPv4Address(address))) == network(f"::ffff:{IPv4Address(address)}") == str(IPv4Address(address))


@pytest.mark.parametrize("limiter", [Windows, MemoryLimiter])
async def test_three_tries_at_once_are_allowed(limiter: type[Windows | MemoryLimiter]) -> None:
    throttle = Throttle(limiter())
    for _ in range(3):
        await throttle.admit(HERE, ANN)
    with pytest.raises(RateLimited) as limited:
        await throttle.admit(HERE, ANN)
    assert 1 <= limited.value.retry_after <= 11


@pytest.mark.parametrize("limiter", [Windows, MemoryLimiter])
async def test_after_ten_failures_one_waits_for_minutes(limiter: type[Windows | MemoryLimiter]) -> None:
    throttle = Throttle(limiter())
    for _ in range(10):
        await throttle.failed(HERE, ANN)
    for client, account in ((HERE, BEN), (ELSEWHERE, ANN), (HERE, None)):
        with pytest.raises(RateLimited) as limited:
            await throttle.admit(client, account)
        assert 290 <= limited.value.retry_after <= 301
    await throttle.admit(ELSEWHERE, BEN)


async def test_five_tries_a_minute_are_allowed(door: Door) -> None:
    for _ in range(600):
        with suppress(RateLimited):
            await door.throttle.admit(HERE)
        door.windows.at += 1
    hits = door.windows.hits["place.tries", "192.0.2.1"]
    assert len(hits) == 50
    assert all(sum(begin <= hit < begin + 60 for hit in hits) <= 5 for begin in hits)


async def test_every_try_counts_for_the_place_and_for_the_account(door: Door) -> None:
    for _ in range(3):
        await door.throttle.admit(HERE, ANN)
    for client, account in ((HERE, BEN), (ELSEWHERE, ANN), (UNKNOWN, ANN)):
        with pytest.raises(RateLimited):
            await door.throttle.admit(client, account)
    await door.throttle.admit(ELSEWHERE, BEN)


async def test_who_is_nowhere_and_nobody_is_not_counted(door: Door) -> None:
    for _ in range(100):
        await door.throttle.admit(UNKNOWN)


async def test_who_keeps_on_failing_waits_longer_and_longer_up_to_an_hour(door: Door) -> None:
    waits = [await door.try_and_fail() for _ in range(100)]
    longest = [max(waits[begin : begin + 5]) for begin in (0, 5, 10, 15, 20)]
    assert longest == sorted(longest)
    assert longest[0] <= 60
    assert max(waits) > 1_200
    assert max(waits) <= HOUR


async def test_guessing_day_and_night_from_one_place_is_twenty_tries_an_hour(door: Door) -> None:
    tries = 0
    while door.windows.at < DAY:
        await door.try_and_fail()
        tries += 1
    assert tries <= 20 * 24 + 20


async def test_guessing_from_everywhere_does_not_help_against_one_account(door: Door) -> None:
    tries = 0
    while door.windows.at < DAY:
        await door.try_and_fail(Client(f"198.51.{tries // 250}.{tries % 250}"))
        tries += 1
    assert tries <= 20 * 24 + 20


async def test_who_gets_in_has_no_failures_any_more_but_the_place_has(door: Door) -> None:
    for _ in range(9):
        await door.try_and_fail()
    await door.throttle.succeeded(ANN)
    door.windows.at += 60
    await door.throttle.admit(HERE, ANN)
    await door.throttle.failed(HERE, ANN)
    with pytest.raises(RateLimited):
        await door.throttle.failed(HERE, BEN)
    await door.throttle.admit(ELSEWHERE, ANN)


async def test_three_letters_an_hour_go_to_an_address_from_wherever_they_are_asked_for(door: Door) -> None:
    for number in range(3):
        await door.throttle.admit_letter(Client(f"192.0.2.{number}"), ANN)
    with pytest.raises(RateLimited) as limited:
        await door.throttle.admit_letter(ELSEWHERE, ANN)
    assert limited.value.retry_after == HOUR
    await door.throttle.admit_letter(ELSEWHERE, BEN)


async def test_asking_for_letters_counts_as_trying(door: Door) -> None:
    for number in range(3):
        await door.throttle.admit_letter(HERE, f"{number}@shop.example")
    with pytest.raises(RateLimited):
        await door.throttle.admit_letter(HERE, ANN)


def test_the_limits_are_the_promised_ones() -> None:
    assert Allowance(5, 60) in TRIES
    assert min(one.times for one in TRIES) == 3
    assert max(one.seconds for one in FAILURES) == timedelta(hours=1).total_seconds()
    assert list(LETTERS) == [Allowance(3, HOUR)]
