"""Logs: JSON lines in production, for people in development; never a secret.

What libraries log through `logging` goes the same way as what we log through structlog.
"""

import logging
import re
import sys
from collections.abc import Sequence

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from server.settings import Settings

SLOW_SQL_SECONDS = 0.1
HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(r"authorization|cookie|password|secret|token|api_?key|dsn", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(?<=://)([^\s/:@]*):[^\s/@]+(?=@)|\b(bearer|basic)\s+[\w.~+/=-]+"
    r"|\b(?:[sr]k_(?:test|live)|whsec)_\w+|\b(?:pi|seti)_\w+_secret_\w+",  # Stripe's
    re.IGNORECASE,
)
_OURS = structlog.stdlib.get_logger("souk.sql")
_MONEY = structlog.stdlib.get_logger("souk.payments")


def configure(settings: Settings) -> None:
    """Call once per process, before anything is logged."""
    shared: Sequence[Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(settings)],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(settings.log_level)
    logging.captureWarnings(capture=True)
    _adopt_uvicorn()
    for name in ("aio_pika", "aiormq"):  # they tell of every try to connect, with a traceback; `souk.bus` tells once
        logging.getLogger(name).setLevel(logging.CRITICAL)
    _quieten_clients()


def _last(settings: Settings) -> Sequence[Processor]:
    # Tracebacks become text here, without local variables, which hold what clients sent.
    if settings.production:
        write = structlog.processors.JSONRenderer(serializer=_json)
        return (structlog.processors.format_exc_info, without_secrets, write)
    colours = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return (structlog.processors.format_exc_info, without_secrets, colours)


def _json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _adopt_uvicorn() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)  # LOG_LEVEL decides, whatever was set before
        logger.disabled = False
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


def _quieten_clients() -> None:
    """At INFO they write a line for each request that we make, with its whole address."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def without_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Hide values whose name tells that they are secret, and passwords and credentials inside texts."""
    del logger, method
    for name, value in event.items():
        if _SECRET_NAME.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _SECRET_TEXT.sub(_hidden, value)
    return event


def _hidden(found: re.Match[str]) -> str:
    user, scheme = found.groups()
    if scheme:
        return f"{scheme} {HIDDEN}"
    return HIDDEN if user is None else f"{user}:{HIDDEN}"


def slow_statement(sql: str, seconds: float) -> None:
    """A `persistence.database.Listener`: the text of slow statements, which has no values in it."""
    if seconds > SLOW_SQL_SECONDS:
        _OURS.warning("slow statement", sql=sql, milliseconds=round(seconds * 1_000))


def unreconciled(what: str, failure: Exception) -> None:
    """Somebody should look: the provider's books and ours cannot be brought together by asking again."""
    _MONEY.error("not reconciled", what=what, error=type(failure).__name__)


def unhandled(what: str, failure: Exception) -> None:
    """A bug, or something that nobody thought of."""
    _MONEY.error("not handled", what=what, exc_info=failure)
