"""What administrators send about provider events."""

import strawberry

from schema.scalars import ID


@strawberry.input(description="A provider event to look into once more.")
class ProviderEventReplayInput:
    id: ID = strawberry.field(description="The provider event.")
