"""Several checks of one input, so that a client learns everything that is wrong at once."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from domain.shared.errors import InvalidInput, SeveralErrors

T = TypeVar("T")


class Checks:
    """Collects what is wrong; `all_passed` raises it."""

    def __init__(self) -> None:
        self._errors: list[InvalidInput] = []

    def attempt(self, check: Callable[[], T], otherwise: T) -> T:
        """What the check gives; `otherwise`, which nobody will see, when it refuses."""
        try:
            return check()
        except InvalidInput as invalid:
            self._errors.append(invalid)
            return otherwise

    def all_passed(self) -> None:
        """Raises: SeveralErrors: some did not."""
        if self._errors:
            raise SeveralErrors(self._errors)


@contextmanager
def checking() -> Generator[Checks]:
    """The checks of a block, which raises what was wrong when it ends. Raises: SeveralErrors."""
    checks = Checks()
    yield checks
    checks.all_passed()
