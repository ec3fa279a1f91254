"""Webhooks as providers sign them: https://docs.stripe.com/webhooks#verify-manually, which the sandbox does alike."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

SECRET, SECOND, FOREIGN = "whsec_canary_one", "whsec_canary_two", "whsec_canary_foreign"
CLIENT_SECRET = "pi_1_secret_canary"
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
HEADERS = {"stripe": "Stripe-Signature", "sandbox": "Souk-Sandbox-Signature"}
Json = dict[str, Any]


def mac(secret: str, seconds: int, body: bytes) -> str:
    return hmac.digest(secret.encode(), b"%d.%b" % (seconds, body), "sha256").hex()


@dataclass(frozen=True)
class Webhook:
    """What is sent to `/webhooks/{provider}`."""

    provider: str
    body: bytes
    signature: str | None

    @property
    def address(self) -> str:
        return f"/webhooks/{self.provider}"

    @property
    def headers(self) -> Mapping[str, str]:
        return {} if self.signature is None else {HEADERS[self.provider]: self.signature}


def event(
    identity: str | None = None,
    reference: str = "pi_1",
    payment_id: UUID | None = None,
    kind: str = "payment_intent.succeeded",
    **more: Any,
) -> Json:
    """About an intent of 16 dollars, as Stripe writes it. `more` goes into the event itself."""
    thing = {
        "id": reference,
        "object": "payment_intent",
        "amount": 1_600,
        "currency": "usd",
        "client_secret": CLIENT_SECRET,
        "metadata": {} if payment_id is None else {"payment_id": str(payment_id)},
    }
    return {
        "id": identity or f"evt_{uuid4().hex}",
        "object": "event",
        "type": kind,
        "livemode": False,
        "created": int(AT.timestamp()),
        "data": {"object": thing},
        **more,
    }


def about(told: Json, **other: Any) -> Json:
    """The same event with something else about its intent."""
    return {**told, "data": {"object": {**told["data"]["object"], **other}}}


def signed(provider: str, told: Json | bytes, secret: str = SECRET, at: datetime = AT) -> Webhook:
    body = told if isinstance(told, bytes) else json.dumps(told, separators=(",", ":")).encode()
    seconds = int(at.timestamp())
    return Webhook(provider, body, f"t={seconds},v1={mac(secret, seconds, body)}")


def resigned(webhook: Webhook, signature: str | None) -> Webhook:
    return replace(webhook, signature=signature)


def rewritten(webhook: Webhook, body: bytes) -> Webhook:
    return replace(webhook, body=body)
