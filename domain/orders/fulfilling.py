"""Where an order's goods are, and what of them can still be packed: reckoned from its lines and fulfilments alone."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from domain.orders.fulfillment import SHIPPED, Fulfillment, FulfillmentStatus
from domain.orders.order import OrderFulfillmentStatus, OrderLine, OrderLineId
from domain.shared.errors import Conflict, DomainError, InvalidInput, NotFound, SeveralErrors, UserErrorCode

Units = Mapping[OrderLineId, int]
Wish = tuple[OrderLineId, int]
"""Units of one line that somebody wants to pack."""

_STATUS = OrderFulfillmentStatus
TRANSITIONS: Mapping[OrderFulfillmentStatus, frozenset[OrderFulfillmentStatus]] = {
    _STATUS.UNFULFILLED: frozenset({_STATUS.PARTIALLY_FULFILLED, _STATUS.FULFILLED}),
    # the rest may be sent, or paid back before it is; and one refund may do both to what was sent and what was not
    _STATUS.PARTIALLY_FULFILLED: frozenset(
        {_STATUS.FULFILLED, _STATUS.PARTIALLY_DELIVERED, _STATUS.PARTIALLY_RETURNED, _STATUS.RETURNED}
    ),
    _STATUS.FULFILLED: frozenset(
        {_STATUS.PARTIALLY_DELIVERED, _STATUS.DELIVERED, _STATUS.PARTIALLY_RETURNED, _STATUS.RETURNED}
    ),
    _STATUS.PARTIALLY_DELIVERED: frozenset({_STATUS.DELIVERED, _STATUS.PARTIALLY_RETURNED, _STATUS.RETURNED}),
    _STATUS.DELIVERED: frozenset({_STATUS.PARTIALLY_RETURNED, _STATUS.RETURNED}),
    _STATUS.PARTIALLY_RETURNED: frozenset({_STATUS.RETURNED}),
    _STATUS.RETURNED: frozenset(),
}
"""How `fulfillment_status` can change by one step: a shipment that moves on, or a refund."""


def fulfillment_status(lines: Iterable[OrderLine], fulfillments: Collection[Fulfillment]) -> OrderFulfillmentStatus:
    """Where an order's goods are. Units that are canceled will never leave, so nobody waits for them.

    Units came back with a shipment that did, or by a refund that restocked them: whichever were more of a line.
    """
    gone = _units(fulfillments, SHIPPED).total()
    arrived = _units(fulfillments, {FulfillmentStatus.DELIVERED}).total()
    sent_back = _units(fulfillments, {FulfillmentStatus.RETURNED})
    due = back = 0
    for line in lines:
        due += line.quantity - line.quantity_canceled
        back += max(sent_back[line.id], line.quantity_returned)
    if gone == 0:
        return _STATUS.UNFULFILLED
    if back:
        return _STATUS.RETURNED if back >= due else _STATUS.PARTIALLY_RETURNED
    if arrived:
        return _STATUS.DELIVERED if arrived >= due else _STATUS.PARTIALLY_DELIVERED
    return _STATUS.FULFILLED if gone >= due else _STATUS.PARTIALLY_FULFILLED


def unpacked(lines: Iterable[OrderLine], fulfillments: Iterable[Fulfillment]) -> Units:
    """What of each line is free to be packed: neither gone, nor canceled, nor set aside already."""
    packed = _units(fulfillments, {FulfillmentStatus.PENDING})
    return {
        line.id: line.quantity - line.quantity_fulfilled - line.quantity_canceled - packed[line.id] for line in lines
    }


def chosen(
    lines: Iterable[OrderLine], fulfillments: Iterable[Fulfillment], wishes: Sequence[Wish] | None = None
) -> Units:
    """What to pack: all that is free, unless something is wished.

    Raises:
        Conflict: nothing is free.
        InvalidInput: an empty wish.
        SeveralErrors: a line is not the order's or named twice, or fewer of its units are free.
    """
    free = unpacked(lines, fulfillments)
    if wishes is not None and not wishes:
        raise InvalidInput("lines", "must name some line; leave it out to pack everything.", UserErrorCode.REQUIRED)
    if wishes is None:
        everything = {line: units for line, units in free.items() if units > 0}
        if not everything:
            raise Conflict("All of the order is packed, sent or paid back already.", "lines")
        return everything
    wrong = [*_wrong(wishes, free)]
    if wrong:
        raise SeveralErrors(wrong)
    return dict(wishes)


def _wrong(wishes: Sequence[Wish], free: Units) -> Iterable[DomainError]:
    known = set[OrderLineId]()
    for place, (line, units) in enumerate(wishes):
        path = f"lines.{place}"
        if line not in free:
            yield NotFound(f"{path}.orderLineId", "line in the order")
        elif line in known:
            yield InvalidInput(f"{path}.orderLineId", "must not name a line again: give the sum of its units.")
        elif free[line] < 1:
            problem = "must be left out: all of the line is packed, sent or paid back already."
            yield InvalidInput(path, problem, UserErrorCode.OUT_OF_RANGE)
        elif not 1 <= units <= free[line]:
            problem = f"must be from 1 to {free[line]:,}: so many units are neither packed nor sent."
            yield InvalidInput(f"{path}.quantity", problem, UserErrorCode.OUT_OF_RANGE)
        known.add(line)


def _units(fulfillments: Iterable[Fulfillment], statuses: Collection[FulfillmentStatus]) -> Counter[OrderLineId]:
    """What fulfilments of these statuses hold of each line."""
    held = Counter[OrderLineId]()
    for one in fulfillments:
        if one.status in statuses:
            held.update({line.order_line_id: line.quantity for line in one.lines})
    return held
