"""Mishaps on purpose: what goes wrong between two companies, chosen by a setting or for one request.

A scenario is written `drop=0.3,delay,seed=7`: names of mishaps, each with its probability (always, without one), and a
seed. With the same seed the same happens, as long as calls come in the same order.
"""

import secrets
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from random import Random

DELAY = timedelta(seconds=5)
TWICE = timedelta(milliseconds=500)
"""Between a webhook and its copy."""
DISORDER_SECONDS = 2.0
"""Webhooks that may overtake each other are sent within this time."""
_NOTHING = "normal"
_SEED = "seed"
_LONGEST = 200


class Mishap(Enum):
    DELAY = "delay"
    """The webhook comes 5 s later."""
    DUPLICATE = "duplicate"
    """The webhook comes twice."""
    REORDER = "reorder"
    """The webhook comes at any moment of the next 2 s, so that later ones may overtake it."""
    DROP = "drop"
    """The webhook never comes."""
    ERROR_AFTER_EFFECT = "error-after-effect"
    """A call that changes something has its effect, and fails all the same."""
    DOWN = "down"
    """A call is not heard at all."""
    HANG = "hang"
    """A call is not answered in time; it may have had its effect, or not."""


@dataclass(frozen=True, slots=True)
class Scenario:
    chances: Mapping[Mishap, float] = field(default_factory=dict[Mishap, float])
    chance: Random = field(default_factory=Random, repr=False)

    def strikes(self, mishap: Mishap) -> bool:
        likely = self.chances.get(mishap, 0.0)
        return likely > 0 and self.chance.random() < likely

    def heads(self) -> bool:
        """One of two things."""
        return self.chance.random() < 0.5  # noqa: PLR2004

    def arrivals(self, at: datetime) -> Iterator[datetime]:
        """When a webhook that is written at this moment is to be sent: never, once, or twice."""
        if self.strikes(Mishap.DROP):
            return
        due = at + (DELAY if self.strikes(Mishap.DELAY) else timedelta())
        if self.strikes(Mishap.REORDER):
            due += timedelta(seconds=self.chance.uniform(0, DISORDER_SECONDS))
        yield due
        if self.strikes(Mishap.DUPLICATE):
            yield due + TWICE


def scenario(text: str) -> Scenario:
    """Read one. Raises: ValueError: it cannot be read; the message says what can."""
    if len(text) > _LONGEST:
        raise ValueError(f"must have {_LONGEST} characters at most")
    chances: dict[Mishap, float] = {}
    seed = secrets.randbits(64)
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, value = part.partition("=")
        if name == _SEED:
            seed = _number(value)
        elif name != _NOTHING or value:
            chances[_mishap(name)] = _probability(value)
    return Scenario(chances, Random(seed))  # noqa: S311  (it has to be repeatable)


def _mishap(name: str) -> Mishap:
    try:
        return Mishap(name)
    except ValueError:
        names = ", ".join(mishap.value for mishap in Mishap)
        raise ValueError(f"must be {_NOTHING}, or some of {names}, as in drop=0.3,delay,seed=7") from None


def _probability(value: str) -> float:
    try:
        likely = float(value or 1)
    except ValueError:
        likely = -1.0
    if not 0 <= likely <= 1:
        raise ValueError("must have probabilities between 0 and 1, as in drop=0.3")
    return likely


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise ValueError("must have a whole number as its seed, as in seed=7")
    return int(value)


_CHOSEN: ContextVar[Scenario | None] = ContextVar("scenario", default=None)


@contextmanager
def within(chosen: Scenario) -> Generator[None]:
    """Let this scenario be the one of all calls of the block, and of the tasks that it starts."""
    token = _CHOSEN.set(chosen)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def chosen_or(usual: Scenario) -> Scenario:
    return _CHOSEN.get() or usual
