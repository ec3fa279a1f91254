"""Whatever arrives: never a failure of ours, and always a code."""

import json
import re
import string
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import sizes
from tests.server.asking import JSON, RESPONSE, codes

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
names = st.sampled_from(["shop", "name", "products", "product", "id", "first", "slug", "__typename", "$a", "@skip"])
documents = st.text(string.printable) | st.lists(
    names
    | st.sampled_from(
        ["{", "}", "(", ")", ":", "1", '"a"', "...", "on", "query", "mutation", "fragment", "A", "[", "]"]
    )
).map(" ".join)
persisted = st.dictionaries(st.just("persistedQuery"), values)
requests: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"query": documents | values},
    optional={"variables": values, "operationName": values, "extensions": values | persisted},
)
bodies = (
    st.binary()
    | values.map(lambda value: json.dumps(value).encode())
    | requests.map(lambda value: json.dumps(value).encode())
)
types = st.sampled_from([JSON, RESPONSE, "*/*", "text/html", "application/json;charset=utf-8"]) | st.text()
fields = st.sampled_from(
    [b"accept", b"content-type", b"content-encoding", b"x-request-id", b"authorization", b"expect"]
)
headers = st.lists(st.tuples(fields, st.binary(max_size=20) | types.map(lambda text: text.encode("utf-8", "replace"))))
gently = settings(
    max_examples=sizes.REQUESTS,
    deadline=None,
    derandomize=sizes.REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow],
)


def fine(reply: httpx.Response) -> None:
    assert reply.status_code < 500
    if reply.headers.get("content-type", "").startswith("text/html"):
        return
    found = codes(reply) if reply.content else []
    assert "INTERNAL_SERVER_ERROR" not in found
    assert found or reply.status_code in {200, 204}


@gently
@given(body=bodies, more=headers)
async def test_no_body_and_no_header_is_our_fault(
    client: httpx.AsyncClient, body: bytes, more: list[tuple[bytes, bytes]]
) -> None:
    given_types = [(b"content-type", JSON.encode()), (b"accept", RESPONSE.encode())]
    names = {name for name, _ in more}
    sent = [*more, *(pair for pair in given_types if pair[0] not in names)]
    fine(await client.post("/graphql", content=body, headers=sent))


@gently
@given(request=requests)
async def test_no_request_is_our_fault(client: httpx.AsyncClient, request: dict[str, Any]) -> None:
    body = json.dumps(request).encode()
    fine(await client.post("/graphql", content=body, headers={"content-type": JSON, "accept": RESPONSE}))


@gently
@given(query_string=st.text(alphabet=string.printable) | documents.map(lambda text: f"query={text}"))
async def test_no_query_string_is_our_fault(client: httpx.AsyncClient, query_string: str) -> None:
    safe = re.sub(r"[^!-~]|#", "%20", query_string)
    fine(await client.get(httpx.URL("/graphql", query=safe.encode()), headers={"accept": RESPONSE}))
