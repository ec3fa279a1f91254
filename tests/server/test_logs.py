import json
import logging
from collections.abc import Generator

import pytest
import structlog

from server import logs
from server.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def untouched() -> Generator[None]:
    """Put the process's logging back as pytest has it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def production(**given: str) -> Settings:
    return read_settings(
        souk_env="production",
        database_url="postgresql://a/b",
        public_url="https://shop.example",
        allowed_hosts="shop.example",
        smtp_url="smtp://mail.example",
        jwt_secret="0" * 32,
        stripe_secret_key="sk_test_1",
        stripe_webhook_secret="whsec_12345678",
        **given,
    )


def pay(card_number: str) -> None:
    raise RuntimeError(f"a card of {len(card_number)} characters")


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_production_logs_are_json_lines_with_the_request_s_id(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(production())
    structlog.contextvars.bind_contextvars(request_id="abc")
    structlog.stdlib.get_logger("souk.test").warning("something happened", count=3)
    [line] = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "something happened",
        "logger": "souk.test",
        "level": "warning",
        "count": 3,
        "request_id": "abc",
    }


def test_what_libraries_log_goes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    logs.configure(production())
    logging.getLogger("uvicorn.error").info("Started %s", "well")
    logging.getLogger("asyncpg").debug("too quiet")
    logging.getLogger("uvicorn.access").info("never")
    [line] = lines(capsys)
    assert (line["event"], line["logger"], line["level"]) == ("Started well", "uvicorn.error", "info")


def test_a_traceback_is_one_value_without_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(production())
    try:
        pay("4242-4242")
    except RuntimeError:
        structlog.stdlib.get_logger("souk.test").exception("failed")
    [line] = lines(capsys)
    assert "in pay" in line["exception"]
    assert "4242" not in line["exception"].replace('pay("4242-4242")', "")


def test_secrets_are_hidden_by_name_and_inside_texts(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(production())
    log = structlog.stdlib.get_logger("souk.test")
    log.error("GET with Bearer canary.canary-1", password="canary", Authorization="canary", access_token="canary")
    log.error("cannot reach postgresql://souk:canary@db.example/souk")
    log.error("refused: sk_live_canary, rk_test_canary, whsec_canary and pi_3Nq_secret_canary")
    written = capsys.readouterr().err
    assert "canary" not in written
    assert "refused: [hidden], [hidden], [hidden] and [hidden]" in written
    assert "postgresql://souk:[hidden]@db.example/souk" in written


def test_development_logs_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(read_settings(log_level="DEBUG"))
    structlog.stdlib.get_logger("souk.test").debug("something happened", count=3)
    written = capsys.readouterr().err
    assert "something happened" in written
    assert "count=3" in written
    assert "{" not in written


def test_only_slow_statements_are_logged_and_only_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(production())
    logs.slow_statement("SELECT 1", 0.09)
    logs.slow_statement("SELECT $1", 0.2)
    [line] = lines(capsys)
    assert (line["event"], line["sql"], line["milliseconds"]) == ("slow statement", "SELECT $1", 200)
