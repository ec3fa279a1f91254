"""How many sockets each user and each address has open in this process."""

from collections import Counter
from collections.abc import Generator, Hashable
from contextlib import contextmanager

from domain.users.user import UserId
from server.websocket.closing import Close, CloseCode
from server.websocket.limits import SocketLimits


class Seats:
    def __init__(self, limits: SocketLimits) -> None:
        self._limits = limits
        self._taken = Counter[Hashable]()

    @property
    def full(self) -> bool:
        return self._taken.total() >= self._limits.sockets

    @contextmanager
    def seat(self, address: str | None) -> Generator["Seat"]:
        """A socket's seat for the block, among those of its address that nobody has said whose they are."""
        seat = Seat(self._limits, self._taken, address)
        try:
            yield seat
        finally:
            seat.leave()


class Seat:
    """Counted once: as unknown, as anonymous, or as its user's."""

    def __init__(self, limits: SocketLimits, taken: Counter[Hashable], address: str | None) -> None:
        self._limits = limits
        self._taken = taken
        self._address = address
        self._place: Hashable = None

    def wait(self) -> None:
        """Raises: Close: too many sockets of this address have not said whose they are."""
        self._take(("unknown", self._address), self._limits.sockets_of_address, "address")

    def belong_to(self, user_id: UserId | None) -> None:
        """Raises: Close: the user, or when nobody is signed in the address, has too many sockets."""
        if user_id is None:
            self._take(("anonymous", self._address), self._limits.sockets_of_address, "address")
        else:
            self._take(("user", user_id), self._limits.sockets_of_user, "user")

    def stream_to(self, user_id: UserId | None) -> None:
        """Of a stream of its own, which carries one operation. Raises: Close: there are too many of them."""
        place = ("stream", self._address) if user_id is None else ("stream", user_id)
        self._take(place, self._limits.streams, "address" if user_id is None else "user", "streams")

    def leave(self) -> None:
        if self._place is None:
            return
        self._taken[self._place] -= 1
        if not self._taken[self._place]:
            del self._taken[self._place]
        self._place = None

    def _take(self, place: Hashable, most: int, whose: str, what: str = "sockets") -> None:
        if self._taken[place] >= most:
            raise Close(CloseCode.TRY_AGAIN_LATER, f"Try again later: this {whose} has {most} {what} open.")
        self.leave()
        self._taken[place] += 1
        self._place = place
