"""What the provider told us, for administrators."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from domain.payments.event_listing import NEWEST_FIRST, ProviderEventListing, ProviderEventScope
from domain.payments.notices import ProviderEvent, ProviderEventId, ProviderEventStatus
from domain.shared.paging import Page
from resolvers import global_ids
from resolvers.context import Info
from resolvers.paging import arguments, given
from resolvers.product_listing import bounded
from schema.inputs.paging import After, Before, First, Last
from schema.inputs.provider_events import ProviderEventReplayInput

Status = Annotated[
    list[ProviderEventStatus] | None, strawberry.argument(description="Only those of which this became; all without.")
]


async def provider_events(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    status: Status = UNSET,
) -> Page[ProviderEvent]:
    chosen = given(status)
    scope = ProviderEventScope(None if chosen is None else tuple(bounded("status", chosen)))
    listing = ProviderEventListing(scope, arguments(first, after, last, before).window(NEWEST_FIRST))
    return await info.context.readers.provider_events.page(listing, wanted=info.context.wanted.get(ProviderEvent))


async def replay(info: Info, input: ProviderEventReplayInput) -> ProviderEvent:  # noqa: A002
    identity = ProviderEventId(global_ids.required("ProviderEvent", input.id, "provider event"))
    return await info.context.services.provider_events.replay(identity)
