"""Requests to Stripe that end in time, are repeated where that helps, and whose failures say what is known.

A request that never got through did nothing. One that got through and was not answered, or with a fault of Stripe's,
may have done everything: nobody knows until the thing itself is read. What Stripe refuses, it did not do.
"""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import stripe
import structlog
from stripe import _util as stripe_util

from adapters.stripe_payments.transport import NotAnswered, Transport
from domain.payments.gateway import OutcomeUnknown, ProviderDown, ProviderRefused
from domain.shared.errors import Unavailable
from domain.shared.outages import Outage
from domain.shared.text import one_line

VERSION = "2026-10-28.endive"
"""Of Stripe's API: what this code was written against, whatever the account's own default is."""
STRIPE = "https://api.stripe.com"
TRIES = 3
_REFUSALS = (
    stripe.InvalidRequestError,
    stripe.AuthenticationError,
    stripe.PermissionError,
    stripe.IdempotencyError,
    stripe.CardError,
)
_BUSY = 409
_FAULT = 500
_LONGEST_MESSAGE = 300
_SECRETS = re.compile(r"\b(?:[srp]k|whsec)_\w+|\b\w+_secret_\w+|\b\d(?:[ -]?\d){11,18}\b")
"""Keys, client secrets, and what may be the number of a card."""

Request = Callable[[], Awaitable[stripe.StripeObject]]


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds. `whole` is for everything that one call of the gateway does; `pause` comes before the second try."""

    connect: float = 2.0
    whole: float = 8.0
    pause: float = 0.4


@dataclass(frozen=True, slots=True)
class Answer:
    """`is_replayed`: it was given before, for the same key, and may tell of a past."""

    data: Mapping[str, Any]
    is_replayed: bool


class Refused(ProviderRefused):
    """`intent` is the payment intent as it was then, where the refusal is about one. `is_replayed` as in `Answer`."""

    def __init__(self, code: str, message: str, intent: Mapping[str, Any] | None, *, is_replayed: bool) -> None:
        super().__init__(code, message)
        self.intent = intent
        self.is_replayed = is_replayed


@dataclass(frozen=True, slots=True)
class _Trouble:
    """`may_have_arrived`: Stripe may have acted on it. `is_passing`: another try may go better."""

    reason: str
    may_have_arrived: bool
    is_passing: bool


class Calls:
    """One client for all calls, with a pool of connections. `seconds` of a call are counted from `begin`."""

    def __init__(self, secret_key: str, api_base: str | None, limits: Limits) -> None:
        _hush()
        self._http = Transport(limits.connect, limits.whole)
        self._limits = limits
        self._outage = Outage(structlog.stdlib.get_logger("souk.stripe"), "Stripe")
        self.client = stripe.StripeClient(
            secret_key,
            stripe_version=VERSION,
            base_addresses={"api": api_base or STRIPE},
            max_network_retries=0,
            http_client=self._http,
        )

    async def close(self) -> None:
        await self._http.close_async()

    def begin(self) -> "Call":
        return Call(self._limits, self._outage)


class Call:
    """All that one call of the gateway asks of Stripe, within its time."""

    def __init__(self, limits: Limits, outage: Outage) -> None:
        self._pause = limits.pause
        self._end = asyncio.get_running_loop().time() + limits.whole
        self._outage = outage
        self._may_have_arrived = False

    async def read(self, request: Request) -> Answer:
        return await self._until_answered(request, changes=False)

    async def change(self, request: Request) -> Answer:
        """`request` carries an idempotency key, the same in each try."""
        return await self._until_answered(request, changes=True)

    async def _until_answered(self, request: Request, *, changes: bool) -> Answer:
        under_way, reason = False, "no time left"
        try:
            async with asyncio.timeout_at(self._end):
                for tried in range(1, TRIES + 1):
                    under_way = True
                    result = await _try(request)
                    under_way = False
                    if isinstance(result, Answer | Refused):
                        self._may_have_arrived |= changes and isinstance(result, Answer)
                        return self._given(result)
                    reason = result.reason
                    self._may_have_arrived |= changes and result.may_have_arrived
                    if not result.is_passing or tried == TRIES:
                        break
                    # half of it by chance, so that not all come back in the same moment
                    await asyncio.sleep(self._pause * tried * random.uniform(0.5, 1.5))  # noqa: S311  (no secret)
        except TimeoutError:
            self._may_have_arrived |= changes and under_way
            reason = "no answer in time"
        raise self._given_up(reason)

    def _given(self, result: Answer | Refused) -> Answer:
        self._outage.over()
        if isinstance(result, Refused):
            raise result
        return result

    def _given_up(self, reason: str) -> Unavailable:
        if self._may_have_arrived:
            failure: Unavailable = OutcomeUnknown(f"The payment provider did not say what became of it ({reason}).")
        else:
            failure = ProviderDown(f"The payment provider does not answer ({reason}).")
        self._outage.noticed(failure)
        return failure


async def _try(request: Request) -> Answer | Refused | _Trouble:
    """What came of it, without the exception: its text and its causes hold what was sent and answered."""
    try:
        given = await request()
    except NotAnswered as failure:
        return _Trouble(failure.reason, failure.may_have_arrived, not failure.is_slow)
    except _REFUSALS as error:
        return _refusal(error)
    except stripe.StripeError as error:
        return _fault(error)
    headers: Mapping[str, str] = {} if given.last_response is None else given.last_response.headers
    return Answer(given.to_dict(), _is_replayed(headers))


def _is_replayed(headers: Mapping[str, str]) -> bool:
    return headers.get("idempotent-replayed") == "true"


def _fault(error: stripe.StripeError) -> Refused | _Trouble:
    """Of Stripe's own, or an answer that cannot be read."""
    status = error.http_status or 0
    advice = (error.headers or {}).get("stripe-should-retry")
    is_passing = status >= _FAULT or status == _BUSY or isinstance(error, stripe.RateLimitError)
    if 400 <= status < _FAULT and not is_passing:  # noqa: PLR2004  (4xx)
        return _refusal(error)
    return _Trouble(
        f"status {status}",
        not isinstance(error, stripe.RateLimitError),
        advice == "true" or (is_passing and advice != "false"),
    )


def _refusal(error: stripe.StripeError) -> Refused:
    told = _object(_object(cast("Any", error.json_body)).get("error"))
    intent = _object(told.get("payment_intent"))
    return Refused(
        error.code or told.get("type") or "refused",
        f"Stripe refuses (status {error.http_status}): {discreet(error.user_message or '')}",
        intent or None,
        is_replayed=_is_replayed(error.headers or {}),
    )


def _object(given: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", given) if isinstance(given, Mapping) else {}


def discreet(text: str) -> str:
    """A line of it, without what must not be told."""
    return _SECRETS.sub("[hidden]", one_line(text))[:_LONGEST_MESSAGE]


def _hush() -> None:
    """At level DEBUG, or when STRIPE_LOG says so, the library logs whole answers, client secrets included."""
    for name in ("stripe", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    stripe_util.STRIPE_LOG = None
