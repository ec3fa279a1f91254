"""Webhooks of the sandbox are sent over HTTP as it is spoken, and whatever goes wrong there is no answer."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from adapters.sandbox.posting import AT_ONCE, posting

SIGNED = "t=1,v1=abc"
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Endpoint:
    """Gives `answer` to every request. Without one, it is silent until whoever asks hangs up."""

    answer: bytes | None = TAKEN
    hangs_up: bool = False
    requests: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    connections: int = 0
    address: str = ""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not reader.at_eof():
                await self._respond(reader, writer)
                if self.hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(next(line for line in lines(head) if line.lower().startswith(b"content-length: "))[16:])
        self.requests.append((head, await reader.readexactly(length)))
        if self.answer is not None:
            writer.write(self.answer)
            await writer.drain()


def lines(head: bytes) -> Sequence[bytes]:
    return head.removesuffix(b"\r\n\r\n").split(b"\r\n")


@asynccontextmanager
async def serving(endpoint: Endpoint) -> AsyncGenerator[Endpoint]:
    async with await asyncio.start_server(endpoint.converse, "127.0.0.1", 0) as server:
        endpoint.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/sandbox?a=b"
        yield endpoint


async def test_a_webhook_arrives_as_it_was_signed() -> None:
    async with serving(Endpoint()) as endpoint, posting(endpoint.address) as post:
        assert await post(b'{"id": "evt_\xc3\xa9"}', SIGNED) == 200
    [(head, body)] = endpoint.requests
    assert body == b'{"id": "evt_\xc3\xa9"}'
    assert lines(head)[0] == b"POST /webhooks/sandbox?a=b HTTP/1.1"
    assert sorted(lines(head)[1:]) == [
        b"Content-Length: 16",
        b"Content-Type: application/json; charset=utf-8",
        b"Host: " + endpoint.address.split("/")[2].encode(),
        b"Souk-Sandbox-Signature: t=1,v1=abc",
    ]


@pytest.mark.parametrize("status", [204, 302, 404, 500])
async def test_whatever_the_answer_is_its_status_is_told(status: int) -> None:
    answer = b"HTTP/1.1 %d Whatever\r\nLocation: /elsewhere\r\n%b\r\n" % (
        status,
        b"" if status == 204 else b"Content-Length: 0\r\n",
    )
    async with serving(Endpoint(answer)) as endpoint, posting(endpoint.address) as post:
        assert await post(b"{}", SIGNED) == status
    assert len(endpoint.requests) == 1


async def test_what_is_sent_one_after_the_other_goes_over_one_connection() -> None:
    async with serving(Endpoint()) as endpoint, posting(endpoint.address) as post:
        assert [await post(b"{}", SIGNED) for _ in range(5)] == [200] * 5
        assert endpoint.connections == 1
        assert await asyncio.gather(*(post(b"{}", SIGNED) for _ in range(3 * AT_ONCE))) == [200] * 3 * AT_ONCE
        assert endpoint.connections <= AT_ONCE


async def test_a_connection_that_the_other_side_closed_is_made_again() -> None:
    last = TAKEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with serving(Endpoint(last, hangs_up=True)) as endpoint, posting(endpoint.address) as post:
        assert [await post(b"{}", SIGNED) for _ in range(3)] == [200] * 3
    assert endpoint.connections == 3


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", TAKEN[:20], TAKEN[:-1], b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
async def test_an_answer_that_is_none_counts_as_none(answer: bytes) -> None:
    async with serving(Endpoint(answer, hangs_up=True)) as endpoint, posting(endpoint.address) as post:
        assert await post(b"{}", SIGNED) == 0
        endpoint.answer, endpoint.hangs_up = TAKEN, False
        assert await post(b"{}", SIGNED) == 200


async def test_whoever_is_silent_is_not_waited_for() -> None:
    async with serving(Endpoint(None)) as endpoint, posting(endpoint.address, seconds=0.05) as post:
        assert await post(b"{}", SIGNED) == 0
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://a..b", "http://"])
async def test_where_nobody_is_nobody_answers(address: str) -> None:
    async with posting(address) as post:
        assert await post(b"{}", SIGNED) == 0
