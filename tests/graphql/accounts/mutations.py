"""Mutations about accounts as clients send them, the letters they cause, and what stands in the database."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from graphql import GraphQLError, GraphQLInputObjectType

from domain.shared.errors import Unavailable
from domain.shared.rates import Limiter
from domain.users.user import ANONYMOUS, UNKNOWN, Actor, Client
from resolvers import global_ids
from schema import root
from server.graphql.core import core_schema, without_non_null
from server.graphql.request import GraphQLRequest
from server.settings import read_settings
from server.wiring import Shop, open_shop
from tests import letters
from tests.generous import GenerousLimiter
from tests.letters import Letter
from tests.people import Person

SCHEMA = core_schema(root.build())
USER = "user { id email firstName lastName role emailVerified }"
TOKENS = "tokens { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }"
ADDRESS = "address { id isDefault address { line1 line2 city countryCode postalCode } }"
SELECTIONS = {
    "userRegister": f"{USER} {TOKENS}",
    "userLogin": f"{USER} {TOKENS}",
    "tokenRefresh": TOKENS,
    "userLogout": "loggedOut",
    "sessionRevoke": "revokedCount",
    "emailVerificationRequest": "accepted",
    "emailVerify": USER,
    "passwordResetRequest": "accepted",
    "passwordReset": USER,
    "userPasswordChange": USER,
    "userEmailChangeRequest": "accepted",
    "userEmailChangeConfirm": USER,
    "userUpdate": USER,
    "userDelete": "deletedUserId",
    "userAddressCreate": f"{ADDRESS} {USER}",
    "userAddressUpdate": f"{ADDRESS} {USER}",
    "userAddressDelete": f"deletedAddressId {USER}",
    "userRoleSet": USER,
}
ERRORS = "userErrors { __typename code message field ... on NotFoundError { id } ... on RateLimitError { retryAfter } }"
NOTHING = {"loggedOut": False, "revokedCount": 0, "accepted": False}
"""What is not null in the payload of a mutation that was refused."""
HOME = {"line1": "1 High Street", "city": "Leeds", "countryCode": "GB"}

Errors = list[tuple[str, str, list[str] | None]]
Rows = dict[str, list[Mapping[str, Any]]]


class NotAnswered(AssertionError):
    """There are errors at the top; `busy` when all that they say is to try again."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors)
        self.busy = all(isinstance(error.original_error, Unavailable) for error in errors)


@dataclass(frozen=True, slots=True)
class Reply:
    """The payload of one mutation."""

    payload: Mapping[str, Any]
    replayed: bool

    @property
    def errors(self) -> Errors:
        return [(one["__typename"], one["code"], one["field"]) for one in self.payload["userErrors"]]

    @property
    def done(self) -> Mapping[str, Any]:
        """The payload of what was not refused."""
        assert self.payload["userErrors"] == []
        return self.payload

    @property
    def refused(self) -> Errors:
        """The errors of what was refused, whose payload shows nothing else."""
        rest = {name: value for name, value in self.payload.items() if name != "userErrors"}
        assert rest == {name: NOTHING.get(name) for name in rest}
        assert all(one["message"].endswith(".") for one in self.payload["userErrors"])
        assert self.errors
        return self.errors


def field_of(name: str, alias: str = "") -> str:
    """The mutation, with the variable `$<alias or name>` for its input."""
    variable = alias or name
    return f"{variable}: {name}(input: ${variable}) {{ {SELECTIONS[name]} {ERRORS} }}"


def input_type(name: str) -> GraphQLInputObjectType:
    assert SCHEMA.mutation_type
    inner, _ = without_non_null(SCHEMA.mutation_type.fields[name].args["input"].type)
    assert isinstance(inner, GraphQLInputObjectType)
    return inner


async def send(
    shop: Shop, name: str, given: Mapping[str, Any], who: Person | Actor = ANONYMOUS, client: Client = UNKNOWN
) -> Reply:
    """One mutation in a document of its own. Paths of its errors are checked to lead into its input."""
    [reply] = await send_all(shop, [(name, given)], who, client)
    return reply


async def send_all(
    shop: Shop,
    mutations: Sequence[tuple[str, Mapping[str, Any]]],
    who: Person | Actor = ANONYMOUS,
    client: Client = UNKNOWN,
) -> list[Reply]:
    """Several in one document, in their order."""
    aliases = [f"m{number}" for number in range(len(mutations))]
    head = " ".join(f"${alias}: {input_type(name)}!" for alias, (name, _) in zip(aliases, mutations, strict=True))
    body = " ".join(field_of(name, alias) for alias, (name, _) in zip(aliases, mutations, strict=True))
    variables = dict(zip(aliases, (given for _, given in mutations), strict=True))
    actor = who if isinstance(who, Actor) else who.actor
    request = GraphQLRequest(f"mutation({head}) {{ {body} }}", None, variables)
    answer = await shop.execute(shop.engine.prepare(request, actor=actor), actor, client)
    if answer.errors or answer.data is None:
        raise NotAnswered(answer.errors)
    replayed = answer.extensions.get("idempotency") == {"replayed": True}
    replies = [Reply(answer.data[alias], replayed) for alias in aliases]
    for (name, _), reply in zip(mutations, replies, strict=True):
        for _, _, path in reply.errors:
            assert path is None or leads_into(input_type(name), path), f"{name} has no input {path}"
    return replies


async def send_patiently(
    shop: Shop, name: str, given: Mapping[str, Any], who: Person | Actor = ANONYMOUS, client: Client = UNKNOWN
) -> Reply:
    """As clients do: again, when the shop was too busy."""
    while True:
        try:
            return await send(shop, name, given, who, client)
        except NotAnswered as failure:
            if not failure.busy:
                raise
        await asyncio.sleep(0.05)


def leads_into(type_: Any, path: Sequence[str]) -> bool:
    inner, _ = without_non_null(type_)
    if not path:
        return True
    return (
        isinstance(inner, GraphQLInputObjectType)
        and path[0] in inner.fields
        and leads_into(inner.fields[path[0]].type, path[1:])
    )


@asynccontextmanager
async def opened(url: str, limiter: Limiter | None = None, **settings: Any) -> AsyncGenerator[Shop]:
    """A shop on this database; with generous limits, unless others are given."""
    made = read_settings(database_url=url, public_url="http://shop.example", **settings)
    async with open_shop(made, None, limiter or GenerousLimiter()) as shop:
        yield shop


@asynccontextmanager
async def beside(shop: Shop) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection to the shop's database past the shop."""
    connection = await asyncpg.connect(shop.database.settings.dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def sql(shop: Shop, text: str, *values: object) -> list[asyncpg.Record]:
    async with beside(shop) as connection:
        return await connection.fetch(text, *values)


async def everything(shop: Shop) -> Rows:
    """All rows of all tables."""
    found: Rows = {}
    async with beside(shop) as connection:
        for (table,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            rows = await connection.fetch(f'SELECT * FROM "{table}"')
            found[table] = sorted((dict(row) for row in rows), key=repr)
    return found


async def password_hash(shop: Shop, who: Person) -> str:
    [(found,)] = await sql(shop, "SELECT password_hash FROM users WHERE id = $1", who.user.id)
    return found


async def open_sessions(shop: Shop, who: Person) -> set[Any]:
    found = await sql(shop, "SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL", who.user.id)
    return {row[0] for row in found}


async def handled(shop: Shop) -> None:
    """Have everything done that is to be done after the transactions so far: letters are written."""
    while await shop.relay.turn():
        pass


async def letters_to(shop: Shop, address: str) -> list[Letter]:
    """The oldest first."""
    await handled(shop)
    return [letter for letter in letters.in_folder(shop.settings.souk_home) if letter.to == address]


async def token_for(shop: Shop, address: str) -> str:
    """What the link in the last letter with one carries."""
    return [letter.token for letter in await letters_to(shop, address) if letter.token][-1]


def user_id(who: Person) -> str:
    return global_ids.encode("User", who.user.id)


def session_id(who: Person) -> str:
    assert who.actor.session_id
    return global_ids.encode("Session", who.actor.session_id)
