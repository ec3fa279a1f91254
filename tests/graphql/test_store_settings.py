"""Discount codes, shipping rates and taxes: set by administrators, listed for them, refused when they cannot hold."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from domain.users.user import ANONYMOUS, UserRole
from resolvers import global_ids
from server.wiring import Shop
from tests import sql
from tests.graphql.accounts.mutations import Errors
from tests.graphql.asking import ask, codes, data
from tests.graphql.market import BELOW, TOP, Given, books, send
from tests.people import Person, person

NOBODY = UUID("0196b2a0-7a6b-7c1e-8b1d-0a1b2c3d4e5f")
USD, EUR = ({"amount": "5", "currencyCode": code} for code in ("USD", "EUR"))
TENTH = {"code": "TENTH", "kind": "PERCENTAGE", "value": "10"}
VAN = {"name": "Van", "countries": ["FR"], "price": USD}
TVA = {"title": "TVA", "countryCode": "FR", "rate": "0.2"}
SETTINGS: Mapping[str, Given] = {"discountCodeCreate": TENTH, "shippingRateSet": VAN, "taxRateSet": TVA}
CHANGES: Mapping[str, str] = {
    "discountCodeUpdate": "DiscountCode",
    "shippingRateSet": "ShippingRate",
    "taxRateSet": "TaxRate",
}
THING = {
    "discountCodeCreate": "discountCode",
    "discountCodeUpdate": "discountCode",
    "shippingRateSet": "shippingRate",
    "taxRateSet": "taxRate",
}
LATEST = 2**31 - 1


def category(identity: UUID) -> str:
    return global_ids.encode("Category", identity)


@pytest.fixture
async def admin(market: Shop) -> AsyncGenerator[Person]:
    """Whose settings are taken away again, for others in this shop to find it as it was."""
    kept = await books(market)
    yield await person(market, UserRole.ADMIN)
    for table in ("discount_codes", "shipping_rates", "tax_rates"):
        known = [row[0] for row in await sql.rows(market.database, f"SELECT t::text FROM {table} t")]
        for row in set(known) - set(kept[table]):
            await sql.run(market.database, f"DELETE FROM {table} t WHERE t::text = :row", row=row)


async def done(shop: Shop, name: str, given: Given, who: Person) -> Any:
    return (await send(shop, name, given, who)).done[THING[name]]


# Set


async def test_a_discount_code_has_all_that_was_said_of_it(market: Shop, admin: Person) -> None:
    given = {
        "code": " summer_26 ",
        "kind": "FIXED_AMOUNT",
        "value": "7.50",
        "minimumSubtotal": USD,
        "usageLimit": LATEST,
        "usageLimitPerUser": 1,
        "categoryIds": [category(TOP), category(BELOW), category(TOP)],
        "startsAt": "2026-01-01T12:00:00+02:00",
        "endsAt": "2027-01-01T00:00:00Z",
    }
    shown = await done(market, "discountCodeCreate", given, admin)
    assert sorted(one["id"] for one in shown["categories"]) == sorted([category(TOP), category(BELOW)])
    assert shown | {"id": "", "categories": []} == {
        "id": "",
        "code": "SUMMER_26",
        "kind": "FIXED_AMOUNT",
        "value": "7.50",
        "active": True,
        "timesUsed": 0,
        "minimumSubtotal": {"amount": "5.00", "currencyCode": "USD"},
        "usageLimit": LATEST,
        "usageLimitPerUser": 1,
        "startsAt": "2026-01-01T10:00:00Z",
        "endsAt": "2027-01-01T00:00:00Z",
        "categories": [],
    }


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [("PERCENTAGE", "12.5", "12.50"), ("FIXED_AMOUNT", "3", "3.00"), ("FREE_SHIPPING", "0.0", "0")],
)
async def test_a_discount_code_needs_no_more_than_its_name_and_what_it_takes_off(
    market: Shop, admin: Person, kind: str, value: str, shown: str
) -> None:
    made = await done(market, "discountCodeCreate", {"code": "plain", "kind": kind, "value": value}, admin)
    rest = ("minimumSubtotal", "usageLimit", "usageLimitPerUser", "endsAt")
    assert (made["code"], made["value"], [made[name] for name in rest]) == ("PLAIN", shown, [None] * 4)
    assert (made["categories"], made["active"]) == ([], True)


async def test_a_discount_code_is_switched_off_ended_and_limited(market: Shop, admin: Person) -> None:
    made = await done(market, "discountCodeCreate", {**TENTH, "startsAt": "2026-01-01T00:00:00Z"}, admin)
    now = dict(made)
    for change in (
        {"active": False},
        {"endsAt": "2026-06-01T00:00:00Z"},
        {"usageLimit": 3},
        {"active": True, "usageLimit": None, "endsAt": None},
        {},
    ):
        now |= {name: value for name, value in change.items() if value is not None}
        assert await done(market, "discountCodeUpdate", {"id": made["id"], **change}, admin) == now


async def test_a_shipping_rate_is_added_and_replaced_as_a_whole(market: Shop, admin: Person) -> None:
    full = {
        "name": " Van  and ferry ",
        "description": "By sea",
        "countries": ["fr", "BE", "FR"],
        "price": USD,
        "freeAbove": USD,
        "maxWeightGrams": LATEST,
        "minDays": 0,
        "maxDays": 0,
        "active": False,
    }
    shown = await done(market, "shippingRateSet", full, admin)
    assert shown == {
        "id": shown["id"],
        "name": "Van and ferry",
        "description": "By sea",
        "countries": ["BE", "FR"],
        "price": {"amount": "5.00"},
        "freeAbove": {"amount": "5.00"},
        "maxWeightGrams": LATEST,
        "minDays": 0,
        "maxDays": 0,
        "active": False,
    }
    bare = await done(market, "shippingRateSet", {"id": shown["id"], **VAN}, admin)
    assert bare == {
        "id": shown["id"],
        "name": "Van",
        "description": None,
        "countries": ["FR"],
        "price": {"amount": "5.00"},
        "freeAbove": None,
        "maxWeightGrams": None,
        "minDays": None,
        "maxDays": None,
        "active": True,
    }


async def test_a_tax_is_added_and_replaced_as_a_whole(market: Shop, admin: Person) -> None:
    given = {**TVA, "region": " Corse ", "rate": "0.055", "includedInPrice": True, "countryCode": "fr"}
    shown = await done(market, "taxRateSet", given, admin)
    assert shown == {
        "id": shown["id"],
        "title": "TVA",
        "countryCode": "FR",
        "region": "Corse",
        "rate": "0.055000",
        "includedInPrice": True,
        "active": True,
    }
    bare = await done(market, "taxRateSet", {"id": shown["id"], **TVA, "active": False}, admin)
    assert bare == {**shown, "region": None, "rate": "0.200000", "includedInPrice": False, "active": False}


async def test_all_active_taxes_of_a_country_are_included_or_all_are_added(market: Shop, admin: Person) -> None:
    first = await done(market, "taxRateSet", {**TVA, "includedInPrice": True}, admin)
    mixed: Errors = [("ValidationError", "INVALID", ["includedInPrice"])]
    before = await books(market)
    assert (await send(market, "taxRateSet", {**TVA, "region": "Corse"}, admin)).refused == mixed
    assert await books(market) == before
    await done(market, "taxRateSet", {**TVA, "active": False}, admin)
    await done(market, "taxRateSet", {**TVA, "countryCode": "BE"}, admin)
    await done(market, "taxRateSet", {**TVA, "includedInPrice": True, "region": "Corse"}, admin)
    # the one that is replaced has no say, the other one has
    assert (await send(market, "taxRateSet", {**TVA, "id": first["id"]}, admin)).refused == mixed


# Refused


def invalid(code: str, *path: str) -> tuple[str, str, list[str] | None]:
    return "ValidationError", code, list(path)


WRONG: Sequence[tuple[str, Given, Sequence[tuple[str, str, list[str] | None]]]] = [
    ("discountCodeCreate", {**TENTH, "code": ""}, [invalid("REQUIRED", "code")]),
    ("discountCodeCreate", {**TENTH, "code": "ab"}, [invalid("TOO_SHORT", "code")]),
    ("discountCodeCreate", {**TENTH, "code": "a" * 41}, [invalid("TOO_LONG", "code")]),
    ("discountCodeCreate", {**TENTH, "code": "ten off"}, [invalid("INVALID", "code")]),
    ("discountCodeCreate", {**TENTH, "code": "entered"}, [("ConflictError", "TAKEN", ["code"])]),
    ("discountCodeCreate", {**TENTH, "value": "0"}, [invalid("OUT_OF_RANGE", "value")]),
    ("discountCodeCreate", {**TENTH, "value": "-1"}, [invalid("OUT_OF_RANGE", "value")]),
    ("discountCodeCreate", {**TENTH, "value": "100.01"}, [invalid("OUT_OF_RANGE", "value")]),
    ("discountCodeCreate", {**TENTH, "value": "1.001"}, [invalid("INVALID", "value")]),
    ("discountCodeCreate", {**TENTH, "kind": "FIXED_AMOUNT", "value": "0.001"}, [invalid("INVALID", "value")]),
    ("discountCodeCreate", {**TENTH, "kind": "FIXED_AMOUNT", "value": "1e30"}, [invalid("OUT_OF_RANGE", "value")]),
    ("discountCodeCreate", {**TENTH, "kind": "FREE_SHIPPING"}, [invalid("INVALID", "value")]),
    (
        "discountCodeCreate",
        {**TENTH, "minimumSubtotal": EUR},
        [invalid("CURRENCY_MISMATCH", "minimumSubtotal", "currencyCode")],
    ),
    (
        "discountCodeCreate",
        {**TENTH, "minimumSubtotal": {"amount": "-1", "currencyCode": "USD"}},
        [invalid("OUT_OF_RANGE", "minimumSubtotal", "amount")],
    ),
    ("discountCodeCreate", {**TENTH, "endsAt": "2020-01-01T00:00:00Z"}, [invalid("INVALID", "endsAt")]),
    (
        "discountCodeCreate",
        {**TENTH, "code": "?", "value": "0", "usageLimit": 0, "usageLimitPerUser": -1},
        [
            invalid("TOO_SHORT", "code"),
            invalid("OUT_OF_RANGE", "value"),
            invalid("OUT_OF_RANGE", "usageLimit"),
            invalid("OUT_OF_RANGE", "usageLimitPerUser"),
        ],
    ),
    *(
        (
            "discountCodeCreate",
            {**TENTH, "categoryIds": [category(TOP), one]},
            [("NotFoundError", "NOT_FOUND", ["categoryIds", "1"])],
        )
        for one in ("x", category(NOBODY), global_ids.encode("Product", TOP))
    ),
    ("discountCodeCreate", {**TENTH, "categoryIds": [category(TOP)] * 101}, [invalid("INVALID", "categoryIds")]),
    ("shippingRateSet", {**VAN, "name": " "}, [invalid("REQUIRED", "name")]),
    ("shippingRateSet", {**VAN, "name": "x" * 101}, [invalid("TOO_LONG", "name")]),
    ("shippingRateSet", {**VAN, "description": "x" * 501}, [invalid("TOO_LONG", "description")]),
    ("shippingRateSet", {**VAN, "countries": []}, [invalid("REQUIRED", "countries")]),
    ("shippingRateSet", {**VAN, "countries": ["FR", "XX"]}, [invalid("INVALID", "countries")]),
    ("shippingRateSet", {**VAN, "price": EUR}, [invalid("CURRENCY_MISMATCH", "price", "currencyCode")]),
    (
        "shippingRateSet",
        {**VAN, "price": {"amount": "0.001", "currencyCode": "USD"}},
        [invalid("INVALID", "price", "amount")],
    ),
    ("shippingRateSet", {**VAN, "freeAbove": EUR}, [invalid("CURRENCY_MISMATCH", "freeAbove", "currencyCode")]),
    (
        "shippingRateSet",
        {**VAN, "maxWeightGrams": 0, "minDays": -1, "maxDays": -1},
        [invalid("OUT_OF_RANGE", name) for name in ("maxWeightGrams", "minDays", "maxDays")],
    ),
    ("shippingRateSet", {**VAN, "minDays": 3, "maxDays": 2}, [invalid("OUT_OF_RANGE", "maxDays")]),
    (
        "taxRateSet",
        {"title": "", "countryCode": "XX", "region": "x" * 101, "rate": "1.1"},
        [
            invalid("REQUIRED", "title"),
            invalid("INVALID", "countryCode"),
            invalid("TOO_LONG", "region"),
            invalid("OUT_OF_RANGE", "rate"),
        ],
    ),
    ("taxRateSet", {**TVA, "rate": "-0.1"}, [invalid("OUT_OF_RANGE", "rate")]),
    ("taxRateSet", {**TVA, "rate": "0.0000001"}, [invalid("INVALID", "rate")]),
    *(
        (name, {**given, "idempotencyKey": key}, [invalid("OUT_OF_RANGE", "idempotencyKey")])
        for name, given in SETTINGS.items()
        for key in ("", "x" * 256)
    ),
]


@pytest.mark.parametrize(("name", "given", "errors"), WRONG)
async def test_what_cannot_hold_is_refused_with_all_that_is_wrong(
    market: Shop, admin: Person, name: str, given: Given, errors: Errors
) -> None:
    before = await books(market)
    assert (await send(market, name, given, admin)).refused == list(errors)
    assert await books(market) == before


async def test_a_change_of_a_code_must_leave_it_usable(market: Shop, admin: Person) -> None:
    made = await done(market, "discountCodeCreate", {**TENTH, "startsAt": "2026-01-01T00:00:00Z"}, admin)
    before = await books(market)
    for change, error in (
        ({"usageLimit": 0}, invalid("OUT_OF_RANGE", "usageLimit")),
        ({"usageLimit": -(2**31)}, invalid("OUT_OF_RANGE", "usageLimit")),
        ({"endsAt": "2026-01-01T00:00:00Z", "active": False}, invalid("INVALID", "endsAt")),
    ):
        assert (await send(market, "discountCodeUpdate", {"id": made["id"], **change}, admin)).refused == [error]
    assert await books(market) == before


@pytest.mark.parametrize("name", CHANGES)
async def test_what_is_not_there_cannot_be_changed(market: Shop, admin: Person, name: str) -> None:
    before = await books(market)
    kind = CHANGES[name]
    for strange in ("", "x", global_ids.encode(kind, NOBODY), global_ids.encode("Product", NOBODY)):
        reply = await send(market, name, {**SETTINGS.get(name, {}), "id": strange}, admin)
        assert reply.refused == [("NotFoundError", "NOT_FOUND", ["id"])]
        assert reply.payload["userErrors"][0]["id"] == strange
    assert await books(market) == before


@pytest.mark.parametrize("name", [*SETTINGS, "discountCodeUpdate"])
async def test_only_administrators_set_anything(market: Shop, admin: Person, name: str) -> None:
    made = await done(market, "discountCodeCreate", TENTH, admin)
    given = {**SETTINGS.get(name, {"id": made["id"], "active": False}), "code": "OTHER"}
    given = {field: value for field, value in given.items() if field != "code" or name == "discountCodeCreate"}
    customer = await person(market)
    before = await books(market)
    for who, error in (
        (ANONYMOUS, ("AuthenticationError", "UNAUTHENTICATED", None)),
        (customer, ("PermissionError", "FORBIDDEN", None)),
    ):
        assert (await send(market, name, given, who)).refused == [error]
    assert await books(market) == before


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1.5, "1"])
@pytest.mark.parametrize(
    ("name", "given", "argument"),
    [
        ("discountCodeCreate", TENTH, "usageLimit"),
        ("discountCodeUpdate", {"id": "x"}, "usageLimit"),
        ("shippingRateSet", VAN, "maxWeightGrams"),
    ],
)
async def test_a_number_that_is_no_int_of_graphql_makes_the_request_wrong(
    market: Shop, admin: Person, name: str, given: Given, argument: str, value: object
) -> None:
    type_ = f"{name[0].upper()}{name[1:]}Input!"
    document = f"mutation($input: {type_}) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
    answer = await ask(market, document, {"input": {**given, argument: value}}, admin.actor)
    assert (answer.get("data"), codes(answer)) == (None, ["BAD_USER_INPUT"])


# Again


@pytest.mark.parametrize("name", [*SETTINGS, "discountCodeUpdate"])
async def test_a_repetition_is_answered_as_before_and_changes_nothing(market: Shop, admin: Person, name: str) -> None:
    made = await done(market, "discountCodeCreate", {**TENTH, "code": "KNOWN"}, admin)
    given = {**SETTINGS.get(name, {"id": made["id"], "usageLimit": 5}), "idempotencyKey": "a key"}
    first = await send(market, name, given, admin)
    before = await books(market)
    again = await send(market, name, given, admin)
    assert (again.payload, first.replayed, again.replayed) == (first.done, False, True)
    other = {**given, **({"value": "11"} if "value" in given else {"active": False})}
    reused: Errors = [("ConflictError", "IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]
    assert (await send(market, name, other, admin)).refused == reused
    assert await books(market) == before


# Listed


async def test_codes_are_listed_a_page_at_a_time_the_newest_first(market: Shop, admin: Person) -> None:
    made = [await done(market, "discountCodeCreate", {**TENTH, "code": f"LIST{n}"}, admin) for n in range(5)]
    newest = [one["id"] for one in reversed(made)]
    document = """query($first: Int, $after: String, $last: Int, $before: String) {
      discountCodes(first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { id } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } }"""
    first = (await data(market, document, {"first": 3}, admin.actor))["discountCodes"]
    assert [one["id"] for one in first["nodes"]] == newest[:3]
    assert first["totalCount"] >= 5
    assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (True, False)
    after = {"first": 2, "after": first["pageInfo"]["endCursor"]}
    second = (await data(market, document, after, admin.actor))["discountCodes"]
    assert [one["id"] for one in second["nodes"]] == newest[3:]
    back = {"last": 3, "before": second["pageInfo"]["startCursor"]}
    assert (await data(market, document, back, admin.actor))["discountCodes"]["nodes"] == first["nodes"]


async def test_rates_are_listed_those_that_hold_first(market: Shop, admin: Person) -> None:
    for name in ("shippingRateSet", "taxRateSet"):
        for active in (False, True):
            await done(market, name, {**SETTINGS[name], "active": active}, admin)
    document = "{ shippingRates { name active } taxRates { countryCode active } shop { shippingCountries } }"
    shown = await data(market, document, actor=admin.actor)
    for rates in (shown["shippingRates"], shown["taxRates"]):
        assert [one["active"] for one in rates] == sorted((one["active"] for one in rates), reverse=True)
        assert {one["active"] for one in rates} == {True, False}
    names = [one["name"] for one in shown["shippingRates"] if one["active"]]
    assert names == sorted(names)
    assert shown["shop"]["shippingCountries"] == ["DE", "FR", "GB", "US"]
