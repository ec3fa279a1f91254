"""What one operation may touch: services, readers and loaders, never a connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import strawberry

from domain.shared.reading import Wanted
from domain.users.user import UNKNOWN, Actor, Client, User, UserRole
from resolvers import loaders
from resolvers.loaders import Loaders
from resolvers.readers import Readers
from resolvers.services import Services

EVERYTHING: Mapping[type, Wanted] = {}


@dataclass(slots=True)
class Context:
    actor: Actor
    client: Client
    services: Services
    readers: Readers
    wanted: Mapping[type, Wanted]
    """What the operation looks at of each domain class; all of it, where a class is not named."""
    public_url: str
    """Where browsers reach the shop, without a slash at the end."""
    extensions: dict[str, object] = field(default_factory=dict[str, object])
    """What the answer says beside its data."""
    _viewer: Actor = field(init=False)
    """As whom things are loaded: what the operation names a key to later is reached by that way alone."""
    _loaders: Loaders | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._viewer = self.actor

    @property
    def loaders(self) -> Loaders:
        """Made when they are first asked for: they are 50 KB, which who only waits for events has no use for."""
        if self._loaders is None:
            self._loaders = loaders.build(self.readers, self._viewer, self.wanted)
        return self._loaders

    def renewed(self) -> "Context":
        """The same for the next mutation of an operation: what was loaded before the last one may have changed."""
        return Context(
            self.actor, self.client, self.services, self.readers, self.wanted, self.public_url, self.extensions
        )

    def hold(self, key: UUID) -> None:
        """Let the operation see what belongs to whoever has this key."""
        self.actor = replace(self.actor, holds=self.actor.holds | {key})

    def show_to(self, user: User) -> None:
        """Go on as `user`, who has just proved who they are, with nobody's privileges beyond."""
        self.actor = self._viewer = Actor(user.id, UserRole.CUSTOMER)
        self._loaders = None


def context(
    services: Services,
    readers: Readers,
    public_url: str,
    actor: Actor,
    client: Client = UNKNOWN,
    wanted: Mapping[type, Wanted] = EVERYTHING,
) -> Context:
    return Context(actor, client, services, readers, wanted, public_url)


Info = strawberry.Info[Context, None]
