"""Whoever acts, as the database knows them."""

from domain.shared.errors import InvalidToken
from domain.users.user import Actor
from domain.users.work import Credentials, UsersWork

GONE = "This account no longer exists."


async def oneself(work: UsersWork, actor: Actor) -> Credentials:
    """The actor's own account, locked until `work` ends.

    Raises:
        InvalidToken: it was deleted since the token was issued.
    """
    known = None if actor.user_id is None else await work.users.get(actor.user_id)
    if known is None:
        raise InvalidToken(GONE)
    return known
