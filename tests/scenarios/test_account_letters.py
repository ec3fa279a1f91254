"""What people do with their accounts, the letters that come of it, and what their links do."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.shared.consuming import routes
from domain.users.user import ANONYMOUS, Actor
from persistence.connections import ConnectionSettings
from server.consumers import UNANSWERED
from server.settings import CHECKOUT, read_settings
from server.wiring import Shop, open_shop
from tests import letters, sql
from tests.adapters.mail_servers import Catcher, listening
from tests.generous import GenerousLimiter
from tests.graphql.asking import data
from tests.letters import Letter
from tests.people import PASSWORD, Person, person, signed_in

ADDRESS = "http://shop.example"
MUTATION = "mutation ($input: {input}!) {{ {name}(input: $input) {{ {wanted} userErrors {{ code field }} }} }}"
DOMAIN = [*(CHECKOUT / "domain").rglob("*.py")]
NEW_PASSWORD = "another four random words"


@pytest.fixture
async def shop(empty_database: ConnectionSettings, tmp_path: Path) -> AsyncGenerator[Shop]:
    """One that keeps its letters for this test."""
    settings = read_settings(database_url=empty_database.url, public_url=ADDRESS, souk_home=tmp_path)
    async with open_shop(settings, None, GenerousLimiter()) as opened:
        yield opened


async def do(shop: Shop, name: str, given: dict[str, Any], wanted: str, actor: Actor = ANONYMOUS) -> dict[str, Any]:
    """Send a mutation, and return its payload."""
    document = MUTATION.format(name=name, input=f"{name[0].upper()}{name[1:]}Input", wanted=wanted)
    return (await data(shop, document, {"input": given}, actor))[name]


async def all_turns(shop: Shop) -> None:
    """What is due is carried out, and what comes of it."""
    while await shop.relay.turn():
        pass


async def written(shop: Shop) -> list[Letter]:
    """The letters so far, once all events are carried out."""
    await all_turns(shop)
    return letters.in_folder(shop.settings.souk_home)


async def register(shop: Shop, email: str = "Ann@Shop.Example") -> None:
    names = {"firstName": "Ann", "lastName": "Lee"}
    payload = await do(shop, "userRegister", {"email": email, "password": PASSWORD, **names}, "user { email }")
    assert payload == {"user": {"email": email.lower()}, "userErrors": []}


def code(payload: dict[str, Any]) -> str:
    return payload["userErrors"][0]["code"]


async def test_whoever_registers_is_welcomed_and_confirms_the_address_once(shop: Shop) -> None:
    await register(shop)
    (letter,) = await written(shop)
    assert (letter.to, letter.link) == ("ann@shop.example", f"{ADDRESS}/account/verify-email")
    first = await do(shop, "emailVerify", {"token": letter.token}, "user { email emailVerified }")
    assert first == {"user": {"email": "ann@shop.example", "emailVerified": True}, "userErrors": []}
    again = await do(shop, "emailVerify", {"token": letter.token}, "user { email }")
    assert (again["user"], code(again)) == (None, "INVALID_TOKEN")
    assert len(await written(shop)) == 1


async def test_another_letter_can_be_asked_for_until_the_address_is_confirmed(shop: Shop) -> None:
    ann = await person(shop)
    assert (await do(shop, "emailVerificationRequest", {}, "accepted", ann.actor))["accepted"]
    (letter,) = await written(shop)
    assert (letter.to, letter.link) == (ann.user.email, f"{ADDRESS}/account/verify-email")
    assert (await do(shop, "emailVerify", {"token": letter.token}, "user { id }"))["userErrors"] == []
    assert (await do(shop, "emailVerificationRequest", {}, "accepted", ann.actor))["accepted"]
    assert len(await written(shop)) == 1


async def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(shop: Shop) -> None:
    ann = await person(shop)
    assert (await do(shop, "passwordResetRequest", {"email": ann.user.email.upper()}, "accepted"))["accepted"]
    (letter,) = await written(shop)
    assert (letter.to, letter.link) == (ann.user.email, f"{ADDRESS}/account/reset-password")
    weak = await do(shop, "passwordReset", {"token": letter.token, "password": "password"}, "user { id }")
    assert code(weak) == "PASSWORD_TOO_WEAK"
    reset = {"token": letter.token, "password": NEW_PASSWORD}
    assert (await do(shop, "passwordReset", reset, "user { emailVerified }"))["user"] == {"emailVerified": True}
    assert code(await do(shop, "passwordReset", reset, "user { id }")) == "INVALID_TOKEN"
    _, notice = await written(shop)
    assert (notice.to, notice.link) == (ann.user.email, "")
    assert "was just changed" in notice.text
    login = {"email": ann.user.email, "password": NEW_PASSWORD}
    assert (await do(shop, "userLogin", login, "user { email }"))["user"] == {"email": ann.user.email}


async def test_a_token_serves_the_one_purpose_of_its_letter(shop: Shop) -> None:
    await register(shop)
    (letter,) = await written(shop)
    payload = await do(shop, "passwordReset", {"token": letter.token, "password": NEW_PASSWORD}, "user { id }")
    assert code(payload) == "INVALID_TOKEN"
    assert code(await do(shop, "userEmailChangeConfirm", {"token": letter.token}, "user { id }")) == "INVALID_TOKEN"


async def test_an_address_without_an_account_gets_no_letter(shop: Shop) -> None:
    assert (await do(shop, "passwordResetRequest", {"email": "nobody@shop.example"}, "accepted"))["accepted"]
    assert await written(shop) == []


async def test_a_changed_password_is_told_to_its_owner(shop: Shop) -> None:
    ann = await person(shop)
    change = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    assert (await do(shop, "userPasswordChange", change, "user { id }", ann.actor))["userErrors"] == []
    (notice,) = await written(shop)
    assert (notice.to, notice.link) == (ann.user.email, "")


async def wish(shop: Shop, ann: Person, address: str) -> None:
    given = {"newEmail": address, "password": PASSWORD}
    payload = await do(shop, "userEmailChangeRequest", given, "accepted", ann.actor)
    assert payload == {"accepted": True, "userErrors": []}


async def test_a_new_address_is_confirmed_there_and_told_to_the_former_one(shop: Shop) -> None:
    ann = await person(shop)
    await wish(shop, ann, "Ann.Lee@Elsewhere.Example")
    (letter,) = await written(shop)
    assert (letter.to, letter.link) == ("ann.lee@elsewhere.example", f"{ADDRESS}/account/confirm-email")
    changed = await do(shop, "userEmailChangeConfirm", {"token": letter.token}, "user { email emailVerified }")
    assert changed["user"] == {"email": "ann.lee@elsewhere.example", "emailVerified": True}
    _, notice = await written(shop)
    assert (notice.to, notice.link) == (ann.user.email, "")
    assert "a***@elsewhere.example" in notice.text
    assert "ann.lee" not in notice.text


async def test_a_wish_that_waited_while_the_password_was_changed_comes_to_nothing(shop: Shop) -> None:
    """Whoever knew the former password may have had the letter sent to an address of theirs."""
    ann = await person(shop)
    await wish(shop, ann, "eve@elsewhere.example")
    change = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    assert (await do(shop, "userPasswordChange", change, "user { id }", ann.actor))["userErrors"] == []
    (letter,) = await written(shop)
    assert (letter.to, letter.link) == (ann.user.email, "")


async def test_a_link_of_before_the_password_was_changed_is_void(shop: Shop) -> None:
    ann = await person(shop)
    await wish(shop, ann, "eve@elsewhere.example")
    (to_eve,) = await written(shop)
    change = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    assert (await do(shop, "userPasswordChange", change, "user { id }", ann.actor))["userErrors"] == []
    assert code(await do(shop, "userEmailChangeConfirm", {"token": to_eve.token}, "user { id }")) == "INVALID_TOKEN"
    await written(shop)
    assert await sql.value(shop.database, "SELECT count(*) FROM one_time_tokens WHERE purpose = 'change_email'") == 0


async def test_a_taken_address_gets_no_letter_and_nobody_is_told(shop: Shop) -> None:
    ann, ben = await person(shop), await person(shop)
    await wish(shop, ann, ben.user.email)
    await wish(shop, ann, ann.user.email)
    assert await written(shop) == []


async def test_an_address_that_is_taken_meanwhile_is_not_given_twice(shop: Shop) -> None:
    ann = await person(shop)
    await wish(shop, ann, "new@shop.example")
    (letter,) = await written(shop)
    await register(shop, "new@shop.example")
    payload = await do(shop, "userEmailChangeConfirm", {"token": letter.token}, "user { id }")
    assert payload == {"user": None, "userErrors": [{"code": "TAKEN", "field": ["token"]}]}


async def test_who_has_left_gets_no_letter(shop: Shop) -> None:
    ann = await person(shop)
    await do(shop, "emailVerificationRequest", {}, "accepted", ann.actor)
    await do(shop, "passwordResetRequest", {"email": ann.user.email}, "accepted")
    await wish(shop, ann, "new@shop.example")
    gone = await do(shop, "userDelete", {"password": PASSWORD}, "deletedUserId", ann.actor)
    assert gone["userErrors"] == []
    assert await written(shop) == []
    assert await sql.value(shop.database, "SELECT count(*) FROM outbox") == 0


async def test_links_in_letters_of_before_are_void_when_the_address_has_changed(shop: Shop) -> None:
    ann = await person(shop)
    await do(shop, "emailVerificationRequest", {}, "accepted", ann.actor)
    await do(shop, "passwordResetRequest", {"email": ann.user.email}, "accepted")
    await wish(shop, ann, "new@shop.example")
    by_page = {letter.link.rpartition("/")[2]: letter.token for letter in await written(shop)}
    await do(shop, "userEmailChangeConfirm", {"token": by_page["confirm-email"]}, "user { id }")
    assert code(await do(shop, "emailVerify", {"token": by_page["verify-email"]}, "user { id }")) == "INVALID_TOKEN"
    reset = {"token": by_page["reset-password"], "password": NEW_PASSWORD}
    assert code(await do(shop, "passwordReset", reset, "user { id }")) == "INVALID_TOKEN"


async def test_every_event_that_the_domain_writes_is_carried_out(shop: Shop) -> None:
    topics = {topic for file in DOMAIN for topic in re.findall(r"\bEvent\(\s*\"([a-z_.]+)\"", file.read_text())}
    assert "user.created" in topics
    assert topics <= routes(shop.consumers, UNANSWERED).keys()


async def test_letters_wait_for_a_mail_server_that_is_away(empty_database: ConnectionSettings, tmp_path: Path) -> None:
    async with listening(Catcher()) as catcher:
        url = f"smtp://127.0.0.1:{catcher.port}"
    settings = read_settings(
        database_url=empty_database.url, public_url=ADDRESS, souk_home=tmp_path, smtp_url=url, mail_from="Souk <a@b.c>"
    )
    with capture_logs():
        async with open_shop(settings, None, GenerousLimiter()) as shop:
            await register(shop)
            await all_turns(shop)
            for _ in range(7):
                await make_due(shop)
                assert await shop.relay.turn() == 1
            await make_due(shop)
            async with listening(Catcher(), port=catcher.port) as back:
                assert await shop.relay.turn() == 1
                assert await shop.relay.turn() == 0
    (letter,) = letters.sent(back.messages())
    assert (letter.to, letter.link) == ("ann@shop.example", f"{ADDRESS}/account/verify-email")


async def make_due(shop: Shop) -> None:
    await sql.run(shop.database, "UPDATE outbox SET due_at = now()")


async def test_a_letter_that_is_refused_for_good_is_put_aside(
    empty_database: ConnectionSettings, tmp_path: Path
) -> None:
    async with listening(Catcher({"RCPT": "550 5.1.1 no such user"})) as catcher:
        url = f"smtp://127.0.0.1:{catcher.port}"
        settings = read_settings(database_url=empty_database.url, public_url=ADDRESS, souk_home=tmp_path, smtp_url=url)
        with capture_logs():
            async with open_shop(settings, None, GenerousLimiter()) as shop:
                await register(shop)
                await all_turns(shop)
                error = "SELECT error FROM outbox WHERE parked_at IS NOT NULL"
                assert await sql.value(shop.database, error) == "MailRefused"


async def test_of_two_letters_with_the_same_purpose_the_first_link_used_makes_the_other_void(shop: Shop) -> None:
    ann = await person(shop)
    other = await signed_in(shop, ann.user)
    for actor in (ann.actor, other.actor):
        await do(shop, "emailVerificationRequest", {}, "accepted", actor)
    first, second = await written(shop)
    assert (await do(shop, "emailVerify", {"token": second.token}, "user { id }"))["userErrors"] == []
    assert code(await do(shop, "emailVerify", {"token": first.token}, "user { id }")) == "INVALID_TOKEN"
