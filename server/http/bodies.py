"""Reading a request's body. How long it may take is the protocol's business."""

from collections.abc import Mapping

from starlette.types import Receive

from server.http.replies import CLOSE, Refused

MOST_BYTES = 128 * 1_024
MOST_DISCARDED = 8 * MOST_BYTES
"""Read beyond the limit and thrown away: a client that is still sending would not see the refusal."""


class ClientLeft(Exception):
    """Nobody waits for an answer."""


async def read(receive: Receive, headers: Mapping[bytes, bytes], most: int = MOST_BYTES) -> bytes:
    """Return the whole body.

    Raises:
        Refused: it is longer than `most` bytes.
        ClientLeft: the connection ended, or was closed because the body took too long.
    """
    if int(headers.get(b"content-length", b"0")) > most and b"expect" in headers:
        raise _too_large(most)  # the client waits for leave to send the body
    body, more = await _chunk(receive)
    if more:
        chunks, size = [body], len(body)
        while more and size <= MOST_DISCARDED:
            chunk, more = await _chunk(receive)
            size += len(chunk)
            if size <= most:
                chunks.append(chunk)
        if size > most:
            raise _too_large(most)
        return b"".join(chunks)
    if len(body) > most:
        raise _too_large(most)
    return body


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    return message.get("body", b""), message.get("more_body", False)


def _too_large(most: int) -> Refused:
    return Refused(413, "BODY_TOO_LARGE", f"A request's body has {most:,} bytes at most.", (CLOSE,))
