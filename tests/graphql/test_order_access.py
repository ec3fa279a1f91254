"""A guest's access token opens the order until it is revoked, by who has it or by staff."""

import asyncio
from uuid import UUID

import pytest

from domain.users.user import ANONYMOUS, Actor, UserRole
from resolvers import global_ids
from tests.graphql.asking import data
from tests.graphql.ordering import ERRORS, Counter, Json, kinds
from tests.people import person

REVOKE = f"""mutation($input: OrderAccessTokenRevokeInput!) {{ orderAccessTokenRevoke(input: $input) {{
  order {{ id email lines {{ quantity }} }} accessToken {ERRORS} }} }}"""
NOT_FOUND = [("NotFoundError", "NOT_FOUND")]


async def revoke(counter: Counter, order: str, actor: Actor = ANONYMOUS, **more: object) -> Json:
    answer = await data(counter.shop, REVOKE, {"input": {"orderId": order, **more}}, actor)
    return answer["orderAccessTokenRevoke"]


async def refused(counter: Counter, order: str, actor: Actor = ANONYMOUS, **more: object) -> None:
    before = await counter.everything()
    answer = await revoke(counter, order, actor, **more)
    assert (answer["order"], answer["accessToken"], kinds(answer["userErrors"])) == (None, None, NOT_FOUND)
    assert answer["userErrors"][0]["field"] == ["orderId"]
    assert await counter.everything() == before


async def bought(counter: Counter) -> tuple[str, str]:
    """A guest's order, and its token."""
    answer = await counter.bought(await counter.stall.cart({await counter.stall.variant(10): 1}))
    return answer["order"]["id"], answer["accessToken"]


async def opens_nothing(counter: Counter, order: str, token: str) -> None:
    assert await counter.find(token=token) is None
    assert kinds((await counter.cancel(order, accessToken=token))["userErrors"]) == NOT_FOUND
    await refused(counter, order, accessToken=token)
    nested = "query($id: ID!, $token: String) { order(accessToken: $token) { id } node(id: $id) { id } }"
    assert await data(counter.shop, nested, {"id": order, "token": token}) == {"order": None, "node": None}


async def test_who_has_the_token_gets_another_one_for_it(counter: Counter) -> None:
    order, old = await bought(counter)
    other, others = await bought(counter)
    answer = await revoke(counter, order, accessToken=old)
    new = answer["accessToken"]
    assert (answer["order"]["id"], answer["userErrors"]) == (order, [])
    assert answer["order"]["lines"] == [{"quantity": 1}]
    assert new not in {None, old}
    await opens_nothing(counter, order, old)
    found = await counter.find(token=new)
    assert found is not None
    assert found["id"] == order
    # nobody else's is touched
    assert await counter.find(token=others) is not None
    await refused(counter, other, accessToken=new)


async def test_staff_revokes_a_token_and_gets_none(counter: Counter) -> None:
    order, token = await bought(counter)
    admin = (await person(counter.shop, UserRole.ADMIN)).actor
    answer = await revoke(counter, order, admin)
    assert (answer["order"]["id"], answer["accessToken"], answer["userErrors"]) == (order, None, [])
    await opens_nothing(counter, order, token)
    assert await counter.find(admin, id=order) is not None


async def test_nobody_else_revokes_a_token(counter: Counter) -> None:
    order, token = await bought(counter)
    other, _ = await bought(counter)
    for actor in (ANONYMOUS, (await person(counter.shop)).actor):
        await refused(counter, order, actor)
        await refused(counter, order, actor, accessToken=token[:-2])
        await refused(counter, other, actor, accessToken=token)
        await refused(counter, global_ids.encode("Product", UUID(int=1)), actor, accessToken=token)
    assert await counter.find(token=token) is not None


async def test_of_two_who_use_a_token_at_once_one_gets_the_new_one(counter: Counter) -> None:
    order, old = await bought(counter)
    answers = await asyncio.gather(*(revoke(counter, order, accessToken=old) for _ in range(6)))
    [new] = [answer["accessToken"] for answer in answers if answer["accessToken"]]
    assert await counter.find(token=new) is not None
    assert sorted(len(answer["userErrors"]) for answer in answers) == [0, 1, 1, 1, 1, 1]


async def test_an_answer_that_was_lost_can_be_asked_for_again(counter: Counter) -> None:
    order, old = await bought(counter)
    first = await revoke(counter, order, accessToken=old, idempotencyKey="lost")
    again = await revoke(counter, order, accessToken=old, idempotencyKey="lost")
    assert again["accessToken"] == first["accessToken"]
    assert await counter.find(token=first["accessToken"]) is not None


@pytest.mark.parametrize("role", UserRole)
async def test_an_order_with_an_account_has_no_token_to_revoke(counter: Counter, role: UserRole) -> None:
    owner = await person(counter.shop)
    variant = await counter.stall.variant(10)
    order = (await counter.bought(await counter.stall.cart({variant: 1}, owner.user.id), owner.actor))["order"]["id"]
    actor = owner.actor if role is UserRole.CUSTOMER else (await person(counter.shop, role)).actor
    answer = await revoke(counter, order, actor)
    assert (answer["order"]["id"], answer["accessToken"], answer["userErrors"]) == (order, None, [])
    await refused(counter, order)
    await refused(counter, order, (await person(counter.shop)).actor)
