"""What one operation may touch: readers and loaders, never a connection."""

from collections.abc import Mapping
from dataclasses import dataclass

import strawberry

from domain.shared.reading import Wanted
from domain.users.user import Actor
from resolvers import loaders
from resolvers.loaders import Loaders, Readers

EVERYTHING: Mapping[type, Wanted] = {}


@dataclass(frozen=True, slots=True)
class Context:
    actor: Actor
    readers: Readers
    loaders: Loaders
    wanted: Mapping[type, Wanted]
    """What the operation looks at of each domain class; all of it, where a class is not named."""
    public_url: str
    """Where browsers reach the shop, without a slash at the end."""


def context(readers: Readers, public_url: str, actor: Actor, wanted: Mapping[type, Wanted] = EVERYTHING) -> Context:
    return Context(actor, readers, loaders.build(readers, actor, wanted), wanted, public_url)


Info = strawberry.Info[Context, None]
