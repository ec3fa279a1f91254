"""Relay's connection arguments."""

from typing import TypeVar

from strawberry import UNSET

from domain.shared.paging import PageArguments

T = TypeVar("T")


def given(value: T | None) -> T | None:
    """What the client sent; left out and null mean the same."""
    return None if value is UNSET else value


def arguments(first: int | None, after: str | None, last: int | None, before: str | None) -> PageArguments:
    return PageArguments(given(first), given(after), given(last), given(before))
