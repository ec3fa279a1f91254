"""Dividing an amount so that nothing of it is lost or gained."""

from collections.abc import Mapping
from decimal import Decimal
from math import lcm
from typing import TypeVar
from uuid import UUID

from domain.shared.money import Money

K = TypeVar("K", bound=UUID | str)


def allocate(total: Money, weights: Mapping[K, Decimal]) -> Mapping[K, Money]:
    """Shares of `total`, proportional to `weights`, that add up to it exactly.

    Each is its exact proportion cut to the smallest unit; the units left over go, one each, to the largest remainders
    (Hamilton's method) and among equal ones to the lowest keys, whatever the order of the mapping. What weighs nothing
    gets nothing, unless nothing weighs anything: then all weigh the same. When the weights are amounts in the scale of
    the currency and `total` is at most their sum, no share exceeds its weight.

    Raises:
        ValueError: `total` or a weight is negative, or there is nobody to give the amount to.
    """
    if total.units < 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("what is negative cannot be divided into shares")
    whole = _whole(weights)
    everything = sum(whole.values())
    if not everything:
        if total.units:
            raise ValueError("there is nobody to give the amount to")
        return {}
    portions = {key: divmod(total.units * weight, everything) for key, weight in whole.items()}
    left = total.units - sum(units for units, _ in portions.values())
    favoured = sorted(portions, key=lambda key: (-portions[key][1], key))[:left]
    units = {key: units for key, (units, _) in portions.items()}
    for key in favoured:
        units[key] += 1
    return {key: Money.of_units(share, total.currency_code) for key, share in units.items()}


def _whole(weights: Mapping[K, Decimal]) -> Mapping[K, int]:
    """The same proportions in whole numbers, for which division leaves exact remainders."""
    ratios = {key: weight.as_integer_ratio() for key, weight in weights.items()}
    common = lcm(*(denominator for _, denominator in ratios.values()))
    whole = {key: numerator * (common // denominator) for key, (numerator, denominator) in ratios.items()}
    return whole if any(whole.values()) else dict.fromkeys(weights, 1)
