"""Quotes: whoever was shown a price can hold the shop to it, and nobody can make one up."""

import base64
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.signatures import HmacSigner
from domain.carts.cart import CartId, CartLineId
from domain.carts.quotes import VALID, Quote, read
from domain.shared.money import Money
from tests.domain.baskets import CURRENCIES, NOW, some
from tests.domain.shoppers import cart_line, facts, offer, ready, reckoned

SIGNER = HmacSigner([b"a" * 32])
ROTATED = HmacSigner([b"b" * 32, b"a" * 32])
STRANGER = HmacSigner([b"b" * 32])


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    currency = draw(CURRENCIES)
    amounts = st.integers(0, 10**15).map(lambda units: Money.of_units(units, currency))
    ids = st.uuids()
    return Quote(
        CartId(draw(ids)),
        NOW + timedelta(seconds=draw(st.integers(0, 10**6))),
        draw(st.dictionaries(ids.map(CartLineId), amounts, max_size=5)),
        *(draw(amounts) for _ in range(4)),
    )


def a_quote() -> Quote:
    quote = reckoned(ready(cart_line(1, 2), cart_line(2)), facts(offer(1), offer(2, "3.50"))).quote
    assert quote is not None
    return quote


TEXT = a_quote().written(SIGNER)


@some
@given(quotes())
def test_what_is_written_is_read_again(quote: Quote) -> None:
    assert read(quote.written(SIGNER), SIGNER) == quote
    assert read(quote.written(SIGNER), ROTATED) == quote


def test_what_is_shown_is_what_is_written() -> None:
    assert a_quote().expires_at == (NOW + VALID)
    assert read(TEXT, SIGNER) == a_quote()


@some
@given(quotes(), st.data())
def test_a_quote_of_which_anything_was_changed_is_none(quote: Quote, data: st.DataObject) -> None:
    text = quote.written(SIGNER)
    whole = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    assert read(base64.urlsafe_b64encode(whole).rstrip(b"=").decode(), SIGNER) is None


@some
@given(quotes(), st.data())
def test_a_quote_that_was_cut_or_lengthened_is_none(quote: Quote, data: st.DataObject) -> None:
    text = quote.written(SIGNER)
    assert read(text[: data.draw(st.integers(0, len(text) - 1))], SIGNER) is None
    assert read(text + data.draw(st.text("AB_-", min_size=1, max_size=8)), SIGNER) is None


@pytest.mark.parametrize(
    "text", ["", "=", "====", "x", "ü", "\ud800", "a" * 10_000, TEXT + "\n", " " + TEXT, "{}", "[]"]
)
def test_what_is_no_quote_is_none(text: str) -> None:
    assert read(text, SIGNER) is None


def test_a_quote_of_another_shop_is_none() -> None:
    assert read(a_quote().written(STRANGER), SIGNER) is None
    assert read(TEXT, STRANGER) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"[1,2,3,4,5]", b"\xff", b'["x",1,"USD",[1],{}]'])
def test_what_we_signed_for_something_else_is_no_quote(content: bytes) -> None:
    assert read(SIGNER.signed(content), SIGNER) is None


def test_a_quote_names_its_cart() -> None:
    assert a_quote().cart_id == CartId(UUID(int=1))
