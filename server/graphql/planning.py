"""Compiles the operations of a document into selections.

A plan depends on the document and on the variables that its `@skip` and `@include` name, on nothing else, so it is
made once and serves every request that sends the same text.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, cast

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLObjectType,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_argument_values,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry.types.field import StrawberryField

from domain.shared.paging import DEFAULT_PAGE, LARGEST_PAGE
from domain.users.access import EVERYBODY
from resolvers import global_ids
from schema import access
from schema.rendering import (
    RENDERED,
    Attribute,
    Declaration,
    Function,
    Identity,
    Relation,
    Result,
    Stream,
    UseCase,
    declaration,
)
from server.graphql import core
from server.graphql.arguments import Arguments
from server.graphql.outputs import Completes, InterfaceOf, Leaf, ListOf, Nested, ObjectOf, Write
from server.graphql.reading import Calls, Getter, Loads, Reads, Streams
from server.graphql.run import RawInfo, Run
from server.graphql.selections import Field, FieldRule, Multiplier, Plan, Selection

AS_IT_IS = frozenset(
    {"String", "Int", "Float", "Boolean", "ID", "CountryCode", "CurrencyCode", "URL", "JSON", "EventCursor"}
)
"""Scalars whose Python values are JSON already; what resolvers return for them is checked by pyright."""


class Planner:
    """Knows the schema; makes plans for its documents."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.core = core.core_schema(schema)
        self.arguments = Arguments(schema)

    @cached_property
    def classes(self) -> Mapping[str, type]:
        """The domain class behind each object type's name."""
        return {shown.__name__: source for shown, source in RENDERED.items()}

    def plan(
        self, operation: OperationDefinitionNode, fragments: dict[str, FragmentDetails], variables: VariableValues
    ) -> Plan:
        return _Planning(self, operation, fragments, variables).plan()

    def write(self, leaf: GraphQLLeafType) -> Write | None:
        if isinstance(leaf, GraphQLEnumType):
            names: dict[Any, str] = {}
            definition = leaf.extensions[core.BACKREF]
            for member in definition.wrapped_cls:
                names[member] = leaf.coerce_output_value(member)
            return names.__getitem__
        return None if leaf.name in AS_IT_IS else leaf.coerce_output_value


class _Planning:
    """One operation under one set of conditions."""

    def __init__(
        self,
        planner: Planner,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        variables: VariableValues,
    ) -> None:
        self._planner = planner
        self._operation = operation
        self._fragments = fragments
        self._variables = variables
        self._wanted: dict[type, set[str] | None] = {}

    def plan(self) -> Plan:
        schema = self._planner.core
        type_ = schema.get_root_type(self._operation.operation)
        if type_ is None:
            raise TypeError(f"the schema has no {self._operation.operation.value} type")
        grouped = collect_fields(schema, self._fragments, self._variables, type_, self._operation).grouped_field_set
        asked = [detail.node for details in grouped.values() for detail in details if _introspects(detail.node)]
        root = self._selection(type_, grouped)
        return Plan(
            root=root,
            keys=list(grouped),
            introspection=self._introspection(asked) if asked else None,
            wanted={one: None if names is None else frozenset(names) for one, names in self._wanted.items()},
        )

    def _introspection(self, asked: Sequence[FieldNode]) -> DocumentNode:
        """The operation with nothing but `__schema` and `__type`, which show graphql-core's own objects."""
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=self._operation.variable_definitions or (),
            selection_set=SelectionSetNode(selections=tuple(asked)),
        )
        fragments = (fragment.definition for fragment in self._fragments.values())
        return DocumentNode(definitions=(operation, *fragments))

    def _selection(self, type_: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]]) -> Selection:
        return Selection(
            [
                self._field(type_, key, [detail.node for detail in details], details)
                for key, details in grouped.items()
                if not _introspects(details[0].node)
            ]
        )

    def _field(
        self, type_: GraphQLObjectType, key: str, nodes: Sequence[FieldNode], details: list[FieldDetails]
    ) -> Field:
        name = nodes[0].name.value
        if name == "__typename":
            return Field(key, nodes, f"{type_.name}.{name}", Getter(lambda _: type_.name), Leaf(non_null=True))
        field = type_.fields[name]
        definition = core.definition(field)
        declared = declaration(definition)
        return Field(
            key=key,
            nodes=nodes,
            name=f"{type_.name}.{name}",
            reads=self._reads(type_, field, definition, declared, nodes[0]),
            output=self._output(field.type, details),
            rule=self._rule(type_.name, name),
            multiplier=_multiplier(field, nodes[0]),
        )

    def _reads(
        self,
        type_: GraphQLObjectType,
        field: GraphQLField,
        definition: StrawberryField,
        declared: Declaration,
        node: FieldNode,
    ) -> Reads:
        shown = self._planner.classes.get(type_.name)
        match declared.source:
            case Attribute(name):
                return self._getter(shown, definition.python_name if name is None else name)
            case Identity():
                self._look(shown, "id")
                return Getter(_identity(type_.name))
            case Relation(loader, key):
                self._look(shown, key)
                return Loads(loader, key)
            case Result():
                return Getter(declared.source.read)
            case UseCase() | Stream() | Function():
                return self._asks(shown, declared.source, self._calls(field, definition, node))

    def _asks(self, shown: type | None, source: UseCase | Stream | Function, calls: Calls) -> Reads:
        if isinstance(source, Function):
            self._look(shown, "id")
            self._wanted.update(dict.fromkeys(source.looks_at))
        return Streams(calls) if isinstance(source, Stream) else calls

    def _getter(self, shown: type | None, attribute: str) -> Getter:
        if not attribute:
            return Getter(_itself)
        self._look(shown, attribute)
        return Getter(attrgetter(attribute))

    def _rule(self, type_name: str, field: str) -> FieldRule | None:
        """None for what everybody may see, and for mutations, whose refusals are data."""
        rule = access.rule(type_name, field)
        if rule is EVERYBODY or type_name == "Mutation":
            return None
        owner = access.OWNERS[type_name] if rule.by_owner else None
        if owner is not None:
            self._look(self._planner.classes.get(type_name), owner)
        return FieldRule(rule, None if owner is None else attrgetter(owner))

    def _look(self, shown: type | None, attribute: str) -> None:
        """Remember that the operation looks at this; where a resolver looks at everything, that stays."""
        if shown is not None:
            names = self._wanted.setdefault(shown, set())
            if names is not None:
                names.add(attribute)

    def _calls(self, field: GraphQLField, definition: StrawberryField, node: FieldNode) -> Calls:
        resolver = core.resolver(definition)
        return Calls(
            resolver=resolver.function,
            parent=resolver.parent,
            info=resolver.info,
            arguments=self._arguments(field, definition, node),
            make_info=lambda run: strawberry.Info(_raw_info=cast("Any", RawInfo(run.context)), _field=definition),
            deferred=resolver.is_async,
        )

    def _arguments(
        self, field: GraphQLField, definition: StrawberryField, node: FieldNode
    ) -> Callable[[Run], Mapping[str, Any]]:
        convert = self._planner.arguments.of_field(definition)
        return lambda run: convert(get_argument_values(field, node, run.variables))

    def _output(self, type_: Any, details: list[FieldDetails]) -> Completes:
        inner, non_null = core.without_non_null(type_)
        item = core.item_type(inner)
        if item is not None:
            return Nested.of(ListOf(self._output(item, details)), non_null=non_null)
        if isinstance(inner, GraphQLObjectType):
            return Nested.of(ObjectOf(self._inside(inner, details)), non_null=non_null)
        if isinstance(inner, GraphQLInterfaceType):
            types = self._planner.core.get_possible_types(inner)
            selections = {self._planner.classes[one.name]: self._inside(one, details) for one in types}
            return Nested.of(InterfaceOf(selections), non_null=non_null)
        return Leaf(non_null, self._planner.write(inner))

    def _inside(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> Selection:
        schema = self._planner.core
        collected = collect_subfields(schema, self._fragments, self._variables, self._operation, type_, details)
        return self._selection(type_, collected.grouped_field_set)


def _introspects(node: FieldNode) -> bool:
    return node.name.value in {"__schema", "__type"}


def _multiplier(field: GraphQLField, node: FieldNode) -> Multiplier | None:
    """Pages hold as many as `first` or `last` say, lists by id as many as there are ids; other lists are short."""
    if "first" not in field.args and "ids" not in field.args:
        return None
    asked = [one.value for one in node.arguments or () if one.name.value in {"first", "last", "ids"}]

    def items(variables: VariableValues) -> int:
        return max((_size(value, variables) for value in asked), default=DEFAULT_PAGE)

    return items


def _size(value: ValueNode, variables: VariableValues) -> int:
    match value:
        case IntValueNode():
            size: Any = int(value.value[:9])
        case ListValueNode():
            size = len(value.values)
        case VariableNode():
            given: Any = variables.coerced.get(value.name.value)
            size = len(cast("list[Any]", given)) if isinstance(given, list) else given
        case _:
            size = None
    return min(max(size, 1), LARGEST_PAGE) if isinstance(size, int) else DEFAULT_PAGE


def _itself(parent: Any) -> Any:
    return parent


def _identity(type_name: str) -> Callable[[Any], str]:
    encoded = global_ids.encoder(type_name)

    def read(parent: Any) -> str:
        return encoded(parent.id)

    return read
