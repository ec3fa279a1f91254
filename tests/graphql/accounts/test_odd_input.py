"""Odd texts in every place that takes one, as clients send them over HTTP: clear errors, never a failure of ours."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from itertools import product
from typing import Any

import httpx
import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType
from httpx import Response

from server.app import build_app
from server.graphql.core import without_non_null
from server.settings import read_settings
from tests import sizes
from tests.conftest import Templates
from tests.generous import GenerousLimiter
from tests.graphql.accounts.mutations import HOME, SELECTIONS, field_of, input_type
from tests.people import PASSWORD, person

MEGABYTE = 1_000_000
ODD = {
    "nothing": "",
    "blanks": " \t\n\r\u00a0\u3000 ",
    "NUL": "Ann\0Lee",
    "controls": "\x01\x1b[31m\x7f\x85",
    "half a pair": "\ud83d",
    "emoji": "👩\u200d🚀🌵" * 3,
    "HTML": "<script>alert(1)</script>",
    "quotes": "'; DROP TABLE users; --\"",
    "look-alike": "аnn@shop.example",  # noqa: RUF001  (a Cyrillic letter is the point)
    "override": "\u202egpj.exe",
    "zero width": "\u200b\ufeff\u2060",
    "no character": "\uffff\ufdd0",
    "combining": "e" + "\u0301" * 500,
    "300 characters": "x" * 300,
    "9,999 characters": "🌵" * 9_999,
    "10,001 characters": "x" * 10_001,
}
BASE: Mapping[str, Mapping[str, Any]] = {
    "userRegister": {"email": "new@shop.example", "password": PASSWORD, "firstName": "New", "lastName": "Person"},
    "userLogin": {"email": "ann@shop.example", "password": PASSWORD},
    "tokenRefresh": {"refreshToken": "x"},
    "userLogout": {"everywhere": False},
    "sessionRevoke": {"id": "x"},
    "emailVerificationRequest": {},
    "emailVerify": {"token": "x"},
    "passwordResetRequest": {"email": "ann@shop.example"},
    "passwordReset": {"token": "x", "password": PASSWORD},
    "userPasswordChange": {"currentPassword": "x", "newPassword": "another four random words"},
    "userEmailChangeRequest": {"newEmail": "new@shop.example", "password": "x"},
    "userEmailChangeConfirm": {"token": "x"},
    "userUpdate": {"firstName": "Ann"},
    "userDelete": {"password": "x"},
    "userAddressCreate": {"address": HOME},
    "userAddressUpdate": {"id": "x", "address": HOME},
    "userAddressDelete": {"id": "x"},
    "userRoleSet": {"userId": "x", "role": "CUSTOMER"},
}
HASHING = {"userRegister", "userLogin", "passwordReset", "userPasswordChange", "userEmailChangeRequest", "userDelete"}


@pytest.fixture(scope="module")
def odd_url(templates: Templates) -> Generator[str]:
    with templates.clone("empty") as database:
        yield database.url


@pytest.fixture(scope="module")
async def client(odd_url: str) -> AsyncGenerator[httpx.AsyncClient]:
    settings = read_settings(database_url=odd_url, public_url="http://shop.example")
    app = build_app(settings, limiter=GenerousLimiter())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shop.example", timeout=60) as opened,
    ):
        opened.headers.update((await person(app.state.shop)).headers)
        yield opened


def texts(name: str) -> Iterator[tuple[str, ...]]:
    """The paths of all texts in the input of a mutation."""
    yield from _texts(input_type(name))


def _texts(type_: GraphQLInputObjectType) -> Iterator[tuple[str, ...]]:
    for field, declared in type_.fields.items():
        inner, _ = without_non_null(declared.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from ((field, *rest) for rest in _texts(inner))
        elif not isinstance(inner, GraphQLEnumType) and getattr(inner, "name", "") != "Boolean":
            yield (field,)


def put(base: Mapping[str, Any], path: tuple[str, ...], text: object) -> dict[str, Any]:
    [first, *rest] = path
    return {**base, first: put(base.get(first, {}), tuple(rest), text) if rest else text}


async def post(client: httpx.AsyncClient, name: str, given: Mapping[str, Any], **more: Any) -> Response:
    document = f"mutation(${name}: {input_type(name)}!) {{ {field_of(name)} }}"
    # as many clients write it: ASCII alone, half a surrogate pair among it
    body = json.dumps({"query": document, "variables": {name: given}})
    return await client.post("/graphql", content=body, headers={"content-type": "application/json"}, **more)


def understood(answer: Response) -> bool:
    """Whether it is an answer that tells a client what is wrong, or that nothing is."""
    body = answer.json()
    if answer.status_code == 200 and not body.get("errors"):
        return all(error["message"] for payload in body["data"].values() for error in payload["userErrors"])
    codes = {error["extensions"]["code"] for error in body["errors"]}
    return answer.status_code in {200, 400, 401, 413} and codes <= {"BAD_USER_INPUT", "BODY_TOO_LARGE"}


@pytest.mark.parametrize("name", BASE)
async def test_whatever_stands_where_a_text_is_expected_the_answer_is_clear(
    client: httpx.AsyncClient, name: str
) -> None:
    places = list(product(texts(name), ODD))[:: sizes.ODD_TEXTS_APART if name in HASHING else 1]
    answers = await asyncio.gather(*(post(client, name, put(BASE[name], path, ODD[what])) for path, what in places))
    for place, answer in zip(places, answers, strict=True):
        assert understood(answer), (place, answer.text)


@pytest.mark.parametrize("name", BASE)
@pytest.mark.parametrize("value", [None, 5, 1.5, True, [], {}, ["x"], {"x": "y"}], ids=repr)
async def test_whatever_stands_there_instead_of_a_text_the_answer_is_clear(
    client: httpx.AsyncClient, name: str, value: object
) -> None:
    for path in texts(name):
        answer = await post(client, name, put(BASE[name], path, value))
        assert understood(answer), (path, answer.text)


def test_every_mutation_is_tried() -> None:
    assert set(BASE) == set(SELECTIONS)


@pytest.mark.parametrize("name", ["userRegister", "userLogin", "passwordReset"])
async def test_a_password_of_a_megabyte_is_refused_before_anybody_looks_at_it(
    client: httpx.AsyncClient, name: str
) -> None:
    answer = await post(client, name, {**BASE[name], "password": "x" * MEGABYTE})
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


@pytest.mark.parametrize("field", ["email", "password", "firstName"])
@pytest.mark.parametrize("what", ["NUL", "half a pair", "10,001 characters"])
async def test_what_no_text_can_hold_is_refused_wherever_it_stands(
    client: httpx.AsyncClient, field: str, what: str
) -> None:
    answer = await post(client, "userRegister", {**BASE["userRegister"], field: ODD[what]})
    assert answer.status_code in {200, 400}
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_USER_INPUT"]


async def test_an_address_that_looks_like_anothers_is_not_taken_for_it(client: httpx.AsyncClient) -> None:
    answer = await post(client, "userRegister", {**BASE["userRegister"], "email": ODD["look-alike"]})
    [error] = answer.json()["data"]["userRegister"]["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["email"])


async def test_a_password_may_have_any_signs_and_lets_its_owner_in_by_no_other(client: httpx.AsyncClient) -> None:
    for number, password in enumerate(["🌵🦊🌙🍋🚲🎻🧭🪁", "\u202eabcdefgh", "  two blanks at each end  "]):
        new = {**BASE["userRegister"], "email": f"odd{number}@shop.example", "password": password}
        assert (await post(client, "userRegister", new)).json()["data"]["userRegister"]["userErrors"] == []
        for tried, errors in ((password, 0), (password.strip("\u202e ") + "x", 1)):
            login = {"email": new["email"], "password": tried}
            found = (await post(client, "userLogin", login)).json()["data"]["userLogin"]
            assert len(found["userErrors"]) == errors


async def test_names_come_out_as_they_were_written(client: httpx.AsyncClient) -> None:
    names = ('O\'Brien & "Söhne"', "李雷雷", "👩\u200d🚀 Jo")
    for name in names:
        answer = await post(client, "userUpdate", {"firstName": name, "lastName": name})
        assert answer.json()["data"]["userUpdate"]["user"]["firstName"] == name
