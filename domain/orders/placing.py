"""From a cart to an order. The order is there, and its stock is reserved, before any money moves."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from domain.carts.cart import CartId
from domain.carts.carts import opened
from domain.carts.changes import changes
from domain.carts.checkout import CartProblem, Checkout, Facts, reckon
from domain.carts.errors import QuoteChanged
from domain.carts.quotes import Signer, read
from domain.orders.errors import CartNotReady, InsufficientStock
from domain.orders.order import (
    LONGEST_NOTE,
    UNPAID,
    Order,
    OrderFulfillmentStatus,
    OrderId,
    OrderLine,
    OrderLineId,
    OrderPaymentStatus,
    OrderStatus,
    ShippingMethodSnapshot,
    new_number,
)
from domain.orders.progress import Progress
from domain.orders.work import OrdersWork
from domain.pricing.totals import Amounts
from domain.shared.clock import Clock
from domain.shared.errors import DomainError, InvalidInput, SeveralErrors, UserErrorCode
from domain.shared.events import Event
from domain.shared.ids import uuid7
from domain.shared.money import Money
from domain.users.user import Actor

NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Placement:
    """The cart that is to be placed, and what the buyer was shown of it."""

    cart_id: CartId
    quote_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that is written, but for which nothing is reserved yet.

    `access_token` is what guests look at it by again.
    """

    progress: Progress
    checkout: Checkout
    facts: Facts
    access_token: str | None


@dataclass(frozen=True, slots=True)
class OrderPlacing:
    signer: Signer
    clock: Clock

    async def draft(self, work: OrdersWork, actor: Actor, placement: Placement) -> Draft:
        """Write an order for a cart, as part of `work`, all of which fails with it.

        Raises:
            NotFound: it is not there, or somebody else's.
            CartCompleted: it was placed before.
            SeveralErrors: something stands in the way: InsufficientStock or CartNotReady for each thing.
            QuoteChanged: the quote is not what would be charged.
            InvalidInput: the quote is none of ours, or the note too long.
        """
        if placement.note is not None and len(placement.note) > LONGEST_NOTE:
            raise InvalidInput("note", f"must have at most {LONGEST_NOTE:,} characters.", UserErrorCode.TOO_LONG)
        cart = opened(await work.carts.lock(placement.cart_id), actor)
        facts, at = await work.carts.facts(cart), self.clock()
        checkout = reckon(cart, facts, at)
        self._require(checkout, facts, placement.quote_id)
        order, lines = self._order(checkout, facts, placement.note)
        await self._redeem(work, facts, order)
        nonce = None if order.user_id is not None else secrets.token_bytes(NONCE_BYTES)
        await work.orders.add(order, lines, cart.id, nonce)
        work.happened(Event("order.placed", order.id))
        token = None if nonce is None else self.signer.signed(order.id.bytes + nonce)
        return Draft(Progress.begun(order), checkout, facts, token)

    async def reserve(self, work: OrdersWork, draft: Draft) -> None:
        """Reserve the stock. It comes last, as others wait for the same variants until `work` ends.

        Raises:
            InsufficientStock: somebody else was faster.
        """
        await _reserve(work, draft.checkout, draft.facts, draft.progress.order)

    def _require(self, checkout: Checkout, facts: Facts, quote_id: str | None) -> None:
        if checkout.obstacles:
            raise SeveralErrors([_error(problem, facts) for problem in checkout.obstacles])
        if quote_id is None:
            return
        quote = read(quote_id, self.signer)
        if quote is None or quote.cart_id != checkout.cart.id:
            raise InvalidInput("quoteId", "is not a quote of this cart; ask for its `quote`.")
        found = changes(quote, checkout, self.clock())
        if found:
            raise QuoteChanged(quote.total, checkout.cost.total, found)

    def _order(self, checkout: Checkout, facts: Facts, note: str | None) -> tuple[Order, Sequence[OrderLine]]:
        cart, cost, at = checkout.cart, checkout.cost, self.clock()
        if cart.shipping_address is None or checkout.method is None or cart.email is None:
            raise CartNotReady("The cart is not complete.", UserErrorCode.CART_INCOMPLETE)
        order_id = OrderId(uuid7())
        order = Order(
            id=order_id,
            number=new_number(),
            status=OrderStatus.PENDING,
            payment_status=OrderPaymentStatus.PENDING,
            fulfillment_status=OrderFulfillmentStatus.UNFULFILLED,
            email=cart.email,
            user_id=cart.user_id,
            cost=Amounts(
                cost.subtotal, cost.discount, cost.shipping, cost.tax, cost.total, cost.tax_lines, cost.tax_included
            ),
            discount_codes=[code.code for code in checkout.codes if code.applicable],
            shipping_address=cart.shipping_address,
            billing_address=cart.billing_address,
            shipping_method=ShippingMethodSnapshot(checkout.method.name, cost.shipping),
            note=note or None,
            events=1,
            placed_at=at,
            expires_at=at + UNPAID,
            confirmed_at=None,
            completed_at=None,
            canceled_at=None,
            cancel_reason=None,
            amount_captured=Money.zero(cost.total.currency_code),
            amount_refunded=Money.zero(cost.total.currency_code),
            updated_at=at,
        )
        return order, _lines(order_id, checkout, facts)

    async def _redeem(self, work: OrdersWork, facts: Facts, order: Order) -> None:
        """Codes in one order, as variants are: two carts with the same codes wait for each other, not for ever."""
        used = [facts.codes[code].discount for code in order.discount_codes]
        for discount in sorted(used, key=lambda one: one.id):
            if not await work.orders.redeem(discount.id, order.id, order.user_id, order.email):
                gone = f"The code {discount.code} has been used up: go without it."
                raise CartNotReady(gone, UserErrorCode.DISCOUNT_NOT_APPLICABLE)


def _lines(order_id: OrderId, checkout: Checkout, facts: Facts) -> Sequence[OrderLine]:
    # lines are shown by their ids, so these rise as the cart's lines go
    identities = sorted(OrderLineId(uuid7()) for _ in checkout.lines)
    return [
        OrderLine(
            id=identity,
            order_id=order_id,
            variant_id=line.variant_id,
            product_name=facts.offers[line.variant_id].product_name,
            variant_title=facts.offers[line.variant_id].variant.title,
            sku=facts.offers[line.variant_id].variant.sku,
            quantity=line.quantity,
            quantity_fulfilled=0,
            quantity_refunded=0,
            quantity_canceled=0,
            quantity_returned=0,
            unit_price=line.unit_price,
            discount=line.discount,
            tax=line.cost.tax,
            total=line.total,
        )
        for identity, line in zip(identities, checkout.lines, strict=True)
    ]


async def _reserve(work: OrdersWork, checkout: Checkout, facts: Facts, order: Order) -> None:
    """Raises: InsufficientStock: somebody else was faster."""
    wanted = {line.variant_id: line.quantity for line in checkout.lines}
    lacking = await work.orders.reserve(wanted)
    if lacking is not None:
        offer, left = facts.offers[lacking], await work.orders.available(lacking)
        name = f"{offer.product_name}, {offer.variant.title}"
        raise InsufficientStock(offer.variant, name, wanted[lacking], left)
    await work.orders.book(order.id, order.placed_at)


def _error(problem: CartProblem, facts: Facts) -> DomainError:
    if problem.code is UserErrorCode.INSUFFICIENT_STOCK and problem.line is not None:
        offer, wanted = facts.offers[problem.line.variant_id], problem.line.quantity
        name = f"{offer.product_name}, {offer.variant.title}"
        return InsufficientStock(offer.variant, name, wanted, offer.variant.inventory.available)
    return CartNotReady(problem.message, problem.code)
