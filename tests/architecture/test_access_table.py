"""Who may see what: the table, the printed schema and the contract say the same of every field."""

from collections.abc import Iterator, Mapping

import pytest
from graphql import (
    EnumValueNode,
    FieldDefinitionNode,
    InputValueDefinitionNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
)

from domain.users.access import NOBODY
from domain.users.user import ANONYMOUS, Actor, UserRole
from schema import access, root
from schema.rendering import RENDERED
from tests.architecture.test_contract import CONTRACT, PRINTED
from tests.architecture.test_rendering import annotation_of
from tests.graphql.asking import ADMIN, CUSTOMER

Place = tuple[str, str]


def objects(definitions: Mapping[str, TypeDefinitionNode]) -> Mapping[str, ObjectTypeDefinitionNode]:
    return {name: node for name, node in definitions.items() if isinstance(node, ObjectTypeDefinitionNode)}


def asked(node: ObjectTypeDefinitionNode | FieldDefinitionNode | InputValueDefinitionNode) -> str | None:
    """What `@auth` of a type or field requires."""
    for directive in node.directives or ():
        if directive.name.value == "auth":
            [viewer] = [argument.value for argument in directive.arguments or ()]
            assert isinstance(viewer, EnumValueNode)
            return viewer.value
    return None


def directives(definitions: Mapping[str, TypeDefinitionNode]) -> Iterator[tuple[Place, str | None]]:
    """Each field with what is required for it: by itself, or by its type as a whole."""
    for name, node in objects(definitions).items():
        for field in node.fields or ():
            yield (name, field.name.value), asked(field) or asked(node)


PLACES = dict(directives(PRINTED))
PROMISED = {place: viewer for place, viewer in directives(CONTRACT) if viewer is not None and place in PLACES}


def test_each_field_of_the_schema_stands_in_the_table_once_and_nothing_else_does() -> None:
    listed = [
        (name, field) for name, given in access.ACCESS.items() for names in given.values() for field in names.split()
    ]
    assert sorted(listed) == sorted(PLACES)
    assert sum(len(access.rules(name)) for name in access.ACCESS) == len(listed)


@pytest.mark.parametrize("place", [("User", "nothing"), ("Nothing", "id"), ("Mutation", "userDestroy"), ("", "")])
@pytest.mark.parametrize("actor", [ANONYMOUS, CUSTOMER, ADMIN, Actor(None, UserRole.ADMIN)])
def test_what_is_not_in_the_table_is_for_nobody(place: Place, actor: Actor) -> None:
    rule = access.rule(*place)
    assert rule is NOBODY
    assert not rule.allows(actor, None)
    assert not rule.allows(actor, actor.user_id)


def test_of_things_that_belong_to_somebody_the_table_knows_whose_they_are() -> None:
    by_owner = {name for name in access.ACCESS if any(rule.by_owner for rule in access.rules(name).values())}
    assert access.OWNERS.keys() == by_owner
    shown_as = {shown.__name__: source for shown, source in RENDERED.items()}
    for name, attribute in access.OWNERS.items():
        assert annotation_of(shown_as[name], attribute).__name__ in {"UserId", "UUID"}


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_the_printed_directive_says_what_the_table_says(place: Place) -> None:
    viewer = access.rule(*place).viewer
    assert PLACES[place] == (None if viewer is None else viewer.value)


@pytest.mark.parametrize("name", objects(PRINTED))
def test_what_all_fields_of_a_type_ask_stands_on_the_type_and_what_some_ask_on_those(name: str) -> None:
    node = objects(PRINTED)[name]
    on_fields = {asked(field) for field in node.fields or ()}
    if asked(node) is not None:
        assert on_fields == {None}
    elif name not in root.ROOTS:  # a root is no thing that somebody may see
        assert len(on_fields) > 1 or on_fields == {None}


@pytest.mark.parametrize("place", PROMISED, ids=".".join)
def test_each_directive_that_was_promised_is_printed(place: Place) -> None:
    assert PLACES[place] == PROMISED[place]
