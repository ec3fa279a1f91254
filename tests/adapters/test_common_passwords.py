"""The passwords that are tried first."""

import pytest

from adapters.common_passwords import LeakedPasswords
from domain.shared.errors import InvalidInput, UserErrorCode
from domain.users.passwords import SHORTEST, accepted, generated

LEAKED = LeakedPasswords()


@pytest.mark.parametrize(
    "password", ["password", "12345678", "qwertyui", "iloveyou", "football", "trustno1", "baseball"]
)
def test_what_everybody_tries_first_is_known(password: str) -> None:
    assert password in LEAKED
    with pytest.raises(InvalidInput) as refused:
        accepted(password.upper(), LEAKED)
    assert refused.value.reason is UserErrorCode.PASSWORD_TOO_WEAK


@pytest.mark.parametrize("password", ["four random words together", "", "PASSWORD"])
def test_what_nobody_tries_first_is_not(password: str) -> None:
    assert password not in LEAKED


def test_generated_passwords_are_not_known() -> None:
    assert not any(generated().lower() in LEAKED for _ in range(100))


def test_there_are_enough_of_them_and_all_in_lower_case() -> None:
    known = LEAKED._known  # pyright: ignore[reportPrivateUsage]
    assert len(known) >= 10_000
    assert all(password == password.lower() for password in known)
    assert sum(len(password) >= SHORTEST for password in known) >= 5_000
