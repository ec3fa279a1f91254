"""What administrators see of the provider's events, and how they have them looked into again."""

from typing import Any

import pytest

from domain.payments.notices import ProviderEvent, ProviderEventStatus
from resolvers import global_ids
from server.wiring import Shop
from tests import sql
from tests.graphql import provider_events
from tests.graphql.asking import ADMIN, ask, codes, data

LIST = """query($first: Int, $after: String, $last: Int, $before: String, $status: [ProviderEventStatus!]) {
  providerEvents(first: $first, after: $after, last: $last, before: $before, status: $status) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { externalId status } } }"""
ONE = """query($id: ID!) { node(id: $id) { ... on ProviderEvent {
  provider externalId type status attempts error payload receivedAt processedAt } } }"""
REPLAY = """mutation($input: ProviderEventReplayInput!) { providerEventReplay(input: $input) {
  providerEvent { status attempts error processedAt } userErrors { __typename code field } } }"""
NUMBERS = range(provider_events.MANY, 0, -1)
STATUSES = {number: provider_events.told(number).status for number in NUMBERS}


def identity(event: ProviderEvent) -> str:
    return global_ids.encode("ProviderEvent", event.id)


def names(page: dict[str, Any]) -> list[str]:
    return [node["externalId"] for node in page["nodes"]]


async def listed(shop: Shop, **arguments: object) -> dict[str, Any]:
    return (await data(shop, LIST, arguments, ADMIN))["providerEvents"]


async def replayed(shop: Shop, identity: str) -> dict[str, Any]:
    return (await data(shop, REPLAY, {"input": {"id": identity}}, ADMIN))["providerEventReplay"]


async def test_the_newest_come_first_and_all_are_reached_page_by_page(crowded: Shop) -> None:
    found, page = list[str](), await listed(crowded, first=25)
    while True:
        found += names(page)
        assert page["totalCount"] == provider_events.MANY
        if not page["pageInfo"]["hasNextPage"]:
            break
        page = await listed(crowded, first=25, after=page["pageInfo"]["endCursor"])
    assert found == [f"evt_{number}" for number in NUMBERS]
    last = await listed(crowded, last=2)
    assert names(last) == ["evt_2", "evt_1"]
    before = await listed(crowded, last=1, before=last["pageInfo"]["startCursor"])
    assert names(before) == ["evt_3"]


@pytest.mark.parametrize("chosen", [["FAILED"], ["RECEIVED", "IGNORED"], [], None])
async def test_those_of_some_statuses_are_listed_and_counted(crowded: Shop, chosen: list[str] | None) -> None:
    page = await listed(crowded, first=100, status=chosen)
    wanted = [f"evt_{number}" for number in NUMBERS if chosen is None or STATUSES[number].name in chosen]
    assert (names(page), page["totalCount"]) == (wanted, len(wanted))


async def test_what_was_sent_is_shown_as_json(crowded: Shop) -> None:
    event = provider_events.told(8)
    assert (await data(crowded, ONE, {"id": identity(event)}, ADMIN))["node"] == {
        "provider": "SANDBOX",
        "externalId": "evt_8",
        "type": "payment_intent.succeeded",
        "status": STATUSES[8].name,
        "attempts": 3,
        "error": event.error,
        "payload": {"id": "evt_8", "data": [1, None, True, "x"]},
        "receivedAt": "2026-02-01T00:08:00Z",
        "processedAt": "2026-02-01T00:08:01Z",
    }


async def test_what_failed_is_taken_up_again_from_the_beginning(own_shop: Shop) -> None:
    failed = provider_events.told(provider_events.MANY)
    assert failed.status is ProviderEventStatus.FAILED
    await provider_events.add(own_shop, failed)
    answer = await replayed(own_shop, identity(failed))
    assert answer["providerEvent"] == {"status": "RECEIVED", "attempts": 0, "error": None, "processedAt": None}
    facts = await sql.rows(own_shop.database, "SELECT topic, facts ->> 'id' FROM outbox")
    assert [tuple(row) for row in facts] == [("provider_event.received", str(failed.id))]


async def test_of_what_was_dealt_with_it_stays_known_when(own_shop: Shop) -> None:
    done = provider_events.told(next(number for number in NUMBERS if STATUSES[number].name == "PROCESSED"))
    await provider_events.add(own_shop, done)
    answer = await replayed(own_shop, identity(done))
    assert answer["providerEvent"]["status"] == "RECEIVED"
    assert answer["providerEvent"]["processedAt"] is not None


@pytest.mark.parametrize("name", ["", "x", identity(provider_events.told(999))])
async def test_what_is_not_there_cannot_be_replayed(own_shop: Shop, name: str) -> None:
    answer = await replayed(own_shop, name)
    assert answer["userErrors"] == [{"__typename": "NotFoundError", "code": "NOT_FOUND", "field": ["id"]}]
    assert await sql.rows(own_shop.database, "SELECT FROM outbox") == []


async def test_more_statuses_than_anybody_needs_are_refused(crowded: Shop) -> None:
    answer = await ask(crowded, LIST, {"status": ["FAILED"] * 101}, ADMIN)
    assert codes(answer) == ["BAD_USER_INPUT"]
