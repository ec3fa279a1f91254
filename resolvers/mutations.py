"""The one way of every mutation: authenticate, authorise, replay or carry out, and say what came of it."""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.shared.errors import (
    DomainError,
    IdempotencyInProgress,
    InTheWay,
    InvalidInput,
    InvalidToken,
    NotFound,
    SeveralErrors,
    Unavailable,
    UserErrorCode,
)
from domain.shared.work import AlreadyDone, Once
from domain.users.access import Rule
from domain.users.user import User
from resolvers.context import Context
from resolvers.outcomes import Outcome, refused
from resolvers.paging import given

LONGEST_KEY = 255
SHORTEST_OF_NOBODY = 16
"""Characters of a key that is nobody's: whoever sends the same key and input gets the same cart."""
GUESTS_OWN = ("email", "access_token", "cart_id")
"""Arguments that tell one guest from another."""
PATIENCE_SECONDS = 4.0
"""How long a mutation is tried again: less than the 5 s that an operation may take."""
LONGEST_PAUSE = 0.1
"""In seconds, between tries."""
_CAPITAL = re.compile(r"(?=[A-Z])")
ENDED = "This session has ended: sign in again."

Use = Callable[..., Awaitable[Any]]
"""A resolver: it gets the operation's info, the input, and `once` where the input has an idempotency key."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """`result` is the class of what `use` answers.

    From it, `proves` tells who has proved to be whom, and `holds` what the viewer has a key to.
    """

    name: str
    rule: Rule
    use: Use
    result: type
    proves: Callable[[Any], User] | None = None
    holds: Callable[[Any], UUID] | None = None

    async def carry_out(self, info: Any, sent: Any) -> Outcome[Any]:
        """Raises: Unavailable: nothing was done, and the same can be sent again."""
        context: Context = info.context
        try:
            if not context.services.presence.is_current(context.actor):
                raise InvalidToken(ENDED)
            self.rule.require(context.actor)
            result = await self._again(info, context, sent)
        except Unavailable:
            raise
        except DomainError as error:
            _identify(error, sent)
            if error.holds is not None:
                context.hold(error.holds)
            return refused(error)
        if self.proves is not None:
            context.show_to(self.proves(result))
        if self.holds is not None:
            context.hold(self.holds(result))
        return Outcome(result)

    async def _again(self, info: Any, context: Context, sent: Any) -> Any:
        """For a while, as long as others who change the same things are in the way, or a copy of it is under way."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self._once(info, context, sent)
            except (InTheWay, IdempotencyInProgress):
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(random.uniform(0.0, LONGEST_PAUSE))  # noqa: S311  (apart from each other)

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
        once = context.services.repetitions.once(context.actor, self.name, key, sent, _whose(context, key, sent))
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


def _identify(error: DomainError, sent: Any) -> None:
    """Let what was not found say by which id it was looked for."""
    for one in error.errors if isinstance(error, SeveralErrors) else (error,):
        if isinstance(one, NotFound):
            one.id = one.id or _sent(sent, one.field)


def _whose(context: Context, key: str, sent: Any) -> str:
    """What makes a guest's key theirs; nothing for who is signed in.

    Raises: InvalidInput: nothing does, and the key could be anybody's.
    """
    if context.actor.user_id is not None:
        return ""
    for name in GUESTS_OWN:
        own: str | None = given(getattr(sent, name, None))
        if own:
            return own.strip().lower() if name == "email" else own
    if len(key) < SHORTEST_OF_NOBODY:
        problem = (
            f"must have at least {SHORTEST_OF_NOBODY} characters where nothing else tells a guest from others: take a "
            "random UUID."
        )
        raise InvalidInput("idempotencyKey", problem, UserErrorCode.TOO_SHORT)
    return ""


def _sent(sent: Any, path: Sequence[str] | None) -> str | None:
    """What the client sent for the argument at this path into the input."""
    value = sent
    for name in path or ():
        value = _items(value)[int(name)] if name.isdigit() else getattr(value, _attribute(name), None)
    return value if isinstance(value, str) else None


def _items(value: Any) -> Sequence[Any]:
    return value


def _attribute(name: str) -> str:
    return _CAPITAL.sub("_", name).lower()
