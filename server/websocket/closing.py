"""How a socket ends. Codes from 4000 on are the protocol's own, the others are RFC 6455's and its registry's."""

from enum import IntEnum

_LONGEST_REASON = 123
"""Bytes: a control frame has 125, and the code takes two."""


class CloseCode(IntEnum):
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITIALISATIONS = 4429


class Close(Exception):
    """Raised by whatever finds that the socket must end; its reason is for the client's developer."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode("utf-8", "ignore")

    def written(self) -> dict[str, object]:
        """As ASGI has it."""
        return {"type": "websocket.close", "code": int(self.code), "reason": self.reason}


class ClientLeft(Exception):
    """Nobody listens any more."""


def bad_message(problem: str) -> Close:
    return Close(CloseCode.BAD_REQUEST, f"Invalid message: {problem}")
