"""How e-mail addresses are read: one spelling for each mailbox, and nothing that only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.email_addresses import RfcEmailSyntax
from domain.users.person import LONGEST_EMAIL

SYNTAX = RfcEmailSyntax()
CYRILLIC_A, GREEK_O, FULL_WIDTH_A = "\u0430", "\u03bf", "\uff41"


def known(text: str) -> str | None:
    try:
        return SYNTAX.normalised(text)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("ann@shop.example", "ann@shop.example"),
        ("Ann.Lee+News@Shop.Example", "ann.lee+news@shop.example"),
        ("ANN@SHOP.EXAMPLE", "ann@shop.example"),
        ("o'brien_99@a-b.example", "o'brien_99@a-b.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BU\u0308CHER.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("\u212aim@shop.example", "kim@shop.example"),  # the sign for Kelvin is a K to Unicode
        (f"ann@{FULL_WIDTH_A}.example", "ann@a.example"),
        ("ann@shop.test", "ann@shop.test"),
        (f"{'a' * 64}@shop.example", f"{'a' * 64}@shop.example"),
    ],
)
def test_an_address_has_one_spelling(text: str, stored: str) -> None:
    assert SYNTAX.normalised(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ann",
        "ann@",
        "@shop.example",
        "ann@shop",
        "ann@localhost",
        "ann@@shop.example",
        "ann@shop..example",
        ".ann@shop.example",
        "ann.@shop.example",
        "an..n@shop.example",
        "ann@-shop.example",
        "ann@[192.0.2.1]",
        '"ann lee"@shop.example',
        "ann lee@shop.example",
        "Ann <ann@shop.example>",
        "ann@shop.example, ben@shop.example",
        "ann@shop.example\r\nBcc: ben@shop.example",
        "ann\0@shop.example",
        "ann@shop\0.example",
        "ann@shop.example\0",
        "ann\ud800@shop.example",
        "ann@shop\ud800.example",
        "🌵@shop.example",
        "ann@🌵.example",
        "ann\u200b@shop.example",
        "ann\u202e@shop.example",
        f"{CYRILLIC_A}nn@shop.example",
        f"{GREEK_O}le@shop.example",
        f"{FULL_WIDTH_A}nn@shop.example",
        "ann＠shop.example",  # noqa: RUF001  (it only looks like the sign)
        f"{'a' * 65}@shop.example",
        f"ann@{'a' * 64}.example",
        f"ann@{'.'.join(['a' * 60] * 5)}.example",
    ],
)
def test_what_is_none_is_refused_with_the_end_of_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^\S.*\.$") as refused:
        SYNTAX.normalised(text)
    assert not isinstance(refused.value, UnicodeError)
    assert str(refused.value)[0] == str(refused.value)[0].lower()


def test_a_domain_that_looks_like_another_is_another() -> None:
    assert SYNTAX.normalised(f"ann@sh{GREEK_O}p.example") != "ann@shop.example"
    assert SYNTAX.normalised(f"ann@sh{GREEK_O}p.example").isascii()


@given(st.one_of(st.emails(), st.text(max_size=40), st.text(max_size=20).map(lambda text: f"{text}@shop.example")))
def test_what_is_accepted_is_short_plain_and_its_own_spelling(text: str) -> None:
    stored = known(text)
    if stored is None:
        return
    assert SYNTAX.normalised(stored) == stored == stored.lower()
    assert stored.isascii()
    assert stored.isprintable()
    assert len(stored) <= LONGEST_EMAIL


@given(st.emails())
def test_capitals_make_no_difference(text: str) -> None:
    spellings = {known(text), known(text.upper()), known(text.lower()), known(text.swapcase())}
    assert len(spellings) == 1
