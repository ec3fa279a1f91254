"""That there is an account can't be told by how long the answer takes.

Known and unknown are asked for in turn, so that whatever else the machine does falls on both alike. Run it alone.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from server.wiring import Shop
from tests import sizes
from tests.graphql.accounts.mutations import send
from tests.people import person

Given = Callable[[str], Mapping[str, Any]]
# how often for each: what takes two milliseconds is disturbed more by whatever else there is than what takes seventy
CASES: Mapping[str, tuple[int, Given]] = {
    "userLogin": (sizes.TIMED, lambda email: {"email": email, "password": "not the password"}),
    "passwordResetRequest": (20 * sizes.TIMED, lambda email: {"email": email}),
}


async def seconds(shop: Shop, name: str, given: Mapping[str, Any]) -> float:
    begin = time.perf_counter()
    await send(shop, name, given)
    return time.perf_counter() - begin


@pytest.mark.parametrize("name", CASES)
async def test_it_takes_as_long_for_who_has_an_account_as_for_who_has_none(own_shop: Shop, name: str) -> None:
    ann = await person(own_shop)
    emails = {"known": ann.user.email, "unknown": f"un{ann.user.email[2:]}"}
    taken: dict[str, list[float]] = {"known": [], "unknown": []}
    count, given = CASES[name]
    for _ in range(count + 1):
        for which in random.sample(sorted(emails), 2):
            taken[which].append(await seconds(own_shop, name, given(emails[which])))
    known, unknown = (statistics.median(times[1:]) for times in taken.values())  # the first ones warm up
    difference = abs(known - unknown) / known
    sys.stdout.write(
        f"{name}, {count} each: known {known * 1_000:.3f} ms, unknown {unknown * 1_000:.3f} ms, "
        f"difference {difference:.2%}\n"
    )
    assert difference < sizes.MOST_DIFFERENT
