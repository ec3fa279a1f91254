"""Every expected failure can be shown, and every mutation is of one shape, in the table and tested."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import cast

import pytest
from graphql import GraphQLInterfaceType, ObjectTypeDefinitionNode, print_ast

import domain
from domain.payments.gateway import OutcomeUnknown, ProviderDown
from domain.shared.errors import DomainError, InTheWay, SeveralErrors, Unavailable, UserErrorCode
from schema import access, errors, root
from schema.rendering import RENDERED
from server.graphql.core import core_schema
from tests.architecture.test_contract import PRINTED, fields
from tests.architecture.test_house_rules import FILES, HOUSE, tree

for module in pkgutil.walk_packages(domain.__path__, "domain."):
    importlib.import_module(module.name)

NEVER_SHOWN = {InTheWay, OutcomeUnknown, ProviderDown, SeveralErrors, Unavailable}
"""SeveralErrors stands for those that it holds; the others are no data: the same can be sent again."""
GENERATED = ("access_", "test_access", "test_statements")
"""These go over all mutations alike, so they are no test of what one does."""


def kinds(of: type[DomainError]) -> Iterator[type[DomainError]]:
    yield of
    for kind in of.__subclasses__():
        if kind.__module__.startswith("domain."):
            yield from kinds(kind)


FAILURES = sorted({*kinds(DomainError)} - {DomainError, *NEVER_SHOWN}, key=lambda kind: kind.__name__)
SCHEMA = core_schema(root.build())
POSSIBLE = [one.name for one in SCHEMA.get_possible_types(cast("GraphQLInterfaceType", SCHEMA.type_map["UserError"]))]
MUTATIONS = sorted(fields(PRINTED["Mutation"]))
TESTS = [path for path in FILES for folder in ("graphql", "scenarios") if path.is_relative_to(HOUSE / "tests" / folder)]
TESTED = {
    node.value
    for path in TESTS
    if not path.name.startswith(GENERATED)
    for node in ast.walk(tree(path))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}


def test_all_failures_of_the_domain_were_found() -> None:
    assert len(FAILURES) > 10
    assert {kind.__module__.split(".")[0] for kind in FAILURES} == {"domain"}


@pytest.mark.parametrize("failure", FAILURES, ids=lambda kind: kind.__name__)
def test_each_failure_is_shown_by_one_type(failure: type[DomainError]) -> None:
    shown = [one for one in RENDERED if issubclass(one, errors.UserError) and issubclass(failure, RENDERED[one])]
    closest = [one for one in shown if all(issubclass(RENDERED[one], RENDERED[other]) for other in shown)]
    assert len(closest) == 1
    # the executor takes the first that fits
    assert min(shown, key=lambda one: POSSIBLE.index(one.__name__)) is closest[0]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda kind: kind.__name__)
def test_each_failure_has_codes_that_clients_know(failure: type[DomainError]) -> None:
    assert failure.code != DomainError.code
    assert isinstance(failure.reason, UserErrorCode)


@cache
def mentioned() -> frozenset[str]:
    """The codes that are used somewhere outside of the enum's own publication."""
    product = [path for path in FILES if path.relative_to(HOUSE).parts[0] not in {"schema", "tests"}]
    nodes = (node for path in product for node in ast.walk(tree(path)))
    return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute) and _names_the_enum(node.value))


def _names_the_enum(node: ast.expr) -> bool:
    return ast.unparse(node).rpartition(".")[2] == "UserErrorCode"


def test_each_code_is_published_with_a_description() -> None:
    described = {value.name.value: value.description for value in getattr(PRINTED["UserErrorCode"], "values", ())}
    assert described.keys() == {code.name for code in UserErrorCode}
    assert None not in described.values()


@pytest.mark.parametrize("code", UserErrorCode, ids=lambda code: code.name)
def test_each_code_is_given_for_something(code: UserErrorCode) -> None:
    assert code.name in mentioned()


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_mutation_takes_one_input_and_answers_with_its_own_payload(name: str) -> None:
    [field] = [one for one in getattr(PRINTED["Mutation"], "fields", ()) if one.name.value == name]
    own = name[0].upper() + name[1:]
    assert [(one.name.value, print_ast(one.type)) for one in field.arguments] == [("input", f"{own}Input!")]
    assert print_ast(field.type) == f"{own}Payload!"
    payload = PRINTED[f"{own}Payload"]
    assert isinstance(payload, ObjectTypeDefinitionNode)
    assert fields(payload)["userErrors"] == "[UserError!]!"
    assert len(fields(payload)) > 1


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_mutation_stands_in_the_access_table(name: str) -> None:
    assert name in access.rules("Mutation")


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_mutation_is_tested(name: str) -> None:
    assert any(re.search(rf"\b{name}\b", text) for text in TESTED)
