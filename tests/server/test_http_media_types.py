import httpx
import pytest

from server.http.media_types import MediaType, is_json, preferred
from tests.server.asking import JSON, NAME, NAMED, RESPONSE, ask, codes, send

HTML = "text/html"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
URQL = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream"


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (URQL, RESPONSE),
        (f"{JSON}, {RESPONSE}", JSON),
        (f"{RESPONSE}, {JSON}", RESPONSE),
        (f"{JSON};q=0.5, {RESPONSE};q=0.9", RESPONSE),
        (f"{RESPONSE};q=0.5, {JSON}", JSON),
        (f"{RESPONSE}; charset=utf-8", RESPONSE),
        (f"*/*, {JSON};q=0", RESPONSE),
        (f"{RESPONSE};q=0, */*", JSON),
        (f"text/event-stream;q=0.1, {RESPONSE}", RESPONSE),
        (f"*/*, {JSON};q=0, {RESPONSE};q=0.5", RESPONSE),
        (RESPONSE.upper(), RESPONSE),
    ],
)
async def test_the_accept_header_decides_by_quality_and_then_by_order(
    client: httpx.AsyncClient, accept: str, answered: str
) -> None:
    reply = await ask(client, NAME, accept)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == f"{answered}; charset=utf-8"
    assert reply.headers["vary"] == "Accept"
    assert reply.json() == NAMED


async def test_without_an_accept_header_the_answer_is_application_json(client: httpx.AsyncClient) -> None:
    request = client.build_request("POST", "/graphql", json={"query": NAME})
    del request.headers["accept"]
    reply = await client.send(request)
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    [
        "text/event-stream;q=0",
        "text/*",
        "multipart/mixed",
        "text/html",
        "image/*",
        f"{JSON};q=0",
        f"{JSON};q=high",
        f"{JSON};charset=latin1",
        "",
        ",;=",
    ],
)
async def test_nothing_acceptable_is_406_with_a_code(client: httpx.AsyncClient, accept: str) -> None:
    reply = await ask(client, NAME, accept)
    assert reply.status_code == 406
    assert codes(reply) == ["NOT_ACCEPTABLE"]


@pytest.mark.parametrize("accept", [BROWSER, HTML, f"{JSON};q=0.5, {HTML}"])
async def test_a_browser_gets_the_explorer(client: httpx.AsyncClient, accept: str) -> None:
    reply = await client.get("/graphql", headers={"accept": accept})
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert 'id="graphiql"' in reply.text
    assert "script-src 'self'" in reply.headers["content-security-policy"]
    assert len(reply.headers.get_list("content-security-policy")) == 1


async def test_the_explorer_s_files_are_served(client: httpx.AsyncClient) -> None:
    reply = await client.get("/graphiql/src/explorer.js")
    assert reply.status_code == 200


async def test_who_names_pages_last_gets_json(client: httpx.AsyncClient) -> None:
    reply = await client.get("/graphql", params={"query": NAME}, headers={"accept": f"{JSON}, {HTML}"})
    assert reply.json() == NAMED


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
        "application/json; charset=utf-16",
        "application/jsonp",
        "",
    ],
)
async def test_other_bodies_than_json_in_utf_8_are_415(client: httpx.AsyncClient, content_type: str) -> None:
    reply = await send(client, b'{"query": "{ shop { name } }"}', content_type=content_type)
    assert reply.status_code == 415
    assert codes(reply) == ["UNSUPPORTED_MEDIA_TYPE"]


async def test_a_body_without_a_content_type_is_415(client: httpx.AsyncClient) -> None:
    reply = await client.post("/graphql", content=b'{"query": "{ shop { name } }"}')
    assert reply.status_code == 415


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
async def test_a_body_may_say_that_it_is_utf_8(client: httpx.AsyncClient, charset: str) -> None:
    reply = await send(client, b'{"query": "{ shop { name } }"}', content_type=f"Application/JSON; charset={charset}")
    assert reply.json() == NAMED


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", ""])
async def test_compressed_bodies_are_415(client: httpx.AsyncClient, encoding: str) -> None:
    reply = await send(client, b"\x1f\x8b", content_encoding=encoding)
    assert reply.status_code == 415


async def test_the_identity_encoding_is_none_at_all(client: httpx.AsyncClient) -> None:
    reply = await send(client, b'{"query": "{ shop { name } }"}', content_encoding="identity")
    assert reply.json() == NAMED


def test_html_is_only_for_addresses_that_have_a_page() -> None:
    assert preferred(b"text/html", page=True) is MediaType.HTML
    assert preferred(b"text/html") is None
    assert preferred(b"*/*", page=True) is MediaType.JSON


def test_only_application_json_is_json() -> None:
    assert is_json(b"application/json")
    assert not is_json(b"application/json-seq")
