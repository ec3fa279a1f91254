"""Subscriptions, executed: for each thing that happens, an answer made with fresh loaders."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import GraphQLError

from domain.shared.errors import DomainError, InvalidToken
from persistence.database import bounded
from resolvers.context import Context
from resolvers.mutations import ENDED
from server.graphql.engine import Answer, Engine, Prepared
from server.graphql.request import RequestRefused

SHARED_SECONDS = 0.25
"""How long an answer serves others who ask the same of the same thing: as long as it takes to tell a crowd."""
MOST_SHARED = 1_000


@dataclass(frozen=True, slots=True)
class _Shared:
    """An answer that is being made. Keeps what the ids in its key are of, so that nothing else can have them."""

    value: object
    prepared: Prepared
    answer: asyncio.Task[Answer]


class Streams:
    """One for a process.

    Where many follow the same thing with the same words and the same rights, each answer is made once: 1,000 who track
    one order cost what one of them does, but for sending.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shared = dict[tuple[object, ...], _Shared]()

    async def answers(self, prepared: Prepared, context: Context) -> AsyncGenerator[Answer]:
        """Raises: RequestRefused: it cannot be followed, or not any longer: the viewer may not see it, or is gone."""
        presence, actor = context.services.presence, context.actor
        variables = orjson.dumps(prepared.given, option=orjson.OPT_SORT_KEYS)
        try:
            async with aclosing(self._engine.follow(prepared, context)) as told:
                async for one in told:
                    # the transports end sessions that are over; what happens in the meantime is not for them
                    if not presence.is_current(actor):
                        raise InvalidToken(ENDED)
                    answer = await self._answer(prepared, variables, context, one.value)
                    yield replace(answer, more=True) if one.more else answer
        except DomainError as cause:
            raise RequestRefused(_located(prepared, cause)) from cause

    async def _answer(self, prepared: Prepared, variables: bytes, context: Context, value: Any) -> Answer:
        """Who is cancelled while waiting takes the answer from nobody."""
        key = (id(value), id(prepared.plan), variables, context.actor)
        shared = self._shared.get(key)
        if shared is None:
            with bounded():
                made = asyncio.create_task(self._engine.show(prepared, context.renewed(), value))
            shared = _Shared(value, prepared, made)
            if len(self._shared) < MOST_SHARED:
                self._shared[key] = shared
                asyncio.get_running_loop().call_later(SHARED_SECONDS, self._shared.pop, key, None)
        return await asyncio.shield(shared.answer)


def _located(prepared: Prepared, cause: DomainError) -> GraphQLError:
    field = prepared.plan.root.only
    nodes, path = (None, None) if field is None else (field.nodes, [field.key])
    return GraphQLError(str(cause), nodes, path=path, original_error=cause)
