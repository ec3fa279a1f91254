"""Documents, parsed and validated once.

Frontends send the same few texts over and over; parsing and validating one costs several times its execution.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues

from server.graphql import limits
from server.graphql.limits import Limits
from server.graphql.literals import literal_problems
from server.graphql.request import RequestRefused, coded, refusal
from server.graphql.selections import Plan

MOST_ERRORS = 5
MOST_PLANS = 32
"""Plans kept for one document: two for every variable that an `@skip` or `@include` names."""


@dataclass(slots=True)
class Operation:
    """One operation of a document; its plans by the values of the variables that `@skip` and `@include` name."""

    definition: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    conditions: tuple[str, ...]
    plans: dict[tuple[object, ...], Plan] = field(default_factory=dict[tuple[object, ...], Plan])

    def condition_values(self, variables: VariableValues) -> tuple[object, ...]:
        return tuple(variables.coerced.get(name) for name in self.conditions)

    def keep(self, key: tuple[object, ...], plan: Plan) -> None:
        if len(self.plans) >= MOST_PLANS:
            self.plans.clear()
        self.plans[key] = plan


@dataclass(frozen=True, slots=True)
class Document:
    operations: Mapping[str, Operation]

    def operation(self, name: str | None) -> Operation:
        """Raises: RequestRefused: there is no such operation, or the name does not say which of several."""
        if name:
            if name not in self.operations:
                raise refusal("OPERATION_RESOLUTION_FAILURE", f"The document has no operation named {name[:100]!r}.")
            return self.operations[name]
        if len(self.operations) > 1:
            raise refusal("OPERATION_RESOLUTION_FAILURE", "The document has several operations: say which one to run.")
        return next(iter(self.operations.values()))


class Documents:
    """The most recently used documents, by their text."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        *,
        most: int = 1_000,
        longest: int = 20_000,
        suggest: bool = True,
    ) -> None:
        self._limits = limits
        self._schema = schema
        self._most = most
        self._longest = longest
        self._suggest = suggest
        self._kept: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        """Raises: RequestRefused: the text is no GraphQL, or asks for what the schema does not have."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        document = self._understood(text)
        if len(text) <= self._longest:
            self._kept[text] = document
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return document

    def _understood(self, text: str) -> Document:
        try:
            ast = parse(text, max_tokens=self._limits.tokens, allow_empty_selection_sets=False)
        except GraphQLError as error:
            raise RequestRefused(coded(error, "GRAPHQL_PARSE_FAILED")) from error
        except RecursionError as error:
            raise refusal("GRAPHQL_PARSE_FAILED", "The document is nested too deeply.") from error
        try:
            limits.check(ast, self._limits, free_introspection=self._suggest)
        except RecursionError as error:
            raise refusal("OPERATION_TOO_LARGE", "The document is nested too deeply.") from error
        if problems := literal_problems(ast):
            raise RequestRefused(*problems[:MOST_ERRORS])
        errors = validate(self._schema, ast, max_errors=MOST_ERRORS, hide_suggestions=not self._suggest)
        if errors:
            raise RequestRefused(*(coded(error, "GRAPHQL_VALIDATION_FAILED") for error in errors[:MOST_ERRORS]))
        return _document(ast)


def _document(ast: DocumentNode) -> Document:
    fragments = {
        node.name.value: FragmentDetails(node) for node in ast.definitions if isinstance(node, FragmentDefinitionNode)
    }
    conditions = _conditions(ast)
    operations = [
        Operation(node, fragments, conditions) for node in ast.definitions if isinstance(node, OperationDefinitionNode)
    ]
    if not operations:
        raise refusal("OPERATION_RESOLUTION_FAILURE", "The document has no operation.")
    return Document({one.definition.name.value if one.definition.name else "": one for one in operations})


def _conditions(ast: DocumentNode) -> tuple[str, ...]:
    """The variables that decide which fields are there."""
    found: dict[str, None] = {}

    class Conditions(Visitor):
        def enter_directive(self, node: object, *_: object) -> None:
            for argument in getattr(node, "arguments", ()):
                if isinstance(argument.value, VariableNode):
                    found[argument.value.name.value] = None

    visit(ast, Conditions())
    return tuple(found)
