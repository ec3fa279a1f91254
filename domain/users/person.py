"""What is accepted as somebody's name and e-mail address."""

import re
import unicodedata
from typing import Protocol

from domain.shared.errors import InvalidInput, UserErrorCode

SHORTEST_NAME = 2
LONGEST_NAME = 100
LONGEST_EMAIL = 254
"""RFC 5321, 4.5.3.1.3: a path has 256 characters, two of which are brackets."""

_CONTROLS = frozenset({"Cc", "Cs", "Co", "Cn"})
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0]"
)
"""Takes no room, or turns the direction of what stands beside it: two names would look the same, or one would be read
as something else. Joiners are not among them: Persian words and many emoji need them, though never at an end."""
_ENDS = " \u200c\u200d"


class EmailSyntax(Protocol):
    def normalised(self, text: str) -> str:
        """The one spelling under which an address is stored and found: in lower case, ASCII only.

        Raises:
            ValueError: it is no address; the message says why, as the end of a sentence.
        """
        ...


def email_address(syntax: EmailSyntax, text: str, argument: str = "email") -> str:
    """Raises: InvalidInput: it cannot be an address that mail reaches."""
    bare = text.strip()
    if not bare:
        raise InvalidInput(argument, "must not be empty.", UserErrorCode.REQUIRED)
    if len(bare) > LONGEST_EMAIL:
        raise InvalidInput(argument, f"must have at most {LONGEST_EMAIL} characters.", UserErrorCode.TOO_LONG)
    try:
        return syntax.normalised(bare)
    except ValueError as problem:
        raise InvalidInput(argument, f"must be an e-mail address such as ann@example.com: {problem}") from problem


def name(text: str, argument: str) -> str:
    """A first or last name without what cannot be seen: one form, no controls, single spaces.

    Raises:
        InvalidInput: nothing is left, too much is, or it has characters that are not for names.
    """
    bare = plain(text, argument, LONGEST_NAME, SHORTEST_NAME)
    if "<" in bare or ">" in bare or "://" in bare:  # names stand in letters: they must not advertise
        raise InvalidInput(argument, "must not contain <, > or a web address.")
    return bare


def plain(text: str, argument: str, longest: int, shortest: int = 1) -> str:
    """One line of text in Unicode's composed form, with single spaces.

    Raises:
        InvalidInput: it is too short or too long, or has characters that cannot be seen.
    """
    bare = " ".join(unicodedata.normalize("NFC", text).split()).strip(_ENDS)
    if not bare:
        raise InvalidInput(argument, "must not be empty.", UserErrorCode.REQUIRED)
    if len(bare) < shortest:
        raise InvalidInput(argument, f"must have at least {shortest} characters.", UserErrorCode.TOO_SHORT)
    if len(bare) > longest:
        raise InvalidInput(argument, f"must have at most {longest} characters.", UserErrorCode.TOO_LONG)
    if _UNSEEN.search(bare) or any(unicodedata.category(character) in _CONTROLS for character in bare):
        raise InvalidInput(argument, "must not contain characters that are not seen, such as marks of direction.")
    return bare
