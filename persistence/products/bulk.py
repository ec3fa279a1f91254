"""Loads many drafts by COPY: whole products only, and never over what the shop already has.

A chunk of products goes into one transaction with all its rows, so a load that is killed leaves whole products, and
running it again continues it. A draft is kept out when the shop has a product with its id, its slug or one of its SKUs:
somebody may have edited that product since, and a load never overwrites. What was deleted comes back.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

import asyncpg

from domain.products.category import CategoryId
from domain.products.drafts import CategoryDraft, ProductDraft, VariantDraft
from domain.shared.errors import Unavailable
from persistence.connections import LOST, ConnectionSettings, connect

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Shelves = Mapping[str, CategoryId]
Row = tuple[object, ...]
Draft = TypeVar("Draft")

CHUNK = 1_000
"""Products per transaction: half a second of work that an interruption can undo."""
WRITERS = 2
"""While one waits for PostgreSQL the other makes rows; a third gains nothing."""
SECONDS = 600.0
_ATTEMPTS = 3
_GOODBYE_SECONDS = 2.0
# any constant will do: it keeps two loads from writing the same products at the same time
_LOCK = 7_065_108

# A crash of the server may lose the last chunks, but no part of one. Plans of triggers are made while tables are still
# empty and kept for the whole load, when a sequential scan would be fatal. GIN entries are merged in larger batches.
_SESSION = """
SET synchronous_commit = off;
SET enable_seqscan = off;
SET gin_pending_list_limit = '32MB';
SET work_mem = '64MB';
"""

# waits for the log of everything before it, which makes the load durable
_FINISH = "SET synchronous_commit = on; SET enable_seqscan = on; ANALYZE {tables}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many products were written, and how many the shop had already."""

    added: int
    kept: int


class Loader:
    """One load, by a few connections that it has for itself. Made by `loading`."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections
        self._shelves: dict[str, CategoryId] = {}

    async def categories(self, drafts: Sequence[CategoryDraft]) -> int:
        """Add the categories that the shop lacks by id, slug and name; answers how many those were.

        The drafts of products are shelved in the shop's own categories, whatever they are called by now.
        """
        connection = self._connections[0]
        async with connection.transaction():
            found = await connection.fetch(
                "SELECT id, slug, name FROM categories WHERE id = ANY($1) OR slug = ANY($2) OR name = ANY($3)",
                [draft.id for draft in drafts],
                [draft.slug for draft in drafts],
                [draft.name for draft in drafts],
                timeout=SECONDS,
            )
            known = {row[column]: CategoryId(row["id"]) for column in ("name", "id", "slug") for row in found}
            new: list[CategoryDraft] = []
            for draft in drafts:
                shelf = known.get(draft.slug) or known.get(draft.id) or known.get(draft.name)
                self._shelves[draft.slug] = draft.id if shelf is None else shelf
                if shelf is None:
                    new.append(draft)
            await _copy(connection, _CATEGORIES, new, self._shelves)
        return len(new)

    async def products(self, drafts: Iterable[ProductDraft], progress: Callable[[int], None]) -> Loaded:
        """Stream `drafts` in; `progress` is told how many were dealt with so far.

        Raises:
            Unavailable: the database went away. What is there is whole, and loading again continues.
            KeyError: a draft names a category that was not given to `categories`.
        """
        chunks = _chunks(drafts)
        added = kept = 0

        async def write(connection: Connection) -> None:
            nonlocal added, kept
            for chunk in chunks:
                written = await self._write(connection, chunk)
                added += written
                kept += len(chunk) - written
                progress(added + kept)

        await _all(write(connection) for connection in self._connections)
        return Loaded(added, kept)

    async def count_between(self, first: UUID, last: UUID) -> int:
        """How many products have ids from `first` to `last`, both included."""
        found = await self._connections[0].fetchval(
            "SELECT count(*) FROM products WHERE id BETWEEN $1 AND $2", first, last, timeout=SECONDS
        )
        return int(found)

    async def finish(self) -> None:
        """Make the load durable, and tell the planner about it."""
        await self._connections[0].execute(_FINISH.format(tables=", ".join(_TABLES)), timeout=SECONDS)

    async def _write(self, connection: Connection, chunk: Sequence[ProductDraft]) -> int:
        """Somebody may add a product with one of these slugs meanwhile: look again, and it is left out."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with connection.transaction():
                    new = await _missing(connection, chunk)
                    for copied in _COPIES:
                        await _copy(connection, copied, new, self._shelves)
            except asyncpg.UniqueViolationError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return len(new)
        raise AssertionError("unreachable")


@asynccontextmanager
async def loading(settings: ConnectionSettings) -> AsyncGenerator[Loader]:
    """A load, with limits that fit its long statements.

    Raises:
        Unavailable: the database does not answer, or another load is running on it.
    """
    patient = replace(
        settings, statement_timeout_ms=0, lock_timeout_ms=60_000, idle_in_transaction_timeout_ms=int(SECONDS) * 1_000
    )
    connections: list[Connection] = []
    try:
        for _ in range(WRITERS):
            connections.append(await connect(patient))
            await connections[-1].execute(_SESSION)
        if not await connections[0].fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            raise Unavailable("Another load is running on this database; wait until it has finished.")
        yield Loader(connections)
    except (*LOST, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError) as failure:
        raise Unavailable("The database went away; load again to continue where this load ended.") from failure
    finally:
        for connection in connections:
            await connection.close(timeout=_GOODBYE_SECONDS)


@dataclass(frozen=True, slots=True)
class _Copied(Generic[Draft]):
    """The rows of one table that a draft stands for."""

    table: str
    columns: tuple[str, ...]
    rows: Callable[[Draft, Shelves], Iterable[Row]]


async def _copy(connection: Connection, copied: _Copied[Draft], drafts: Sequence[Draft], shelves: Shelves) -> None:
    await connection.copy_records_to_table(
        copied.table,
        columns=copied.columns,
        records=[row for draft in drafts for row in copied.rows(draft, shelves)],
        timeout=SECONDS,
    )


async def _missing(connection: Connection, drafts: Sequence[ProductDraft]) -> Sequence[ProductDraft]:
    """The drafts that the shop has neither by id nor by slug nor by one of their SKUs."""
    skus = [variant.sku for draft in drafts for variant in draft.variants if variant.sku is not None]
    found = await connection.fetch(_TAKEN, [d.id for d in drafts], [d.slug for d in drafts], skus, timeout=SECONDS)
    taken = {row["taken"] for row in found}
    return [
        draft
        for draft in drafts
        if draft.slug not in taken
        and f"#{draft.id}" not in taken
        and not any(f"+{variant.sku}" in taken for variant in draft.variants)
    ]


# three index look-ups in one round trip; a slug has neither # nor +, so the three kinds cannot be mistaken
_TAKEN = """
SELECT '#' || id AS taken FROM products WHERE id = ANY($1)
UNION ALL SELECT slug FROM products WHERE slug = ANY($2)
UNION ALL SELECT '+' || sku FROM product_variants WHERE sku = ANY($3)
"""


def _chunks(drafts: Iterable[ProductDraft]) -> Iterator[Sequence[ProductDraft]]:
    rest = iter(drafts)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


async def _all(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Run side by side; the first failure stops the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _category(draft: CategoryDraft, shelves: Shelves) -> Iterable[Row]:
    parent = None if draft.parent is None else shelves[draft.parent]
    yield draft.id, draft.name, draft.slug, draft.description, parent, draft.created_at


def _product(draft: ProductDraft, shelves: Shelves) -> Iterable[Row]:
    """With the summaries that the trigger `summarise_variants` would make, so that it finds nothing to change."""
    prices = [variant.price for variant in draft.variants]
    before = [variant.compare_at_price for variant in draft.variants if variant.compare_at_price is not None]
    yield (
        draft.id,
        draft.name,
        draft.slug,
        draft.description,
        draft.status.value,
        None if draft.category is None else shelves[draft.category],
        draft.seo.title,
        draft.seo.description,
        draft.published_at,
        min(prices, default=Decimal(0)),
        max(prices, default=Decimal(0)),
        min(before, default=None),
        max(before, default=None),
        draft.units_sold,
        draft.rating_average,
        draft.rating_count,
        draft.created_at,
    )


def _options(draft: ProductDraft, _: Shelves) -> Iterable[Row]:
    return ((draft.id, option.name, position) for position, option in enumerate(draft.options))


def _option_values(draft: ProductDraft, _: Shelves) -> Iterable[Row]:
    for option in draft.options:
        for position, value in enumerate(option.values):
            yield draft.id, option.name, value, position


def _variants(draft: ProductDraft, _: Shelves) -> Iterable[Row]:
    return (_variant(draft, variant, position) for position, variant in enumerate(draft.variants))


def _variant(draft: ProductDraft, variant: VariantDraft, position: int) -> Row:
    return (
        variant.id,
        draft.id,
        variant.title,
        variant.sku,
        variant.barcode,
        variant.price,
        variant.compare_at_price,
        variant.cost_price,
        variant.weight_grams,
        position,
        variant.tracked,
        variant.on_hand,
        variant.low_stock_threshold,
        draft.created_at,
    )


def _variant_options(draft: ProductDraft, _: Shelves) -> Iterable[Row]:
    for variant in draft.variants:
        for option, value in zip(draft.options, variant.values, strict=True):
            yield variant.id, draft.id, option.name, value


def _media(draft: ProductDraft, _: Shelves) -> Iterable[Row]:
    for position, media in enumerate(draft.media):
        yield media.id, draft.id, media.location, media.alt, position, media.width, media.height, draft.created_at


_CATEGORIES = _Copied("categories", ("id", "name", "slug", "description", "parent_id", "created_at"), _category)
# what is referred to stands first; `updated_at` is left to the database: it says when a row was written here
_COPIES: Sequence[_Copied[ProductDraft]] = (
    _Copied(
        "products",
        (
            *("id", "name", "slug", "description", "status", "category_id", "meta_title", "meta_description"),
            *("published_at", "price_min", "price_max", "compare_at_price_min", "compare_at_price_max"),
            *("units_sold", "rating_average", "rating_count", "created_at"),
        ),
        _product,
    ),
    _Copied("product_options", ("product_id", "name", "position"), _options),
    _Copied("product_option_values", ("product_id", "name", "value", "position"), _option_values),
    _Copied(
        "product_variants",
        (
            *("id", "product_id", "title", "sku", "barcode", "price", "compare_at_price", "cost_price"),
            *("weight_grams", "position", "tracked", "on_hand", "low_stock_threshold", "created_at"),
        ),
        _variants,
    ),
    _Copied("product_variant_options", ("variant_id", "product_id", "name", "value"), _variant_options),
    _Copied(
        "product_media", ("id", "product_id", "location", "alt", "position", "width", "height", "created_at"), _media
    ),
)
_TABLES = (_CATEGORIES.table, *(copied.table for copied in _COPIES))
