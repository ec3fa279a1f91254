"""Letters, and the port that sends them."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.shared.consuming import Hopeless


@dataclass(frozen=True, slots=True)
class Mail:
    """One letter to one address. `id` is stable over retries, so that a letter sent twice can be told to be one."""

    id: UUID
    to: str
    subject: str
    text: str
    html: str


class MailRefused(Hopeless):
    """The letter will never be taken: the address does not exist, or is refused. Sending it again is of no use."""


class Mailer(Protocol):
    async def send(self, mail: Mail) -> None:
        """Hand the letter over to whoever delivers it.

        Raises:
            MailRefused: it will never be taken.
            Unavailable: the server does not answer, or asks to come back later.
        """
        ...
