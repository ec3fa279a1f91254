"""Around every reply: ids, headers that protect browsers, hosts, origins."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from server.app import build_app
from server.http.guard import Guard
from server.http.replies import Reply
from server.settings import read_settings
from tests.server.asking import NAME, ask, codes


@asynccontextmanager
async def served(**given: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """An application that has no shop yet, only its outer layers."""
    transport = httpx.ASGITransport(build_app(read_settings(**given)))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        yield client


@pytest.mark.parametrize("path", ["/graphql", "/livez", "/nowhere", "/graphiql/src/explorer.css", "/media/demo/x.svg"])
async def test_every_reply_protects_browsers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers
    assert "strict-transport-security" not in headers
    for name in ("x-content-type-options", "content-security-policy", "referrer-policy", "x-request-id"):
        assert len(headers.get_list(name)) == 1


async def test_behind_tls_browsers_are_told_to_stay_there() -> None:
    async with served(public_url="https://shop.example") as client:
        reply = await client.get("/livez")
    assert reply.headers["strict-transport-security"] == "max-age=31536000"


async def test_answers_to_somebody_are_not_stored(client: httpx.AsyncClient) -> None:
    signed_in = await client.post("/graphql", json={"query": NAME}, headers={"authorization": "Bearer x"})
    assert signed_in.headers["cache-control"] == "no-store"
    assert "cache-control" not in (await ask(client, NAME)).headers


@pytest.mark.parametrize("given", ["a", "A1._-" * 12, "0" * 64])
async def test_a_sane_request_id_is_kept(client: httpx.AsyncClient, given: str) -> None:
    reply = await client.get("/livez", headers={"x-request-id": given})
    assert reply.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "0" * 65, "<script>", "a\tb", "ä"])
async def test_another_request_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    replies = [await client.get("/livez", headers=[(b"x-request-id", given.encode())]) for _ in range(2)]
    first, second = (reply.headers["x-request-id"] for reply in replies)
    assert first not in {given, second}


async def test_an_unknown_address_is_404_in_json(client: httpx.AsyncClient) -> None:
    for path in ("/", "/graphql/", "/nowhere", "/%00", "/graphiql/src/../../../etc/passwd"):
        reply = await client.get(path)
        assert (reply.status_code, codes(reply)) == (404, ["NOT_FOUND"])


async def test_a_method_that_an_address_does_not_understand_is_405(client: httpx.AsyncClient) -> None:
    reply = await client.post("/livez")
    assert (reply.status_code, codes(reply)) == (405, ["METHOD_NOT_ALLOWED"])
    assert set(reply.headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("host", ["shop.example", "SHOP.example:8000", "api.shop.test", "[::1]:80"])
async def test_hosts_that_are_allowed_are_served(host: str) -> None:
    async with served(allowed_hosts="shop.example,*.shop.test,[::1]") as client:
        assert (await client.get("/nowhere", headers={"host": host})).status_code == 404


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "shop.example.evil.test",
        "shop.test",
        "",
        "shop.example, evil.example",
        "a/b",
        "evil@shop.example",
    ],
)
async def test_other_hosts_are_400(host: str) -> None:
    async with served(allowed_hosts="shop.example,*.shop.test") as client:
        reply = await client.get("/graphql", headers={"host": host})
        assert (reply.status_code, codes(reply)) == (400, ["BAD_REQUEST"])
        assert (await client.get("/livez", headers={"host": host})).status_code == 200


async def test_two_host_headers_are_not_one() -> None:
    async with served(allowed_hosts="shop.example") as client:
        reply = await client.get("/graphql", headers=[("host", "shop.example"), ("host", "shop.example")])
    assert reply.status_code == 400


async def test_a_page_of_an_allowed_origin_may_call_with_credentials() -> None:
    async with served(allowed_origins="https://web.example, https://app.example") as client:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
        preflight = await client.options("/graphql", headers={"origin": "https://web.example", **asked})
        actual = await client.get("/nowhere", headers={"origin": "https://web.example"})
        stranger = await client.options("/graphql", headers={"origin": "https://evil.example", **asked})
        reading = await client.get("/nowhere", headers={"origin": "https://evil.example"})
    for reply in (preflight, actual):
        assert reply.headers["access-control-allow-origin"] == "https://web.example"
        assert reply.headers["access-control-allow-credentials"] == "true"
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert stranger.status_code == 400
    for reply in (stranger, reading):
        assert "access-control-allow-origin" not in reply.headers


async def test_without_allowed_origins_no_page_may_call(client: httpx.AsyncClient) -> None:
    reply = await client.get("/livez", headers={"origin": "https://web.example"})
    assert "access-control-allow-origin" not in reply.headers


async def test_failures_are_logged_louder_than_the_rest() -> None:
    for status, level in ((200, "debug"), (404, "debug"), (503, "warning")):
        transport = httpx.ASGITransport(Guard(Reply(status, b"")))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            with capture_logs() as logged:
                await client.get("/a", params={"token": "secret"})
        [event] = logged
        assert (event["log_level"], event["status"], event["path"]) == (level, status, "/a")
        assert "secret" not in str(event)
