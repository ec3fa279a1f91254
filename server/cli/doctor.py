"""`souk doctor`."""

import asyncio

from rich.table import Table
from rich.text import Text

from server.checkup import Finding, Mark, examine_all
from server.cli.screen import Screen
from server.failures import Failure

_MARKS = {Mark.WELL: ("ok", "green"), Mark.DOUBTFUL: ("note", "yellow"), Mark.BROKEN: ("broken", "bold red")}


def run(screen: Screen) -> None:
    findings = []
    with screen.step("Looking around"):
        findings = asyncio.run(examine_all())
    _show(screen, findings)
    broken = [finding.subject for finding in findings if finding.mark is Mark.BROKEN]
    if broken:
        raise Failure(f"Something is broken: {', '.join(broken)}.")


def _show(screen: Screen, findings: list[Finding]) -> None:
    if not screen.lively:
        for finding in findings:
            screen.line(f"{_MARKS[finding.mark][0]:<8}{finding.subject}: {_told(finding)}")
        return
    table = Table("", "What", "How it is", title="Souk's health", title_justify="left")
    for finding in findings:
        table.add_row(Text(*_MARKS[finding.mark]), finding.subject, Text(_told(finding), overflow="fold"))
    screen.table(table)


def _told(finding: Finding) -> str:
    return f"{finding.state} {finding.advice}".rstrip()
