"""What the provider told us, for administrators."""

from datetime import datetime

import strawberry

from domain.payments import notices
from domain.payments.notices import ProviderEventStatus
from domain.payments.payment import PaymentProvider
from resolvers import provider_events as resolvers
from schema.errors import UserError, user_errors
from schema.nodes import Node
from schema.paging import Connection
from schema.rendering import identity, mutation, pays_out, renders, resolved, result, shown
from schema.scalars import ID, JSON


@strawberry.type(description="Something that the payment provider told the shop, kept before it was acknowledged.")
@renders(notices.ProviderEvent)
class ProviderEvent(Node):
    id: ID = identity()
    provider: PaymentProvider = shown("Who told it.")
    external_id: str = shown("The provider's own id of it: one that comes twice is kept once.")
    type: str = shown("What happened, in the provider's words.")
    status: ProviderEventStatus = shown("What became of it.")
    attempts: int = shown(
        "How often it was looked into since it came, or was last replayed. While the provider is away, tries do not "
        "count."
    )
    error: str | None = shown("Why the last try came to nothing, for people.")
    payload: JSON = shown("What was sent, without secrets and without what it says about people.", "content")
    received_at: datetime = shown("When it came.")
    processed_at: datetime | None = shown("When it was dealt with; a replay of what was dealt with leaves it.")


@strawberry.type
class ProviderEventQueries:
    provider_events: Connection[ProviderEvent] = resolved(
        resolvers.provider_events, "What the payment provider told the shop, the newest first."
    )


@strawberry.type(description="A provider event that is looked into once more.")
@pays_out(notices.ProviderEvent)
class ProviderEventReplayPayload:
    provider_event: ProviderEvent | None = result("The event, which waits for its turn.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class ProviderEventMutations:
    provider_event_replay: ProviderEventReplayPayload = mutation(
        resolvers.replay,
        "Have a provider event looked into once more. Nothing that it brought about is brought about twice.",
    )
