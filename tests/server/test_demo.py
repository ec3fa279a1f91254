"""The demo shop: its catalogue, its generated products, its pictures, and loading them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from xml.etree import ElementTree as ET

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette

from domain.products.drafts import CatalogueDraft, ProductDraft, VariantDraft
from domain.products.product import ProductStatus
from persistence.connections import ConnectionSettings, connect
from server.demo import dates
from server.demo.drawings import drawings
from server.demo.generator import first_id, generated
from server.demo.identity import valid_ean13
from server.demo.loading import load_demo
from server.demo.media import FOLDER
from server.demo.palette import COLOURS
from server.demo.pictures import DEMO_PICTURES, picture
from server.demo.reading import read_catalogue
from server.demo.tables import BadCatalogue
from server.demo.words import read_words

GOOD = """
[categories.kitchen]
name = "Kitchen"

[categories.mugs]
name = "Mugs"
parent = "kitchen"

[products.mug]
name = "Mug"
category = "mugs"
description = "Holds tea."
picture = "mug"
sku = "MUG"
price = 12.50
options.Size = ["S", "L"]
options.Colour = ["White", "Navy"]

[products.mug.stock]
White = [1, 2]
Navy = [3, 4]

[[products.mug.except]]
Size = "L"
price = 15
"""


@pytest.fixture(scope="module")
def catalogue() -> CatalogueDraft:
    return read_catalogue()


@pytest.fixture(scope="module")
def some() -> Sequence[ProductDraft]:
    return tuple(generated(2_000))


def variants_of(products: Iterable[ProductDraft]) -> list[VariantDraft]:
    return [variant for product in products for variant in product.variants]


def read(folder: Path, content: str) -> CatalogueDraft:
    (folder / "kitchen.toml").write_text(content, encoding="utf-8")
    return read_catalogue(folder)


def test_the_catalogue_is_large_enough_to_look_like_a_shop(catalogue: CatalogueDraft) -> None:
    assert len(catalogue.products) >= 64
    assert len(variants_of(catalogue.products)) >= 220
    assert Counter(product.status for product in catalogue.products)[ProductStatus.DRAFT] >= 2
    assert Counter(product.status for product in catalogue.products)[ProductStatus.ARCHIVED] >= 2


def test_categories_form_a_tree_of_three_levels_with_products_on_its_leaves(catalogue: CatalogueDraft) -> None:
    parents: Mapping[str, str | None] = {category.slug: category.parent for category in catalogue.categories}

    def depth(slug: str) -> int:
        parent = parents[slug]
        return 1 if parent is None else 1 + depth(parent)

    leaves = set(parents) - set(parents.values())
    assert {depth(slug) for slug in leaves} == {3}
    assert {product.category for product in catalogue.products} == leaves
    assert {"clothing", "shoes", "home"} <= {slug for slug, parent in parents.items() if parent is None}


def test_names_slugs_skus_and_ids_are_each_used_once(catalogue: CatalogueDraft) -> None:
    categories, products = catalogue.categories, catalogue.products
    variants = variants_of(products)
    for values in (
        [category.name for category in categories],
        [category.slug for category in categories],
        [product.slug for product in products],
        [variant.sku for variant in variants],
        [variant.barcode for variant in variants if variant.barcode],
        [thing.id for thing in (*products, *variants, *(media for product in products for media in product.media))],
    ):
        assert len(set(values)) == len(values)
    assert all(len(category.name) <= 100 for category in categories)


def test_every_kind_of_stock_and_sale_is_there(catalogue: CatalogueDraft) -> None:
    variants = variants_of(catalogue.products)
    assert any(variant.tracked and variant.on_hand == 0 for variant in variants)
    assert any(0 < variant.on_hand <= variant.low_stock_threshold for variant in variants)
    assert any(not variant.tracked for variant in variants)
    assert any(variant.compare_at_price is not None for variant in variants)
    assert any(
        product.status is ProductStatus.ACTIVE and all(v.tracked and v.on_hand == 0 for v in product.variants)
        for product in catalogue.products
    )


def test_the_sweater_that_examples_speak_of_is_there(catalogue: CatalogueDraft) -> None:
    sweater = next(product for product in catalogue.products if product.slug == "merino-crew-sweater")
    assert [option.name for option in sweater.options] == ["Size", "Colour"]
    assert sweater.options[0].values == ("XS", "S", "M", "L", "XL")
    (navy,) = (variant for variant in sweater.variants if variant.sku == "MERINO-CREW-M-NAVY")
    assert (navy.title, navy.values) == ("M / Navy", ("M", "Navy"))


def test_no_two_products_are_described_in_the_same_words(catalogue: CatalogueDraft) -> None:
    descriptions = [product.description or "" for product in catalogue.products]
    sentences = Counter(sentence for text in descriptions for sentence in text.split(". "))
    assert max(sentences.values()) == 1
    assert min(len(text) for text in descriptions) > 60


@pytest.mark.parametrize("source", ["catalogue", "some"])
def test_every_draft_keeps_the_rules_of_the_shop(source: str, request: pytest.FixtureRequest) -> None:
    found: CatalogueDraft | Sequence[ProductDraft] = request.getfixturevalue(source)
    for product in found.products if isinstance(found, CatalogueDraft) else found:
        assert product.published_at is None or product.created_at < product.published_at <= dates.NEWEST
        assert (product.published_at is None) == (product.status is ProductStatus.DRAFT)
        assert 0 <= product.rating_average <= 5
        assert 1 <= len(product.media) <= 4
        assert all(len(media.alt) > 10 for media in product.media)
        assert len({variant.values for variant in product.variants}) == len(product.variants)
        for variant in product.variants:
            assert variant.price >= 0
            assert variant.price == variant.price.quantize(Decimal("0.01"))
            assert variant.compare_at_price is None or variant.compare_at_price >= variant.price
            assert variant.barcode is None or valid_ean13(variant.barcode)
            assert all(value in option.values for option, value in zip(product.options, variant.values, strict=True))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "price = 12.50",
            'price = "cheap"',
            "kitchen.toml, mug, `price`: must be an amount such as 19.50, not 'cheap'",
        ),
        ("price = 12.50", "price = 12.505", "kitchen.toml, mug, `price`: must be an amount"),
        ("price = 12.50", "", "kitchen.toml, mug, `price`: is missing"),
        ("price = 12.50", "price = 12.50\ncolor = 1", "kitchen.toml, mug, `color`: is no field of this table"),
        ("price = 12.50", "price = 12.50\ncompare_at_price = 13", "mug, `compare_at_price`: is below the price of L"),
        ('category = "mugs"', 'category = "cups"', "kitchen.toml, mug, `category`: must be a category of this file"),
        ("Navy = [3, 4]", "Navy = [3]", "kitchen.toml, mug, stock, `Navy`: has 1 numbers for 2 values"),
        ("Navy = [3, 4]", "", "kitchen.toml, mug, stock, `Navy`: is missing"),
        ("Navy = [3, 4]", "Navy = [3, 4]\nRed = [1, 1]", "kitchen.toml, mug, stock, `Red`: is no field"),
        ('Size = "L"', 'Size = "XL"', "kitchen.toml, mug, except 1, `Size`: must be one of S, L"),
        ('Size = "L"', "", "kitchen.toml, mug, except 1, `except`: must name an option"),
        ("price = 15", "prize = 15", "kitchen.toml, mug, except 1, `prize`: is no field of this table"),
        ('"White", "Navy"', '"White", "Beige"', "kitchen.toml, mug, `options.Colour`: has 'Beige'"),
        ('picture = "mug"', 'picture = "dragon"', "kitchen.toml, mug, `picture`: must be something"),
        ('parent = "kitchen"', 'parent = "home"', "kitchen.toml, mugs, `parent`: must be a category that stands above"),
        ('name = "Mugs"', 'name = "Kitchen"', "`name`: 'Kitchen' is taken by kitchen.toml, kitchen"),
        ("[products.mug]", "[products.mug", "kitchen.toml, `file`: is not TOML"),
        ("[products.mug]", "[product.mug]", "kitchen.toml, `product`: is no field"),
        ("[products.mug]", "[products.Big_Mug]\n[products.mug]", "`products.Big_Mug`: must be a slug"),
    ],
)
def test_a_bad_file_is_refused_by_file_entry_and_field(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(BadCatalogue) as refused:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert complaint in str(refused.value)


def test_rows_of_stock_and_exceptions_reach_their_variants(tmp_path: Path) -> None:
    (mug,) = read(tmp_path, GOOD).products
    assert [(variant.sku, variant.price, variant.on_hand) for variant in mug.variants] == [
        ("MUG-S-WHITE", Decimal("12.50"), 1),
        ("MUG-S-NAVY", Decimal("12.50"), 3),
        ("MUG-L-WHITE", Decimal(15), 2),
        ("MUG-L-NAVY", Decimal(15), 4),
    ]


def test_generated_products_are_the_same_every_time_and_do_not_depend_on_how_many_there_are(
    some: Sequence[ProductDraft],
) -> None:
    assert tuple(generated(300)) == tuple(some[:300])
    assert tuple(generated(50, first=250)) == tuple(some[250:300])
    assert tuple(islice(generated(10**12), 5)) == tuple(some[:5])


def test_generated_products_have_names_of_their_own(some: Sequence[ProductDraft]) -> None:
    skus = [variant.sku for variant in variants_of(some)]
    ids = [thing.id for product in some for thing in (product, *product.variants, *product.media)]
    assert len({product.slug for product in some}) == len(some)
    assert len(set(skus)) == len(skus)
    assert len(set(ids)) == len(ids)


def test_generated_ids_rise_with_the_number(some: Sequence[ProductDraft]) -> None:
    assert all(first_id(n) <= product.id < first_id(n + 1) for n, product in enumerate(some))
    assert {product.id.version for product in some} == {7}


def test_generated_products_are_believable(catalogue: CatalogueDraft, some: Sequence[ProductDraft]) -> None:
    count = len(some)
    assert 3 < len(variants_of(some)) / count < 4
    assert max(len(product.variants) for product in some) <= 8
    assert 0.10 < sum(any(v.compare_at_price for v in product.variants) for product in some) / count < 0.20
    assert 0.03 < sum(all(v.on_hand == 0 for v in product.variants) for product in some) / count < 0.09
    assert len({product.units_sold for product in some}) > 100
    leaves = {product.category for product in catalogue.products} - {"gift-cards"}
    assert {product.category for product in some} == leaves


def test_every_colour_and_kind_of_the_word_lists_can_be_drawn() -> None:
    for line in read_words().lines:
        assert line.picture in drawings()
        assert {colour.lower() for colour in line.colours} <= set(COLOURS)


def test_every_picture_of_a_product_can_be_drawn(catalogue: CatalogueDraft, some: Sequence[ProductDraft]) -> None:
    media = [media for product in chain(catalogue.products, some[:500]) for media in product.media]
    for location in {media.location for media in media}:
        drawn = picture(location.removeprefix(f"{FOLDER}/").removesuffix(".svg"))
        assert drawn is not None
        assert ET.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_picture_is_always_the_same_and_unlike_others() -> None:
    names = [
        f"{kind}-{view}-teal-{seed}" for kind in drawings() for view in ("front", "detail", "pair") for seed in (0, 9)
    ]
    assert len({picture(name) for name in names}) == len(names)
    assert [picture(name) for name in names] == [picture(name) for name in names]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "sweater",
        "sweater-front-navy",
        "sweater-front-navy-1000",
        "sweater-front-navy-07",
        "sweater-front-navy-\u0667",
        "sweater-front-navy-7\n",
        "sweater-back-navy-7",
        "dragon-front-navy-7",
        "sweater-front-beige-7",
        "sweater-front-navy-7<script>",
        "../pictures",
    ],
)
def test_a_name_that_means_nothing_is_not_drawn(name: str) -> None:
    assert picture(name) is None


async def test_pictures_are_served_for_ever_and_may_do_nothing() -> None:
    application = Starlette(routes=[DEMO_PICTURES])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://shop") as client:
        answer = await client.get(f"{FOLDER}/sweater-front-navy-7.svg")
        unknown = await client.get(f"{FOLDER}/sweater-front-%3Cscript%3E-7.svg")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert unknown.status_code == 404
    assert "script" not in unknown.text


async def test_loading_twice_changes_nothing(empty_database: ConnectionSettings) -> None:
    told: list[tuple[int, int]] = []
    first = await load_demo(empty_database, None, lambda done, total: told.append((done, total)))
    before = await contents(empty_database)
    second = await load_demo(empty_database, None, lambda _, __: None)
    assert first.changed
    assert first.products_added == told[-1][0] == told[-1][1] == len(read_catalogue().products)
    assert not second.changed
    assert second.products_kept == first.products_added
    assert await contents(empty_database) == before


async def test_as_many_products_as_wanted_are_there_and_a_larger_number_adds_the_difference(
    empty_database: ConnectionSettings,
) -> None:
    assert (await load_demo(empty_database, 200, lambda _, __: None)).products_added == 200
    assert await count(empty_database) == 200
    grown = await load_demo(empty_database, 450, lambda _, __: None)
    assert (grown.products_added, grown.products_kept) == (250, 200)
    assert await count(empty_database) == 450
    smaller = await load_demo(empty_database, 10, lambda _, __: None)
    assert not smaller.changed
    assert await count(empty_database) == 450


async def test_a_generated_product_that_was_deleted_comes_back_with_everything(
    empty_database: ConnectionSettings,
) -> None:
    await load_demo(empty_database, 300, lambda _, __: None)
    before = await contents(empty_database)
    connection = await connect(empty_database)
    await connection.execute("DELETE FROM products WHERE id IN (SELECT id FROM products ORDER BY id DESC LIMIT 7)")
    await connection.close()
    assert (await load_demo(empty_database, 300, lambda _, __: None)).products_added == 7
    assert await contents(empty_database) == before


async def count(settings: ConnectionSettings) -> int:
    connection = await connect(settings)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM products"))
    finally:
        await connection.close()


async def contents(settings: ConnectionSettings) -> Sequence[Sequence[asyncpg.Record]]:
    """All rows of the catalogue; those of products that were loaded anew differ in `updated_at` alone."""
    connection = await connect(settings)
    try:
        return [
            await connection.fetch(f"SELECT to_jsonb(t) - 'updated_at' FROM {table} t ORDER BY 1")
            for table in ("categories", "products", "product_variants", "product_variant_options", "product_media")
        ]
    finally:
        await connection.close()
