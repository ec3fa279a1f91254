"""Stripe: the payment gateway, and the reader of its webhooks. The only place that imports `stripe` and `httpx`."""

from adapters.stripe_payments.gateway import StripeGateway
from adapters.stripe_payments.notices import StripeNoticeReader

__all__ = ["StripeGateway", "StripeNoticeReader"]
