"""Our executor against graphql-core's, on random documents: what one answers, the other answers too.

Two differences are meant. A missing role is one error for a field, wherever it stands in lists; and what several
parents share (the category of ten products) is completed once, so an error in it is noted at the first place only.
"""

import logging
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from domain.users.user import ANONYMOUS, Actor
from persistence.connections import ConnectionSettings
from persistence.database import Database
from resolvers.context import context
from resolvers.readers import Readers
from resolvers.services import Services
from schema import root
from server import wiring
from server.graphql.core import core_schema
from server.graphql.engine import Answer, Engine
from server.graphql.limits import Limits
from server.graphql.request import GraphQLRequest
from server.graphql.run import MOST_ERRORS
from server.wiring import Shop
from tests import sizes
from tests.graphql import crowd
from tests.graphql.asking import ADMIN, CUSTOMER, breaking
from tests.graphql.documents import Written, documents

Path = tuple[str | int, ...]
Errors = set[tuple[Path, str]]

MANY = 10**6
UNLIMITED = Limits(
    tokens=MANY,
    depth=MANY,
    aliases=MANY,
    root_fields=MANY,
    directives=MANY,
    selections=MANY,
    cost_anonymous=MANY,
    cost_signed_in=MANY,
    cost_staff=MANY,
)
REFERENCE: strawberry.Schema = root.build()
ADDRESS = "http://shop.example"
ENGINE = Engine(REFERENCE, seconds=60, limits=UNLIMITED)
ACTORS = st.sampled_from([ANONYMOUS, CUSTOMER, ADMIN, crowd.BUSY, crowd.BUSY, crowd.STAFF])
BROKEN = st.sampled_from(
    [
        None,
        None,
        None,
        ("products", "by_ids"),
        ("products", "by_slugs"),
        ("products", "options_of"),
        ("products", "counts"),
        ("products", "pages_of_categories"),
        ("variants", "of_products"),
        ("variants", "selected_options"),
        ("media", "of_products"),
        ("categories", "by_ids"),
        ("categories", "ancestors_of"),
        ("users", "by_ids"),
        ("users", "page"),
        ("users", "counts"),
        ("addresses", "of_users"),
        ("addresses", "by_ids"),
        ("sessions", "of_users"),
        ("shop", "shop"),
        ("carts", "by_ids"),
        ("carts", "open_of"),
        ("carts", "facts_of"),
        ("ledger", "pages"),
        ("store", "discount_page"),
        ("store", "categories_of"),
        ("orders", "by_ids"),
        ("payments", "by_ids"),
        ("payments", "of_orders"),
        ("payments", "refunds_of"),
    ]
)
logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)  # it logs every error that is asked for here


@pytest.fixture(scope="module")
async def unhurried(crowded: Shop, crowded_url: str) -> AsyncGenerator[Readers]:
    """Readers that never give up: on a busy machine a time-out would look like a difference."""
    del crowded  # only its people are needed
    database = Database(ConnectionSettings(crowded_url, statement_timeout_ms=60_000))
    await database.open()
    yield wiring.readers(database)
    await database.close()


# graphql-core never awaits what stands beside a failed field; that is the reference's affair, not ours
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@given(documents(core_schema(REFERENCE)), ACTORS, BROKEN)
@settings(
    max_examples=sizes.DOCUMENTS,
    deadline=None,
    derandomize=sizes.REPEATABLE,
    phases=[Phase.explicit, Phase.generate],  # making a failing document smaller takes minutes; it is readable as it is
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@example(Written("{ __schema { queryType { name } } }", {}), ANONYMOUS, None)
@example(Written("{ shop @skip(if: true) { name } }", {}), ANONYMOUS, None)
@example(Written("{ products(first: 2) { nodes { id @skip(if: true) } } }", {}), ANONYMOUS, None)
@example(Written("{ categories(first: 50) { nodes { parent { name } } } }", {}), ANONYMOUS, ("categories", "by_ids"))
@example(Written("{ users(first: 3) { nodes { sessions { id } } } }", {}), crowd.STAFF, None)
@example(Written(f"{{ nodes(ids: {crowd.SOME}) {{ ... on User {{ sessions {{ id }} }} }} }}", {}), crowd.STAFF, None)
@example(Written("{ users(first: 3) { edges { node { email } } } }", {}), crowd.BUSY, None)
@example(Written("{ me { email defaultAddress { address { city } } sessions { current } } }", {}), crowd.BUSY, None)
@example(Written('{ productVariant(sku: "NOTHING") { costPrice { amount } } }', {}), ANONYMOUS, None)
async def test_random_documents_are_answered_as_graphql_core_answers_them(
    crowded: Shop, unhurried: Readers, written: Written, actor: Actor, broken: tuple[str, str] | None
) -> None:
    readers = unhurried if broken is None else breaking(unhurried, *broken, does=ValueError("lost"))[0]
    ours = await _ours(crowded.services, readers, written, actor)
    theirs = await _theirs(crowded.services, readers, written, actor)
    assert ours.data == theirs.data
    _compare(_errors(ours.errors), _errors(theirs.errors), theirs.data)


async def _ours(services: Services, readers: Readers, written: Written, actor: Actor) -> Answer:
    prepared = ENGINE.prepare(GraphQLRequest(written.text, None, written.variables), actor=actor)
    return await ENGINE.execute(prepared, context(services, readers, ADDRESS, actor, wanted=prepared.plan.wanted))


async def _theirs(services: Services, readers: Readers, written: Written, actor: Actor) -> Answer:
    made = context(services, readers, ADDRESS, actor)
    result: Any = await REFERENCE.execute(written.text, dict(written.variables), context_value=made)
    return Answer(result.data, list(result.errors or ()))


def _errors(errors: Iterable[GraphQLError]) -> Errors:
    return {(tuple(error.path or ()), error.message) for error in errors}


def _compare(ours: Errors, theirs: Errors, data: Mapping[str, Any] | None) -> None:
    assert bool(ours) is bool(theirs)
    # below a null that an error made, either may have gone on or not
    assert {one for one in ours - theirs if not _nulled(one[0], data)} == set[tuple[Path, str]]()
    if len(ours) < MOST_ERRORS:
        missing = _without_indices(one for one in theirs if not _nulled(one[0], data)) - _without_indices(ours)
        assert missing == set[tuple[Path, str]]()


def _without_indices(errors: Iterable[tuple[Path, str]]) -> Errors:
    return {(tuple(step for step in path if isinstance(step, str)), message) for path, message in errors}


def _nulled(path: Path, data: object) -> bool:
    """Whether the path leads through a null."""
    here: Any = data
    for step in path:
        if here is None:
            return True
        here = here[step]
    return False
