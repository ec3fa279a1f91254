"""Every field that is not for everybody, for every viewer, by every way in, over HTTP with real tokens."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
import pytest
from graphql import GraphQLInterfaceType

from resolvers import global_ids
from tests.architecture.test_access_table import PLACES
from tests.graphql import access_paying
from tests.graphql.access_matrix import (
    CELLS,
    OTHER_WAYS,
    ROWS,
    SCHEMA,
    WAYS,
    Outcome,
    expected,
    found,
    selected,
    ways,
)
from tests.graphql.access_rules import BY_ID, PUBLIC, RULES, Rule
from tests.graphql.access_ways import Way
from tests.graphql.access_world import BELIEVED, Viewer, World
from tests.graphql.asking import ask, breaking, codes

MISSING = {
    variable: global_ids.encode(type_, UUID("0196b2a0-7a6b-7c1e-8b1d-0a1b2c3d4e5f"))
    for variable, type_ in {
        "user": "User",
        "address": "SavedAddress",
        "session": "Session",
        "cart": "Cart",
        "line": "CartLine",
        "adjustment": "InventoryAdjustment",
        "code": "DiscountCode",
        "rate": "ShippingRate",
        "tax": "TaxRate",
        "placed": "Cart",
        "order": "Order",
        "bought": "OrderLine",
        "event": "OrderLifecycleEvent",
        **access_paying.MISSING,
        "told": "ProviderEvent",
    }.items()
} | {"number": "0000-0000-0000"}
PER_REQUEST = {"x-request-id"}


def test_every_field_that_is_not_for_everybody_is_in_the_matrix() -> None:
    asked = {place: viewer for place, viewer in PLACES.items() if viewer is not None}
    stated = {(type_, field): rule.shown_as for type_, rules in RULES.items() for field, rule in rules.items()}
    assert asked == {place: viewer for place, viewer in stated.items() if viewer is not None}
    for root in ("Mutation", "Subscription"):
        assert {field for type_, field in PLACES if type_ == root} == RULES[root].keys()


def test_everything_that_has_an_id_is_public_or_in_the_matrix() -> None:
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {one.name for one in SCHEMA.get_possible_types(node)} == PUBLIC | BY_ID.keys() | {"ProductVariant"}
    assert RULES.keys() == WAYS.keys() | {"Mutation", "Subscription"}


def named(value: object) -> str:
    if isinstance(value, str | Way):
        return value if isinstance(value, str) else value.name
    return ""


async def answered(
    world: World, viewer: Viewer, type_: str, fields: Sequence[str], way: Way, **other: str
) -> httpx.Response:
    declared = way.document.partition("{")[0]
    variables = {name: value for name, value in {**world.variables, **other}.items() if f"${name}:" in declared}
    inside = " ".join(selected(type_, field) for field in fields)
    return await world.ask(world.tokens[viewer], way.document.replace("%s", inside), variables)


async def truth(world: World, type_: str, field: str) -> Any:
    """What the owner sees of what is theirs, the first way there is; of what is nobody's, an administrator."""
    key = f"{type_}.{field}"
    if key not in world.truths:
        rules = (BY_ID.get(type_, Rule.ADMIN), RULES[type_][field])
        viewer = Viewer.ADMIN if Rule.ADMIN in rules else Viewer.OWNER
        way = next(one for one in ways(type_, field) if not one.own or viewer is Viewer.OWNER)
        reply = await answered(world, viewer, type_, [field], way)
        world.truths[key] = found(reply.json()["data"], (*way.path, field))
    return world.truths[key]


async def test_the_owner_s_things_are_complete_so_that_null_means_that_something_is_hidden(world: World) -> None:
    for type_, field, _ in CELLS:
        value = await truth(world, type_, field)
        assert value is not None
        assert None not in (value.values() if isinstance(value, dict) else [])
        assert value != []
    assert world.truths["User.email"] == world.owner.user.email
    assert world.truths["SavedAddress.id"] == world.variables["address"]
    assert world.truths["Session.id"] == world.variables["session"]
    assert world.truths["Cart.id"] == world.variables["cart"]
    assert world.truths["Order.number"] == world.variables["number"]


@pytest.mark.parametrize(("type_", "way", "fields"), ROWS, ids=named)
async def test_each_field_is_shown_to_those_whom_it_is_for_and_to_nobody_else(
    world: World, type_: str, way: Way, fields: Sequence[str]
) -> None:
    for viewer in BELIEVED:
        barred = expected(type_, fields[0], way, viewer)
        if barred.missing in {step.path for step in way.steps}:
            # nobody gets to the thing itself, so all that is asked of it can be asked at once
            reply = await answered(world, viewer, type_, fields, way)
            _is_missing(reply, barred, (type_, viewer))
            _tells_nothing(world, reply, (type_, viewer))
            if barred.missing == way.steps[0].path:
                await _is_like_nothing(world, viewer, type_, fields, way, reply)
        else:
            for field in fields:
                await _is_shown_or_refused(world, viewer, type_, field, way)


async def _is_shown_or_refused(world: World, viewer: Viewer, type_: str, field: str, way: Way) -> None:
    """Each field alone: what is read for one must do for its own rule."""
    asked, outcome = (type_, field, viewer), expected(type_, field, way, viewer)
    reply = await answered(world, viewer, type_, [field], way)
    is_own = way.own and viewer is not Viewer.OWNER
    if outcome.is_shown:
        assert reply.status_code == 200, asked
        assert reply.json() == {"data": reply.json()["data"]}, asked
    elif not is_own:  # of what they may not see there, they may have nothing
        _is_missing(reply, outcome, asked)
    if is_own or not outcome.is_shown:
        _tells_nothing(world, reply, asked)
    else:
        assert found(reply.json()["data"], (*way.path, field)) == await truth(world, type_, field), asked


def _tells_nothing(world: World, reply: httpx.Response, asked: object) -> None:
    assert [canary for canary in world.canaries if canary in reply.text] == [], asked


def _is_missing(reply: httpx.Response, outcome: Outcome, asked: object) -> None:
    path, answer = outcome.missing or (), reply.json()
    assert reply.status_code == 200, asked
    assert found(answer["data"], path) is None, asked
    if outcome.code is None:
        assert "errors" not in answer, asked
    else:
        assert [error["path"] for error in answer["errors"]] == [list(path)], asked
        assert codes(answer) == [outcome.code], asked


async def _is_like_nothing(
    world: World, viewer: Viewer, type_: str, fields: Sequence[str], way: Way, reply: httpx.Response
) -> None:
    """Byte for byte, the answer about what is somebody else's is the one about what does not exist."""
    if any(f"${name}:" in way.document for name in MISSING):
        nothing = await answered(world, viewer, type_, fields, way, **MISSING)
        assert reply.content == nothing.content, viewer
        assert _headers(reply) == _headers(nothing), viewer


def _headers(reply: httpx.Response) -> list[tuple[bytes, bytes]]:
    return [one for one in reply.headers.raw if one[0].decode() not in PER_REQUEST]


UNBELIEVED = [viewer for viewer in Viewer if not viewer.is_believed]


@pytest.mark.parametrize(("type_", "way", "fields"), ROWS, ids=named)
async def test_a_token_that_is_over_opens_nothing(world: World, type_: str, way: Way, fields: Sequence[str]) -> None:
    for viewer in UNBELIEVED:
        is_refused(await answered(world, viewer, type_, fields, way))


@pytest.mark.parametrize("viewer", UNBELIEVED)
@pytest.mark.parametrize(
    "document",
    [
        "{ shop { name } }",
        "{ me { id } }",
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        "{",
        "{ nothing }",
        "subscription { nothing }",
        "mutation { userLogout(input: {}) { loggedOut } }",
        'mutation { passwordResetRequest(input: {email: "ann@shop.example"}) { accepted } }',
    ],
)
async def test_a_token_that_is_over_is_refused_whatever_is_asked(world: World, viewer: Viewer, document: str) -> None:
    is_refused(await world.ask(world.tokens[viewer], document))


def is_refused(reply: httpx.Response) -> None:
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json().keys() == {"errors"}
    assert codes(reply.json()) == ["UNAUTHENTICATED"]


LEAKS = {
    "User": ("users", "by_ids"),
    "SavedAddress": ("addresses", "of_users"),
    "Session": ("sessions", "of_users"),
    "Cart": ("carts", "open_of"),
}


LEAKED = [(type_, field) for type_ in LEAKS for field in RULES[type_] if (type_, field) not in OTHER_WAYS]


@pytest.mark.parametrize(("type_", "field"), LEAKED, ids=named)
async def test_what_a_reader_gives_away_by_mistake_is_refused_all_the_same(
    world: World, type_: str, field: str
) -> None:
    noun, method = LEAKS[type_]
    real = getattr(getattr(world.shop.readers, noun), method)

    async def leak(ids: list[Any], *, wanted: Any = None) -> Mapping[Any, Any]:
        del wanted
        given = await real([world.owner.user.id])
        return dict.fromkeys(ids, given[world.owner.user.id])

    readers, leaky = breaking(world.shop.readers, noun, method, leak)
    way = WAYS[type_][0]
    for one in (world.other, world.admin):
        answer = await ask(
            world.shop, way.document.replace("%s", selected(type_, field)), actor=one.actor, readers=readers
        )
        shown = one is world.admin and RULES[type_][field] is not Rule.OWNER_ALONE
        assert (found(answer["data"], (*way.path, field)) is not None) is shown
        assert set(codes(answer)) == (set() if shown else {"FORBIDDEN"})
    assert leaky.calls == 2


@pytest.mark.parametrize("field", [field for field, rule in RULES["User"].items() if rule is Rule.OWNER_ALONE])
async def test_among_many_each_is_shown_for_whose_it_is(world: World, field: str) -> None:
    ids = [global_ids.encode("User", one.user.id) for one in (world.owner, world.admin, world.other, world.admin)]
    document = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on User {{ {selected('User', field)} }} }} }}"
    reply = await world.ask(world.tokens[Viewer.ADMIN], document, {"ids": ids})
    nodes = reply.json()["data"]["nodes"]
    assert [node is not None for node in nodes] == [False, True, False, True]
    assert nodes[1] == nodes[3]
    assert [error["path"] for error in reply.json()["errors"]] == [["nodes", 0, field], ["nodes", 2, field]]
    assert set(codes(reply.json())) == {"FORBIDDEN"}
    assert [canary for canary in world.canaries if canary in reply.text] == []


@pytest.fixture(scope="module")
async def world(access_world: World) -> AsyncGenerator[World]:
    """Nothing of it may change: nothing here changes anything."""
    before = await access_world.everything()
    yield access_world
    assert await access_world.everything() == before
