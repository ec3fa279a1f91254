"""What is asked for over a socket or a stream, executed, and how its answers are shown there."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from domain.users.user import Actor, Client
from server.graphql.engine import Answer, Prepared
from server.graphql.errors import written
from server.graphql.request import GraphQLRequest
from server.http.persisted import PersistedQueries
from server.http.replies import Refused
from server.wiring import Shop


@dataclass(frozen=True, slots=True)
class Executor:
    shop: Shop
    persisted: PersistedQueries
    client: Client

    def prepare(self, request: GraphQLRequest, actor: Actor) -> Prepared:
        """Raises: RequestRefused: it cannot be executed. Refused: it names a stored document wrongly."""
        complete = self.persisted.complete(request)
        prepared = self.shop.engine.prepare(complete, actor=actor, streaming=True)
        self.persisted.keep(complete)
        return prepared

    async def answers(self, prepared: Prepared, actor: Actor) -> AsyncGenerator[Answer]:
        """One for a query or a mutation, as many as there are for a subscription. Raises: RequestRefused."""
        if not prepared.streams:
            yield await self.shop.execute(prepared, actor, self.client)
            return
        async with aclosing(self.shop.subscribe(prepared, actor, self.client)) as answers:
            async for answer in answers:
                yield answer


def payload_of(answer: Answer, request_id: str) -> Mapping[str, Any]:
    payload: dict[str, Any] = {"data": answer.data}
    if answer.errors:
        payload = {"errors": [written(error, request_id) for error in answer.errors], **payload}
    if answer.extensions:
        payload["extensions"] = answer.extensions
    return payload


def error_of(failure: Exception, request_id: str) -> Mapping[str, Any]:
    """The one error of an operation that broke: as a field's would be, masked unless it was expected."""
    if isinstance(failure, Refused):
        return {"message": failure.message, "extensions": {"code": failure.code}}
    return written(GraphQLError(str(failure), original_error=failure), request_id)
