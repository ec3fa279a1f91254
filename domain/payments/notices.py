"""What the provider told us, kept as it came, and what became of it."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.payments.payment import PaymentId, PaymentProvider
from domain.shared.money import Money

ProviderEventId = NewType("ProviderEventId", UUID)


class ProviderEventStatus(Enum):
    """What became of a provider's event."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a notice says of whose and which money it is about, to be compared with what we know, and never believed."""

    account: str | None
    is_live: bool
    payment_id: PaymentId | None
    amount: Money | None


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """`payload` is JSON: what was sent, without secrets. `subject` and `reference` say what thing it is about.

    `attempts` are tries since it came, or was last taken up again; those that found the provider away do not count.
    """

    id: ProviderEventId
    provider: PaymentProvider
    external_id: str
    type: str
    subject: str
    reference: str | None
    status: ProviderEventStatus
    attempts: int
    error: str | None
    claims: Claims
    payload: str
    received_at: datetime
    processed_at: datetime | None

    @property
    def content(self) -> object:
        """The payload, read."""
        return json.loads(self.payload)
