"""What the provider told us, kept as it came, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from domain.payments.payment import PaymentProvider

ProviderEventId = NewType("ProviderEventId", UUID)


class ProviderEventStatus(Enum):
    """What became of a provider's event."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """`payload` is JSON, as it was sent. `subject` and `reference` say what thing of the provider's it is about."""

    id: ProviderEventId
    provider: PaymentProvider
    external_id: str
    type: str
    subject: str
    reference: str | None
    status: ProviderEventStatus
    attempts: int
    error: str | None
    payload: str
    received_at: datetime
    processed_at: datetime | None
