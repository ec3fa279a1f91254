"""Codes that make a cart cheaper."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.pricing.settings import amount, at_least, price
from domain.products.category import CategoryId
from domain.shared.checks import checking
from domain.shared.errors import InvalidInput, UserErrorCode
from domain.shared.money import Money

DiscountCodeId = NewType("DiscountCodeId", UUID)

SHORTEST_CODE = 3
LONGEST_CODE = 40
_CODE = re.compile("[A-Za-z0-9_-]+")  # before upper(), which turns some other letters into these
_WHOLE = Decimal(100)
_HUNDREDTH = Decimal("0.01")


class DiscountKind(Enum):
    """What a code takes off. Several codes of one cart act in this order."""

    PERCENTAGE = "percentage"
    FIXED_AMOUNT = "fixed_amount"
    FREE_SHIPPING = "free_shipping"


@dataclass(frozen=True, slots=True)
class DiscountCode:
    """A promise to whoever knows it.

    `value` is per cent for PERCENTAGE, an amount in the shop's currency, once per cart, for FIXED_AMOUNT, and 0 for
    FREE_SHIPPING. It holds from `starts_at` until just before `ends_at`, for goods in any of `category_ids` or below
    them; an empty set means all goods. `minimum_subtotal` is what these goods must cost before any discount.
    """

    id: DiscountCodeId
    code: str
    kind: DiscountKind
    value: Decimal
    minimum_subtotal: Money | None
    usage_limit: int | None
    usage_limit_per_user: int | None
    times_used: int
    starts_at: datetime
    ends_at: datetime | None
    active: bool
    category_ids: frozenset[CategoryId]
    created_at: datetime

    def holds_for(self, category_ids: Collection[CategoryId]) -> bool:
        """Whether goods in these categories are meant."""
        return not self.category_ids or not self.category_ids.isdisjoint(category_ids)

    def off(self, subtotal: Money) -> Money:
        """What it takes off goods of this price: never more than they cost, and nothing when it is free shipping."""
        match self.kind:
            case DiscountKind.PERCENTAGE:
                wanted = subtotal.amount * self.value / _WHOLE
            case DiscountKind.FIXED_AMOUNT | DiscountKind.FREE_SHIPPING:
                wanted = self.value
        return min(Money.of(wanted, subtotal.currency_code), subtotal)


def why_not(code: DiscountCode, at: datetime, subtotal: Money | None, used_by_buyer: int) -> str | None:
    """Why it does not hold, as a sentence for the buyer; None when it does.

    `subtotal` is what the goods that the code is for cost before any discount, None when there are none in the cart;
    `used_by_buyer` is how often the same buyer has placed an order with it.
    """
    if not code.active:
        return "This code is not active."
    if at < code.starts_at:
        return "This code is not valid yet."
    if code.ends_at is not None and at >= code.ends_at:
        return "This code is no longer valid."
    return _why_spent(code, used_by_buyer) or _why_not_for(code, subtotal)


def _why_spent(code: DiscountCode, used_by_buyer: int) -> str | None:
    if code.usage_limit is not None and code.times_used >= code.usage_limit:
        return "This code has been used up."
    if code.usage_limit_per_user is not None and used_by_buyer >= code.usage_limit_per_user:
        return "You have already used this code as often as it can be used."
    return None


def _why_not_for(code: DiscountCode, subtotal: Money | None) -> str | None:
    if subtotal is None:
        return "Nothing in the cart is among the goods that this code is for."
    minimum = code.minimum_subtotal
    if minimum is not None and subtotal < minimum:
        missing = (minimum - subtotal).formatted()
        return f"This code needs goods for {minimum.formatted()} or more: {missing} is missing."
    return None


def spelled(text: str, argument: str = "code") -> str:
    """The one spelling under which a code is stored and found: in capitals.

    Raises:
        InvalidInput: no code can look like this.
    """
    bare = text.strip()
    if not bare:
        raise InvalidInput(argument, "must not be empty.", UserErrorCode.REQUIRED)
    if len(bare) < SHORTEST_CODE:
        raise InvalidInput(argument, f"must have at least {SHORTEST_CODE} characters.", UserErrorCode.TOO_SHORT)
    if len(bare) > LONGEST_CODE:
        raise InvalidInput(argument, f"must have at most {LONGEST_CODE} characters.", UserErrorCode.TOO_LONG)
    if not _CODE.fullmatch(bare):
        raise InvalidInput(argument, "must consist of the letters A to Z, digits, - and _.")
    return bare.upper()


def checked(code: DiscountCode, currency: str) -> DiscountCode:
    """The code as it is stored, for a shop with this currency.

    Raises:
        SeveralErrors: parts of it cannot be used; there is an error for each.
    """
    minimum = code.minimum_subtotal
    with checking() as checks:
        tidy = replace(
            code,
            code=checks.attempt(lambda: spelled(code.code), ""),
            value=checks.attempt(lambda: _value(code.kind, code.value, currency), code.value),
            minimum_subtotal=checks.attempt(
                lambda: None if minimum is None else price(minimum, currency, "minimumSubtotal"), None
            ),
        )
        checks.attempt(lambda: at_least(1, code.usage_limit, "usageLimit"), None)
        checks.attempt(lambda: at_least(1, code.usage_limit_per_user, "usageLimitPerUser"), None)
        checks.attempt(lambda: _window(code.starts_at, code.ends_at), None)
    return tidy


def _value(kind: DiscountKind, value: Decimal, currency: str) -> Decimal:
    match kind:
        case DiscountKind.PERCENTAGE:
            return _percentage(value)
        case DiscountKind.FIXED_AMOUNT:
            if value <= 0:
                raise InvalidInput("value", "must be more than 0.", UserErrorCode.OUT_OF_RANGE)
            return amount(value, currency, "value")
        case DiscountKind.FREE_SHIPPING:
            if value != 0:
                raise InvalidInput("value", "must be 0: free shipping takes off all of it.")
            return Decimal(0)


def _percentage(value: Decimal) -> Decimal:
    if not 0 < value <= _WHOLE:
        raise InvalidInput("value", "must be more than 0 and at most 100 per cent.", UserErrorCode.OUT_OF_RANGE)
    scaled = value.quantize(_HUNDREDTH)
    if scaled != value:
        raise InvalidInput("value", "must have at most 2 decimals.")
    return scaled


def _window(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= starts_at:
        raise InvalidInput("endsAt", "must be later than `startsAt`.")
