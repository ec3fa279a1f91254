"""Carts: what somebody means to buy, reckoned up."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from domain.carts import cart, checkout, errors, quotes
from domain.pricing import redemption, shipping
from domain.shared.errors import UserErrorCode
from resolvers import carts as resolvers
from schema.addresses import Address
from schema.costs import Cost
from schema.errors import UserError, user_errors
from schema.money import Money
from schema.nodes import Node
from schema.rendering import identity, loaded, mutation, pays_out, renders, resolved, result, shown
from schema.scalars import ID, CurrencyCode

if TYPE_CHECKING:
    from schema.orders import Order
    from schema.products import ProductVariant
    from schema.users import User


@strawberry.type(description="So many units of one variant, at what they cost now.")
@renders(checkout.PricedCartLine)
class CartLine(Node):
    id: ID = identity()
    variant: Annotated["ProductVariant", strawberry.lazy("schema.products")] = loaded(
        "any_variant", key="variant_id", description="The variant."
    )
    quantity: int = shown("How many units.")
    unit_price: Money = shown("What one unit costs.")
    subtotal: Money = shown("What they cost before discounts.")
    discount: Money = shown("What discount codes take off.")
    total: Money = shown("What is to be paid for them, with taxes.")


@strawberry.type(description="Who buys, as far as is known.")
@renders(cart.BuyerIdentity)
class BuyerIdentity:
    email: str | None = shown("Where letters about the order go.")
    phone: str | None = shown("A telephone number for the carrier.")
    user: Annotated["User", strawberry.lazy("schema.users")] | None = loaded(
        "user", key="user_id", description="The buyer's account; null for guests."
    )


@strawberry.type(description="What came of a discount code.")
@renders(redemption.CartDiscountCode)
class CartDiscountCode:
    code: str = shown("The code.")
    applicable: bool = shown("Whether it holds for this cart.")
    reason: str | None = shown("Why it does not; null when it does.")
    amount: Money | None = shown("What it takes off; null when it does not hold.")


@strawberry.type(description="What will be charged when the cart is placed with it, unless a change is told.")
@renders(quotes.Quote)
class Quote:
    id: ID = resolved(resolvers.quote_id, "To be sent with `orderPlace`.")
    total: Money = shown("What will be charged.")
    expires_at: datetime = shown("Until when it holds.")


@strawberry.type(description="Why a cart cannot be placed yet, or what changed since it was filled.")
@renders(checkout.CartProblem)
class CartProblem:
    code: UserErrorCode = shown("What kind of problem, for programs.")
    message: str = shown("What it is, for people.")
    line: CartLine | None = shown("The line that it is about; null when it is about the whole cart.")


@strawberry.type(description="A way in which a cart can be shipped.")
@renders(shipping.ShippingMethod)
class ShippingMethod(Node):
    id: ID = identity()
    name: str = shown("What it is called.")
    description: str | None = shown("What else there is to know.")
    price: Money = shown("What it costs, for this cart.")
    min_days: int | None = shown("The fewest days it takes.")
    max_days: int | None = shown("The most days it takes.")


@strawberry.type(description="What somebody means to buy. A guest's cart belongs to whoever knows its id.")
@renders(cart.Cart)
class Cart(Node):
    id: ID = identity()
    version: int = shown("Grows by one with every change.")
    lines: list[CartLine] = resolved(resolvers.lines, "What is in it.")
    total_quantity: int = shown("How many units are in it, all together.")
    buyer_identity: BuyerIdentity = shown("Who buys.")
    shipping_address: Address | None = shown("Where it goes.")
    billing_address: Address | None = shown("Whom it is invoiced to; null: the same.")
    shipping_methods: list[ShippingMethod] = resolved(
        resolvers.methods, "How it can be shipped to its address, the cheapest way first."
    )
    shipping_method: ShippingMethod | None = resolved(resolvers.method, "How it will be shipped.")
    discount_codes: list[CartDiscountCode] = resolved(resolvers.codes, "The codes that were entered.")
    cost: Cost = resolved(resolvers.cost, "What it costs now.")
    quote: Quote | None = resolved(resolvers.quote, "What will be charged; null until it can be placed.")
    problems: list[CartProblem] = resolved(
        resolvers.problems, "Why it cannot be placed yet, or what changed since it was filled."
    )
    order: Annotated["Order", strawberry.lazy("schema.orders")] | None = loaded(
        "any_order", key="order_id", description="The order that it became; null while it is open."
    )
    currency_code: CurrencyCode = shown("The currency of its amounts.")
    created_at: datetime = shown("When it was begun.")
    updated_at: datetime = shown("When it was last changed.")


@strawberry.type(description="Returned when somebody else changed the cart meanwhile.")
@renders(errors.CartVersionConflict)
class CartVersionConflictError(UserError):
    cart: Cart = shown("The cart as it is now.")


@strawberry.type
class CartQueries:
    cart: Cart | None = resolved(resolvers.cart, "A cart by its id.")


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartCreatePayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartLinesAddPayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartLinesUpdatePayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartLinesRemovePayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartBuyerIdentityUpdatePayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartShippingAddressSetPayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartBillingAddressSetPayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartShippingMethodSelectPayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartDiscountCodeApplyPayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The cart as it is now.")
@pays_out(cart.Cart)
class CartDiscountCodeRemovePayload:
    cart: Cart | None = result("The cart as it is now.")
    user_errors: list[UserError] = user_errors()


def _held(found: cart.Cart) -> UUID:
    return found.owner


@strawberry.type
class CartMutations:
    cart_create: CartCreatePayload = mutation(
        resolvers.create, "Begin a cart; who is signed in has one, which is added to.", holds=_held
    )
    cart_lines_add: CartLinesAddPayload = mutation(resolvers.add_lines, "Put something into a cart.", holds=_held)
    cart_lines_update: CartLinesUpdatePayload = mutation(
        resolvers.update_lines, "Change quantities; 0 takes a line out.", holds=_held
    )
    cart_lines_remove: CartLinesRemovePayload = mutation(
        resolvers.remove_lines, "Take lines out of a cart.", holds=_held
    )
    cart_buyer_identity_update: CartBuyerIdentityUpdatePayload = mutation(
        resolvers.identify_buyer, "Say who buys.", holds=_held
    )
    cart_shipping_address_set: CartShippingAddressSetPayload = mutation(
        resolvers.set_shipping_address,
        "Say where it goes; that tells how it can be shipped, and its taxes.",
        holds=_held,
    )
    cart_billing_address_set: CartBillingAddressSetPayload = mutation(
        resolvers.set_billing_address, "Say whom it is invoiced to.", holds=_held
    )
    cart_shipping_method_select: CartShippingMethodSelectPayload = mutation(
        resolvers.select_shipping, "Choose how it is shipped.", holds=_held
    )
    cart_discount_code_apply: CartDiscountCodeApplyPayload = mutation(
        resolvers.apply_code, "Enter a discount code.", holds=_held
    )
    cart_discount_code_remove: CartDiscountCodeRemovePayload = mutation(
        resolvers.remove_code, "Go without a discount code.", holds=_held
    )
