"""Every mutation, for every viewer, over HTTP with real tokens: whom it is for, what it changes, what it tells."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType

from domain.users.user import UserRole
from resolvers import global_ids
from tests.graphql.access_matrix import SCHEMA, bare, leaves
from tests.graphql.access_mutations import NEWCOMER, SENDS, TARGETS, UNTARGETED, Input, Target
from tests.graphql.access_rules import RULES, Rule
from tests.graphql.access_world import BELIEVED, Rows, Viewer, World
from tests.graphql.test_access import UNBELIEVED, is_refused
from tests.people import Person, signed_in

MUTATIONS = RULES["Mutation"]
BY_TARGET = {
    target.mutation: target.argument
    for target in TARGETS
    if not target.for_staff and target.mutation != "sessionRevoke"
}
"""What others send there names the owner's things; the other mutations have nothing of anybody's in their inputs."""
STAFF_TOO = {target.mutation for target in TARGETS if target.staff_too}
"""What administrators do with what is somebody else's, as its owner does."""
OWN = ("cart", "inventory", "orderPlace")
"""How mutations begin that are for everybody, or for administrators, and yet change what is the sender's own."""
WHY = "userErrors { __typename code field ... on NotFoundError { id } }"
NO_ID = UUID("0196b2a0-7a6b-7c1e-8b1d-0a1b2c3d4e5f")


def payload_of(mutation: str) -> GraphQLObjectType:
    type_ = SCHEMA.mutation_type
    assert type_ is not None
    return bare(type_.fields[mutation].type)


def results(mutation: str, *, private: bool) -> str:
    """All that a payload shows but its errors; of users their addresses, too, and with `private` their sessions."""
    parts: list[str] = []
    for name, field in payload_of(mutation).fields.items():
        inner = bare(field.type)
        if name == "userErrors":
            continue
        if not isinstance(inner, GraphQLObjectType):
            parts.append(name)
            continue
        more = " addresses { id } defaultAddress { id }" if inner.name == "User" else ""
        more += " sessions { id }" if inner.name == "User" and private else ""
        parts.append(f"{name} {{ {' '.join(leaves(inner))}{more} }}")
    return " ".join(parts)


async def send(world: World, token: str | None, mutation: str, sent: Input, *, private: bool = True) -> httpx.Response:
    type_ = f"{mutation[0].upper()}{mutation[1:]}Input!"
    asked = f"{results(mutation, private=private)} {WHY}"
    document = f"mutation($input: {type_}) {{ {mutation}(input: $input) {{ {asked} }} }}"
    return await world.ask(token, document, {"input": sent})


def answer(reply: httpx.Response, mutation: str) -> dict[str, Any]:
    """The payload of an answer without top-level errors: what stands in the way of a mutation is data."""
    assert reply.status_code == 200
    assert reply.json().keys() == {"data"}
    return reply.json()["data"][mutation]


def nothing(payload: Mapping[str, Any]) -> bool:
    return not any(value for name, value in payload.items() if name != "userErrors")


def refusal(type_: str, code: str, field: list[str] | None = None, **more: object) -> list[dict[str, Any]]:
    return [{"__typename": type_, "code": code, "field": field, **more}]


async def actor(world: World, viewer: Viewer, about: Person) -> tuple[Person | None, str | None]:
    """Somebody new who is such a viewer of what is `about`'s, and their token."""
    match viewer:
        case Viewer.ANONYMOUS:
            return None, None
        case Viewer.OWNER:
            return about, about.tokens.access_token
        case Viewer.OTHER | Viewer.ADMIN:
            new = await world.somebody(UserRole.ADMIN if viewer is Viewer.ADMIN else UserRole.CUSTOMER)
            return new, new.tokens.access_token
        case _:
            return None, world.tokens[viewer]


def test_each_mutation_is_sent_something() -> None:
    assert SENDS.keys() == MUTATIONS.keys()


def test_each_id_in_an_input_is_the_target_of_the_matrix() -> None:
    named = {(mutation, path) for mutation in MUTATIONS for path in _ids(input_of(mutation))}
    assert named == {(target.mutation, target.argument) for target in TARGETS} | UNTARGETED
    assert len(named) == len(TARGETS) + len(UNTARGETED)


def input_of(mutation: str) -> GraphQLInputObjectType:
    type_ = SCHEMA.mutation_type
    assert type_ is not None
    return bare(type_.fields[mutation].args["input"].type)


def _ids(type_: GraphQLInputObjectType, above: str = "") -> Iterator[str]:
    """The paths of all ids in an input."""
    for name, field in type_.fields.items():
        inner = bare(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from _ids(inner, f"{above}{name}.")
        elif inner.name == "ID":
            yield above + name


def expected(mutation: str, viewer: Viewer, sent: Input) -> list[dict[str, Any]]:
    if viewer not in MUTATIONS[mutation].viewers:
        if viewer is Viewer.ANONYMOUS:
            return refusal("AuthenticationError", "UNAUTHENTICATED")
        return refusal("PermissionError", "FORBIDDEN")
    if mutation in BY_TARGET and viewer is not Viewer.OWNER and not (mutation in STAFF_TOO and viewer is Viewer.ADMIN):
        argument = BY_TARGET[mutation]
        return refusal("NotFoundError", "NOT_FOUND", [argument], id=sent[argument])
    return []


@pytest.mark.parametrize("viewer", BELIEVED)
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_each_mutation_is_done_for_those_whom_it_is_for_and_changes_nothing_for_others(
    access_world: World, mutation: str, viewer: Viewer
) -> None:
    world, about = access_world, await access_world.somebody()
    who, token = await actor(world, viewer, about)
    sent = await SENDS[mutation](world, about)
    before, others = await world.everything(), await bystanders(world, mutation, about, who)
    reply = await send(world, token, mutation, sent, private=mutation != "userRoleSet")
    payload, errors = answer(reply, mutation), expected(mutation, viewer, sent)
    assert payload["userErrors"] == errors
    assert nothing(payload) is bool(errors)
    if errors:
        assert await world.everything() == before
    else:
        shown_is_theirs(world, payload, about if proves(mutation) or who is None else who, about)
    assert await bystanders(world, mutation, about, who) == others


def proves(mutation: str) -> bool:
    """Whether it acts for whomever its input is about, whoever sends it."""
    return MUTATIONS[mutation] in {Rule.EVERYBODY, Rule.ADMIN} and not mutation.startswith(OWN)


async def bystanders(world: World, mutation: str, about: Person, who: Person | None) -> Rows:
    """All there is of people whom it is none of their business."""
    people = {one.user.id for one in (world.owner, world.other, world.admin)}
    if proves(mutation):
        people |= {who.user.id} if who is not None and who is not about else set()
    elif who is not about:
        people |= {about.user.id}
    return await world.all_of(*people)


def shown_is_theirs(world: World, payload: Mapping[str, Any], one: Person, about: Person) -> None:
    user, address, tokens = (payload.get(name) for name in ("user", "address", "tokens"))
    is_new = user is not None and user["firstName"] == NEWCOMER
    identity = user["id"] if user is not None and is_new else global_ids.encode("User", one.user.id)
    if user is not None and not is_new:
        assert user["id"] == identity
        assert user["defaultAddress"] in user["addresses"]
    if user is not None and address is not None:
        assert address["id"] in {theirs["id"] for theirs in user["addresses"]}
    if tokens is not None:
        speaker = world.shop.identities.identify(tokens["accessToken"]).actor.user_id
        assert speaker is not None
        assert global_ids.encode("User", speaker) == identity
    assert payload.get("deletedUserId", identity) == identity
    assert one is about or about.user.email not in repr(payload)


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_token_that_is_over_does_nothing(access_world: World, mutation: str) -> None:
    about = await access_world.somebody()
    sent = await SENDS[mutation](access_world, about)
    before = await access_world.everything()
    for viewer in UNBELIEVED:
        is_refused(await send(access_world, access_world.tokens[viewer], mutation, sent))
    assert await access_world.everything() == before


@pytest.mark.parametrize("viewer", [Viewer.ANONYMOUS, Viewer.OTHER, Viewer.ADMIN])
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
async def test_what_is_somebody_else_s_is_answered_like_what_is_not_there(
    access_world: World, target: Target, viewer: Viewer
) -> None:
    if (target.for_staff or target.staff_too) and viewer is Viewer.ADMIN:
        return  # whoever may change everybody may know who there is
    world, about = access_world, await access_world.somebody()
    _, token = await actor(world, viewer, about)
    sent = await target.sends(world, about)
    before = await world.everything()
    theirs = await send(world, token, target.mutation, sent)
    answers = {_without(theirs, sent[target.argument])}
    for strange in (global_ids.encode(target.kind, NO_ID), global_ids.encode("Product", NO_ID), "nothing", ""):
        other = await send(world, token, target.mutation, {**sent, target.argument: strange})
        answers.add(_without(other, strange))
    assert len(answers) == 1
    assert await world.everything() == before


def _without(reply: httpx.Response, identity: str) -> tuple[int, bytes]:
    """An answer without the id that it says again."""
    return reply.status_code, reply.content.replace(f'"{identity}"'.encode(), b"")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
async def test_those_whose_it_is_do_it(access_world: World, target: Target) -> None:
    world, about = access_world, await access_world.somebody()
    _, token = await actor(world, Viewer.ADMIN if target.for_staff else Viewer.OWNER, about)
    sent = await target.sends(world, about)
    before = await world.everything()
    payload = answer(await send(world, token, target.mutation, sent, private=not target.for_staff), target.mutation)
    assert payload["userErrors"] == []
    assert await world.everything() != before


async def test_an_administrator_who_changes_somebody_sees_no_sessions_of_theirs(access_world: World) -> None:
    about = await access_world.somebody()
    sent = await SENDS["userRoleSet"](access_world, about)
    reply = await send(access_world, access_world.tokens[Viewer.ADMIN], "userRoleSet", sent)
    assert reply.json()["data"]["userRoleSet"]["user"] is None
    [error] = reply.json()["errors"]
    assert (error["path"], error["extensions"]) == (["userRoleSet", "user", "sessions"], {"code": "FORBIDDEN"})


async def test_one_mutation_s_proof_is_not_believed_by_the_next_one(access_world: World) -> None:
    world, about = access_world, await access_world.somebody()
    other = await signed_in(world.shop, world.other.user)
    document = """mutation($login: UserLoginInput!) {
      userLogin(input: $login) { user { email } }
      userUpdate(input: {}) { user { email } }
    }"""
    sent = {"login": await SENDS["userLogin"](world, about)}
    for token, email in ((None, None), (other.tokens.access_token, world.other.user.email)):
        data = (await world.ask(token, document, sent)).json()["data"]
        assert data["userLogin"]["user"] == {"email": about.user.email}
        assert data["userUpdate"]["user"] == (email and {"email": email})
