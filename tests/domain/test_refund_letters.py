"""What buyers are told about money that comes back: how much, for what, and by which way."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.orders.order import Order, OrderLineId
from domain.payments.letters import RefundLetters, Repaid
from domain.payments.payment import PaymentId, PaymentMethodDetails
from domain.payments.refund import Refund, RefundId, RefundLine, RefundReason, RefundStatus
from domain.shared.mail import Mail
from domain.shared.money import Money
from domain.shared.text import one_line
from tests.domain import payment_examples as examples
from tests.domain.test_letters import IDENTITY, Page, shape
from tests.domain.test_orders import ORDER

LETTERS = RefundLetters("Souk")
REFUND = Refund(
    id=RefundId(UUID(int=3)),
    order_id=ORDER.id,
    payment_id=PaymentId(UUID(int=1)),
    amount=examples.usd(123_450),
    status=RefundStatus.SUCCEEDED,
    reason=RefundReason.FRAUDULENT,
    note="We do not trust him.",
    reference="re_1",
    created_at=examples.AT,
    updated_at=examples.AT,
)
CARD = PaymentMethodDetails("card", "visa", "4242")
PAID = replace(ORDER, amount_captured=examples.usd(200_000), amount_refunded=examples.usd(150_000))
MUG = examples.line(3)
ONE_MUG = RefundLine(REFUND.id, MUG.id, 1, restocked=True)


def sent_to(country: str, order: Order = PAID) -> Order:
    return replace(order, shipping_address=replace(order.shipping_address, country_code=country))


def written(order: Order = PAID, method: PaymentMethodDetails | None = CARD, letters: RefundLetters = LETTERS) -> Mail:
    return letters.refunded(IDENTITY, order, [MUG], Repaid(REFUND, [ONE_MUG], method))


def test_it_tells_what_came_back_now_and_so_far_and_for_which_units() -> None:
    mail = written(sent_to("US"))
    assert (mail.id, mail.to) == (IDENTITY, PAID.email)
    assert mail.subject == f"A refund for your order {PAID.number}"
    assert f"We have paid back $1,234.50 of what you paid for your order {PAID.number}." in mail.text
    rows = "Mug, Blue: 1 x\nPaid back now: $1,234.50\nPaid back so far: $1,500.00\nYou had paid: $2,000.00"
    assert rows in mail.text


@pytest.mark.parametrize(("country", "amount"), [("US", "$1,234.50"), ("GB", "US$1,234.50"), ("??", "$1,234.50")])
def test_amounts_are_as_they_are_written_where_the_parcel_went(country: str, amount: str) -> None:
    assert f"paid back {amount} of" in written(sent_to(country)).text


def test_currencies_without_cents_have_none() -> None:
    yen = Money.of_units(1_234, "JPY")
    order = replace(sent_to("US"), amount_captured=yen, amount_refunded=yen)
    mail = LETTERS.refunded(IDENTITY, order, [], Repaid(replace(REFUND, amount=yen), [], None))
    assert "Paid back now: ¥1,234\nPaid back so far: ¥1,234\n" in mail.text


WAYS: Mapping[PaymentMethodDetails | None, str] = {
    None: "It comes the way that you paid.",
    CARD: "It comes the way that you paid: Visa ending in 4242.",
    PaymentMethodDetails("sepa_debit", None, "3000"): "It comes the way that you paid: Sepa Debit ending in 3000.",
    PaymentMethodDetails("klarna"): "It comes the way that you paid: Klarna.",
}


@pytest.mark.parametrize(("method", "told"), WAYS.items())
def test_the_way_that_the_money_goes_is_told_as_far_as_it_is_known(
    method: PaymentMethodDetails | None, told: str
) -> None:
    assert f"\n{told}\n" in written(method=method).text


def test_the_page_says_what_the_text_says() -> None:
    mail = written()
    shown = Page.of(mail).text
    for line in filter(None, mail.text.splitlines()):
        assert all(piece in shown for piece in line.split(": "))


def test_why_the_shop_pays_back_stays_with_the_shop() -> None:
    mail = written()
    assert "trust" not in mail.text + mail.html
    assert "fraud" not in (mail.text + mail.html).lower()


def test_units_of_lines_that_are_not_there_are_left_out() -> None:
    other = replace(ONE_MUG, order_line_id=OrderLineId(UUID(int=77)))
    assert "Mug" not in LETTERS.refunded(IDENTITY, PAID, [MUG], Repaid(REFUND, [other], CARD)).text


@given(shop=st.text(min_size=1, max_size=100), product=st.text(max_size=100), brand=st.text(min_size=1, max_size=100))
@example(shop='"><img src=x onerror=x>', product="</td><script>alert(1)</script>", brand="<!--")
@example(shop="Souk\nBcc: x", product="A\r\nB", brand="\u2066Visa\u2029")
def test_nothing_that_others_wrote_leaves_its_place(shop: str, product: str, brand: str) -> None:
    line = replace(MUG, product_name=product)
    repaid = Repaid(REFUND, [ONE_MUG], replace(CARD, brand=brand))
    mail = RefundLetters(shop).refunded(IDENTITY, PAID, [line], repaid)
    assert shape(mail) == shape(written())
    assert Page.of(mail).links == []
    assert [mail.text.count(sign) for sign in "\n\r"] == [written().text.count("\n"), 0]
    assert mail.subject == one_line(mail.subject) == written().subject
