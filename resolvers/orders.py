"""Orders."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET, Parent

from domain.carts.cart import CartId
from domain.orders import listing
from domain.orders.access import Revoked
from domain.orders.events import OrderEvent
from domain.orders.listing import IN_SEQUENCE, NEWEST_FIRST, OrderListing, OrderScope
from domain.orders.order import Order, OrderCancelReason, OrderId
from domain.orders.placing import NONCE_BYTES, Placement
from domain.payments.payment import CaptureMethod, SavedPaymentMethodId
from domain.payments.placing import Placed
from domain.payments.wish import Wish
from domain.shared.errors import InvalidInput, NotFound, UserErrorCode
from domain.shared.paging import Page, PageArguments, Position, encode
from domain.shared.work import Once
from domain.users.user import User, UserId
from resolvers import global_ids
from resolvers.context import Info
from resolvers.paging import arguments, given
from resolvers.product_listing import NOWHERE, bounded
from schema.enums import SortDirection
from schema.inputs import orders as inputs
from schema.inputs.paging import After, Before, First, Last
from schema.scalars import ID, EventCursor

_LAST = UUID(int=2**128 - 1)
_ID_BYTES = 16
LONGEST_NOTE = 100

Filter = Annotated[inputs.OrderFilterInput | None, strawberry.argument(description="Which orders; all, if left out.")]
SortBy = Annotated[
    inputs.OrderSortInput | None, strawberry.argument(description="The order; the newest come first, if left out.")
]
AfterEvent = Annotated[
    EventCursor | None, strawberry.argument(description="Read only what happened after the event with this cursor.")
]
BeforeEvent = Annotated[
    EventCursor | None, strawberry.argument(description="Read only what happened before the event with this cursor.")
]


async def order(
    info: Info,
    id: Annotated[ID | None, strawberry.argument(description="The order's id.")] = UNSET,  # noqa: A002
    number: Annotated[str | None, strawberry.argument(description="The order's number.")] = UNSET,
    access_token: Annotated[
        str | None, strawberry.argument(description="The token that a guest got with the order.")
    ] = UNSET,
) -> Order | None:
    loaders, identity, called, token = info.context.loaders, given(id), given(number), given(access_token)
    if identity is None and called is None and token is None:
        raise InvalidInput("id", "or `number` or `accessToken` must be given.")
    if token is not None:
        found = await by_token(info, token)
    elif identity is not None:
        wanted = global_ids.of_type("Order", identity)
        found = None if wanted is None else await loaders.order.load(OrderId(wanted))
    else:
        found = await loaders.order_by_number.load(called or "")
    return found if found is not None and _is_meant(found, identity, called) else None


async def orders(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    filter: Filter = UNSET,  # noqa: A002
    sort_by: SortBy = UNSET,
) -> Page[Order]:
    wanted = _listing(arguments(first, after, last, before), given(filter), given(sort_by))
    return await info.context.readers.orders.page(wanted, wanted=info.context.wanted.get(Order))


async def orders_of_user(
    user: Parent[User],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    filter: Filter = UNSET,  # noqa: A002
    sort_by: SortBy = UNSET,
) -> Page[Order] | None:
    wanted = _listing(arguments(first, after, last, before), given(filter), given(sort_by))
    return await info.context.loaders.orders_of_user.load((user.id, wanted))


async def events(
    order: Parent[Order],
    info: Info,
    first: First = UNSET,
    after: AfterEvent = UNSET,
    last: Last = UNSET,
    before: BeforeEvent = UNSET,
) -> Page[OrderEvent] | None:
    window = arguments(first, after, last, before).window(IN_SEQUENCE)
    return await info.context.loaders.order_events.load((order.id, window))


def event_cursor(order: Parent[Order]) -> EventCursor:
    return EventCursor(encode(IN_SEQUENCE, Position(order.events, _LAST)))


def cursor(event: Parent[OrderEvent]) -> EventCursor:
    return EventCursor(encode(IN_SEQUENCE, Position(event.sequence, event.id)))


async def place(info: Info, input: inputs.OrderPlaceInput, once: Once | None) -> Placed:  # noqa: A002
    cart = CartId(global_ids.required("Cart", input.cart_id, "cart", "cartId"))
    placement = Placement(cart, given(input.quote_id), given(input.note))
    paid_by = wish(input.capture_method, input.saved_payment_method_id)
    return await info.context.services.checkout_placing.place(info.context.actor, placement, paid_by, once)


def wish(capture_method: CaptureMethod | None, saved: ID | None) -> Wish:
    """How somebody wants to pay. Raises: NotFound: the saved means of payment is none."""
    method = given(saved)
    return Wish(
        capture_method or CaptureMethod.AUTOMATIC,
        None
        if method is None
        else SavedPaymentMethodId(
            global_ids.required("SavedPaymentMethod", method, "saved payment method", "savedPaymentMethodId")
        ),
    )


async def cancel(info: Info, input: inputs.OrderCancelInput, once: Once | None) -> Order:  # noqa: A002
    token, note = given(input.access_token), given(input.note)
    if note is not None and len(note) > LONGEST_NOTE:
        raise InvalidInput("note", f"must have at most {LONGEST_NOTE} characters.", UserErrorCode.TOO_LONG)
    if token is not None:
        await by_token(info, token)
    return await info.context.services.orders.cancel(
        info.context.actor,
        OrderId(global_ids.required("Order", input.id, "order")),
        input.reason or OrderCancelReason.CUSTOMER,
        note,
        once,
    )


async def revoke_access(
    info: Info,
    input: inputs.OrderAccessTokenRevokeInput,  # noqa: A002
    once: Once | None,
) -> Revoked:
    identity = OrderId(global_ids.required("Order", input.order_id, "order", "orderId"))
    token, nonce = given(input.access_token), None
    if token is not None:
        of, nonce = named_by(info, token) or (None, None)
        if of != identity:
            raise NotFound("orderId", "order")
    return await info.context.services.order_access.revoke(info.context.actor, identity, nonce, once)


def named_by(info: Info, token: str) -> tuple[OrderId, bytes] | None:
    """The order that the token is for, and the secret that has to be the order's; None when we did not make it."""
    content = info.context.services.signer.opened(token)
    if content is None or len(content) != _ID_BYTES + NONCE_BYTES:
        return None
    return OrderId(UUID(bytes=content[:_ID_BYTES])), content[_ID_BYTES:]


async def by_token(info: Info, token: str) -> Order | None:
    """The order that the token is the key to; from then on the operation has it."""
    named = named_by(info, token)
    if named is None:
        return None
    found = await info.context.readers.orders.by_access(*named, wanted=info.context.wanted.get(Order))
    if found is not None:
        info.context.hold(found.owner)
    return found


def _is_meant(found: Order, identity: ID | None, number: str | None) -> bool:
    """Whether it is the one that was also asked for by another key."""
    by_id = identity is None or global_ids.of_type("Order", identity) == found.id
    return by_id and (number is None or number == found.number)


def _listing(
    page: PageArguments, chosen: inputs.OrderFilterInput | None, sort: inputs.OrderSortInput | None
) -> OrderListing:
    by = NEWEST_FIRST
    if sort is not None:
        by = listing.order_by(sort.field, descending=sort.direction is not SortDirection.ASC)
    return OrderListing(OrderScope() if chosen is None else _scope(chosen), page.window(by))


def _scope(chosen: inputs.OrderFilterInput) -> OrderScope:
    statuses, payments = given(chosen.status), given(chosen.payment_status)
    fulfillments, user, email = given(chosen.fulfillment_status), given(chosen.user_id), given(chosen.email)
    return OrderScope(
        status=None if statuses is None else tuple(bounded("filter.status", statuses)),
        payment_status=None if payments is None else tuple(bounded("filter.paymentStatus", payments)),
        fulfillment_status=None if fulfillments is None else tuple(bounded("filter.fulfillmentStatus", fulfillments)),
        placed_after=given(chosen.placed_after),
        placed_before=given(chosen.placed_before),
        user_id=None if user is None else UserId(global_ids.of_type("User", user) or NOWHERE),
        email=None if email is None else email.strip().lower(),
        number=given(chosen.number),
    )
