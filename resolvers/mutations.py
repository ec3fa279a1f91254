"""The one way of every mutation: authenticate, authorise, replay or carry out, and say what came of it."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.shared.errors import DomainError, InvalidInput, InvalidToken, NotFound, Unavailable, UserErrorCode
from domain.shared.work import AlreadyDone, Once
from domain.users.access import Rule
from domain.users.user import User
from resolvers.context import Context
from resolvers.outcomes import Outcome, refused
from resolvers.paging import given

LONGEST_KEY = 255
_CAPITAL = re.compile(r"(?=[A-Z])")
ENDED = "This session has ended: sign in again."

Use = Callable[..., Awaitable[Any]]
"""A resolver: it gets the operation's info, the input, and `once` where the input has an idempotency key."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """`result` is the class of what `use` answers; `proves` tells from it who has proved to be whom."""

    name: str
    rule: Rule
    use: Use
    result: type
    proves: Callable[[Any], User] | None = None

    async def carry_out(self, info: Any, sent: Any) -> Outcome[Any]:
        """Raises: Unavailable: nothing was done, and the same can be sent again."""
        context: Context = info.context
        try:
            if not context.services.presence.is_current(context.actor):
                raise InvalidToken(ENDED)
            self.rule.require(context.actor)
            result = await self._once(info, context, sent)
        except Unavailable:
            raise
        except NotFound as error:
            error.id = error.id or _sent(sent, error.field)
            return refused(error)
        except DomainError as error:
            return refused(error)
        if self.proves is not None:
            context.show_to(self.proves(result))
        return Outcome(result)

    async def _once(self, info: Any, context: Context, sent: Any) -> Any:
        if not hasattr(sent, "idempotency_key"):
            return await self.use(info, sent)
        key = given(sent.idempotency_key)
        if key is None:
            return await self.use(info, sent, None)
        if not 0 < len(key) <= LONGEST_KEY:
            raise InvalidInput(
                "idempotencyKey", f"must have 1 to {LONGEST_KEY} characters.", UserErrorCode.OUT_OF_RANGE
            )
        once = context.services.repetitions.once(context.actor, self.name, key, sent)
        # who signs in has to prove it again: a key that somebody else knows would let them try passwords without limit
        before = None if context.actor.user_id is None else await self._before(context, once)
        if before is not None:
            return before
        try:
            return await self.use(info, sent, once)
        except AlreadyDone:  # before, or by a copy that ran at the same time
            before = await self._before(context, once)
            if before is None:
                raise
            return before

    async def _before(self, context: Context, once: Once) -> Any:
        before = await context.services.repetitions.result(once, self.result)
        if before is not None:
            context.extensions["idempotency"] = {"replayed": True}
        return before


def _sent(sent: Any, path: Sequence[str] | None) -> str | None:
    """What the client sent for the argument at this path into the input."""
    value = sent
    for name in path or ():
        value = getattr(value, _CAPITAL.sub("_", name).lower(), None)
    return value if isinstance(value, str) else None
