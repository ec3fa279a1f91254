import asyncio

import pytest

from adapters.passwords import MEMORY_KIB, PASSES, Argon2PasswordHasher
from domain.users.passwords import PasswordHasher

OWASP_KIB, OWASP_PASSES = 19_456, 2


@pytest.fixture
def hasher() -> PasswordHasher:
    return Argon2PasswordHasher(memory_kib=8, passes=1)


def test_the_parameters_are_no_weaker_than_owasp_asks() -> None:
    assert MEMORY_KIB >= OWASP_KIB
    assert PASSES >= OWASP_PASSES


async def test_a_hash_names_argon2id_and_its_parameters() -> None:
    assert (await Argon2PasswordHasher().hash("correct horse")).startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},")


async def test_only_the_password_itself_matches_its_hash(hasher: PasswordHasher) -> None:
    hashed = await hasher.hash("correct horse")
    assert await hasher.verify("correct horse", hashed)
    assert not await hasher.verify("correct horse ", hashed)


async def test_the_same_password_never_has_the_same_hash(hasher: PasswordHasher) -> None:
    assert await hasher.hash("correct horse") != await hasher.hash("correct horse")


@pytest.mark.parametrize("hashed", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$cut"])
async def test_what_is_no_hash_matches_nothing(hasher: PasswordHasher, hashed: str) -> None:
    assert not await hasher.verify("correct horse", hashed)


async def test_the_event_loop_goes_on_while_a_password_is_hashed() -> None:
    hashing = asyncio.create_task(Argon2PasswordHasher().hash("correct horse"))
    await asyncio.sleep(0)
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 1
