"""Who sees what: by every way in, drafts are not there for customers; costs and stock are for administrators."""

from typing import Any
from uuid import UUID

import pytest

from domain.users.user import ANONYMOUS, Actor
from resolvers import global_ids
from server.demo.reading import read_catalogue
from server.wiring import Shop
from tests.graphql.asking import ADMIN, CUSTOMER, ask, codes, data

HIDDEN = [one for one in read_catalogue().products if one.status.value != "active"]
SHOWN = [one for one in read_catalogue().products if one.status.value == "active"]
DRAFT = next(one for one in HIDDEN if one.media and one.variants)
PRODUCT = global_ids.encode("Product", DRAFT.id)
VARIANT = global_ids.encode("ProductVariant", DRAFT.variants[0].id)
MEDIUM = global_ids.encode("ProductMedia", DRAFT.media[0].id)
WAYS_IN = {
    "product by id": ("product(id: $id) { id }", PRODUCT),
    "product by slug": ("product(slug: $id) { id }", DRAFT.slug),
    "variant by id": ("productVariant(id: $id) { id product { id } }", VARIANT),
    "variant by SKU": ("productVariant(sku: $id) { id product { id } }", DRAFT.variants[0].sku),
    "node": ("node(id: $id) { id }", PRODUCT),
    "node of a variant": ("node(id: $id) { id ... on ProductVariant { product { id } } }", VARIANT),
    "node of a picture": ("node(id: $id) { id }", MEDIUM),
}


@pytest.mark.parametrize("way", WAYS_IN)
async def test_a_draft_is_found_by_administrators_only(shop: Shop, way: str) -> None:
    field, value = WAYS_IN[way]
    type_ = "String!" if way in {"product by slug", "variant by SKU"} else "ID!"
    document = f"query($id: {type_}) {{ found: {field} }}"
    for actor in (ANONYMOUS, CUSTOMER):
        assert await data(shop, document, {"id": value}, actor) == {"found": None}
    found = (await data(shop, document, {"id": value}, ADMIN))["found"]
    assert found["id"] in {PRODUCT, VARIANT, MEDIUM}
    assert found.get("product", {"id": PRODUCT}) == {"id": PRODUCT}


@pytest.mark.parametrize("actor", [ANONYMOUS, CUSTOMER])
async def test_what_is_hidden_is_answered_like_what_is_missing(shop: Shop, actor: Actor) -> None:
    missing = [global_ids.encode(kind, UUID(int=1)) for kind in ("Product", "ProductVariant", "ProductMedia")]
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }"
    hidden = await ask(shop, document, {"ids": [PRODUCT, VARIANT, MEDIUM]}, actor)
    assert hidden == await ask(shop, document, {"ids": missing}, actor) == {"data": {"nodes": [None] * 3}, "errors": []}
    staff = await data(shop, document, {"ids": [PRODUCT, *missing, MEDIUM]}, ADMIN)
    assert [one and one["id"] for one in staff["nodes"]] == [PRODUCT, None, None, None, MEDIUM]


async def test_lists_and_counts_contain_drafts_for_administrators_only(shop: Shop) -> None:
    document = "{ products(first: 100) { totalCount nodes { status } } }"
    everybody, staff = await data(shop, document), await data(shop, document, actor=ADMIN)
    assert everybody["products"]["totalCount"] == len(everybody["products"]["nodes"]) == len(SHOWN)
    assert {one["status"] for one in everybody["products"]["nodes"]} == {"ACTIVE"}
    assert staff["products"]["totalCount"] == len(staff["products"]["nodes"]) == len(SHOWN) + len(HIDDEN)
    assert {one["status"] for one in staff["products"]["nodes"]} == {"ACTIVE", "DRAFT", "ARCHIVED"}


async def test_categories_show_their_drafts_to_administrators_only(shop: Shop) -> None:
    document = "query($slug: String) { category(slug: $slug) { products(first: 100) { totalCount nodes { id } } } }"
    for actor, there in ((ANONYMOUS, False), (CUSTOMER, False), (ADMIN, True)):
        page = (await data(shop, document, {"slug": DRAFT.category}, actor))["category"]["products"]
        assert ({"id": PRODUCT} in page["nodes"]) is there
        assert page["totalCount"] == len(page["nodes"])


async def test_asking_for_a_draft_by_a_filter_of_ids_finds_nothing(shop: Shop) -> None:
    document = "query($ids: [ID!]) { products(filter: {ids: $ids}) { totalCount nodes { id } } }"
    assert (await data(shop, document, {"ids": [PRODUCT]}))["products"] == {"totalCount": 0, "nodes": []}
    assert (await data(shop, document, {"ids": [PRODUCT]}, ADMIN))["products"]["totalCount"] == 1


@pytest.mark.parametrize("status", ["[ACTIVE]", "[DRAFT]", "[]"])
async def test_only_administrators_filter_by_status(shop: Shop, status: str) -> None:
    document = f"{{ products(filter: {{status: {status}}}) {{ nodes {{ status }} }} shop {{ name }} }}"
    for actor in (ANONYMOUS, CUSTOMER):
        answer = await ask(shop, document, actor=actor)
        assert (answer["data"], codes(answer)) == (None, ["FORBIDDEN"])
    nodes = (await data(shop, document, actor=ADMIN))["products"]["nodes"]
    assert {f"[{one['status']}]" for one in nodes} == ({status} - {"[]"})


@pytest.mark.parametrize(("actor", "code"), [(ANONYMOUS, "UNAUTHENTICATED"), (CUSTOMER, "FORBIDDEN")])
@pytest.mark.parametrize("field", ["costPrice { amount }", "inventory { onHand }"])
async def test_costs_and_stock_are_null_with_one_error_for_everybody_else(
    shop: Shop, actor: Actor, code: str, field: str
) -> None:
    document = f"{{ products(first: 3) {{ nodes {{ variants {{ title {field} }} }} }} }}"
    answer = await ask(shop, document, actor=actor)
    name = field.split(maxsplit=1)[0]
    variants: list[dict[str, Any]] = [one for node in answer["data"]["products"]["nodes"] for one in node["variants"]]
    assert len(variants) > 1
    assert {one[name] for one in variants} == {None}
    assert all(one["title"] for one in variants)
    assert codes(answer) == [code]
    assert answer["errors"][0]["path"] == ["products", "nodes", 0, "variants", 0, name]
    assert answer["errors"][0]["locations"] == [{"line": 1, "column": document.index(name) + 1}]


async def test_administrators_see_costs_and_stock(shop: Shop) -> None:
    fields = "sku costPrice { amount } inventory { tracked onHand reserved available lowStockThreshold }"
    for draft in [one for one in SHOWN if one.variants[0].cost_price is not None][:5]:
        wanted = draft.variants[0]
        found = await data(
            shop, f"query($s: String) {{ productVariant(sku: $s) {{ {fields} }} }}", {"s": wanted.sku}, ADMIN
        )
        assert found["productVariant"] == {
            "sku": wanted.sku,
            "costPrice": {"amount": f"{wanted.cost_price:.2f}"},
            "inventory": {
                "tracked": wanted.tracked,
                "onHand": wanted.on_hand,
                "reserved": 0,
                "available": wanted.on_hand,
                "lowStockThreshold": wanted.low_stock_threshold,
            },
        }


@pytest.mark.parametrize("lookup", ['productVariant(sku: "NOTHING")', 'productVariant(id: "?")'])
async def test_nothing_is_refused_where_nothing_is_found(shop: Shop, lookup: str) -> None:
    answer = await ask(shop, f"{{ {lookup} {{ costPrice {{ amount }} inventory {{ onHand }} }} }}")
    assert answer == {"data": {"productVariant": None}, "errors": []}


TWO_WAYS = ['product(id: "a", slug: "b")', 'productVariant(id: "a", sku: "")', 'category(id: "a", slug: "b")']
NO_WAY = ["product", "productVariant", "category", "product(id: null)", "category(slug: null, id: null)"]


@pytest.mark.parametrize("lookup", [*TWO_WAYS, *NO_WAY])
async def test_a_thing_is_looked_up_in_exactly_one_way(shop: Shop, lookup: str) -> None:
    answer = await ask(shop, f"{{ found: {lookup} {{ id }} shop {{ name }} }}")
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert answer["data"] == {"found": None, "shop": {"name": "Souk"}}
    assert answer["errors"][0]["path"] == ["found"]


FOREIGN = ["", "?", "Product", "a" * 10_000, "UHJvZHVjdDo=", global_ids.encode("Money", DRAFT.id), "ü", "UHJvZHVjdA"]


@pytest.mark.parametrize("identity", [*FOREIGN, global_ids.encode("Product", DRAFT.variants[0].id)])
async def test_an_id_that_names_nothing_of_ours_finds_nothing(shop: Shop, identity: str) -> None:
    document = """query($id: ID!, $ids: [ID!]!) { node(id: $id) { id } nodes(ids: $ids) { id } product(id: $id) { id }
      productVariant(id: $id) { id } category(id: $id) { id }
      products(filter: {ids: $ids}) { totalCount } inside: products(filter: {categoryId: $id}) { totalCount } }"""
    found = await data(shop, document, {"id": identity, "ids": [identity]}, ADMIN)
    nothing = {"node": None, "nodes": [None], "product": None, "productVariant": None, "category": None}
    assert found == {**nothing, "products": {"totalCount": 0}, "inside": {"totalCount": 0}}


async def test_an_id_of_another_type_finds_nothing(shop: Shop) -> None:
    answer = await data(
        shop, "query($id: ID!) { category(id: $id) { id } productVariant(id: $id) { id } }", {"id": PRODUCT}, ADMIN
    )
    assert answer == {"category": None, "productVariant": None}
