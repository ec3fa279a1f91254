"""Hashing passwords: as strongly as promised, beside everything else, and for nobody in particular too."""

import asyncio
import threading
from collections.abc import Generator

import argon2
import pytest

from adapters.passwords import MEMORY_KIB, MOST_WAITING, PASSES, Argon2PasswordHasher
from domain.shared.errors import Unavailable

OWASP_KIB, OWASP_PASSES = 19_456, 2


@pytest.fixture
def hasher() -> Generator[Argon2PasswordHasher]:
    """Weak, and so fast."""
    made = Argon2PasswordHasher(memory_kib=8, passes=1)
    yield made
    made.close()


@pytest.fixture
def strong() -> Generator[Argon2PasswordHasher]:
    """As the shop's."""
    made = Argon2PasswordHasher()
    yield made
    made.close()


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("argon2")}


def test_the_parameters_are_no_weaker_than_owasp_asks() -> None:
    assert MEMORY_KIB >= OWASP_KIB
    assert PASSES >= OWASP_PASSES


async def test_a_hash_names_argon2id_and_its_parameters(strong: Argon2PasswordHasher) -> None:
    assert (await strong.hash("correct horse")).startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},")


async def test_only_the_password_itself_matches_its_hash(hasher: Argon2PasswordHasher) -> None:
    hashed = await hasher.hash("correct horse")
    assert await hasher.verify("correct horse", hashed)
    for other in ("correct horse ", "Correct horse", "", "correct horse\0"):
        assert not await hasher.verify(other, hashed)


@pytest.mark.parametrize("password", ["a\0b", "a\0c", "🌵" * 64, "x" * 256, "x" * 1_000_000])
async def test_every_sign_of_a_password_counts(hasher: Argon2PasswordHasher, password: str) -> None:
    hashed = await hasher.hash(password)
    assert await hasher.verify(password, hashed)
    assert not await hasher.verify(password[:-1], hashed)


async def test_the_same_password_never_has_the_same_hash(hasher: Argon2PasswordHasher) -> None:
    assert await hasher.hash("correct horse") != await hasher.hash("correct horse")


@pytest.mark.parametrize("hashed", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$cut", "correct horse"])
async def test_what_is_no_hash_matches_nothing_and_is_outdated(hasher: Argon2PasswordHasher, hashed: str) -> None:
    assert not await hasher.verify("correct horse", hashed)
    assert hasher.is_outdated(hashed)


async def test_for_who_does_not_exist_a_hash_of_the_same_cost_is_verified(hasher: Argon2PasswordHasher) -> None:
    """Time is for the scenarios; here, that there is something to verify, and that nothing ever matches it."""
    nobody = hasher._nobody  # pyright: ignore[reportPrivateUsage]
    assert argon2.extract_parameters(nobody) == argon2.extract_parameters(await hasher.hash("correct horse"))
    for password in ("", "correct horse", "nobody has this password"):
        assert not await hasher.verify(password, None)


async def test_a_hash_is_outdated_when_other_parameters_made_it(
    hasher: Argon2PasswordHasher, strong: Argon2PasswordHasher
) -> None:
    weak = await hasher.hash("correct horse")
    assert not hasher.is_outdated(weak)
    assert strong.is_outdated(weak)
    assert await strong.verify("correct horse", weak)  # and still believed


async def test_the_event_loop_goes_on_while_a_password_is_hashed(strong: Argon2PasswordHasher) -> None:
    hashing = asyncio.create_task(strong.hash("correct horse"))
    await asyncio.sleep(0)
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 1


async def test_it_has_two_threads_of_its_own_and_leaves_the_others_alone(hasher: Argon2PasswordHasher) -> None:
    before = threads()
    await asyncio.gather(*(hasher.hash("correct horse") for _ in range(20)))
    assert 1 <= len(threads() - before) <= 2


async def test_when_too_many_wait_the_next_one_is_turned_away_and_later_let_in(hasher: Argon2PasswordHasher) -> None:
    asked = [hasher.hash("correct horse") for _ in range(MOST_WAITING + 50)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str] * MOST_WAITING + [Unavailable] * 50
    assert await hasher.hash("correct horse")


async def test_who_hangs_up_makes_room(hasher: Argon2PasswordHasher) -> None:
    for _ in range(3):
        tasks = [asyncio.create_task(hasher.hash("correct horse")) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await hasher.hash("correct horse")


async def test_closing_ends_its_threads() -> None:
    before = threads()
    hasher = Argon2PasswordHasher(memory_kib=8, passes=1)
    await hasher.hash("correct horse")
    own = threads() - before
    assert own
    hasher.close()
    for thread in own:
        await asyncio.to_thread(thread.join, 30)
    assert not threads() & own
