"""Carts."""

from collections.abc import Sequence
from typing import Annotated, Protocol

import strawberry
from strawberry import Parent

from domain.carts.cart import Cart, CartId, CartLineId
from domain.carts.carts import Target
from domain.carts.checkout import CartProblem, Checkout, PricedCartLine
from domain.carts.quotes import Quote
from domain.pricing.redemption import CartDiscountCode
from domain.pricing.shipping import ShippingMethod, ShippingRateId
from domain.pricing.totals import Amounts
from domain.products.inventory import VariantId
from domain.shared.work import Once
from resolvers import global_ids
from resolvers.addresses import address_of
from resolvers.context import Info
from resolvers.paging import given
from resolvers.product_listing import bounded
from schema.inputs import carts as inputs
from schema.scalars import ID


class Aimed(Protocol):
    """An input that is about one cart."""

    cart_id: ID
    expected_version: int | None


async def cart(
    info: Info,
    id: Annotated[ID, strawberry.argument(description="The cart's id; a guest's needs nothing else.")],  # noqa: A002
) -> Cart | None:
    found = global_ids.of_type("Cart", id)
    loaded = None if found is None else await info.context.loaders.cart.load(CartId(found))
    if loaded is not None and loaded.user_id is None:
        info.context.hold(loaded.id)
    return loaded


async def reckoned(cart: Cart, info: Info) -> Checkout:
    found = await info.context.loaders.checkout.load(cart)
    if found is None:
        raise TypeError("every cart can be reckoned up")
    return found


async def lines(cart: Parent[Cart], info: Info) -> Sequence[PricedCartLine]:
    return (await reckoned(cart, info)).lines


async def cost(cart: Parent[Cart], info: Info) -> Amounts:
    return (await reckoned(cart, info)).cost


async def methods(cart: Parent[Cart], info: Info) -> Sequence[ShippingMethod]:
    return (await reckoned(cart, info)).methods


async def method(cart: Parent[Cart], info: Info) -> ShippingMethod | None:
    return (await reckoned(cart, info)).method


async def codes(cart: Parent[Cart], info: Info) -> Sequence[CartDiscountCode]:
    return (await reckoned(cart, info)).codes


async def problems(cart: Parent[Cart], info: Info) -> Sequence[CartProblem]:
    return (await reckoned(cart, info)).problems if cart.is_open else ()


async def quote(cart: Parent[Cart], info: Info) -> Quote | None:
    return (await reckoned(cart, info)).quote if cart.is_open else None


def quote_id(quote: Parent[Quote], info: Info) -> ID:
    return ID(quote.written(info.context.services.signer))


async def create(info: Info, input: inputs.CartCreateInput, once: Once | None) -> Cart:  # noqa: A002
    buyer = given(input.buyer_identity)
    email, phone = (given(buyer.email), given(buyer.phone)) if buyer else (None, None)
    wanted = _wanted(given(input.lines) or [])
    currency = given(input.currency_code)
    return await info.context.services.carts.create(info.context.actor, wanted, email, phone, currency, once)


async def add_lines(info: Info, input: inputs.CartLinesAddInput, once: Once | None) -> Cart:  # noqa: A002
    wanted = _wanted(input.lines)
    return await info.context.services.carts.add_lines(info.context.actor, _target(input), wanted, once)


async def update_lines(info: Info, input: inputs.CartLinesUpdateInput, once: Once | None) -> Cart:  # noqa: A002
    wanted = [
        (_line(line.line_id, f"lines.{number}.lineId"), line.quantity)
        for number, line in enumerate(bounded("lines", input.lines))
    ]
    return await info.context.services.carts.set_quantities(info.context.actor, _target(input), wanted, once)


async def remove_lines(info: Info, input: inputs.CartLinesRemoveInput, once: Once | None) -> Cart:  # noqa: A002
    ids = [_line(one, f"lineIds.{number}") for number, one in enumerate(bounded("lineIds", input.line_ids))]
    return await info.context.services.carts.remove_lines(info.context.actor, _target(input), ids, once)


async def identify_buyer(
    info: Info,
    input: inputs.CartBuyerIdentityUpdateInput,  # noqa: A002
    once: Once | None,
) -> Cart:
    email, phone = given(input.buyer_identity.email), given(input.buyer_identity.phone)
    service = info.context.services.carts
    return await service.identify_buyer(info.context.actor, _target(input), email, phone, once)


async def set_shipping_address(
    info: Info,
    input: inputs.CartShippingAddressSetInput,  # noqa: A002
    once: Once | None,
) -> Cart:
    address, service = address_of(input.address), info.context.services.carts
    return await service.set_shipping_address(info.context.actor, _target(input), address, once)


async def set_billing_address(
    info: Info,
    input: inputs.CartBillingAddressSetInput,  # noqa: A002
    once: Once | None,
) -> Cart:
    address, service = address_of(input.address), info.context.services.carts
    return await service.set_billing_address(info.context.actor, _target(input), address, once)


async def select_shipping(
    info: Info,
    input: inputs.CartShippingMethodSelectInput,  # noqa: A002
    once: Once | None,
) -> Cart:
    rate = ShippingRateId(
        global_ids.required("ShippingMethod", input.shipping_method_id, "shipping method", "shippingMethodId")
    )
    return _known(
        info, await info.context.services.carts.select_shipping(info.context.actor, _target(input), rate, once)
    )


async def apply_code(info: Info, input: inputs.CartDiscountCodeApplyInput, once: Once | None) -> Cart:  # noqa: A002
    service = info.context.services.carts
    return _known(info, await service.apply_code(info.context.actor, _target(input), input.code, once))


async def remove_code(info: Info, input: inputs.CartDiscountCodeRemoveInput, once: Once | None) -> Cart:  # noqa: A002
    return await info.context.services.carts.remove_code(info.context.actor, _target(input), input.code, once)


def _known(info: Info, checkout: Checkout) -> Cart:
    """The cart, of which nobody has to find out any more what it comes to."""
    info.context.loaders.checkout.prime(checkout.cart, checkout)
    return checkout.cart


def _target(sent: Aimed) -> Target:
    return Target(CartId(global_ids.required("Cart", sent.cart_id, "cart", "cartId")), given(sent.expected_version))


def _wanted(sent: Sequence[inputs.CartLineInput]) -> Sequence[tuple[VariantId, int]]:
    return [
        (_variant(line.variant_id, f"lines.{number}.variantId"), line.quantity)
        for number, line in enumerate(bounded("lines", sent))
    ]


def _variant(identity: ID, argument: str) -> VariantId:
    return VariantId(global_ids.required("ProductVariant", identity, "variant", argument))


def _line(identity: ID, argument: str) -> CartLineId:
    return CartLineId(global_ids.required("CartLine", identity, "line in this cart", argument))
