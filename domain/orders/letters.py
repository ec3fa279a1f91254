"""The letters that orders cause. They hold no link that would let whoever reads them see more than they say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from domain.orders.fulfillment import Fulfillment, Tracking
from domain.orders.order import Order, OrderCancelReason, OrderLine, OrderLineId
from domain.shared.errors import InvalidInput
from domain.shared.letters import Draft, Link, letter
from domain.shared.mail import Mail
from domain.shared.money import Money
from domain.shared.text import one_line

BECAUSE: Mapping[OrderCancelReason, str] = {
    OrderCancelReason.CUSTOMER: "It was canceled as you wished.",
    OrderCancelReason.INVENTORY: "We are sorry: something of it is not in stock any more.",
    OrderCancelReason.FRAUD: "Something about the order did not seem right to us.",
    OrderCancelReason.PAYMENT: "The payment did not succeed.",
    OrderCancelReason.OTHER: "",
}


class Portion(Protocol):
    """So many units of a line of an order."""

    @property
    def order_line_id(self) -> OrderLineId: ...
    @property
    def quantity(self) -> int: ...


@dataclass(frozen=True, slots=True)
class OrderLetters:
    """Writes in the name of a shop, with amounts as they are written where the parcel goes."""

    shop_name: str

    def confirmation(self, identity: UUID, order: Order, lines: Sequence[OrderLine]) -> Mail:
        draft = Draft(
            f"Your order {order.number} at {self._shop}",
            "",
            [f"Thank you for your order {order.number}. It is confirmed, and we get it ready for you."],
            after=[f"It goes to: {_destination(order)}.", "You get another letter when it is on its way."],
            rows=[*_goods(order, lines), *_sums(order)],
        )
        return letter(identity, order.email, draft, self._shop)

    def shipped(self, identity: UUID, order: Order, lines: Sequence[OrderLine], sent: Fulfillment) -> Mail:
        known = _known(sent.tracking)
        draft = Draft(
            f"Your order {order.number} is on its way",
            "",
            [f"This left us for you today, of your order {order.number}:"],
            _tracked(sent.tracking),
            [*known, f"It goes to: {_destination(order)}."],
            units(lines, sent.lines),
        )
        return letter(identity, order.email, draft, self._shop)

    def delivered(self, identity: UUID, order: Order, lines: Sequence[OrderLine], sent: Fulfillment) -> Mail:
        draft = Draft(
            f"Your order {order.number} was delivered",
            "",
            [f"The carrier says that this has arrived, of your order {order.number}:"],
            after=["If it has not, or if something is wrong with it, write to the shop."],
            rows=units(lines, sent.lines),
        )
        return letter(identity, order.email, draft, self._shop)

    def canceled(self, identity: UUID, order: Order, lines: Sequence[OrderLine]) -> Mail:
        because = BECAUSE[order.cancel_reason or OrderCancelReason.OTHER]
        draft = Draft(
            f"Your order {order.number} was canceled",
            "",
            [" ".join(filter(None, [f"Your order {order.number} at {self._shop} was canceled.", because]))],
            after=["Nothing of it will be sent. If you have paid for it, you get your money back."],
            rows=_goods(order, lines),
        )
        return letter(identity, order.email, draft, self._shop)

    @property
    def _shop(self) -> str:
        return one_line(self.shop_name)


def _goods(order: Order, lines: Sequence[OrderLine]) -> list[tuple[str, str]]:
    return [(f"{line.quantity} x {_named(line)}", money(line.unit_price * line.quantity, order)) for line in lines]


def _sums(order: Order) -> list[tuple[str, str]]:
    cost = order.cost
    rows = [("Discount", f"-{money(cost.discount, order)}")] if cost.discount.amount else []
    rows.append((f"Shipping, {one_line(order.shipping_method.name)}", money(cost.shipping, order)))
    if cost.tax.amount and not cost.tax_included:
        rows.append(("Tax", money(cost.tax, order)))
    rows.append(("Total", money(cost.total, order)))
    if cost.tax.amount and cost.tax_included:
        rows.append(("Tax in it", money(cost.tax, order)))
    return rows


def units(lines: Sequence[OrderLine], portions: Iterable[Portion]) -> list[tuple[str, str]]:
    """What a letter lists of an order, without prices."""
    names: Mapping[OrderLineId, str] = {line.id: _named(line) for line in lines}
    return [(names[one.order_line_id], f"{one.quantity} x") for one in portions if one.order_line_id in names]


def _named(line: OrderLine) -> str:
    return one_line(f"{line.product_name}, {line.variant_title}" if line.variant_title else line.product_name)


def _destination(order: Order) -> str:
    """The place, without the name: whoever reads along need not learn who lives there."""
    return one_line(f"{order.shipping_address.city}, {order.shipping_address.country_code}")


def _tracked(tracking: Tracking | None) -> Link | None:
    """Only what a browser opens as a page."""
    if tracking is None or not tracking.url or urlsplit(tracking.url).scheme not in {"http", "https"}:
        return None
    return Link("Follow the parcel", one_line(tracking.url))


def _known(tracking: Tracking | None) -> list[str]:
    if tracking is None or not (tracking.carrier or tracking.number):
        return []
    told = " ".join(filter(None, [tracking.carrier, tracking.number]))
    return [f"The carrier knows it as: {one_line(told)}."]


def money(amount: Money, order: Order) -> str:
    """As English is written in the country that the order goes to, where that is known."""
    try:
        return amount.formatted(f"en-{order.shipping_address.country_code}")
    except InvalidInput:
        return amount.formatted()
