"""Something we depend on is away: worth one line in the log, not one for each request."""

from typing import Protocol


class Log(Protocol):
    def warning(self, event: str, /, **facts: str) -> object: ...

    def info(self, event: str, /, **facts: str) -> object: ...


class Outage:
    """Logged when it begins and when it is over. `lasts` tells whether it is on."""

    def __init__(self, log: Log, what: str) -> None:
        self._log = log
        self._what = what
        self.lasts = False

    def noticed(self, failure: Exception) -> None:
        if not self.lasts:
            self.lasts = True
            self._log.warning(f"{self._what} fails", error=f"{type(failure).__name__}: {failure}")

    def over(self) -> None:
        if self.lasts:
            self.lasts = False
            self._log.info(f"{self._what} works again")
