"""`souk schema`."""

import sys
from difflib import unified_diff

from server import sdl
from server.cli.screen import Screen
from server.failures import Failure

_SHOWN = 40
"""Lines of a difference; whoever wants more writes the file and asks git."""


def run(screen: Screen, write: bool, check: bool) -> None:  # noqa: FBT001  (two switches of the command line)
    text = sdl.printed()
    if check:
        _check(screen, text)
    elif write:
        _write(screen, text)
    else:
        sys.stdout.write(text)


def _check(screen: Screen, text: str) -> None:
    if sdl.stored() == text:
        screen.line("schema/schema.graphql is up to date.")
        return
    lines = list(
        unified_diff(sdl.stored().splitlines(), text.splitlines(), "schema.graphql", "the code", n=1, lineterm="")
    )
    for line in lines[:_SHOWN]:
        screen.line(line)
    if len(lines) > _SHOWN:
        screen.line(f"… and {len(lines) - _SHOWN} more lines")
    raise Failure("schema/schema.graphql is outdated: run `souk schema --write` and commit it.")


def _write(screen: Screen, text: str) -> None:
    changed = sdl.stored() != text
    if changed:
        try:
            sdl.FILE.write_text(text, encoding="utf-8")
        except OSError as refused:
            raise Failure(f"{sdl.FILE} cannot be written ({refused.strerror}).") from refused
    screen.line(f"schema/schema.graphql {'written' if changed else 'was up to date'}.")
