"""What a command shows: marks, spinners and bars on a terminal, plain lines in a pipe or a file."""

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from server.reporting import Advance, Note

Facts = Sequence[tuple[str, str]]
_PLAIN_PAUSE = 5.0
"""Seconds between two lines about the same long work in a file."""


class Rate(TextColumn):
    def __init__(self, unit: str) -> None:
        super().__init__("")
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} {self._unit}/s", style="progress.data.speed")


class Screen:
    """Implements `server.reporting.Reporter`. Results go to standard output, failures to standard error."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a mark that the terminal cannot show must not end the command
        self._out = Console(highlight=False, emoji=False)
        self._err = Console(stderr=True, highlight=False, emoji=False)

    @property
    def lively(self) -> bool:
        return self._out.is_terminal

    def line(self, text: str, style: str = "") -> None:
        """One line, whatever its length: whoever reads it from a file wants it whole."""
        self._out.print(Text(text, style), soft_wrap=True)

    def failure(self, text: str) -> None:
        self._err.print(Text.assemble(("souk: ", "bold red"), text), soft_wrap=True)

    def table(self, table: Table) -> None:
        self._out.print(table)

    def facts(self, title: str, facts: Facts) -> None:
        """Names and values: in a box on a terminal, one per line otherwise. Long values are never cut."""
        width = max(len(name) for name, _ in facts) + 2
        if not self.lively:
            self.line(title)
            for name, value in facts:
                self.line(f"  {name:<{width}}{value}".rstrip())
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in facts:
            grid.add_row(name, Text(value))
        self._out.print()
        self._out.print(Panel(grid, title=f"[bold]{title}[/]", title_align="left", expand=False, padding=(1, 2)))
        self._out.print()

    @contextmanager
    def step(self, doing: str) -> Generator[Note]:
        started, notes = time.monotonic(), list[str]()
        if self.lively:
            with self._out.status(Text(f"{doing} …")):
                yield notes.append
        else:
            yield notes.append
        seconds = time.monotonic() - started
        for note in notes:
            self.result(note, seconds)

    def result(self, text: str, seconds: float | None = None) -> None:
        """`seconds` are shown where somebody watches; logs have times of their own."""
        mark = Text("✓ ", "green") if self.lively else Text()
        took = Text("" if seconds is None or not self.lively else f"  {seconds:.1f} s", "dim")
        self._out.print(Text.assemble(mark, text, took), soft_wrap=True)

    @contextmanager
    def progress(self, doing: str, unit: str) -> Generator[Advance]:
        if not self.lively:
            yield _Plain(self, doing, unit)
            return
        columns = (
            *(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
            *(Rate(unit), TimeRemainingColumn(elapsed_when_finished=True)),
        )
        with Progress(*columns, console=self._out, transient=True) as bar:
            task = bar.add_task(doing, total=None)

            def advance(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            yield advance


class _Plain:
    """A line now and then, so that a log shows that the work goes on without being drowned by it."""

    def __init__(self, screen: Screen, doing: str, unit: str) -> None:
        self._screen = screen
        self._doing = doing
        self._unit = unit
        self._next = time.monotonic() + _PLAIN_PAUSE
        screen.line(f"{doing} …")

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PLAIN_PAUSE
        self._screen.line(f"{self._doing}: {done:,} of {total:,} {self._unit}")
