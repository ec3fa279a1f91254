import unicodedata

import pytest

from domain.shared.errors import InvalidInput
from domain.users.passwords import LONGEST, SHORTEST, accepted, generated


def test_generated_passwords_are_long_legible_and_different() -> None:
    made = {generated() for _ in range(200)}
    assert len(made) == 200
    signs = set("".join(made))
    assert not signs & set("0O1lI")
    assert {len(password.replace("-", "")) for password in made} == {20}
    assert accepted(min(made)) in made


def test_a_password_is_the_same_however_its_accents_were_typed() -> None:
    composed = "pâtisserie"
    assert accepted(unicodedata.normalize("NFD", composed)) == accepted(composed) == composed


@pytest.mark.parametrize("length", [SHORTEST, LONGEST])
def test_lengths_at_the_limits_are_accepted(length: int) -> None:
    assert accepted("x" * length) == "x" * length


@pytest.mark.parametrize("length", [0, SHORTEST - 1, LONGEST + 1])
def test_lengths_beyond_the_limits_are_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match="8 to 256"):
        accepted("x" * length)
