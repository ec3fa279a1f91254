"""The letters that money on its way back causes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.orders.letters import money, units
from domain.orders.order import Order, OrderLine
from domain.payments.payment import PaymentMethodDetails
from domain.payments.refund import Refund, RefundLine
from domain.shared.letters import Draft, letter
from domain.shared.mail import Mail
from domain.shared.text import one_line


@dataclass(frozen=True, slots=True)
class Repaid:
    """A refund that succeeded, the units that it is for, and the means that the money goes back to, if it is known."""

    refund: Refund
    lines: Sequence[RefundLine]
    method: PaymentMethodDetails | None


@dataclass(frozen=True, slots=True)
class RefundLetters:
    """Writes in the name of a shop. Why the shop pays back stays with it: reasons and notes are its own."""

    shop_name: str

    def refunded(self, identity: UUID, order: Order, lines: Sequence[OrderLine], repaid: Repaid) -> Mail:
        shop, amount = one_line(self.shop_name), money(repaid.refund.amount, order)
        draft = Draft(
            f"A refund for your order {order.number}",
            "",
            [f"We have paid back {amount} of what you paid for your order {order.number}."],
            after=[_way(repaid.method), "Some banks take a few days to show it."],
            rows=[*units(lines, repaid.lines), *_sums(order, amount)],
        )
        return letter(identity, order.email, draft, shop)


def _sums(order: Order, amount: str) -> list[tuple[str, str]]:
    return [
        ("Paid back now", amount),
        ("Paid back so far", money(order.amount_refunded, order)),
        ("You had paid", money(order.amount_captured, order)),
    ]


def _way(method: PaymentMethodDetails | None) -> str:
    if method is None:
        return "It comes the way that you paid."
    return f"It comes the way that you paid: {one_line(method.name)}."
