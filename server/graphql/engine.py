"""Executes operations: queries breadth-first over whole columns of objects, so that every relation is one batch."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLError, OperationType
from graphql.execution.values import VariableValues, get_variable_values

from domain.shared.following import Next
from domain.users.user import ANONYMOUS, Actor
from resolvers.context import Context
from server.graphql import core
from server.graphql.documents import Documents, Operation
from server.graphql.limits import Limits, exceeded
from server.graphql.places import Root
from server.graphql.planning import Planner
from server.graphql.reading import Streams
from server.graphql.request import GraphQLRequest, MethodNotAllowed, RequestRefused, coded, refusal
from server.graphql.run import FAILED, Run, Spot
from server.graphql.selections import Field, Plan

MOST_COERCION_ERRORS = 5
HOW_TO_SUBSCRIBE = (
    "A subscription needs a stream: send it over WebSocket (graphql-transport-ws), or with `Accept: text/event-stream`."
)
ROOT = Spot((), "", Root())


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that can be executed: it is valid, and so are its variables."""

    operation: Operation
    variables: VariableValues
    given: Mapping[str, Any]
    plan: Plan

    @property
    def streams(self) -> bool:
        """Whether it is a subscription, which has many answers."""
        return self.operation.definition.operation is OperationType.SUBSCRIPTION


@dataclass(frozen=True, slots=True)
class Answer:
    """What was executed gave; `data` is null when an error reached the root."""

    data: Mapping[str, Any] | None
    errors: list[GraphQLError]
    extensions: Mapping[str, object] = field(default_factory=dict[str, object])
    more: bool = False
    """Of a subscription: the next answer is there already."""


class Engine:
    """One per process. `suggest` lets errors guess what was meant, which shows the schema to whoever asks."""

    def __init__(
        self, schema: strawberry.Schema, *, suggest: bool = True, seconds: float = 5.0, limits: Limits | None = None
    ) -> None:
        self.limits = limits or Limits()
        self._planner = Planner(schema)
        self._core = self._planner.core
        self._documents = Documents(self._core, self.limits, suggest=suggest)
        self._suggest = suggest
        self._seconds = seconds

    def prepare(
        self,
        request: GraphQLRequest,
        *,
        actor: Actor = ANONYMOUS,
        read_only: bool = False,
        streaming: bool = False,
    ) -> Prepared:
        """Understand a request without executing it. `streaming`: it may have many answers.

        Raises:
            MethodNotAllowed: `read_only`, and the operation is a mutation.
            RequestRefused: it cannot be executed; the errors say why.
        """
        if not request.query:
            raise refusal("BAD_REQUEST", "The request has no `query`.")
        operation = self._documents.get(request.query).operation(request.operation_name)
        kind = operation.definition.operation
        if kind is OperationType.SUBSCRIPTION and not streaming:
            raise refusal("OPERATION_RESOLUTION_FAILURE", HOW_TO_SUBSCRIBE)
        if read_only and kind is OperationType.MUTATION:
            raise MethodNotAllowed(
                coded(GraphQLError("Only queries can be sent by GET; use POST."), "METHOD_NOT_ALLOWED")
            )
        variables = self._variables(operation, request.variables)
        plan = self._plan(operation, variables)
        cost, most = plan.root.cost(variables), self.limits.cost(actor)
        if cost > most:
            raise RequestRefused(exceeded("cost", most, cost))
        return Prepared(operation, variables, request.variables, plan)

    async def execute(self, prepared: Prepared, context: Context) -> Answer:
        """Never raises what a field raised: that stands in the answer's errors."""
        run = Run(context, prepared.variables)
        root = prepared.plan.root
        if prepared.operation.definition.operation is OperationType.MUTATION:
            [data] = await root.complete_in_turn(run, (None,), ROOT)
        else:
            try:
                async with asyncio.timeout(self._seconds):
                    [data] = await root.complete_later(run, (None,), ROOT)
            except TimeoutError:
                return Answer(
                    None, [coded(GraphQLError(f"The query took longer than {self._seconds:g} s."), "TIMEOUT")]
                )
        if data is FAILED:
            return Answer(None, run.errors, context.extensions)
        return Answer(self._with_introspection(prepared, data), run.errors, context.extensions)

    def follow(self, prepared: Prepared, context: Context) -> AsyncGenerator[Next[Any]]:
        """What a subscription is told, to be shown by `show`. Raises: RequestRefused: an argument cannot be used."""
        field = _followed(prepared)
        if not isinstance(field.reads, Streams):
            raise TypeError(f"{field.name} cannot be followed")
        if field.rule is not None:
            field.rule.rule.require(context.actor)
        try:
            return field.reads.open(Run(context, prepared.variables))
        except GraphQLError as error:
            raise RequestRefused(coded(error, "BAD_USER_INPUT")) from error

    async def show(self, prepared: Prepared, context: Context, value: Any) -> Answer:
        """One answer of a subscription, of what it was told."""
        run, field = Run(context, prepared.variables), _followed(prepared)
        try:
            async with asyncio.timeout(self._seconds):
                shown = await field.complete_one(run, value, ROOT)
        except TimeoutError:
            return Answer(None, [coded(GraphQLError(f"It took longer than {self._seconds:g} s."), "TIMEOUT")])
        return Answer(None if shown is FAILED else {field.key: shown}, run.errors, context.extensions)

    def _variables(self, operation: Operation, given: Mapping[str, Any]) -> VariableValues:
        found = get_variable_values(
            self._core,
            operation.definition.variable_definitions or (),
            dict(given),
            max_errors=MOST_COERCION_ERRORS,
            hide_suggestions=not self._suggest,
        )
        if isinstance(found, list):
            raise RequestRefused(*(coded(error, "BAD_USER_INPUT") for error in found))
        return found

    def _plan(self, operation: Operation, variables: VariableValues) -> Plan:
        key = operation.condition_values(variables)
        plan = operation.plans.get(key)
        if plan is None:
            try:
                plan = self._planner.plan(operation.definition, operation.fragments, variables)
            except GraphQLError as error:  # a null for the condition of an `@skip` or `@include`
                raise RequestRefused(coded(error, "BAD_USER_INPUT")) from error
            operation.keep(key, plan)
        return plan

    def _with_introspection(self, prepared: Prepared, data: Mapping[str, Any]) -> Mapping[str, Any]:
        if prepared.plan.introspection is None:
            return data
        everything = {**data, **core.introspect(self._core, prepared.plan.introspection, prepared.given)}
        return {key: everything[key] for key in prepared.plan.keys}


def _followed(prepared: Prepared) -> Field:
    field = prepared.plan.root.only
    if field is None:
        raise refusal("BAD_USER_INPUT", "The subscription's field is left out by its own `@skip` or `@include`.")
    return field
