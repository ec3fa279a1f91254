"""GraphQL in, JSON out, without a transport."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from domain.users.user import ANONYMOUS, Actor, UserId, UserRole
from resolvers.context import context
from resolvers.readers import Readers
from server.graphql.errors import written
from server.graphql.request import GraphQLRequest, RequestRefused
from server.wiring import Shop

ADMIN = Actor(UserId(UUID(int=1)), UserRole.ADMIN)
CUSTOMER = Actor(UserId(UUID(int=2)), UserRole.CUSTOMER)


async def ask(
    shop: Shop,
    document: str,
    variables: Mapping[str, Any] | None = None,
    actor: Actor = ANONYMOUS,
    *,
    operation: str | None = None,
    readers: Readers | None = None,
) -> dict[str, Any]:
    """`data` and `errors` as a client gets them; without `data` when the request was refused."""
    try:
        prepared = shop.engine.prepare(GraphQLRequest(document, operation, variables or {}), actor=actor)
    except RequestRefused as refused:
        return {"errors": [written(error, "request") for error in refused.errors]}
    made = context(shop.services, readers or shop.readers, shop.settings.address, actor, wanted=prepared.plan.wanted)
    answer = await shop.engine.execute(prepared, made)
    return {"data": answer.data, "errors": [written(error, "request") for error in answer.errors]}


async def data(
    shop: Shop, document: str, variables: Mapping[str, Any] | None = None, actor: Actor = ANONYMOUS
) -> dict[str, Any]:
    """The data of an answer that has no errors."""
    answer = await ask(shop, document, variables, actor)
    assert answer["errors"] == []
    return answer["data"]


def codes(answer: Mapping[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


class Breaking:
    """A reader of which one method does something else; remembers how often it was asked."""

    def __init__(self, real: object, method: str, does: object) -> None:
        self._real = real
        self._method = method
        self._does = does
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        if name != self._method:
            return getattr(self._real, name)
        return self._instead

    async def _instead(self, *arguments: object, **named: object) -> object:
        self.calls += 1
        if isinstance(self._does, Exception):
            raise self._does
        return await cast("Any", self._does)(*arguments, **named)


def breaking(readers: Readers, noun: str, method: str, does: object) -> tuple[Readers, Breaking]:
    """`readers` whose `noun` raises the exception `does`, or awaits the function `does`, instead of `method`."""
    broken = Breaking(getattr(readers, noun), method, does)
    changed: Mapping[str, Any] = {noun: broken}
    return replace(readers, **changed), broken
