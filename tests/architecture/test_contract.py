"""The printed schema against the contract that frontends were promised."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import (
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)

from schema import root

HERE = Path(__file__).parent
SDL = Path(root.__file__).parent / "schema.graphql"
Fields = Mapping[str, str]

NOT_YET = {
    "Mutation": {
        *("categoryCreate", "categoryUpdate", "categoryDelete", "productCreate", "productUpdate", "productPublish"),
        *("productArchive", "productVariantCreate", "productVariantUpdate", "productVariantDelete", "productMediaAdd"),
        *("productMediaRemove", "reviewCreate"),
    },
    "Product": {"related", "reviewSummary", "reviews"},
    "Query": {"operationCost", "search", "searchSuggestions"},
    "UserErrorCode": {"EMAIL_NOT_VERIFIED", "PASSWORD_BREACHED"},
}
"""What the contract has and the schema does not have yet, of the types that it has."""
BEYOND = {"Mutation": {"orderAccessTokenRevoke"}}
"""What the schema has beyond the contract, of the types that both have."""
BEYOND_TYPES = {"OrderAccessTokenRevokeInput", "OrderAccessTokenRevokePayload"}


def definitions(sdl: str) -> Mapping[str, TypeDefinitionNode]:
    return {node.name.value: node for node in parse(sdl).definitions if isinstance(node, TypeDefinitionNode)}


CONTRACT = definitions((HERE / "contract.graphql").read_text())
PRINTED = definitions(root.build().as_str())
SHARED = sorted(CONTRACT.keys() & PRINTED.keys())


def signature(node: FieldDefinitionNode | InputValueDefinitionNode) -> str:
    """Type, and arguments with their defaults; who may see it is compared in `test_access_table.py`."""
    arguments = sorted(f"{a.name.value}: {signature(a)}" for a in getattr(node, "arguments", None) or ())
    default = getattr(node, "default_value", None)
    parts = [f"({', '.join(arguments)})" if arguments else "", print_ast(node.type)]
    return " ".join([*parts, f"= {print_ast(default)}" if default else ""]).strip()


def fields(node: TypeDefinitionNode) -> Fields:
    match node:
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode() | InputObjectTypeDefinitionNode():
            found = cast("tuple[FieldDefinitionNode | InputValueDefinitionNode, ...]", node.fields or ())
            return {field.name.value: signature(field) for field in found}
        case EnumTypeDefinitionNode():
            return {value.name.value: "" for value in node.values or ()}
        case _:
            return {}


@pytest.mark.parametrize("name", SHARED)
def test_each_type_is_of_the_kind_that_was_promised(name: str) -> None:
    def kind(node: Any) -> tuple[str, set[str]]:
        return node.kind, {interface.name.value for interface in getattr(node, "interfaces", None) or ()}

    assert kind(PRINTED[name]) == kind(CONTRACT[name])


@pytest.mark.parametrize("name", SHARED)
def test_each_field_has_the_type_and_the_arguments_that_were_promised(name: str) -> None:
    promised, printed = fields(CONTRACT[name]), fields(PRINTED[name])
    added = BEYOND.get(name, set())
    assert added <= printed.keys() - promised.keys()
    assert {field: of for field, of in printed.items() if field not in added} == {
        field: promised.get(field) for field in printed if field not in added
    }


@pytest.mark.parametrize("name", SHARED)
def test_only_what_is_known_to_come_later_is_missing(name: str) -> None:
    assert fields(CONTRACT[name]).keys() - fields(PRINTED[name]).keys() == NOT_YET.get(name, set())


def test_nothing_is_in_the_schema_that_was_not_promised() -> None:
    assert PRINTED.keys() - CONTRACT.keys() == BEYOND_TYPES


def undescribed() -> Iterator[str]:
    for name, node in PRINTED.items():
        if node.description is None:
            yield name
        for part in (*(getattr(node, "fields", None) or ()), *(getattr(node, "values", None) or ())):
            if part.description is None:
                yield f"{name}.{part.name.value}"
            for argument in getattr(part, "arguments", None) or ():
                if argument.description is None:
                    yield f"{name}.{part.name.value}({argument.name.value}:)"


def test_every_type_field_argument_and_enum_value_is_described() -> None:
    assert list(undescribed()) == []


def test_the_schema_file_is_current() -> None:
    assert SDL.read_text() == root.build().as_str() + "\n", "run `make schema`"
