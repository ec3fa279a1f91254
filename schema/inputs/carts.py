"""What clients send about carts."""

import strawberry
from strawberry import UNSET

from schema.inputs.idempotency import UNGUESSABLE_KEY, idempotency_key
from schema.inputs.users import AddressInput
from schema.scalars import ID, CurrencyCode


def expected_version() -> int | None:
    return strawberry.field(
        default=UNSET,
        description="The version that the cart must have, or nothing is changed and the cart is returned.",
    )


@strawberry.input(description="So many units of one variant.")
class CartLineInput:
    variant_id: ID = strawberry.field(description="The variant.")
    quantity: int = strawberry.field(default=1, description="How many units, 1 to 10,000.")


@strawberry.input(description="Another quantity for a line.")
class CartLineUpdateInput:
    line_id: ID = strawberry.field(description="The line.")
    quantity: int = strawberry.field(description="How many units; 0 removes the line.")


@strawberry.input(description="Who buys.")
class BuyerIdentityInput:
    email: str | None = strawberry.field(default=UNSET, description="Where letters about the order go.")
    phone: str | None = strawberry.field(default=UNSET, description="A telephone number for the carrier.")


@strawberry.input(description="A new cart.")
class CartCreateInput:
    lines: list[CartLineInput] | None = strawberry.field(default=UNSET, description="What is in it.")
    buyer_identity: BuyerIdentityInput | None = strawberry.field(default=UNSET, description="Who buys.")
    currency_code: CurrencyCode | None = strawberry.field(
        default=UNSET, description="The currency: one of the shop's `currencies`."
    )
    idempotency_key: str | None = idempotency_key(UNGUESSABLE_KEY)


@strawberry.input(description="What is added to a cart.")
class CartLinesAddInput:
    cart_id: ID = strawberry.field(description="The cart.")
    lines: list[CartLineInput] = strawberry.field(description="What is added; a variant stays one line.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Other quantities in a cart.")
class CartLinesUpdateInput:
    cart_id: ID = strawberry.field(description="The cart.")
    lines: list[CartLineUpdateInput] = strawberry.field(description="The lines that change.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="What is taken out of a cart.")
class CartLinesRemoveInput:
    cart_id: ID = strawberry.field(description="The cart.")
    line_ids: list[ID] = strawberry.field(description="The lines.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Who buys what is in a cart.")
class CartBuyerIdentityUpdateInput:
    cart_id: ID = strawberry.field(description="The cart.")
    buyer_identity: BuyerIdentityInput = strawberry.field(description="Who buys; what is left out stays.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Where a cart's contents go.")
class CartShippingAddressSetInput:
    cart_id: ID = strawberry.field(description="The cart.")
    address: AddressInput = strawberry.field(description="Where it goes.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Whom a cart is invoiced to.")
class CartBillingAddressSetInput:
    cart_id: ID = strawberry.field(description="The cart.")
    address: AddressInput = strawberry.field(description="Whom it is invoiced to; the shipping address, if never set.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="How a cart's contents are shipped.")
class CartShippingMethodSelectInput:
    cart_id: ID = strawberry.field(description="The cart.")
    shipping_method_id: ID = strawberry.field(description="One of the cart's `shippingMethods`.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A discount code for a cart.")
class CartDiscountCodeApplyInput:
    cart_id: ID = strawberry.field(description="The cart.")
    code: str = strawberry.field(description="The code; capitals do not matter.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A discount code that a cart goes without.")
class CartDiscountCodeRemoveInput:
    cart_id: ID = strawberry.field(description="The cart.")
    code: str = strawberry.field(description="The code; capitals do not matter.")
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()
