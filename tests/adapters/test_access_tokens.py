import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as some

from adapters.access_tokens import CLAIMS, JwtAccessTokens
from adapters.signing_keys import KeyRing
from domain.shared.errors import ExpiredToken, InvalidToken
from domain.users.tokens import ACCESS_LIFETIME, LONGEST_TOKEN, AccessClaims, AccessTokens
from domain.users.user import SessionId, UserId, UserRole
from tests.forge import opened
from tests.forged_tokens import FORGERIES, TOO_OLD, Forge

ISSUER, AUDIENCE = "https://shop.example", "souk"
USER = UserId(UUID("0196b2a0-7a6b-7c1e-8b1d-0a1b2c3d4e5f"))
SESSION = SessionId(UUID("0196b2a0-7a6b-7c1e-8b1d-f5e4d3c2b1a0"))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = "an old secret of thirty-two bytes", "a new secret of thirty-two bytes!"

unhurried = settings(deadline=None)


@dataclass
class Watch:
    """A clock that stands where it is set."""

    time: datetime = NOON

    def __call__(self) -> datetime:
        return self.time


@dataclass
class Bench:
    """Tokens of one ring, whoever forges them, and the clock of both."""

    keys: KeyRing
    watch: Watch = field(default_factory=Watch)

    def __post_init__(self) -> None:
        self.tokens: AccessTokens = self.tokens_of(self.keys)
        self.valid = self.tokens.issue(USER, SESSION, UserRole.CUSTOMER).text
        self.forge = Forge(self.keys, ISSUER, AUDIENCE, USER, SESSION, self.valid, self.watch)

    def tokens_of(self, keys: KeyRing) -> AccessTokens:
        return JwtAccessTokens(keys, issuer=ISSUER, audience=AUDIENCE, clock=self.watch)


def private(folder: Path, name: str, key: Ed25519PrivateKey) -> Path:
    file = folder / name
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


def public(folder: Path, name: str, key: Ed25519PrivateKey) -> Path:
    file = folder / name
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return file


@pytest.fixture(scope="module", params=["HS256", "EdDSA"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    if request.param == "HS256":
        return Bench(KeyRing.of_secrets([NEW, OLD]))
    folder = tmp_path_factory.mktemp("keys")
    files = [private(folder, name, Ed25519PrivateKey.generate()) for name in ("new.pem", "old.pem")]
    return Bench(KeyRing.of_files(files))


@pytest.fixture(autouse=True)
def noon(bench: Bench) -> None:
    bench.watch.time = NOON


def test_a_token_says_who_signed_in_and_until_when(bench: Bench) -> None:
    token = bench.tokens.issue(USER, SESSION, UserRole.ADMIN)
    assert token.expires_at == NOON + ACCESS_LIFETIME
    assert bench.tokens.verify(token.text) == AccessClaims(USER, SESSION, UserRole.ADMIN, NOON + ACCESS_LIFETIME)


def test_a_token_issued_between_two_seconds_says_when_it_really_expires(bench: Bench) -> None:
    bench.watch.time = NOON + timedelta(milliseconds=999)
    token = bench.tokens.issue(USER, SESSION, UserRole.CUSTOMER)
    assert bench.tokens.verify(token.text).expires_at == token.expires_at == NOON + ACCESS_LIFETIME


def test_no_two_tokens_are_the_same(bench: Bench) -> None:
    assert len({bench.tokens.issue(USER, SESSION, UserRole.CUSTOMER).text for _ in range(100)}) == 100


def test_tokens_have_about_a_quarter_of_the_length_that_is_read(bench: Bench) -> None:
    assert len(bench.valid) < LONGEST_TOKEN / 4


def test_other_software_can_verify_a_token_by_the_standard(bench: Bench) -> None:
    key = bench.keys.keys[0]
    bench.watch.time = datetime.now(UTC)
    claims = jwt.decode(
        bench.tokens.issue(USER, SESSION, UserRole.CUSTOMER).text,
        key.verifying,
        algorithms=[bench.keys.algorithm],
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"require": list(CLAIMS)},
    )
    assert claims.keys() == CLAIMS
    assert jwt.get_unverified_header(bench.valid) == {"alg": bench.keys.algorithm, "kid": key.kid, "typ": "at+jwt"}


def test_what_the_forge_makes_without_a_fault_is_accepted(bench: Bench) -> None:
    """Else the catalogue's tokens would be refused for another reason than the one that they are named after."""
    assert bench.tokens.verify(bench.forge.signed()) == AccessClaims(
        USER, SESSION, UserRole.CUSTOMER, NOON + ACCESS_LIFETIME
    )


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(ExpiredToken if name in TOO_OLD else InvalidToken) as refusal:
        bench.tokens.verify(FORGERIES[name](bench.forge))
    assert refusal.value.__cause__ is None


def test_a_refusal_does_not_say_what_was_wrong(bench: Bench) -> None:
    said: set[str] = set()
    for name in FORGERIES.keys() - TOO_OLD:
        with pytest.raises(InvalidToken) as refusal:
            bench.tokens.verify(FORGERIES[name](bench.forge))
        said.add(refusal.value.message)
    assert said == {"The access token is not valid: sign in again, or refresh it."}


def test_a_token_is_valid_until_the_second_in_which_it_expires(bench: Bench) -> None:
    token = bench.tokens.issue(USER, SESSION, UserRole.CUSTOMER)
    bench.watch.time = token.expires_at - timedelta(microseconds=1)
    assert bench.tokens.verify(token.text).user_id == USER
    bench.watch.time = token.expires_at
    with pytest.raises(ExpiredToken, match="refresh"):
        bench.tokens.verify(token.text)


def test_a_token_that_was_never_seen_before_it_expired_is_too_old_all_the_same(bench: Bench) -> None:
    token = bench.tokens.issue(USER, SESSION, UserRole.CUSTOMER)
    bench.watch.time = NOON + timedelta(days=400)
    with pytest.raises(ExpiredToken, match="refresh"):
        bench.tokens.verify(token.text)


def test_the_issuers_clock_may_be_half_a_minute_ahead(bench: Bench) -> None:
    bench.watch.time = NOON + timedelta(seconds=30)
    ahead, further = (bench.tokens.issue(USER, SESSION, UserRole.CUSTOMER).text for _ in range(2))
    bench.watch.time = NOON
    assert bench.tokens.verify(ahead).user_id == USER
    bench.watch.time = NOON - timedelta(seconds=1)
    with pytest.raises(InvalidToken):
        bench.tokens.verify(further)


def test_a_token_for_another_audience_or_of_another_issuer_is_refused(bench: Bench) -> None:
    for issuer, audience in ((ISSUER, "another"), ("https://another.example", AUDIENCE)):
        others = JwtAccessTokens(bench.keys, issuer=issuer, audience=audience, clock=bench.watch)
        with pytest.raises(InvalidToken):
            bench.tokens.verify(others.issue(USER, SESSION, UserRole.CUSTOMER).text)


def test_a_key_that_no_longer_signs_still_verifies_until_it_is_removed(bench: Bench) -> None:
    new, old = bench.keys.keys
    before = bench.tokens_of(KeyRing(bench.keys.algorithm, (old,)))
    after = bench.tokens_of(KeyRing(bench.keys.algorithm, (new,)))
    token = before.issue(USER, SESSION, UserRole.CUSTOMER).text
    assert bench.tokens.verify(token).user_id == USER
    with pytest.raises(InvalidToken):
        after.verify(token)
    assert after.verify(bench.valid).user_id == USER
    with pytest.raises(InvalidToken):
        before.verify(bench.valid)


def test_a_key_of_which_only_the_public_half_is_left_still_verifies(tmp_path: Path) -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    before = Bench(KeyRing.of_files([private(tmp_path, "old.pem", old)]))
    after = Bench(KeyRing.of_files([private(tmp_path, "new.pem", new), public(tmp_path, "old.pub", old)]))
    assert after.tokens.verify(before.valid).user_id == USER
    assert jwt.get_unverified_header(after.valid)["kid"] == after.keys.keys[0].kid


def test_a_token_of_one_kind_of_ring_is_nothing_to_the_other(bench: Bench, tmp_path: Path) -> None:
    others = (
        Bench(KeyRing.of_secrets(["another secret of thirty-two bytes"])),
        Bench(KeyRing.of_files([private(tmp_path, "new.pem", Ed25519PrivateKey.generate())])),
    )
    for other in others:
        with pytest.raises(InvalidToken):
            bench.tokens.verify(other.valid)


def test_a_token_tells_nothing_of_the_secret() -> None:
    bench = Bench(KeyRing.of_secrets([NEW]))
    header, payload, _ = bench.valid.split(".")
    assert NEW not in f"{opened(header)}{opened(payload)}"


def test_junk_does_not_push_out_what_was_proven(bench: Bench) -> None:
    proofs = JwtAccessTokens(bench.keys, issuer=ISSUER, audience=AUDIENCE, clock=bench.watch)
    proofs.verify(bench.valid)
    for number in range(2_000):
        with pytest.raises(InvalidToken):
            proofs.verify(f"{bench.valid}{number}")
    assert proofs._proven.cache_info().currsize == 1  # pyright: ignore[reportPrivateUsage]


@unhurried
@given(text=some.text())
def test_no_text_is_more_than_refused(bench: Bench, text: str) -> None:
    with pytest.raises(InvalidToken):
        bench.tokens.verify(text)


@unhurried
@given(data=some.data())
def test_a_token_with_one_character_changed_is_refused(bench: Bench, data: some.DataObject) -> None:
    at = data.draw(some.integers(0, len(bench.valid) - 1))
    other = data.draw(some.characters(exclude_characters=bench.valid[at]) | some.just(""))
    with pytest.raises(InvalidToken):
        bench.tokens.verify(bench.valid[:at] + other + bench.valid[at + 1 :])


@unhurried
@given(data=some.data())
def test_a_token_with_something_put_in_is_refused(bench: Bench, data: some.DataObject) -> None:
    at = data.draw(some.integers(0, len(bench.valid)))
    with pytest.raises(InvalidToken):
        bench.tokens.verify(bench.valid[:at] + data.draw(some.text(min_size=1)) + bench.valid[at:])


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=50),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


def accepts(verify: Callable[[str], AccessClaims], text: str) -> bool:
    """Whether it is accepted; whatever is raised besides a refusal fails the test."""
    try:
        verify(text)
    except (InvalidToken, ExpiredToken):
        return False
    return True


@unhurried
@given(payload=JSON | some.binary(max_size=500).map(bytes))
def test_no_payload_that_is_signed_well_is_more_than_refused(bench: Bench, payload: object) -> None:
    claims = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    assert not accepts(bench.tokens.verify, bench.forge.signed(claims=claims))


@unhurried
@given(name=some.sampled_from(sorted(CLAIMS)), value=JSON)
def test_a_claim_of_another_value_is_accepted_only_where_any_is(bench: Bench, name: str, value: object) -> None:
    accepted = accepts(bench.tokens.verify, bench.forge.claims_with(**{name: value}))
    assert not accepted or (name == "jti" and isinstance(value, str))


@unhurried
@given(header=JSON | some.binary(max_size=200).map(bytes))
def test_no_other_header_is_more_than_refused(bench: Bench, header: object) -> None:
    written = header if isinstance(header, bytes) else json.dumps(header).encode()
    assert not accepts(bench.tokens.verify, bench.forge.signed(header=written))
