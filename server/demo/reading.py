"""Reads the catalogue files into drafts. The format is described in the package's docstring."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from domain.products.category import CategoryId
from domain.products.drafts import CatalogueDraft, CategoryDraft, ProductDraft
from domain.products.product import ProductId, ProductOption, ProductStatus, Seo
from server.demo import dates
from server.demo.drawings import drawings
from server.demo.identity import identity
from server.demo.media import colour_slug, draw_media
from server.demo.palette import COLOURS
from server.demo.tables import SLUG, BadCatalogue, Table, amount, count, day, mapping, text, texts
from server.demo.variants import read_options, read_variants

FOLDER = Path(__file__).parent / "catalogue"
COLOUR = "Colour"
BEST_RATING = 5


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    categories: Mapping[str, Table]
    products: Mapping[str, Table]


def read_catalogue(folder: Path = FOLDER) -> CatalogueDraft:
    """All files of `folder`, in the order of their names.

    Raises:
        BadCatalogue: a file is no TOML, or something in it cannot be used.
    """
    files = [_open(path) for path in sorted(folder.glob("*.toml"))]
    categories = [category for file in files for category in _categories(file)]
    products = [_product(slug, table, file) for file in files for slug, table in file.products.items()]
    shelves = {slug: table for file in files for slug, table in file.categories.items()}
    tables = {slug: table for file in files for slug, table in file.products.items()}
    _unique("name", [(shelves[category.slug], category.name) for category in categories])
    _unique("slug", [(table, slug) for file in files for slug, table in file.categories.items()])
    _unique("slug", [(table, slug) for file in files for slug, table in file.products.items()])
    _unique("sku", [(tables[product.slug], variant.sku) for product in products for variant in product.variants])
    return CatalogueDraft(tuple(categories), tuple(products))


def _open(path: Path) -> _File:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise BadCatalogue(path.name, "file", f"is not TOML: {broken}") from broken
    top = Table(path.name, content)
    categories = _entries(top, "categories")
    products = _entries(top, "products")
    top.finish()
    return _File(path.name, categories, products)


def _entries(top: Table, name: str) -> Mapping[str, Table]:
    tables: dict[str, Table] = {}
    entries = top.optional(name, mapping, {})
    for slug in entries:
        if not SLUG.fullmatch(slug):
            raise top.wrong(f"{name}.{slug}", "must be a slug: small letters, digits and single hyphens")
        values = Table(f"{top.place}, {name}", entries).required(slug, mapping)
        tables[slug] = Table(f"{top.place}, {slug}", values)
    return tables


def _categories(file: _File) -> Sequence[CategoryDraft]:
    found: dict[str, CategoryDraft] = {}
    for slug, table in file.categories.items():
        parent = table.optional("parent", text, "") or None
        if (parent is None) != (not found) or (parent is not None and parent not in found):
            raise table.wrong("parent", "must be a category that stands above it in this file; only the first has none")
        found[slug] = CategoryDraft(
            id=CategoryId(identity("category", slug)),
            name=table.required("name", text),
            slug=slug,
            description=table.optional("description", text, "") or None,
            parent=parent,
            created_at=dates.NEWEST - dates.YEAR,
        )
        table.finish()
    return list(found.values())


def _product(slug: str, table: Table, file: _File) -> ProductDraft:
    name = table.required("name", text)
    category = table.required("category", text)
    if category not in file.categories:
        raise table.wrong("category", f"must be a category of this file, not {category!r}")
    options = read_options(table)
    colours = _colours(table, options)
    status = table.optional("status", _status, ProductStatus.ACTIVE)
    published = dates.morning(table.required("published", day)) if "published" in table else dates.some_time(slug)
    draft = ProductDraft(
        id=ProductId(identity("product", slug)),
        name=name,
        slug=slug,
        description=table.required("description", text),
        status=status,
        category=category,
        seo=Seo(
            table.optional("seo_title", text, "") or None,
            table.optional("seo_description", text, "") or None,
        ),
        options=options,
        variants=read_variants(slug, table, options),
        media=draw_media(
            name,
            table.required("picture", _kind),
            colours,
            "pair" if len(slug) % 2 else "detail",
            partial(identity, "media", slug),
        ),
        units_sold=table.optional("units_sold", count, 0),
        rating_average=table.optional("rating", _rating, Decimal(0)),
        rating_count=table.optional("reviews", count, 0),
        created_at=published - dates.PREPARED,
        published_at=None if status is ProductStatus.DRAFT else published,
    )
    table.finish()
    return draft


def _colours(table: Table, options: Sequence[ProductOption]) -> Sequence[str]:
    offered = next((option.values for option in options if option.name == COLOUR), None)
    if offered is None:
        return table.required("colours", _known_colours)
    for colour in offered:
        if colour_slug(colour) not in COLOURS:
            raise table.wrong(f"options.{COLOUR}", f"has {colour!r}, which `palette.COLOURS` cannot paint")
    return offered


def _known_colours(value: object) -> tuple[str, ...]:
    found = texts(value)
    if all(colour_slug(colour) in COLOURS for colour in found):
        return found
    raise ValueError("colours that `palette.COLOURS` can paint")


def _kind(value: object) -> str:
    if value in drawings():
        return text(value)
    raise ValueError("something that `drawings` can draw")


def _status(value: object) -> ProductStatus:
    try:
        return ProductStatus(value)
    except ValueError:
        raise ValueError("draft, active or archived") from None


def _rating(value: object) -> Decimal:
    rating = amount(value)
    if rating <= BEST_RATING:
        return rating
    raise ValueError(f"from 0 to {BEST_RATING}")


def _unique(field: str, values: Sequence[tuple[Table, str | None]]) -> None:
    owner: dict[str | None, Table] = {}
    for table, value in values:
        if value in owner:
            raise table.wrong(field, f"{value!r} is taken by {owner[value].place}")
        owner[value] = table
