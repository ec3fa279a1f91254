"""What is told about a shipment: who carries it, how it is followed, when it should arrive."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypedDict
from urllib.parse import urlsplit

from domain.orders.fulfillment import Fulfillment, Tracking
from domain.shared.checks import checking
from domain.shared.errors import InvalidInput, UserErrorCode
from domain.shared.text import one_line

LONGEST_NAME = 100
"""Of a carrier, and of the number that it knows a shipment by."""
LONGEST_URL = 2_000
LONGEST_LOCATION = 200


class Details(TypedDict, total=False):
    """What is not given stays as it is; None takes away what was there."""

    carrier: str | None
    number: str | None
    url: str | None
    estimated_delivery_at: datetime | None


def checked(details: Details) -> Details:
    """The same, tidied up.

    Raises:
        SeveralErrors: some of it cannot be used.
    """
    tidy = details.copy()
    with checking() as checks:
        if "carrier" in details:
            tidy["carrier"] = checks.attempt(_words(details["carrier"], "tracking.carrier", LONGEST_NAME), None)
        if "number" in details:
            tidy["number"] = checks.attempt(_words(details["number"], "tracking.number", LONGEST_NAME), None)
        if "url" in details:
            tidy["url"] = checks.attempt(_address(details["url"]), None)
    return tidy


def location(text: str | None) -> str | None:
    """Raises: InvalidInput: it is too long."""
    return _words(text, "location", LONGEST_LOCATION)()


def described(fulfillment: Fulfillment, details: Details) -> Fulfillment:
    """The same shipment, with these details."""
    known = fulfillment.tracking or Tracking(None, None, None)
    tracking = Tracking(
        details.get("carrier", known.carrier), details.get("number", known.number), details.get("url", known.url)
    )
    nothing = tracking == Tracking(None, None, None)
    return replace(
        fulfillment,
        tracking=None if nothing else tracking,
        estimated_delivery_at=details.get("estimated_delivery_at", fulfillment.estimated_delivery_at),
    )


def _words(text: str | None, argument: str, longest: int) -> Callable[[], str | None]:
    def check() -> str | None:
        words = one_line(text or "")
        if len(words) > longest:
            raise InvalidInput(argument, f"must have at most {longest} characters.", UserErrorCode.TOO_LONG)
        return words or None

    return check


def _address(url: str | None) -> Callable[[], str | None]:
    """Buyers follow it by a click, so it must lead to the web and nowhere else."""

    def check() -> str | None:
        if url is None:
            return None
        if len(url) > LONGEST_URL:
            raise InvalidInput("tracking.url", f"must have at most {LONGEST_URL:,} characters.", UserErrorCode.TOO_LONG)
        if not _leads_to_the_web(url):
            raise InvalidInput("tracking.url", "must be an absolute address that begins with https:// or http://.")
        return url

    return check


def _leads_to_the_web(url: str) -> bool:
    if not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # a bad one is a ValueError
    except ValueError:
        return False
    # a name before @ makes it look as if it led elsewhere
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
