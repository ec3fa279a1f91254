"""How much a document may ask for, before anything of it is validated or executed.

The document is walked once. What a fragment weighs is worked out once too, however often it is spread, so that a
short text cannot become long work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

from domain.users.user import Actor
from server.graphql.request import RequestRefused

INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of each; fragments are counted as often as they are spread, except for `fragments` itself."""

    tokens: int = 1_000
    depth: int = 10
    aliases: int = 30
    root_fields: int = 20
    mutations: int = 5
    directives: int = 20
    fragments: int = 50
    selections: int = 5_000
    cost_anonymous: int = 1_000
    cost_signed_in: int = 5_000
    cost_staff: int = 20_000

    def cost(self, actor: Actor) -> int:
        """What one operation of this viewer may cost: 1 for each object, as often as its lists may hold it."""
        if actor.is_staff:
            return self.cost_staff
        return self.cost_anonymous if actor.user_id is None else self.cost_signed_in


class Weight(NamedTuple):
    depth: int = 0
    root_fields: int = 0
    selections: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Weight") -> "Weight":
        return Weight(max(self.depth, other.depth), *(a + b for a, b in zip(self[1:], other[1:], strict=True)))


def exceeded(name: str, most: int, found: int) -> GraphQLError:
    what = name.replace("_", " ")
    return GraphQLError(
        f"The operation is too large: its {what} may be {most:,} at most, not {found:,}. Split it, or ask for less.",
        extensions={"code": "OPERATION_TOO_LARGE", "limit": name, "most": most, "found": found},
    )


def check(document: DocumentNode, limits: Limits, *, free_introspection: bool) -> None:
    """`free_introspection` lets questions about the schema be as deep as tools ask them.

    Raises:
        RequestRefused: an operation exceeds a limit; `extensions.limit` names it.
    """
    scale = _Scale(document, free_introspection=free_introspection)
    if len(scale.fragments) > limits.fragments:
        raise RequestRefused(exceeded("fragments", limits.fragments, len(scale.fragments)))
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            _compare(scale.weigh(operation.selection_set), operation.operation, limits)


def _compare(weight: Weight, kind: OperationType, limits: Limits) -> None:
    most = {field.name: getattr(limits, field.name) for field in fields(limits)}
    if kind is OperationType.MUTATION:
        most["root_fields"] = limits.mutations
    errors = [exceeded(name, most[name], found) for name, found in weight._asdict().items() if found > most[name]]
    if errors:
        raise RequestRefused(*errors)


class _Scale:
    def __init__(self, document: DocumentNode, *, free_introspection: bool) -> None:
        self.fragments: Mapping[str, FragmentDefinitionNode] = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._free_introspection = free_introspection
        self._known: dict[str, Weight] = {}

    def weigh(self, selections: SelectionSetNode | None) -> Weight:
        weight = Weight()
        for node in selections.selections if selections else ():
            weight = weight.beside(self._one(node))
        return weight

    def _one(self, node: SelectionNode) -> Weight:
        own = Weight(directives=len(node.directives or ()))
        if isinstance(node, FieldNode):
            inside = self.weigh(node.selection_set)
            deep = 0 if self._free_introspection and node.name.value in INTROSPECTION else inside.depth + 1
            return Weight(
                depth=deep,
                root_fields=1,
                selections=inside.selections + 1,
                aliases=inside.aliases + (node.alias is not None),
                directives=inside.directives + own.directives,
            )
        if isinstance(node, FragmentSpreadNode):
            return own.beside(self._fragment(node.name.value))
        return own.beside(self.weigh(getattr(node, "selection_set", None)))

    def _fragment(self, name: str) -> Weight:
        if name not in self._known:
            # one that spreads itself weighs nothing there: validation refuses it later, by name
            self._known[name] = Weight()
            fragment = self.fragments.get(name)
            self._known[name] = self.weigh(fragment.selection_set) if fragment else Weight()
        return self._known[name]
