"""What a cart comes to: its cost, how it can be shipped, and what stands in the way of placing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.carts.cart import Cart, CartLine, CartLineId
from domain.carts.quotes import Quote
from domain.pricing.basket import Basket, EnteredCode, PricedLine
from domain.pricing.redemption import CartDiscountCode
from domain.pricing.shipping import ShippingMethod, ShippingRate, methods
from domain.pricing.taxes import TaxRate, applicable
from domain.pricing.totals import Cost, LineCost, cost_of, goods_of
from domain.products.category import CategoryId
from domain.products.inventory import VariantId
from domain.products.product import ProductVariant
from domain.shared.errors import UserErrorCode
from domain.shared.money import Money

UNKNOWN_CODE = "There is no such code."


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant as the shop offers it now.

    `category_ids` are its product's category and all above it; of a cart without codes, which alone ask for them, none.
    """

    variant: ProductVariant
    product_name: str
    for_sale: bool
    category_ids: frozenset[CategoryId]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the shop says about a cart at the moment."""

    offers: Mapping[VariantId, Offer]
    rates: Sequence[ShippingRate]
    taxes: Sequence[TaxRate]
    codes: Mapping[str, EnteredCode]


@dataclass(frozen=True, slots=True)
class PricedCartLine:
    """A line with what it costs now; `total` is after discount, and with taxes."""

    line: CartLine
    unit_price: Money
    cost: LineCost

    @property
    def id(self) -> CartLineId:
        return self.line.id

    @property
    def variant_id(self) -> VariantId:
        return self.line.variant_id

    @property
    def quantity(self) -> int:
        return self.line.quantity

    @property
    def subtotal(self) -> Money:
        return self.cost.subtotal

    @property
    def discount(self) -> Money:
        return self.cost.discount

    @property
    def total(self) -> Money:
        return self.cost.total


@dataclass(frozen=True, slots=True)
class CartProblem:
    """Why a cart cannot be placed yet, or what changed since it was filled; `blocks` tells one from the other."""

    code: UserErrorCode
    message: str
    line: PricedCartLine | None = None
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Checkout:
    """A cart, reckoned up."""

    cart: Cart
    cost: Cost
    lines: Sequence[PricedCartLine]
    methods: Sequence[ShippingMethod]
    method: ShippingMethod | None
    codes: Sequence[CartDiscountCode]
    problems: Sequence[CartProblem]
    quote: Quote | None

    @property
    def obstacles(self) -> Sequence[CartProblem]:
        return [problem for problem in self.problems if problem.blocks]


def reckon(cart: Cart, facts: Facts, at: datetime) -> Checkout:
    """Lines whose variant is gone are left out; the database drops them with the variant."""
    present = [line for line in cart.lines if line.variant_id in facts.offers]
    lines = [_priced(line, facts.offers[line.variant_id]) for line in present]
    entered = [facts.codes[code] for code in cart.codes if code in facts.codes]
    taxes = _taxes(cart, facts)
    goods = goods_of(Basket(cart.currency_code, at, lines, entered))
    weight = Basket(cart.currency_code, at, lines).weight_grams
    country = cart.shipping_address and cart.shipping_address.country_code
    offered = methods(facts.rates, country, weight, goods) if country and lines else ()
    method = next((one for one in offered if one.id == cart.shipping_rate_id), None)
    cost = cost_of(Basket(cart.currency_code, at, lines, entered, method, taxes))
    unknown = [CartDiscountCode(code, UNKNOWN_CODE, None) for code in cart.codes if code not in facts.codes]
    priced = [PricedCartLine(one, facts.offers[one.variant_id].variant.price, cost.lines[one.id]) for one in present]
    problems = [*_line_problems(priced, facts), *_gaps(cart, offered, method, is_empty=not present)]
    prices = {line.id: line.unit_price for line in priced}
    blocked = any(problem.blocks for problem in problems)
    return Checkout(
        cart=cart,
        cost=cost,
        lines=priced,
        methods=offered,
        method=method,
        codes=[*cost.codes, *unknown],
        problems=problems,
        quote=None if blocked else Quote.of(cart, cost, prices, at),
    )


def _priced(line: CartLine, offer: Offer) -> PricedLine:
    variant = offer.variant
    return PricedLine(line.id, variant.price, line.quantity, variant.weight_grams, offer.category_ids)


def _taxes(cart: Cart, facts: Facts) -> Sequence[TaxRate]:
    address = cart.shipping_address
    return applicable(facts.taxes, address.country_code, address.region) if address else ()


def _line_problems(lines: Sequence[PricedCartLine], facts: Facts) -> Sequence[CartProblem]:
    problems: list[CartProblem] = []
    for line in lines:
        offer = facts.offers[line.variant_id]
        name = f"{offer.product_name}, {offer.variant.title}"
        stock = offer.variant.inventory
        if not offer.for_sale:
            gone = f"{name} is no longer for sale: remove it."
            problems.append(CartProblem(UserErrorCode.NOT_AVAILABLE, gone, line))
        elif stock.tracked and stock.available < line.quantity:
            few = f"{name}: {line.quantity} are wanted, and {stock.available} in stock."
            problems.append(CartProblem(UserErrorCode.INSUFFICIENT_STOCK, few, line))
        seen = line.line.seen_price
        if line.unit_price != seen:
            now = f"{name} costs {line.unit_price.amount} now; it was {seen.amount}."
            problems.append(CartProblem(UserErrorCode.QUOTE_CHANGED, now, line, blocks=False))
    return problems


def _gaps(
    cart: Cart, offered: Sequence[ShippingMethod], method: ShippingMethod | None, *, is_empty: bool
) -> Sequence[CartProblem]:
    if is_empty:
        return [CartProblem(UserErrorCode.CART_EMPTY, "The cart is empty.")]
    problems: list[CartProblem] = []
    if not cart.email:
        problems.append(CartProblem(UserErrorCode.CART_INCOMPLETE, "The buyer's e-mail address is missing."))
    if cart.shipping_address is None:
        problems.append(CartProblem(UserErrorCode.CART_INCOMPLETE, "The shipping address is missing."))
    elif not offered:
        nowhere = "Nothing that is in the cart can be shipped to this address."
        problems.append(CartProblem(UserErrorCode.SHIPPING_NOT_AVAILABLE, nowhere))
    elif cart.shipping_rate_id is None:
        problems.append(CartProblem(UserErrorCode.CART_INCOMPLETE, "A shipping method is to be selected."))
    elif method is None:
        other = "The selected shipping method is not offered for this cart any more: select another."
        problems.append(CartProblem(UserErrorCode.SHIPPING_NOT_AVAILABLE, other))
    return problems
