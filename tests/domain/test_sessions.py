"""Sessions: how long they last, and how a spent token keeps its successor."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.users.sessions import ABSOLUTE, IDLE, Session, issued, opened, sealed
from domain.users.tokens import digest, new_secret
from domain.users.user import Client, SessionId, UserId

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
BEGUN = Session.begun(SessionId(UUID(int=1)), UserId(UUID(int=2)), Client("192.0.2.1", "Browser"), AT)

moments = st.datetimes(datetime(2026, 11, 25), datetime(2027, 1, 30)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001


def test_a_session_that_is_not_used_ends_after_its_idle_time() -> None:
    assert BEGUN.ends_at == AT + IDLE
    assert BEGUN.is_open(AT + IDLE - INSTANT)
    assert not BEGUN.is_open(AT + IDLE)


def test_however_much_it_is_used_a_session_ends_after_its_absolute_time() -> None:
    busy = replace(BEGUN, last_used_at=AT + ABSOLUTE - INSTANT)
    assert busy.ends_at == busy.expires_at == AT + ABSOLUTE
    assert busy.is_open(AT + ABSOLUTE - INSTANT)
    assert not busy.is_open(AT + ABSOLUTE)


def test_a_revoked_session_is_never_open() -> None:
    assert not replace(BEGUN, revoked_at=AT + IDLE).is_open(AT)


@given(moments, moments)
def test_a_session_is_open_until_it_ends_and_never_again(used: datetime, at: datetime) -> None:
    session = replace(BEGUN, last_used_at=used)
    assert session.is_open(at) is (at < min(used + IDLE, AT + ABSOLUTE))


def test_what_the_transport_says_about_the_device_is_cut_to_what_is_stored() -> None:
    odd = Session.begun(BEGUN.id, BEGUN.user_id, Client("x" * 1_000, "y" * 10_000), AT)
    assert (len(odd.ip_address or ""), len(odd.user_agent or "")) == (45, 500)
    unknown = Session.begun(BEGUN.id, BEGUN.user_id, Client(), AT)
    assert (unknown.ip_address, unknown.user_agent) == (None, None)


def test_a_refresh_token_ends_with_its_session_and_only_its_digest_is_kept() -> None:
    made = issued(BEGUN)
    assert made.token.expires_at == BEGUN.ends_at
    assert made.token.hash == digest(made.secret)
    assert made.secret.encode() not in repr(made.token).encode()
    assert issued(BEGUN).secret != made.secret


def test_secrets_have_256_bits() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {43}


def test_only_the_predecessor_opens_what_was_sealed_with_it() -> None:
    successor, predecessor = new_secret(), new_secret()
    seal = sealed(successor, predecessor)
    assert opened(seal, predecessor) == successor
    assert successor.encode() not in seal
    # sealing and opening are the same function: another predecessor opens only what it sealed itself
    assert all(sealed(successor, new_secret()) != seal for _ in range(100))


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=100), st.text(alphabet=st.characters(codec="utf-8")))
def test_whatever_is_sealed_is_opened_again(successor: str, predecessor: str) -> None:
    assert opened(sealed(successor, predecessor), predecessor) == successor


@given(st.text())
def test_a_digest_can_be_made_of_any_text(secret: str) -> None:
    assert len(digest(secret)) == 32


def test_a_digest_can_be_made_of_half_a_surrogate_pair() -> None:
    assert len(digest("\ud800")) == 32
