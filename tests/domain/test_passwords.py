"""Which passwords are accepted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.errors import InvalidInput, UserErrorCode
from domain.users.passwords import LONGEST, SHORTEST, accepted, generated, typed

COMMON = frozenset({"password123", "qwertyuiop"})
ANN = ("ann.miller@shop.example", "ann.miller", "Annabelle", "Lee")


def refusal(password: str, *personal: str) -> UserErrorCode:
    with pytest.raises(InvalidInput) as refused:
        accepted(password, COMMON, personal=personal)
    return refused.value.reason


def test_generated_passwords_are_long_legible_and_different() -> None:
    made = {generated() for _ in range(200)}
    assert len(made) == 200
    signs = set("".join(made))
    assert not signs & set("0O1lI")
    assert {len(password.replace("-", "")) for password in made} == {20}
    assert accepted(min(made), COMMON) in made


def test_a_password_is_the_same_however_its_accents_were_typed() -> None:
    composed = "pâtisserie"
    assert accepted(unicodedata.normalize("NFD", composed), COMMON) == accepted(composed, COMMON) == composed


@pytest.mark.parametrize("length", [SHORTEST, LONGEST])
def test_lengths_at_the_limits_are_accepted(length: int) -> None:
    password = ("abcdefgh" * 32)[:length]
    assert accepted(password, COMMON) == password


@pytest.mark.parametrize(
    ("length", "reason"),
    [
        (0, UserErrorCode.TOO_SHORT),
        (SHORTEST - 1, UserErrorCode.TOO_SHORT),
        (LONGEST + 1, UserErrorCode.TOO_LONG),
        (1_000_000, UserErrorCode.TOO_LONG),
    ],
)
def test_lengths_beyond_the_limits_are_refused(length: int, reason: UserErrorCode) -> None:
    assert refusal("x" * length) is reason


def test_length_is_counted_in_the_form_that_is_hashed() -> None:
    assert refusal("e\u0301" * (SHORTEST - 1)) is UserErrorCode.TOO_SHORT  # two signs each as typed, one composed
    with pytest.raises(InvalidInput):
        accepted("e\u0301" * (SHORTEST - 1), COMMON)


@pytest.mark.parametrize("password", ["password123", "PassWord123", "QWERTYUIOP"])
def test_a_common_password_is_refused_in_capitals_too(password: str) -> None:
    assert refusal(password) is UserErrorCode.PASSWORD_TOO_WEAK


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "abababababab", "AaAaAaAaAaAa", "\0" * 12])
def test_one_or_two_signs_over_and_over_are_refused(password: str) -> None:
    assert refusal(password) is UserErrorCode.PASSWORD_TOO_WEAK


@pytest.mark.parametrize("password", ["annabelle", "Annabelle99", "!ann.miller!", "xannabelle1"])
def test_hardly_more_than_a_word_about_its_owner_is_refused(password: str) -> None:
    assert refusal(password, *ANN) is UserErrorCode.PASSWORD_TOO_WEAK


@pytest.mark.parametrize("password", ["annabelle rides bikes", "leeward wind", "Annabelle-9912"])
def test_a_word_about_its_owner_among_others_is_accepted(password: str) -> None:
    assert accepted(password, COMMON, personal=ANN) == password


@pytest.mark.parametrize("password", ["        x y z        ", "🌵🦊🌙🍋🚲🎻🧭🪁", "пароль из слов", "\u202eabcdefgh"])
def test_any_signs_may_stand_in_a_password_and_none_is_taken_away(password: str) -> None:
    assert accepted(password, COMMON) == password


def test_the_argument_that_is_wrong_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        accepted("short", COMMON, argument="newPassword")
    assert refused.value.field == ["newPassword"]
    assert refused.value.message.startswith("`newPassword` ")


@given(st.text(max_size=LONGEST + 20))
def test_what_is_accepted_matches_itself_when_it_is_typed_again(password: str) -> None:
    try:
        stored = accepted(password, COMMON)
    except InvalidInput:
        return
    assert stored == typed(password) == typed(stored)
    assert SHORTEST <= len(stored) <= LONGEST
