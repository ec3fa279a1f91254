"""What requests with an idempotency key were answered with, sealed while it is kept.

Results have tokens and people's data in them. Only who sends the same key with the same input, password included,
gets them back; from what is stored, nobody learns them or the input.
"""

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

import orjson
from pydantic import TypeAdapter
from strawberry import UNSET

from adapters.sealing import Sealer
from domain.shared.work import Once, Results
from domain.users.user import Actor

ANYBODY = "anonymous"


@dataclass(frozen=True, slots=True)
class SealedRepetitions:
    """Implements `resolvers.services.Repetitions`."""

    sealer: Sealer
    results: Results

    def once(self, actor: Actor, operation: str, key: str, given: object, of: str = "") -> Once:
        who = ANYBODY if actor.user_id is None else str(actor.user_id)
        context = orjson.dumps([who, operation, key, _plain(given)], option=orjson.OPT_SORT_KEYS)
        return Once(
            actor=who,
            operation=operation,
            key_hash=hashlib.sha256((key if not of else f"{key}\0{of}").encode()).digest(),
            fingerprint=self.sealer.fingerprint(context),
            is_same=lambda fingerprint: self.sealer.knows(fingerprint, context),
            seal=lambda result: self.sealer.seal(context, _written(result)),
            opened=lambda sealed: self.sealer.opened(context, sealed),
        )

    async def result(self, once: Once, kind: Any) -> object | None:
        sealed = await self.results.find(once)
        content = None if sealed is None else once.opened(sealed)
        return None if content is None else _adapter(kind).validate_json(content)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _written(result: object) -> bytes:
    return _adapter(type(result)).dump_json(result)


def _plain(given: Any) -> Any:
    """An input as JSON: what was left out is not there."""
    if is_dataclass(given) and not isinstance(given, type):
        pairs = ((field.name, getattr(given, field.name)) for field in fields(given))
        return {name: _plain(value) for name, value in pairs if value is not UNSET}
    if isinstance(given, list):
        return [_plain(item) for item in given]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(given, Enum):
        return given.name
    if isinstance(given, str | int | bool | None):
        return given
    return str(given)
