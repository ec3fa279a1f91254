"""What is accepted as somebody's name, e-mail address and postal address."""

import unicodedata
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.email_addresses import RfcEmailSyntax
from domain.shared.errors import InvalidInput, SeveralErrors, UserErrorCode
from domain.users.address import Address, checked
from domain.users.person import LONGEST_EMAIL, LONGEST_NAME, SHORTEST_NAME, email_address, name, plain

HOME = Address(line1="1 High Street", city="Leeds", country_code="GB")
SYNTAX = RfcEmailSyntax()
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
"""With a joiner in the middle, which its spelling needs."""


def name_refusal(text: str) -> UserErrorCode:
    with pytest.raises(InvalidInput) as refused:
        name(text, "firstName")
    assert refused.value.field == ["firstName"]
    return refused.value.reason


def email_refusal(text: str) -> UserErrorCode:
    with pytest.raises(InvalidInput) as refused:
        email_address(SYNTAX, text)
    assert refused.value.field == ["email"]
    return refused.value.reason


def address_refusals(address: Address) -> dict[str, UserErrorCode]:
    with pytest.raises(SeveralErrors) as refused:
        checked(address)
    return {".".join(error.field or ()): error.reason for error in refused.value.errors}


@pytest.mark.parametrize(
    "text",
    [
        "Bo",
        "O'Brien",
        "Jean-Luc",
        "Ng-Ström y Peña",
        "李雷",
        "Марія",
        "שרה",
        PERSIAN,
        "R2 D2",
        "👩\u200d🚀 Jo",
        "x" * 100,
    ],
)
def test_names_of_all_the_world_are_accepted_as_they_are(text: str) -> None:
    assert name(text, "firstName") == text


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("  Ann \t Lee\n", "Ann Lee"),
        ("Jose\u0301", "José"),
        ("Ann\u00a0Lee", "Ann Lee"),
        ("\u200dAnn\u200c ", "Ann"),
    ],
)
def test_a_name_is_tidied(text: str, tidied: str) -> None:
    assert name(text, "firstName") == tidied


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", UserErrorCode.REQUIRED),
        (" \t\n ", UserErrorCode.REQUIRED),
        ("\u200d\u200d\u200d", UserErrorCode.REQUIRED),
        ("A", UserErrorCode.TOO_SHORT),
        ("x" * (LONGEST_NAME + 1), UserErrorCode.TOO_LONG),
        ("x" * 1_000_000, UserErrorCode.TOO_LONG),
    ],
)
def test_a_name_that_is_too_short_or_too_long_is_refused(text: str, reason: UserErrorCode) -> None:
    assert name_refusal(text) is reason


@pytest.mark.parametrize(
    "text",
    [
        "Ann\0",
        "An\x1bn",
        "An\ud800n",
        "An\ue000n",
        "\u202egnp.exe",
        "Ann\u200f",
        "An\u2067n",
        "\u200b\u200b",
        "An\ufeffn",
        "\u3164\u3164",
        "<b>Ann</b>",
        "Ann>",
        "https://prize.example",
    ],
)
def test_signs_that_are_not_for_names_are_refused(text: str) -> None:
    assert name_refusal(text) is UserErrorCode.INVALID


@given(st.text(max_size=150))
def test_a_tidied_name_is_within_its_limits_and_stays_as_it_is(text: str) -> None:
    try:
        tidied = name(text, "firstName")
    except InvalidInput:
        return
    assert name(tidied, "firstName") == tidied == unicodedata.normalize("NFC", tidied)
    assert SHORTEST_NAME <= len(tidied) <= LONGEST_NAME
    assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in tidied)
    tidied.encode()


def test_an_address_is_one_line_in_lower_case() -> None:
    assert email_address(SYNTAX, "  Ann.Lee@Shop.EXAMPLE\n") == "ann.lee@shop.example"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", UserErrorCode.REQUIRED),
        ("   ", UserErrorCode.REQUIRED),
        ("ann", UserErrorCode.INVALID),
        ("ann@", UserErrorCode.INVALID),
        ("@shop.example", UserErrorCode.INVALID),
        ("ann@shop@example.com", UserErrorCode.INVALID),
        ("ann lee@shop.example", UserErrorCode.INVALID),
        ("аnn@shop.example", UserErrorCode.INVALID),  # noqa: RUF001  (a Cyrillic letter is the point)
        ("a" * (LONGEST_EMAIL + 1), UserErrorCode.TOO_LONG),
    ],
)
def test_what_is_no_address_is_refused(text: str, reason: UserErrorCode) -> None:
    assert email_refusal(text) is reason


def test_a_postal_address_is_tidied_and_says_nothing_by_null() -> None:
    given_ = replace(HOME, line1="  1  High Street ", country_code="gb", line2="  ", postal_code=" LS1  1AA ", phone="")
    assert checked(given_) == replace(HOME, postal_code="LS1 1AA")


def test_every_part_of_an_address_that_is_wrong_is_named_at_once() -> None:
    wrong = Address(line1=" ", city="", country_code="XX", postal_code="1" * 21, phone="1" * 41, company="\u202ex")
    assert address_refusals(wrong) == {
        "address.line1": UserErrorCode.REQUIRED,
        "address.city": UserErrorCode.REQUIRED,
        "address.countryCode": UserErrorCode.INVALID,
        "address.postalCode": UserErrorCode.TOO_LONG,
        "address.phone": UserErrorCode.TOO_LONG,
        "address.company": UserErrorCode.INVALID,
    }


@pytest.mark.parametrize("code", ["", "D", "DEU", "EU", "ZZ", "D\u0301E", " DE", "1A"])
def test_a_country_is_one_of_iso_3166(code: str) -> None:
    assert set(address_refusals(replace(HOME, country_code=code))) == {"address.countryCode"}


@given(st.builds(Address, *(st.text(max_size=60) for _ in range(2)), st.sampled_from(["DE", "gb", "Us"])))
def test_a_checked_address_stays_as_it_is(address: Address) -> None:
    try:
        tidy = checked(address)
    except SeveralErrors:
        return
    assert checked(tidy) == tidy
    assert all(getattr(tidy, field.name) != "" for field in fields(tidy))


def test_a_line_may_be_one_sign_long() -> None:
    assert plain("5", "address.line1", 200) == "5"
