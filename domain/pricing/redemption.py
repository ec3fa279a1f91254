"""What the codes of a cart take off, all together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.pricing.allocation import allocate
from domain.pricing.basket import Basket, EnteredCode
from domain.pricing.discounts import DiscountCode, DiscountKind, why_not
from domain.shared.money import Money

_TURNS = {kind: turn for turn, kind in enumerate(DiscountKind)}


@dataclass(frozen=True, slots=True)
class CartDiscountCode:
    """What came of a code: the amount that it takes off, or the reason why it takes off nothing."""

    code: str
    reason: str | None
    amount: Money | None

    @property
    def applicable(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Redemption:
    """What is left to pay, before taxes, of each line (by its key) and of shipping; codes in the order they acted."""

    left: Mapping[UUID, Money]
    shipping: Money
    codes: Sequence[CartDiscountCode]


def redeem(basket: Basket) -> Redemption:
    """Percentages act first, then fixed amounts, then free shipping, among equals by code: each on what is left.

    So nothing is discounted below zero, and the order in which codes were entered does not matter.
    """
    nothing = Money.zero(basket.currency_code)
    left = {line.key: line.subtotal for line in basket.lines}
    shipping = nothing if basket.shipping is None else basket.shipping.price
    codes: list[CartDiscountCode] = []
    for entered in sorted(basket.codes, key=_turn):
        code = entered.discount
        keys = _goods_for(code, basket)
        before = sum((line.subtotal for line in basket.lines if line.key in keys), nothing) if keys else None
        reason = why_not(code, basket.at, before, entered.used_by_buyer)
        if reason is not None:
            codes.append(CartDiscountCode(code.code, reason, None))
        elif code.kind is DiscountKind.FREE_SHIPPING:
            codes.append(CartDiscountCode(code.code, None, shipping))
            shipping = nothing
        else:
            amount = code.off(sum((left[key] for key in keys), nothing))
            shares = allocate(amount, {key: left[key].amount for key in keys})
            left |= {key: left[key] - share for key, share in shares.items()}
            codes.append(CartDiscountCode(code.code, None, amount))
    return Redemption(left, shipping, codes)


def _turn(entered: EnteredCode) -> tuple[int, str]:
    return _TURNS[entered.discount.kind], entered.discount.code


def _goods_for(code: DiscountCode, basket: Basket) -> frozenset[UUID]:
    return frozenset(line.key for line in basket.lines if code.holds_for(line.category_ids))
