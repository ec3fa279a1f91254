"""What one operation may touch: readers and loaders, never a connection."""

from dataclasses import dataclass

import strawberry

from domain.users.user import ANONYMOUS, Actor
from resolvers import loaders
from resolvers.loaders import Loaders, Readers


@dataclass(frozen=True, slots=True)
class Context:
    actor: Actor
    readers: Readers
    loaders: Loaders
    public_url: str
    """Where browsers reach the shop, without a slash at the end."""


def context(readers: Readers, public_url: str, actor: Actor = ANONYMOUS) -> Context:
    return Context(actor, readers, loaders.build(readers, actor), public_url.rstrip("/"))


Info = strawberry.Info[Context, None]
