"""What each mutation is sent in the matrix of access: something that would be done, were it for whoever sends it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from domain.shared.clock import now
from domain.users.one_time import OneTimeToken, Purpose
from domain.users.tokens import digest, new_secret
from resolvers import global_ids
from tests.graphql import access_paying as paying
from tests.graphql import access_shopping as shopping
from tests.graphql.access_world import World, session_of
from tests.people import PASSWORD, Person

Input = Mapping[str, Any]
Sends = Callable[[World, Person], Awaitable[Input]]
"""Made for a person: with their password, their tokens, the ids of what is theirs."""

NEWCOMER = "Newly"
"""The first name of whoever registers."""
_numbers = count(1)
_NEW_PASSWORD = "another four random words"
_PLACE = {"line1": "2 New Street", "city": "Hull", "countryCode": "GB"}


def _fresh_address() -> str:
    return f"new{next(_numbers)}-{new_secret()[:8].lower().replace('_', 'x').replace('-', 'x')}@shop.example"


async def _token(world: World, one: Person, purpose: Purpose, email: str) -> str:
    secret = new_secret()
    token = OneTimeToken(digest(secret), one.user.id, purpose, email, now() + timedelta(hours=1))
    async with world.shop.services.accounts.begin() as work:
        await work.one_time_tokens.add(token)
        await work.commit()
    return secret


async def _address(world: World, one: Person) -> str:
    [address, *_] = (await world.shop.readers.addresses.of_users([one.user.id]))[one.user.id]
    return global_ids.encode("SavedAddress", address.id)


async def _registers(_: World, __: Person) -> Input:
    return {"email": _fresh_address(), "password": PASSWORD, "firstName": NEWCOMER, "lastName": "Arrived"}


async def _signs_in(_: World, one: Person) -> Input:
    return {"email": one.user.email, "password": PASSWORD}


async def _refreshes(_: World, one: Person) -> Input:
    return {"refreshToken": one.tokens.refresh_token}


async def _verifies(world: World, one: Person) -> Input:
    return {"token": await _token(world, one, Purpose.VERIFY_EMAIL, one.user.email)}


async def _asks_for_a_reset(_: World, one: Person) -> Input:
    return {"email": one.user.email}


async def _resets(world: World, one: Person) -> Input:
    token = await _token(world, one, Purpose.RESET_PASSWORD, one.user.email)
    return {"token": token, "password": _NEW_PASSWORD}


async def _confirms_another_address(world: World, one: Person) -> Input:
    return {"token": await _token(world, one, Purpose.CHANGE_EMAIL, _fresh_address())}


async def _sends_nothing(_: World, __: Person) -> Input:
    return {}


async def _ends_all_other_sessions(_: World, __: Person) -> Input:
    return {"allOthers": True}


async def _ends_a_session(_: World, one: Person) -> Input:
    return {"id": global_ids.encode("Session", session_of(one))}


async def _changes_the_password(_: World, __: Person) -> Input:
    return {"currentPassword": PASSWORD, "newPassword": _NEW_PASSWORD}


async def _asks_for_another_address(_: World, __: Person) -> Input:
    return {"newEmail": _fresh_address(), "password": PASSWORD}


async def _renames(_: World, __: Person) -> Input:
    return {"firstName": "Renamed"}


async def _erases(_: World, __: Person) -> Input:
    return {"password": PASSWORD}


async def _adds_an_address(_: World, __: Person) -> Input:
    return {"address": _PLACE, "makeDefault": True}


async def _changes_an_address(world: World, one: Person) -> Input:
    return {"id": await _address(world, one), "address": _PLACE}


async def _removes_an_address(world: World, one: Person) -> Input:
    return {"id": await _address(world, one)}


async def _makes_an_administrator(_: World, one: Person) -> Input:
    return {"userId": global_ids.encode("User", one.user.id), "role": "ADMIN"}


SENDS: Mapping[str, Sends] = {
    "userRegister": _registers,
    "userLogin": _signs_in,
    "tokenRefresh": _refreshes,
    "userLogout": _sends_nothing,
    "sessionRevoke": _ends_all_other_sessions,
    "emailVerificationRequest": _sends_nothing,
    "emailVerify": _verifies,
    "passwordResetRequest": _asks_for_a_reset,
    "passwordReset": _resets,
    "userPasswordChange": _changes_the_password,
    "userEmailChangeRequest": _asks_for_another_address,
    "userEmailChangeConfirm": _confirms_another_address,
    "userUpdate": _renames,
    "userDelete": _erases,
    "userAddressCreate": _adds_an_address,
    "userAddressUpdate": _changes_an_address,
    "userAddressDelete": _removes_an_address,
    "userRoleSet": _makes_an_administrator,
    "cartCreate": shopping.creates,
    "cartLinesAdd": shopping.adds_lines,
    "cartLinesUpdate": shopping.updates_lines,
    "cartLinesRemove": shopping.removes_lines,
    "cartBuyerIdentityUpdate": shopping.identifies_the_buyer,
    "cartShippingAddressSet": shopping.sets_an_address,
    "cartBillingAddressSet": shopping.sets_an_address,
    "cartShippingMethodSelect": shopping.selects_shipping,
    "cartDiscountCodeApply": shopping.applies_a_code,
    "cartDiscountCodeRemove": shopping.removes_a_code,
    "orderPlace": shopping.places,
    "orderCancel": shopping.cancels,
    "paymentCreate": paying.pays_again,
    "paymentConfirm": paying.pays,
    "paymentCapture": paying.captures,
    "paymentCancel": paying.lets_go,
    "refundCreate": paying.pays_back,
    "paymentMethodSetup": paying.keeps_a_method,
    "savedPaymentMethodDelete": paying.forgets_a_method,
    "orderAccessTokenRevoke": shopping.revokes_a_token,
    "fulfillmentCreate": shopping.packs,
    "fulfillmentUpdate": shopping.ships,
    "fulfillmentCancel": shopping.unpacks,
    "orderNoteAdd": shopping.notes,
    "inventoryAdjust": shopping.counts,
    "discountCodeCreate": shopping.creates_a_code,
    "discountCodeUpdate": shopping.switches_a_code_off,
    "shippingRateSet": shopping.sets_a_shipping_rate,
    "taxRateSet": shopping.sets_a_tax,
    "providerEventReplay": shopping.replays,
}


OF_A_CART = {name for name in SENDS if name.startswith("cart") and name != "cartCreate"}


@dataclass(frozen=True, slots=True)
class Target:
    """A mutation acts on a thing that its input names by id."""

    mutation: str
    argument: str
    kind: str
    sends: Sends
    for_staff: bool = False
    staff_too: bool = False

    @property
    def name(self) -> str:
        return f"{self.mutation}.{self.argument}"


TARGETS = [
    Target("sessionRevoke", "id", "Session", _ends_a_session),
    Target("userAddressUpdate", "id", "SavedAddress", _changes_an_address),
    Target("userAddressDelete", "id", "SavedAddress", _removes_an_address),
    Target("userRoleSet", "userId", "User", _makes_an_administrator, for_staff=True),
    *(Target(name, "cartId", "Cart", sends) for name, sends in SENDS.items() if name in OF_A_CART),
    Target("orderPlace", "cartId", "Cart", shopping.places),
    Target("orderCancel", "id", "Order", shopping.cancels, staff_too=True),
    Target("paymentCreate", "orderId", "Order", paying.pays_again, staff_too=True),
    Target("paymentConfirm", "paymentId", "Payment", paying.pays, staff_too=True),
    Target("paymentCapture", "paymentId", "Payment", paying.captures, for_staff=True),
    Target("paymentCancel", "paymentId", "Payment", paying.lets_go, for_staff=True),
    Target("refundCreate", "orderId", "Order", paying.pays_back, for_staff=True),
    Target("refundCreate", "paymentId", "Payment", paying.pays_back, for_staff=True),
    Target("savedPaymentMethodDelete", "id", "SavedPaymentMethod", paying.forgets_a_method),
    Target("orderAccessTokenRevoke", "orderId", "Order", shopping.revokes_a_token, staff_too=True),
    Target("fulfillmentCreate", "orderId", "Order", shopping.packs, for_staff=True),
    Target("fulfillmentUpdate", "id", "Fulfillment", shopping.ships, for_staff=True),
    Target("fulfillmentCancel", "id", "Fulfillment", shopping.unpacks, for_staff=True),
    Target("orderNoteAdd", "orderId", "Order", shopping.notes, for_staff=True),
    Target("inventoryAdjust", "variantId", "ProductVariant", shopping.counts, for_staff=True),
    Target("discountCodeUpdate", "id", "DiscountCode", shopping.switches_a_code_off, for_staff=True),
    Target("shippingRateSet", "id", "ShippingRate", shopping.sets_a_shipping_rate, for_staff=True),
    Target("taxRateSet", "id", "TaxRate", shopping.sets_a_tax, for_staff=True),
    Target("providerEventReplay", "id", "ProviderEvent", shopping.replays, for_staff=True),
]
UNTARGETED = {
    # a guest's cart is taken over, or left alone without a word
    *(("userRegister", "cartId"), ("userLogin", "cartId")),
    # what it names is signed
    ("orderPlace", "quoteId"),
    # only the buyer's own can be used: `test_saved_methods.py`
    *(("orderPlace", "savedPaymentMethodId"), ("paymentCreate", "savedPaymentMethodId")),
    # lines of the cart or order that is named beside them
    *(("cartLinesUpdate", "lines.lineId"), ("cartLinesRemove", "lineIds")),
    *(("fulfillmentCreate", "lines.orderLineId"), ("refundCreate", "lines.orderLineId")),
    # everybody can see what there is of these
    *(("cartCreate", "lines.variantId"), ("cartLinesAdd", "lines.variantId")),
    *(("cartShippingMethodSelect", "shippingMethodId"), ("discountCodeCreate", "categoryIds")),
}
"""Ids in inputs that tell nothing of anybody's, or that tests of their own are about."""
