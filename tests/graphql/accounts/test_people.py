"""The list of people: its search, its filter, its pages."""

import unicodedata
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shared.paging import Window
from domain.users.listing import LONGEST_SEARCH, MOST_WORDS, NEWEST_FIRST, UserListing, UserScope, words
from domain.users.user import User, UserRole
from persistence.paging import WindowPlan, window_values
from persistence.users.readers import SqlUserReader
from server.wiring import Shop
from tests import sizes
from tests.conftest import Templates
from tests.graphql.accounts.mutations import beside, opened, sql, user_id
from tests.graphql.asking import ask, codes, data
from tests.people import Person, person

PAGE = """
    query($search: String, $role: UserRole, $first: Int, $after: String, $last: Int, $before: String) {
      users(search: $search, role: $role, first: $first, after: $after, last: $last, before: $before) {
        nodes { id email } totalCount pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
      }
    }"""
NAMES = [
    "Ann",
    "ANNA",
    "José",
    "Zoë",
    "Müller",
    "Ärger",
    "100%",
    "under_score",
    "back\\slash",
    "O'Brien",
    "Марія",
    "李雷雷",
]
EMAILS = ["a_b", "a%b", "axb", "ann.lee", "lee-ann", "müller".encode("punycode").decode()]
LETTERS = "aAnNeElL%_\\'.@ -ÄäëЯ李1\u0308"


@pytest.fixture(scope="module")
def list_url(templates: Templates) -> Generator[str]:
    with templates.clone("empty") as database:
        yield database.url


@pytest.fixture(scope="module")
async def shop(list_url: str) -> AsyncGenerator[Shop]:
    async with opened(list_url) as made:
        yield made


@pytest.fixture(scope="module")
async def admin(shop: Shop) -> Person:
    """And with them everybody else whom these tests look for."""
    for number in range(36):
        role = UserRole.ADMIN if number % 5 == 0 else UserRole.CUSTOMER
        one = await person(shop, role, f"{EMAILS[number % len(EMAILS)]}{number}@shop.example")
        await sql(
            shop,
            "UPDATE users SET first_name = $1, last_name = $2, created_at = now() - $3 * interval '1 day' "
            "WHERE id = $4",
            NAMES[number % len(NAMES)],
            NAMES[number * 7 % len(NAMES)],
            number % 9,  # several were created at the same time
            one.user.id,
        )
    return await person(shop, UserRole.ADMIN, "admin@shop.example")


async def everybody(shop: Shop) -> list[User]:
    """The newest first."""
    found = await shop.services.authentication.reader.by_ids(
        [row[0] for row in await sql(shop, "SELECT id FROM users")]
    )
    return sorted(found.values(), key=lambda one: (one.created_at, one.id), reverse=True)


def shows(one: User, search: str | None, role: str | None) -> bool:
    text = f"{one.first_name} {one.last_name} {one.email}".lower()
    parts = unicodedata.normalize("NFC", search or "").lower().split()
    return all(part in text for part in parts) and role in {None, one.role.name}


async def pages(shop: Shop, admin: Person, size: int, **wanted: Any) -> tuple[list[str], set[int]]:
    """The addresses on all pages, and what they say about how many there are."""
    found: list[str] = []
    counts: set[int] = set()
    after = None
    while True:
        given_ = {"first": size, "after": after, **wanted}
        page = (await data(shop, PAGE, given_, admin.actor))["users"]
        found += [node["email"] for node in page["nodes"]]
        counts.add(page["totalCount"])
        if not page["pageInfo"]["hasNextPage"]:
            return found, counts
        after = page["pageInfo"]["endCursor"]


searches = (
    st.none()
    | st.text(LETTERS, max_size=6)
    | st.sampled_from(NAMES + EMAILS)
    | st.lists(st.sampled_from([*NAMES, *EMAILS, "ann", "shop", "@", "%", "_", "\\"]), max_size=3).map(" ".join)
)


@given(searches, st.sampled_from([None, "ADMIN", "CUSTOMER"]), st.sampled_from([5, 20, 100]))
@settings(max_examples=sizes.SEARCHES, deadline=None, derandomize=sizes.REPEATABLE)
async def test_a_search_finds_what_a_filter_in_python_finds_in_the_same_order(
    shop: Shop, admin: Person, search: str | None, role: str | None, size: int
) -> None:
    expected = [one.email for one in await everybody(shop) if shows(one, search, role)]
    found, counts = await pages(shop, admin, size, search=search, role=role)
    assert found == expected
    assert counts == {len(expected)}


@pytest.mark.parametrize(
    ("search", "count"), [("%", 9), ("_", 12), ("\\", 6), ("a%b", 6), ("a_b", 6), ("%%", 0), ("a\\%b", 0)]
)
async def test_signs_with_a_meaning_to_sql_mean_themselves(shop: Shop, admin: Person, search: str, count: int) -> None:
    found, counts = await pages(shop, admin, 100, search=search)
    assert len(found) == len([one for one in await everybody(shop) if shows(one, search, None)])
    assert counts == {len(found)}
    assert (len(found) > 0) is (count > 0)


async def test_pages_backwards_are_pages_forwards(shop: Shop, admin: Person) -> None:
    forwards, _ = await pages(shop, admin, 100)
    backwards: list[str] = []
    before = None
    while True:
        page = (await data(shop, PAGE, {"last": 7, "before": before}, admin.actor))["users"]
        backwards = [node["email"] for node in page["nodes"]] + backwards
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        before = page["pageInfo"]["startCursor"]
    assert backwards == forwards


@pytest.mark.parametrize("search", ["ΟΔΟΣ", "οδοσ", "i\u0307stanbul", "İstanbul", "STRASSE"])
async def test_a_word_in_capitals_of_any_alphabet_finds_itself(shop: Shop, admin: Person, search: str) -> None:
    """PostgreSQL and Python do not agree about the lower case of some of these."""
    [(former,)] = await sql(shop, "SELECT last_name FROM users WHERE id = $1", admin.user.id)
    text = unicodedata.normalize("NFC", search)
    await sql(shop, "UPDATE users SET last_name = $1 WHERE id = $2", text, admin.user.id)
    found, _ = await pages(shop, admin, 100, search=search)
    await sql(shop, "UPDATE users SET last_name = $1 WHERE id = $2", former, admin.user.id)
    assert found == [admin.user.email]


async def test_a_search_that_is_too_long_is_refused(shop: Shop, admin: Person) -> None:
    answer = await ask(shop, PAGE, {"search": "x" * (LONGEST_SEARCH + 1)}, admin.actor)
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert len(words(" ".join("abcdefghijklmnop"))) == MOST_WORDS


async def test_who_is_no_administrator_sees_nobody(shop: Shop, admin: Person) -> None:
    customer = await person(shop)
    for actor, code in ((customer.actor, "FORBIDDEN"), (None, "UNAUTHENTICATED")):
        answer = await (ask(shop, PAGE, {}, actor) if actor else ask(shop, PAGE))
        assert codes(answer) == [code]
    await sql(shop, "DELETE FROM users WHERE id = $1", customer.user.id)
    query = "query($id: ID!) { user(id: $id) { email } }"
    assert await data(shop, query, {"id": user_id(admin)}, admin.actor) == {"user": {"email": admin.user.email}}
    assert await data(shop, query, {"id": "junk"}, admin.actor) == {"user": None}
    assert codes(await ask(shop, query, {"id": user_id(admin)}, customer.actor)) == ["FORBIDDEN"]


async def test_a_search_reads_its_index(own_shop: Shop) -> None:
    """Without it, a page took 30 ms among 100,000 people instead of 1."""
    listing = UserListing(UserScope(words("Last77 first"), UserRole.CUSTOMER), Window(NEWEST_FIRST))
    statement = SqlUserReader.PAGE.statement(None, ("word0", "word1", "role"), WindowPlan.of(listing.window))
    values = {"word0": "%Last77%", "word1": "%first%", "role": "customer", **window_values(listing.window)}
    async with beside(own_shop) as connection:
        await connection.execute(
            "INSERT INTO users (id, email, password_hash, first_name, last_name) SELECT gen_random_uuid(), "
            "'u' || i || '@shop.example', 'x', 'First', 'Last' || i FROM generate_series(1, 20000) i"
        )
        await connection.execute("ANALYZE users")
        rows = await connection.fetch(f"EXPLAIN {statement.sql}", *statement.arguments(values))
    plan = "\n".join(row[0] for row in rows)
    assert "ix_users_search_text" in plan, plan
    found = await own_shop.readers.users.page(listing)
    assert all("Last77" in one.last_name for one in found.items)
