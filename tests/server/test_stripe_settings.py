"""Stripe's keys: which of them go together, and that nobody is shown those that are secret."""

import pytest

from domain.payments.payment import PaymentProvider
from server.cli.settings import HIDDEN, listing
from server.payment_wiring import notice_reader, stripe_gateway
from server.settings import BadSettings, read_settings

TEST = {"stripe_secret_key": "sk_test_canary", "stripe_webhook_secret": "whsec_canary_1"}
LIVE = {"stripe_secret_key": "rk_live_canary", "stripe_webhook_secret": "whsec_canary_1"}
PRODUCTION = {
    "souk_env": "production",
    "database_url": "postgresql://a/b",
    "public_url": "https://shop.example",
    "allowed_hosts": "shop.example",
    "smtp_url": "smtp://mail.example",
    "jwt_secret": "0" * 32,
}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"stripe_secret_key": "sk_test_canary"}, "STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET"),
        ({"stripe_webhook_secret": "whsec_canary_1"}, "STRIPE_WEBHOOK_SECRET: of no use without STRIPE_SECRET_KEY"),
        ({"stripe_publishable_key": "pk_test_1"}, "STRIPE_PUBLISHABLE_KEY: of no use without STRIPE_SECRET_KEY"),
        ({"stripe_api_base": "http://localhost:1"}, "STRIPE_API_BASE: of no use without STRIPE_SECRET_KEY"),
        ({**TEST, "stripe_secret_key": "pk_test_canary"}, "STRIPE_SECRET_KEY: must begin with sk_test_"),
        ({**TEST, "stripe_secret_key": "sk_test_canary\n"}, "STRIPE_SECRET_KEY: must begin with sk_test_"),
        ({**TEST, "stripe_publishable_key": "sk_test_canary"}, "STRIPE_PUBLISHABLE_KEY: must begin with pk_test_"),
        ({**TEST, "stripe_webhook_secret": "canary"}, "STRIPE_WEBHOOK_SECRET: must begin with whsec_"),
        ({**TEST, "stripe_webhook_secret": "whsec_canary_1,x"}, "STRIPE_WEBHOOK_SECRET: must begin with whsec_"),
        ({**TEST, "stripe_webhook_secret": ","}, "STRIPE_WEBHOOK_SECRET: must begin with whsec_"),
        ({**TEST, "stripe_publishable_key": "pk_live_1"}, "must both be live keys, or both test keys"),
        ({**TEST, "stripe_api_base": "localhost:1"}, "STRIPE_API_BASE: must begin with http"),
        (LIVE, "STRIPE_SECRET_KEY is a live key, which needs SOUK_ENV=production"),
        ({**LIVE, **PRODUCTION, "stripe_api_base": "http://localhost:1"}, "STRIPE_API_BASE excludes a live key"),
        (PRODUCTION, "SOUK_ENV=production needs STRIPE_SECRET_KEY"),
    ],
)
def test_keys_that_do_not_go_together_stop_the_start(given: dict[str, str], problem: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings(**given)
    assert problem in str(refused.value)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "is_live"),
    [
        ({}, False),
        (TEST, False),
        ({**TEST, "stripe_publishable_key": "pk_test_1", "stripe_api_base": "http://localhost:1"}, False),
        ({**TEST, **PRODUCTION}, False),
        ({**LIVE, **PRODUCTION, "stripe_publishable_key": "pk_live_1"}, True),
    ],
)
def test_keys_that_go_together_are_taken(given: dict[str, str], *, is_live: bool) -> None:
    assert read_settings(**given).stripe_is_live is is_live


def test_keys_are_shown_to_nobody_except_the_one_for_browsers() -> None:
    settings = read_settings(**TEST, stripe_publishable_key="pk_test_1")
    shown = {setting.name: setting.value for setting in listing(settings)}
    assert (shown["STRIPE_SECRET_KEY"], shown["STRIPE_WEBHOOK_SECRET"]) == (HIDDEN, HIDDEN)
    assert shown["STRIPE_PUBLISHABLE_KEY"] == "pk_test_1"
    assert "canary" not in repr(settings)


async def test_stripe_is_chosen_where_there_is_a_key() -> None:
    settings = read_settings(**TEST)
    gateway, reader = stripe_gateway(settings), notice_reader(settings)
    assert gateway is not None
    assert reader is not None
    assert gateway.provider is reader.provider is PaymentProvider.STRIPE
    await gateway.close()
    without = read_settings()
    reader = notice_reader(without)
    assert stripe_gateway(without) is None
    assert reader is not None
    assert reader.provider is PaymentProvider.SANDBOX
