"""A shop with somebody who has everything that can belong to somebody, and those who want to see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Column, ColumnElement, Table, Uuid, any_, select, true

from adapters.access_tokens import JwtAccessTokens
from domain.shared.clock import now
from domain.shared.ids import uuid7
from domain.users.address import Address, AddressId, SavedAddress
from domain.users.user import Client, SessionId, UserId, UserRole
from persistence.effects import outbox
from persistence.metadata import METADATA
from persistence.statements import Statement, parameters
from persistence.users.tables import refresh_tokens, sessions, users
from resolvers import global_ids
from server import wiring
from server.demo.reading import read_catalogue
from server.keys import key_ring
from server.wiring import Shop
from tests.graphql.access_goods import PARCEL, Goods, stocked
from tests.graphql.paid_goods import NOTE
from tests.people import Person, person, signed_in

Rows = Mapping[str, Sequence[str]]

PRODUCT = next(one for one in read_catalogue().products if one.status.value == "active" and one.variants[0].cost_price)
VARIANT = PRODUCT.variants[0]
DEVICE = Client("198.51.100.77", "Canary/77")
HOME = Address(
    line1="77 Canary Row",
    city="Leeds",
    country_code="GB",
    first_name="Canary",
    last_name="Bird",
    company="Canaries Ltd",
    line2="Cage 7",
    region="West Yorkshire",
    postal_code="LS1 7CB",
    phone="+44 113 496 0077",
)
ELSEWHERE = Address("1 Plain Street", "York", "GB")
CATALOGUE = {name for name in METADATA.tables if name.startswith(("categor", "product", "variant", "shop"))}
"""Tables with nothing personal in them; all others are watched."""


class Viewer(Enum):
    ANONYMOUS = "anonymous"
    OWNER = "the owner"
    OTHER = "another customer"
    ADMIN = "an administrator"
    EXPIRED = "the owner with a token that is too old"
    REVOKED = "the owner with a token of a session that ended"
    EXPIRED_ADMIN = "an administrator with a token that is too old"
    REVOKED_ADMIN = "an administrator with a token of a session that ended"

    @property
    def is_believed(self) -> bool:
        return self in BELIEVED


BELIEVED = (Viewer.ANONYMOUS, Viewer.OWNER, Viewer.OTHER, Viewer.ADMIN)


@dataclass(frozen=True, slots=True)
class World:
    """`owner`, `other` and `admin` stay as they are: who changes something changes `somebody` new."""

    shop: Shop
    client: httpx.AsyncClient
    owner: Person
    other: Person
    admin: Person
    home: AddressId
    goods: Goods
    tokens: Mapping[Viewer, str | None]
    truths: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    @property
    def variables(self) -> Mapping[str, str]:
        """What the documents of the matrix name."""
        return {
            "user": global_ids.encode("User", self.owner.user.id),
            "address": global_ids.encode("SavedAddress", self.home),
            "session": global_ids.encode("Session", session_of(self.owner)),
            "email": self.owner.user.email,
            "sku": VARIANT.sku or "",
            "slug": PRODUCT.slug,
            "variant": global_ids.encode("ProductVariant", VARIANT.id),
            **self.goods.variables,
        }

    @property
    def canaries(self) -> Sequence[str]:
        """Texts that stand nowhere but in what is the owner's."""
        ids = (self.owner.user.id, self.home, session_of(self.owner), self.goods.cart.id, self.goods.cart.lines[0].id)
        texts = (self.owner.user.email, DEVICE.user_agent or "", HOME.line1, self.goods.number, NOTE, PARCEL)
        return [*texts, *map(str, ids)]

    async def ask(
        self, token: str | None, document: str, variables: Mapping[str, object] | None = None
    ) -> httpx.Response:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        sent = {"query": document, "variables": variables or {}}
        return await self.client.post("/graphql", json=sent, headers=headers)

    async def somebody(self, role: UserRole = UserRole.CUSTOMER) -> Person:
        """A new one, with addresses, who is signed in at another device as well."""
        new = await person(self.shop, role)
        await give_home(self.shop, new.user.id)
        return await signed_in(self.shop, new.user)

    async def everything(self) -> Rows:
        """All that the database knows of people."""
        return await self._rows(EVERYTHING)

    async def all_of(self, *people: UserId) -> Rows:
        """All that it knows of some of them."""
        return await self._rows(OF_PEOPLE, people=list(people))

    async def _rows(self, which: Mapping[str, Statement], **values: object) -> Rows:
        async with self.shop.database.transaction() as transaction:
            return {
                name: sorted(map(repr, await transaction.fetch(statement, values))) for name, statement in which.items()
            }


def _selecting(which: Mapping[Table, ColumnElement[bool]]) -> Mapping[str, Statement]:
    return {table.name: Statement(select(table).where(condition)) for table, condition in which.items()}


EVERYTHING = _selecting({table: true() for name, table in METADATA.tables.items() if name not in CATALOGUE})


def _is_ours(table: Table) -> bool:
    return isinstance(_column(table, "user_id").type, Uuid)


def _column(table: Table, name: str) -> Column[UUID]:
    return table.c[name]


def session_of(one: Person) -> SessionId:
    assert one.actor.session_id is not None
    return one.actor.session_id


async def give_home(shop: Shop, user_id: UserId, place: Address = ELSEWHERE) -> AddressId:
    """`place` as the default, and another address."""
    at, identity = now(), AddressId(uuid7())
    async with shop.services.accounts.begin() as work:
        await work.addresses.add(SavedAddress(identity, user_id, place, is_default=True, created_at=at))
        second = SavedAddress(AddressId(uuid7()), user_id, ELSEWHERE, is_default=False, created_at=at)
        await work.addresses.add(second)
        await work.commit()
    return identity


async def world(shop: Shop, client: httpx.AsyncClient) -> World:
    roles = (UserRole.CUSTOMER, UserRole.CUSTOMER, UserRole.ADMIN)
    first, other, admin = [await person(shop, role) for role in roles]
    home = await give_home(shop, first.user.id, HOME)
    for one in (other, admin):
        await give_home(shop, one.user.id)
    goods = await stocked(shop, first, admin, VARIANT.id, HOME)
    gone = [await _signed_out(shop, one) for one in (first, admin)]
    owner = await signed_in(shop, first.user, DEVICE)
    tokens = {
        Viewer.ANONYMOUS: None,
        Viewer.OWNER: owner.tokens.access_token,
        Viewer.OTHER: other.tokens.access_token,
        Viewer.ADMIN: admin.tokens.access_token,
        Viewer.EXPIRED: expired(shop, owner),
        Viewer.REVOKED: gone[0],
        Viewer.EXPIRED_ADMIN: expired(shop, admin),
        Viewer.REVOKED_ADMIN: gone[1],
    }
    return World(shop, client, owner, other, admin, home, goods, tokens)


async def _signed_out(shop: Shop, one: Person) -> str:
    """A token that is good for minutes, of a session that has ended."""
    again = await signed_in(shop, one.user)
    await shop.services.authentication.sign_out(again.actor, everywhere=False)
    return again.tokens.access_token


def expired(shop: Shop, one: Person) -> str:
    """Ours in every respect, issued an hour ago, for a session that stands."""
    keys, address = key_ring(shop.settings), shop.settings.address
    tokens = JwtAccessTokens(keys, issuer=address, audience=wiring.AUDIENCE, clock=_an_hour_ago)
    return tokens.issue(one.user.id, session_of(one), one.user.role).text


def _an_hour_ago() -> datetime:
    return now() - timedelta(hours=1)


def _of_people() -> Mapping[str, Statement]:
    anybody = any_(parameters("people", Uuid()))
    theirs = select(sessions.c.id).where(sessions.c.user_id == anybody)
    # a provider's books write our ids as text
    owned = [table for table in METADATA.tables.values() if "user_id" in table.c and _is_ours(table)]
    return _selecting(
        {
            **{table: _column(table, "user_id") == anybody for table in owned},
            users: users.c.id == anybody,
            refresh_tokens: refresh_tokens.c.session_id.in_(theirs),
            outbox: outbox.c.key == anybody,
        }
    )


OF_PEOPLE = _of_people()
