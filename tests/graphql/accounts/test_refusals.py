"""Every expected failure of every mutation about accounts: what clients are told, and that nothing was changed."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from domain.users.user import ANONYMOUS, Actor, UserRole
from resolvers import global_ids
from server.wiring import Shop
from tests.conftest import Templates
from tests.graphql.accounts.mutations import (
    HOME,
    SELECTIONS,
    Errors,
    everything,
    opened,
    send,
    session_id,
    user_id,
)
from tests.people import PASSWORD, Person, person, signed_in


@dataclass(frozen=True, slots=True)
class People:
    ann: Person
    ben: Person
    admin: Person
    ended: Person
    """Who has signed out."""
    bens_address: str

    def actor(self, name: str) -> Person | Actor:
        return ANONYMOUS if name == "anonymous" else getattr(self, name)


@pytest.fixture(scope="module")
def refusals_url(templates: Templates) -> Generator[str]:
    with templates.clone("empty") as settings:
        yield settings.url


@pytest.fixture(scope="module")
async def shop(refusals_url: str) -> AsyncGenerator[Shop]:
    """One for these tests alone: they need to know its only administrator, and all that is in its database."""
    async with opened(refusals_url) as made:
        yield made


@pytest.fixture(scope="module")
async def people(shop: Shop) -> People:
    ann, ben = await person(shop, email="ann@shop.example"), await person(shop)
    saved = await send(shop, "userAddressCreate", {"address": HOME}, ben)
    ended = await signed_in(shop, ann.user)
    await send(shop, "userLogout", {}, ended)
    admin = await person(shop, UserRole.ADMIN)
    return People(ann, ben, admin, ended, saved.done["address"]["id"])


Given = Callable[[People], Mapping[str, Any]]
NEW = {"email": "new@shop.example", "password": PASSWORD, "firstName": "New", "lastName": "Person"}
SIGNED_IN = {
    "userLogout": {},
    "sessionRevoke": {"allOthers": True},
    "emailVerificationRequest": {},
    "userPasswordChange": {"currentPassword": PASSWORD, "newPassword": "another four random words"},
    "userEmailChangeRequest": {"newEmail": "new@shop.example", "password": PASSWORD},
    "userUpdate": {"firstName": "Other"},
    "userDelete": {"password": PASSWORD},
    "userAddressCreate": {"address": HOME},
    "userAddressUpdate": {"id": "x", "makeDefault": True},
    "userAddressDelete": {"id": "x"},
}
SESSION, ADDRESS, NOBODY = (global_ids.encode(kind, UUID(int=1)) for kind in ("Session", "SavedAddress", "User"))
JUNK = ("", "x", "x" * 3_000, "🌵", "00000000-0000-0000-0000-000000000000")
WRONG: Errors = [("AuthenticationError", "INVALID_CREDENTIALS", None)]
NO_TOKEN: Errors = [("AuthenticationError", "INVALID_TOKEN", None)]
KEYED = {
    "userRegister": NEW,
    "userLogin": {"email": "ann@shop.example", "password": PASSWORD},
    "emailVerificationRequest": {},
    "userUpdate": {"firstName": "Other"},
    "userAddressCreate": {"address": HOME},
    "userAddressUpdate": {"id": ADDRESS},
}


def invalid(field: str, code: str = "INVALID") -> Errors:
    return [("ValidationError", code, field.split("."))]


def missing(field: str = "id") -> Errors:
    return [("NotFoundError", "NOT_FOUND", [field])]


# who, which mutation, with what, and what it is told
CASES: list[tuple[str, str, Mapping[str, Any] | Given, Errors]] = [
    ("anonymous", "userRegister", NEW | {"email": " "}, invalid("email", "REQUIRED")),
    ("anonymous", "userRegister", NEW | {"email": "nobody"}, invalid("email")),
    ("anonymous", "userRegister", NEW | {"email": f"{'x' * 300}@shop.example"}, invalid("email", "TOO_LONG")),
    ("anonymous", "userRegister", NEW | {"email": " ANN@Shop.example"}, [("ConflictError", "TAKEN", ["email"])]),
    ("anonymous", "userRegister", NEW | {"password": "short"}, invalid("password", "TOO_SHORT")),
    ("anonymous", "userRegister", NEW | {"password": "x" * 257}, invalid("password", "TOO_LONG")),
    ("anonymous", "userRegister", NEW | {"password": "Password1"}, invalid("password", "PASSWORD_TOO_WEAK")),
    ("anonymous", "userRegister", NEW | {"password": "new@shop.example"}, invalid("password", "PASSWORD_TOO_WEAK")),
    ("anonymous", "userRegister", NEW | {"firstName": ""}, invalid("firstName", "REQUIRED")),
    ("anonymous", "userRegister", NEW | {"firstName": "A"}, invalid("firstName", "TOO_SHORT")),
    ("anonymous", "userRegister", NEW | {"lastName": "x" * 101}, invalid("lastName", "TOO_LONG")),
    ("anonymous", "userRegister", NEW | {"lastName": "<b>"}, invalid("lastName")),
    (
        "anonymous",
        "userRegister",
        {"email": "x", "password": "x", "firstName": "\u202eAnn", "lastName": " "},
        invalid("email") + invalid("firstName") + invalid("lastName", "REQUIRED") + invalid("password", "TOO_SHORT"),
    ),
    ("anonymous", "userLogin", {"email": "nobody@shop.example", "password": PASSWORD}, WRONG),
    ("anonymous", "userLogin", {"email": "ann@shop.example", "password": PASSWORD + " "}, WRONG),
    ("anonymous", "userLogin", {"email": "", "password": ""}, WRONG),
    ("anonymous", "userLogin", {"email": "x" * 9_000, "password": "x" * 9_000}, WRONG),
    *(("anonymous", "tokenRefresh", {"refreshToken": junk}, NO_TOKEN) for junk in JUNK),
    ("anonymous", "tokenRefresh", lambda people: {"refreshToken": people.ann.tokens.access_token}, NO_TOKEN),
    ("anonymous", "tokenRefresh", lambda people: {"refreshToken": people.ended.tokens.refresh_token}, NO_TOKEN),
    *(("anonymous", "emailVerify", {"token": junk}, NO_TOKEN) for junk in JUNK),
    *(("anonymous", "passwordReset", {"token": junk, "password": PASSWORD}, NO_TOKEN) for junk in JUNK),
    *(("anonymous", "userEmailChangeConfirm", {"token": junk}, NO_TOKEN) for junk in JUNK),
    ("anonymous", "emailVerify", lambda people: {"token": people.ann.tokens.refresh_token}, NO_TOKEN),
    ("anonymous", "passwordReset", {"token": "x", "password": "short"}, invalid("password", "TOO_SHORT")),
    ("anonymous", "passwordReset", {"token": "x", "password": "Iloveyou"}, invalid("password", "PASSWORD_TOO_WEAK")),
    ("anonymous", "passwordResetRequest", {"email": "nobody"}, invalid("email")),
    ("anonymous", "passwordResetRequest", {"email": ""}, invalid("email", "REQUIRED")),
    ("ann", "sessionRevoke", {}, invalid("id")),
    ("ann", "sessionRevoke", {"id": SESSION, "allOthers": True}, invalid("id")),
    ("ann", "sessionRevoke", {"id": SESSION}, missing()),
    ("ann", "sessionRevoke", {"id": "junk"}, missing()),
    ("ann", "sessionRevoke", lambda people: {"id": session_id(people.ben)}, missing()),
    ("ann", "sessionRevoke", lambda people: {"id": session_id(people.ended)}, missing()),
    ("ann", "sessionRevoke", lambda people: {"id": user_id(people.ann)}, missing()),
    ("admin", "sessionRevoke", lambda people: {"id": session_id(people.ann)}, missing()),
    (
        "ann",
        "userPasswordChange",
        {"currentPassword": "wrong", "newPassword": "another four random words"},
        [("AuthenticationError", "INVALID_CREDENTIALS", ["currentPassword"])],
    ),
    (
        "ann",
        "userPasswordChange",
        {"currentPassword": PASSWORD, "newPassword": "short"},
        invalid("newPassword", "TOO_SHORT"),
    ),
    (
        "ann",
        "userPasswordChange",
        {"currentPassword": PASSWORD, "newPassword": "ann@shop.example"},
        invalid("newPassword", "PASSWORD_TOO_WEAK"),
    ),
    ("ann", "userEmailChangeRequest", {"newEmail": "nobody", "password": PASSWORD}, invalid("newEmail")),
    (
        "ann",
        "userEmailChangeRequest",
        {"newEmail": "new@shop.example", "password": "wrong"},
        [("AuthenticationError", "INVALID_CREDENTIALS", ["password"])],
    ),
    ("ann", "userUpdate", {"firstName": "A"}, invalid("firstName", "TOO_SHORT")),
    (
        "ann",
        "userUpdate",
        {"firstName": "", "lastName": "An\u200bn"},
        invalid("firstName", "REQUIRED") + invalid("lastName"),
    ),
    ("ann", "userDelete", {"password": "wrong"}, [("AuthenticationError", "INVALID_CREDENTIALS", ["password"])]),
    ("admin", "userDelete", {"password": PASSWORD}, [("ConflictError", "CONFLICT", None)]),
    (
        "ann",
        "userAddressCreate",
        {"address": {"line1": " ", "city": "x" * 101, "countryCode": "XX", "phone": "\u202e1"}},
        invalid("address.line1", "REQUIRED")
        + invalid("address.city", "TOO_LONG")
        + invalid("address.countryCode")
        + invalid("address.phone"),
    ),
    ("ann", "userAddressUpdate", {"id": ADDRESS, "address": HOME}, missing()),
    ("ann", "userAddressUpdate", {"id": "junk", "makeDefault": True}, missing()),
    ("ann", "userAddressUpdate", lambda people: {"id": people.bens_address, "address": HOME}, missing()),
    (
        "ben",
        "userAddressUpdate",
        lambda people: {"id": people.bens_address, "address": HOME | {"city": ""}},
        invalid("address.city", "REQUIRED"),
    ),
    ("ann", "userAddressDelete", {"id": ADDRESS}, missing()),
    ("ann", "userAddressDelete", lambda people: {"id": people.bens_address}, missing()),
    ("admin", "userAddressDelete", lambda people: {"id": people.bens_address}, missing()),
    ("admin", "userRoleSet", {"userId": NOBODY, "role": "ADMIN"}, missing("userId")),
    ("admin", "userRoleSet", {"userId": ADDRESS, "role": "ADMIN"}, missing("userId")),
    (
        "admin",
        "userRoleSet",
        lambda people: {"userId": user_id(people.admin), "role": "CUSTOMER"},
        [("ConflictError", "CONFLICT", ["role"])],
    ),
    (
        "ann",
        "userRoleSet",
        lambda people: {"userId": user_id(people.ann), "role": "ADMIN"},
        [("PermissionError", "FORBIDDEN", None)],
    ),
    (
        "anonymous",
        "userRoleSet",
        {"userId": NOBODY, "role": "ADMIN"},
        [("AuthenticationError", "UNAUTHENTICATED", None)],
    ),
    *(
        ("anonymous", name, given, [("AuthenticationError", "UNAUTHENTICATED", None)])
        for name, given in SIGNED_IN.items()
    ),
    *(("ended", name, given, NO_TOKEN) for name, given in SIGNED_IN.items()),
    ("ended", "userRegister", NEW, NO_TOKEN),
    *(
        (
            "anonymous" if name in {"userRegister", "userLogin"} else "ann",
            name,
            {**given, "idempotencyKey": key},
            invalid("idempotencyKey", "OUT_OF_RANGE"),
        )
        for name, given in KEYED.items()
        for key in ("", "x" * 256)
    ),
]


@pytest.mark.parametrize(("who", "name", "given", "expected"), CASES)
async def test_what_cannot_be_done_says_why_and_changes_nothing(
    shop: Shop, people: People, who: str, name: str, given: Mapping[str, Any] | Given, expected: Errors
) -> None:
    sent = given(people) if callable(given) else given
    before = await everything(shop)
    reply = await send(shop, name, sent, people.actor(who))
    assert reply.refused == expected
    for error in reply.payload["userErrors"]:
        if error["__typename"] == "NotFoundError":
            assert error["id"] == sent[error["field"][0]]
    assert await everything(shop) == before


def test_every_mutation_has_a_failure_here_and_every_one_with_a_key_is_known() -> None:
    assert {name for _, name, _, _ in CASES} == set(SELECTIONS)


async def test_refusals_say_nothing_about_whether_there_is_an_account(shop: Shop, people: People) -> None:
    """Nor do the answers to who asks for a new password, or for another's address."""
    wrong = [
        (await send(shop, "userLogin", {"email": email, "password": "wrong"})).payload
        for email in (people.ann.user.email, "nobody@shop.example", "no address")
    ]
    assert wrong[0] == wrong[1] == wrong[2]
    asked = [
        (await send(shop, "passwordResetRequest", {"email": email})).payload
        for email in (people.ann.user.email, "nobody@shop.example")
    ]
    assert asked[0] == asked[1] == {"accepted": True, "userErrors": []}
    wished = [
        (await send(shop, "userEmailChangeRequest", {"newEmail": new, "password": PASSWORD}, people.ann)).payload
        for new in (people.ben.user.email, "nobody@shop.example")
    ]
    assert wished[0] == wished[1] == {"accepted": True, "userErrors": []}
