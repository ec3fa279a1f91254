"""The `Authorization` header: who is believed, who is refused, and that nobody pays a statement for it."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from structlog.testing import capture_logs

from adapters.access_tokens import EXPIRED, INVALID, JwtAccessTokens
from adapters.signing_keys import KeyRing
from domain.users.revocation import RevokedSessions
from domain.users.user import SessionId
from server import wiring
from server.app import build_app
from server.identities import Identities
from server.keys import key_ring
from server.settings import Settings, read_settings
from server.wiring import Shop
from tests.conftest import Statements, Templates
from tests.forge import Forge, fits_a_header
from tests.forged_tokens import FORGERIES, TOO_OLD
from tests.generous import GenerousLimiter
from tests.people import Person, person, signed_in
from tests.server.asking import NAME, NAMED, codes
from tests.server.sockets import Revocations, Silence

ME = "{ me { email } }"
NEW, OLD = "a new secret of thirty-two bytes!", "an old secret of thirty-two bytes"
ORIGIN = "https://web.example"


@dataclass(frozen=True, slots=True)
class Door:
    """An application whose access tokens are signed by one kind of key, and somebody who has one."""

    settings: Settings
    shop: Shop
    client: httpx.AsyncClient
    guest: Person
    former: KeyRing
    """The key that signed before the present one."""

    @property
    def token(self) -> str:
        return self.guest.tokens.access_token

    @property
    def mine(self) -> dict[str, object]:
        """What ME answers to whoever is believed."""
        return {"data": {"me": {"email": self.guest.user.email}}}

    async def ask(self, *headers: str | bytes, query: str = ME) -> httpx.Response:
        given = [(b"authorization", one.encode() if isinstance(one, str) else one) for one in headers]
        return await self.client.post("/graphql", json={"query": query}, headers=given)


def key_file(folder: Path, name: str) -> Path:
    file = folder / name
    key = Ed25519PrivateKey.generate()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


@pytest.fixture(scope="module", params=["HS256", "EdDSA"])
def keys(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], KeyRing]:
    """Settings with two keys, the newer one first, and a ring of the older one."""
    if request.param == "HS256":
        return {"jwt_secret": f"{NEW},{OLD}"}, KeyRing.of_secrets([OLD])
    folder = tmp_path_factory.mktemp("keys")
    new, old = key_file(folder, "new.pem"), key_file(folder, "old.pem")
    return {"jwt_private_key": f"{new},{old}"}, KeyRing.of_files([old])


@pytest.fixture(scope="module")
def settings(templates: Templates, keys: tuple[dict[str, str], KeyRing]) -> Generator[Settings]:
    with templates.clone("empty") as database:
        given = {"public_url": "http://shop.example", "allowed_origins": ORIGIN, **keys[0]}
        yield read_settings(database_url=database.url, **given)


@pytest.fixture(scope="module")
async def door(
    settings: Settings, keys: tuple[dict[str, str], KeyRing], statements: Statements
) -> AsyncGenerator[Door]:
    app = build_app(settings, listener=statements, limiter=GenerousLimiter())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client,
    ):
        shop: Shop = app.state.shop
        while not shop.identities.revoked.loaded:  # noqa: ASYNC110  (nobody is told when it knows)
            await asyncio.sleep(0.01)
        yield Door(settings, shop, client, await person(shop), keys[1])


def session_of(guest: Person) -> SessionId:
    assert guest.actor.session_id is not None
    return guest.actor.session_id


@pytest.fixture(scope="module")
def forge(door: Door) -> Forge:
    ring, guest = key_ring(door.settings), door.guest
    return Forge(ring, door.settings.address, wiring.AUDIENCE, guest.user.id, session_of(guest), door.token)


def is_refused(reply: httpx.Response) -> None:
    assert reply.status_code == 401
    assert codes(reply) == ["UNAUTHENTICATED"]
    assert reply.json().keys() == {"errors"}
    assert reply.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert reply.headers.get_list("cache-control") == ["no-store"]


async def test_without_the_header_one_is_nobody(door: Door) -> None:
    assert (await door.ask()).json() == {"data": {"me": None}}


@pytest.mark.parametrize("form", ["Bearer %s", "bearer %s", "BEARER %s", "bEaReR %s", "Bearer  %s", "Bearer    %s "])
async def test_a_token_says_who_one_is_however_the_scheme_is_spelt(door: Door, form: str) -> None:
    reply = await door.ask(form % door.token)
    assert (reply.status_code, reply.json()) == (200, door.mine)


@pytest.mark.parametrize(
    "form",
    [
        *("", " ", "Bearer", "Bearer ", "Bearer    ", "%s", "Bearer%s", "Bearer:%s", "Bearer:: %s", "Bearer\t%s"),
        *("Basic %s", "Token %s", "JWT %s", "Digest %s", "DPoP %s", "Negotiate %s", "Bearers %s", " Bearer %s"),
        *('Bearer "%s"', "Bearer <%s>", "Bearer '%s'", "Bearer %s,", "Bearer %s;", "Bearer token=%s", "Bearer %s x"),
        *("Bearer Bearer %s", "Bearer x %s", "Bearer x, Bearer %s", "Bearer %s, Bearer x", "Bearer ,%s"),
        *("Bearer null", "Bearer undefined", "Bearer [object Object]", "Bearer 0", "Bearer .", "Bearer .."),
    ],
)
async def test_another_form_is_refused_and_never_taken_for_no_header(door: Door, form: str) -> None:
    is_refused(await door.ask(form.replace("%s", door.token)))


@pytest.mark.parametrize("scheme", ["Bearer ", ""])
@pytest.mark.parametrize("junk", [b"x" * 10_240, b"a.b." * 2_560, b" " * 10_240, b"\xff\xfe", "ключ".encode(), b"\xe9"])
async def test_junk_is_refused(door: Door, scheme: str, junk: bytes) -> None:
    is_refused(await door.ask(scheme.encode() + junk))


async def test_passwords_are_no_credentials_of_requests(door: Door) -> None:
    pair = b64encode(f"{door.guest.user.email}:four random words together".encode()).decode()
    is_refused(await door.ask(f"Basic {pair}"))


async def test_two_headers_are_refused_even_when_both_are_right(door: Door) -> None:
    right, again = f"Bearer {door.token}", f"Bearer {(await signed_in(door.shop, door.guest.user)).tokens.access_token}"
    for headers in (
        (right, right),
        (right, again),
        (right, "Basic eDp5"),
        ("Basic eDp5", right),
        (right, ""),
        ("", right),
    ):
        is_refused(await door.ask(*headers))


async def test_a_token_is_looked_for_in_the_header_alone(door: Door) -> None:
    nobody = {"data": {"me": None}}
    by_query = {"query": ME, "access_token": door.token, "authorization": f"Bearer {door.token}"}
    assert (await door.client.get("/graphql", params=by_query)).json() == nobody
    assert (await door.client.post("/graphql", json=by_query)).json() == nobody
    elsewhere = {"cookie": f"access_token={door.token}", "x-authorization": f"Bearer {door.token}"}
    assert (await door.client.post("/graphql", json={"query": ME}, headers=elsewhere)).json() == nobody


async def test_it_works_for_get_and_head_as_for_post(door: Door) -> None:
    reply = await door.client.get("/graphql", params={"query": ME}, headers=door.guest.headers)
    assert (reply.status_code, reply.json()) == (200, door.mine)
    assert (await door.client.head("/graphql", params={"query": ME}, headers=door.guest.headers)).status_code == 200
    forged = {"authorization": f"Bearer {door.token}x"}
    is_refused(await door.client.get("/graphql", params={"query": ME}, headers=forged))
    assert (await door.client.head("/graphql", params={"query": ME}, headers=forged)).status_code == 401


async def test_what_a_token_may_be_made_of_is_accepted(door: Door, forge: Forge) -> None:
    assert (await door.ask(f"Bearer {forge.signed()}")).json() == door.mine


async def test_no_forged_token_is_accepted(door: Door, forge: Forge) -> None:
    made = {name: forgery(forge) for name, forgery in FORGERIES.items()}
    sent = {name: token for name, token in made.items() if fits_a_header(token)}
    assert len(sent) > 250
    for name, token in sent.items():
        reply = await door.ask(f"Bearer {token}")
        assert (name, reply.status_code) == (name, 401)
        is_refused(reply)
        # what is wrong with a forged token helps only forgers
        assert reply.json()["errors"][0]["message"] == (EXPIRED if name in TOO_OLD else INVALID), name


async def test_a_token_of_the_former_key_is_believed_until_it_expires(door: Door) -> None:
    before = JwtAccessTokens(door.former, issuer=door.settings.address, audience=wiring.AUDIENCE)
    token = before.issue(door.guest.user.id, session_of(door.guest), door.guest.user.role).text
    assert token.split(".")[0] != door.token.split(".")[0]
    assert (await door.ask(f"Bearer {token}")).json() == door.mine


async def test_who_signed_out_is_refused_at_once(door: Door) -> None:
    again = (await signed_in(door.shop, door.guest.user)).headers["authorization"]
    out = await door.ask(again, query="mutation { userLogout(input: {}) { loggedOut } }")
    assert out.json() == {"data": {"userLogout": {"loggedOut": True}}}
    is_refused(await door.ask(again))
    assert (await door.ask(f"Bearer {door.token}")).json() == door.mine


@pytest.mark.parametrize("query", [ME, NAME, "{ nothing }", "{", "{ users { nodes { id } } }"])
async def test_nothing_that_is_answered_to_somebody_is_stored(door: Door, query: str) -> None:
    reply = await door.ask(f"Bearer {door.token}", query=query)
    assert reply.headers.get_list("cache-control") == ["no-store"]


async def test_to_be_believed_or_refused_takes_no_statement(door: Door, statements: Statements) -> None:
    again = await signed_in(door.shop, door.guest.user)
    await door.shop.services.authentication.sign_out(again.actor, everywhere=False)
    await door.ask(query=NAME)  # what a connection is told first comes with its first statement

    async def count(*headers: str) -> int:
        statements.clear()
        await door.ask(*headers, query=NAME)
        return len(statements)

    assert await count() == await count(f"Bearer {door.token}") == 1
    assert await count(f"Bearer {again.tokens.access_token}") == 0
    assert await count(f"Bearer {door.token}x") == 0


async def test_while_nobody_knows_who_signed_out_no_token_is_believed(door: Door) -> None:
    unknown = RevokedSessions(Revocations(), Silence())
    app = build_app(door.settings)
    app.state.shop = replace(door.shop, identities=Identities(door.shop.identities.tokens, unknown))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
        reply = await client.post("/graphql", json={"query": NAME}, headers=door.guest.headers)
        anonymous = await client.post("/graphql", json={"query": NAME})
        forged = await client.post("/graphql", json={"query": NAME}, headers={"authorization": "Bearer x"})
    assert (reply.status_code, codes(reply)) == (503, ["SERVICE_UNAVAILABLE"])
    assert reply.headers["retry-after"] == "1"
    assert anonymous.json() == NAMED
    is_refused(forged)


async def test_no_token_is_logged(door: Door, forge: Forge) -> None:
    expired = FORGERIES["exp a second ago"](forge)
    with capture_logs() as logged:
        for token in (door.token, expired, f"{door.token}x"):
            await door.ask(f"Bearer {token}")
    assert len(logged) >= 3
    assert [part for token in (door.token, expired) for part in token.split(".")[1:] if part in str(logged)] == []


async def test_pages_of_allowed_origins_may_send_the_header_and_read_why_it_was_refused(door: Door) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    preflight = await door.client.options("/graphql", headers={"origin": ORIGIN, **asked})
    assert preflight.status_code == 200
    allowed = {name.strip().lower() for name in preflight.headers["access-control-allow-headers"].split(",")}
    assert {"authorization", "content-type"} <= allowed
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    refused = await door.client.post(
        "/graphql", json={"query": ME}, headers={"origin": ORIGIN, "authorization": "Bearer x"}
    )
    is_refused(refused)
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    stranger = await door.client.options("/graphql", headers={"origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in stranger.headers
