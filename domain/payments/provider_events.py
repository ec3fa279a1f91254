"""What the provider tells us by webhook: kept before it is acknowledged, then looked into, again if somebody asks.

A notice is a hint that something happened. What is true, the provider is asked; so it does not matter in which order
notices come, how often, or how late.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.payments.errors import ProviderMismatch
from domain.payments.gateway import BadSignature, Notice
from domain.payments.notices import Claims, ProviderEvent, ProviderEventId, ProviderEventStatus
from domain.payments.payment import PaymentId, PaymentProvider
from domain.shared.clock import Clock
from domain.shared.errors import NotFound, Unavailable
from domain.shared.events import Event, Handler
from domain.shared.ids import uuid7
from domain.shared.money import Money
from domain.shared.work import Begin, Work

TOPIC = "provider_event.received"
TAKEN = "payment_intent.succeeded"
"""The type of notices that all that was to be had of a payment was captured."""
PAYMENT, SETUP = "payment", "setup"
"""What notices are about, of what concerns us."""
MOST_ATTEMPTS = 5
LONGEST_TYPE, LONGEST_REFERENCE = 100, 255
_REMOVED = frozenset(
    {
        *("client_secret", "billing_details", "shipping", "receipt_email", "customer_details", "customer_email"),
        *("next_action", "redirect_to_url", "receipt_url", "fingerprint"),
    }
)
"""What payloads say of buyers beyond ids, and what lets somebody act as them: it is not ours to keep."""


class NotOurs(Exception):
    """It is about something that this shop has nothing to do with."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who we are at our provider. `account` is its id of us, where it tells; `is_live` says that money is real."""

    provider: PaymentProvider
    account: str | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """What is compared with claims. A payment has no `reference` before the provider's first answer was stored.

    `is_taken` says that all of it was captured, as far as is known.
    """

    id: PaymentId
    reference: str | None
    amount: Money
    is_taken: bool


class ProviderEventRepository(Protocol):
    async def add(self, event: ProviderEvent) -> bool:
        """Whether it is the first with its provider's id."""
        ...

    async def lock(self, identity: ProviderEventId) -> ProviderEvent | None: ...

    async def save(self, event: ProviderEvent) -> None:
        """What became of it."""
        ...

    async def payments(
        self, provider: PaymentProvider, reference: str, payment_id: PaymentId | None
    ) -> Sequence[KnownPayment]:
        """Those with this reference or this id."""
        ...


class ProviderEventsWork(Work, Protocol):
    @property
    def provider_events(self) -> ProviderEventRepository: ...


BeginProviderEventsWork = Begin[ProviderEventsWork]
Report = Callable[[str, Exception], None]
"""Told what could not be handled, and why."""


class LearnsOfPayments(Protocol):
    async def learn(self, provider: PaymentProvider, reference: str) -> object:
        """Ask the provider what is true of a payment, and apply it.

        Raises:
            Unavailable: it does not answer.
            NotFound: we have no such payment.
            ProviderMismatch: what it says is not what was agreed.
        """
        ...


class LearnsOfSetups(Protocol):
    async def learn_setup(self, provider: PaymentProvider, reference: str) -> object:
        """The same, of a means of payment that somebody wants to keep."""
        ...


@dataclass(frozen=True, slots=True)
class NoticeKeeping:
    """Takes notices in, and up again. It needs no provider."""

    begin: BeginProviderEventsWork
    clock: Clock

    async def receive(self, provider: PaymentProvider, notice: Notice) -> bool:
        """Keep a notice whose signature holds. Whether it is new.

        Raises:
            BadSignature: it cannot be kept as it is.
            Unavailable: nothing was kept, as far as can be known.
        """
        event = self._event(provider, notice)
        async with self.begin() as work:
            is_new = await work.provider_events.add(event)
            if is_new and event.status is ProviderEventStatus.RECEIVED:
                work.happened(_received(event))
            await work.commit()
        return is_new

    async def replay(self, identity: ProviderEventId) -> ProviderEvent:
        """Have an event looked into once more, whatever became of it.

        Raises:
            NotFound: there is none.
        """
        async with self.begin() as work:
            event = await work.provider_events.lock(identity)
            if event is None:
                raise NotFound("id", "provider event")
            # of what was dealt with, it stays known when
            parked = event.status is ProviderEventStatus.FAILED
            at = None if parked else event.processed_at
            again = replace(event, status=ProviderEventStatus.RECEIVED, attempts=0, error=None, processed_at=at)
            await work.provider_events.save(again)
            work.happened(_received(again))
            await work.commit()
        return again

    def _event(self, provider: PaymentProvider, notice: Notice) -> ProviderEvent:
        at = self.clock()
        names = filter(None, (notice.external_id, notice.reference, notice.account))
        if not notice.external_id or not all(map(_is_name, names)):
            raise BadSignature
        # what we have just made ourselves is no news; Stripe tells it where the endpoint is asked for everything
        matters = notice.subject in {PAYMENT, SETUP} and notice.type != "payment_intent.created"
        return ProviderEvent(
            id=ProviderEventId(uuid7()),
            provider=provider,
            external_id=notice.external_id,
            type=_storable(notice.type)[:LONGEST_TYPE],
            subject=notice.subject if matters else "",
            reference=notice.reference,
            status=ProviderEventStatus.RECEIVED if matters else ProviderEventStatus.IGNORED,
            attempts=0,
            error=None,
            claims=Claims(notice.account, notice.is_live, notice.payment_id, notice.amount),
            payload=harmless(notice.payload),
            received_at=at,
            processed_at=None if matters else at,
        )


class _Verdict(NamedTuple):
    """What became of an event, and why if it was not `_PROCESSED`."""

    status: ProviderEventStatus
    error: str | None


_PROCESSED = _Verdict(ProviderEventStatus.PROCESSED, None)


@dataclass(frozen=True, slots=True)
class ProviderEvents:
    """Looks into them, one after the other where they are about the same thing."""

    begin: BeginProviderEventsWork
    merchant: Merchant
    payments: LearnsOfPayments
    saved_methods: LearnsOfSetups
    clock: Clock
    report: Report

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {TOPIC: self.handle}

    async def handle(self, told: Event) -> None:
        """Look into an event, if that was not done yet.

        What cannot succeed is parked at once, and what fails for no known reason after five tries: it stands in
        nobody's way then, and administrators see it.

        Raises:
            Unavailable: it is to be tried again later.
        """
        identity = ProviderEventId(UUID(str(told.facts["id"])))
        try:
            event = await self._doubtful(identity)
            if event is not None:
                await self._settle(identity, await self._asked(event))
        except Unavailable:
            raise
        except Exception as failure:  # noqa: BLE001  (whatever it is, it is counted, and the others go on)
            self.report(f"provider event {identity}", failure)
            await self._failed(identity, failure)

    async def _doubtful(self, identity: ProviderEventId) -> ProviderEvent | None:
        """The event, if the provider has to be asked about it, which must not keep a transaction waiting."""
        async with self.begin() as work:
            event = await _unsettled(work, identity)
            if event is None:
                return None
            verdict = await self._by_our_books(work, event)
            if verdict is None:
                return event
            await self._save(work, event, verdict)
        return None

    async def _by_our_books(self, work: ProviderEventsWork, event: ProviderEvent) -> _Verdict | None:
        try:
            reference = _require_ours(event, self.merchant)
            if event.subject == SETUP:
                return None
            known = await work.provider_events.payments(event.provider, reference, event.claims.payment_id)
            payment = require_agreed(event, known)
        except NotOurs as foreign:
            return _Verdict(ProviderEventStatus.IGNORED, str(foreign))
        except ProviderMismatch as mismatch:
            return _Verdict(ProviderEventStatus.FAILED, str(mismatch))
        # the answer to the shop's own request usually tells it first; who has it looked into again wants to be sure
        is_old_news = payment.is_taken and event.type == TAKEN and event.processed_at is None
        return _PROCESSED if is_old_news else None

    async def _asked(self, event: ProviderEvent) -> _Verdict:
        reference = _require_ours(event, self.merchant)
        try:
            if event.subject == SETUP:
                await self.saved_methods.learn_setup(event.provider, reference)
            else:
                await self.payments.learn(event.provider, reference)
        except ProviderMismatch as mismatch:
            return _Verdict(ProviderEventStatus.FAILED, str(mismatch))
        return _PROCESSED

    async def _failed(self, identity: ProviderEventId, failure: Exception) -> None:
        why = f"It could not be handled: {type(failure).__name__}."
        async with self.begin() as work:
            event = await _unsettled(work, identity)
            if event is None:
                return
            is_last = event.attempts + 1 >= MOST_ATTEMPTS
            status = ProviderEventStatus.FAILED if is_last else ProviderEventStatus.RECEIVED
            await self._save(work, event, _Verdict(status, why))
        if not is_last:
            raise Unavailable(why) from failure

    async def _settle(self, identity: ProviderEventId, verdict: _Verdict) -> None:
        async with self.begin() as work:
            event = await _unsettled(work, identity)
            if event is not None:
                await self._save(work, event, verdict)

    async def _save(self, work: ProviderEventsWork, event: ProviderEvent, verdict: _Verdict) -> None:
        at = event.processed_at
        if verdict.status is not ProviderEventStatus.RECEIVED:
            at = at or self.clock()
        await work.provider_events.save(
            replace(event, status=verdict.status, attempts=event.attempts + 1, error=verdict.error, processed_at=at)
        )
        await work.commit()


async def _unsettled(work: ProviderEventsWork, identity: ProviderEventId) -> ProviderEvent | None:
    """The event, locked, unless somebody else was faster."""
    event = await work.provider_events.lock(identity)
    return None if event is None or event.status is not ProviderEventStatus.RECEIVED else event


def _require_ours(event: ProviderEvent, merchant: Merchant) -> str:
    """What it is about, by the provider's name of it.

    Raises:
        NotOurs: nothing depends on it.
        ProviderMismatch: it is about somebody else's money, or about other money than ours.
    """
    if event.subject not in {PAYMENT, SETUP}:
        raise NotOurs("Nothing in this shop depends on events of this type.")
    if event.provider is not merchant.provider:
        raise ProviderMismatch("It is from a provider that the shop does not use now.")
    if event.claims.account not in {None, merchant.account}:
        raise ProviderMismatch("It is about another account at the provider.")
    if event.claims.is_live is not merchant.is_live:
        kinds = ("live", "test") if event.claims.is_live else ("test", "live")
        raise ProviderMismatch("It is about {} money, and the shop is set up for {} money.".format(*kinds))
    if event.reference is None:
        raise ProviderMismatch("It does not name what it is about.")
    return event.reference


def require_agreed(event: ProviderEvent, known: Sequence[KnownPayment]) -> KnownPayment:
    """Compare what an event claims of a payment with what we know of it, which is returned.

    Raises:
        NotOurs: it does not claim to be of a payment of this shop, and is not.
        ProviderMismatch: it is not what was agreed.
    """
    claims = event.claims
    # the provider may be faster than our own books: they have no reference before its first answer was stored
    ours = [one for one in known if one.reference == event.reference] or [
        one for one in known if one.id == claims.payment_id
    ]
    if not ours and claims.payment_id is None:
        raise NotOurs("It is about a payment that was not made by this shop.")
    if not ours:
        raise ProviderMismatch("It names a payment that this shop does not have.")
    [payment] = ours
    if claims.payment_id not in {None, payment.id} or payment.reference not in {None, event.reference}:
        raise ProviderMismatch("It names another payment of ours than the provider has under this reference.")
    if claims.amount is not None and claims.amount.currency_code != payment.amount.currency_code:
        raise ProviderMismatch("It is about another currency than was agreed.")
    if claims.amount not in {None, payment.amount}:
        raise ProviderMismatch("It is about another amount than was agreed.")
    return payment


def _received(event: ProviderEvent) -> Event:
    """What is about one thing is looked into in turn, and keeps nothing else waiting."""
    name = f"{event.provider.value}/{event.subject}/{event.reference or event.external_id}"
    return Event("provider_event.received", uuid5(NAMESPACE_URL, name), {"id": str(event.id)})


def harmless(payload: str) -> str:
    """What may be stored of a provider's JSON. Raises: BadSignature: it is none."""
    try:
        return json.dumps(_without_secrets(json.loads(payload)), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as unreadable:
        raise BadSignature from unreadable


def _is_name(text: str) -> bool:
    return len(text) <= LONGEST_REFERENCE and text.isascii() and text.isprintable()


def _storable(text: str) -> str:
    """Without what PostgreSQL refuses: characters that are none."""
    return text.replace("\x00", "?").encode(errors="replace").decode()


def _without_secrets(value: object) -> object:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, list):
        return [_without_secrets(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        inside = cast("dict[str, object]", value)
        return {_storable(name): None if name in _REMOVED else _without_secrets(one) for name, one in inside.items()}
    return value
