"""What is done with carts. Changes of one cart take turns, and each makes its version grow by one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.carts.cart import MOST_LINES, Cart, CartId, CartLineId, counted, new_cart_id
from domain.carts.checkout import Checkout, Facts, reckon
from domain.carts.errors import CartCompleted, CartVersionConflict
from domain.carts.work import BeginCartsWork, CartsWork
from domain.pricing import discounts
from domain.pricing.shipping import ShippingRateId
from domain.products.inventory import VariantId
from domain.shared.clock import Clock
from domain.shared.errors import InvalidInput, NotFound, UserErrorCode
from domain.shared.money import Money
from domain.shared.shop import ShopReader
from domain.shared.work import Once
from domain.users import person
from domain.users.address import Address, checked
from domain.users.person import EmailSyntax
from domain.users.reading import UserReader
from domain.users.user import Actor, UserId

LONGEST_PHONE = 40
Wanted = Sequence[tuple[VariantId, int]]
"""Variants and how many units of each, as they were sent."""
Change = Callable[[CartsWork, Cart], Awaitable[Cart]]


@dataclass(frozen=True, slots=True)
class Target:
    """The cart that is meant, and the version that it must have, if one is given."""

    cart_id: CartId
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Carts:
    begin: BeginCartsWork
    shop: ShopReader
    users: UserReader
    syntax: EmailSyntax
    clock: Clock

    async def create(
        self,
        actor: Actor,
        lines: Wanted,
        email: str | None = None,
        phone: str | None = None,
        currency_code: str | None = None,
        once: Once | None = None,
    ) -> Cart:
        """A new cart; somebody who is signed in has one open cart, to which the lines are added then.

        Raises:
            SeveralErrors, InvalidInput: something in it cannot be used.
            NotFound: a variant is not for sale.
        """
        _require_usable(lines)
        currency = (await self.shop.shop()).currency_code
        if currency_code not in {None, currency}:
            raise InvalidInput("currencyCode", f"must be {currency}.", UserErrorCode.CURRENCY_MISMATCH)
        given_email = None if email is None else person.email_address(self.syntax, email, "buyerIdentity.email")
        given_phone = _phone(phone)
        mine = given_email or await self._email_of(actor.user_id)
        async with self.begin(once, actor.user_id) as work:
            known = None if actor.user_id is None else await work.carts.lock_open(actor.user_id)
            cart = known or self._new(actor.user_id, currency)
            changed = cart.with_more(lines, await _prices(work, lines))
            changed = replace(changed, email=given_email or cart.email or mine, phone=given_phone or cart.phone)
            stored = await (work.carts.add(changed) if known is None else work.carts.save(changed))
            await work.commit(stored)
        return stored

    async def add_lines(self, actor: Actor, target: Target, lines: Wanted, once: Once | None = None) -> Cart:
        """Raises: see `_change`. NotFound: a variant is not for sale. InvalidInput: no or too many lines or units."""
        _require_some(lines, "lines")
        _require_usable(lines)

        async def change(work: CartsWork, cart: Cart) -> Cart:
            return cart.with_more(lines, await _prices(work, lines))

        return await self._change(actor, target, change, once)

    async def set_quantities(
        self, actor: Actor, target: Target, wanted: Sequence[tuple[CartLineId, int]], once: Once | None = None
    ) -> Cart:
        """Raises: see `_change`. NotFound: a line is not in the cart. InvalidInput: no line, or an odd quantity."""
        _require_some(wanted, "lines")
        changing = {identity for identity, _ in wanted}

        async def change(work: CartsWork, cart: Cart) -> Cart:
            variants = [line.variant_id for line in cart.lines if line.id in changing]
            return cart.with_quantities(wanted, await work.carts.prices(variants))

        return await self._change(actor, target, change, once)

    async def remove_lines(
        self, actor: Actor, target: Target, lines: Sequence[CartLineId], once: Once | None = None
    ) -> Cart:
        """Raises: see `_change`. NotFound: a line is not in the cart. InvalidInput: no line is named."""
        _require_some(lines, "lineIds")
        return await self._change(actor, target, _plainly(lambda cart: cart.without(lines)), once)

    async def identify_buyer(
        self, actor: Actor, target: Target, email: str | None, phone: str | None, once: Once | None = None
    ) -> Cart:
        """What is given changes. Raises: see `_change`. InvalidInput: nothing is given, or it cannot be used."""
        if email is None and phone is None:
            raise InvalidInput("buyerIdentity", "must have an address or a phone number.", UserErrorCode.REQUIRED)
        address = None if email is None else person.email_address(self.syntax, email, "buyerIdentity.email")
        number = _phone(phone)
        return await self._change(
            actor,
            target,
            _plainly(lambda cart: replace(cart, email=address or cart.email, phone=number or cart.phone)),
            once,
        )

    async def set_shipping_address(
        self, actor: Actor, target: Target, address: Address, once: Once | None = None
    ) -> Cart:
        """Raises: see `_change`. SeveralErrors: something in it cannot be used."""
        tidy = checked(address)
        return await self._change(actor, target, _plainly(lambda cart: replace(cart, shipping_address=tidy)), once)

    async def set_billing_address(
        self, actor: Actor, target: Target, address: Address, once: Once | None = None
    ) -> Cart:
        """Raises: see `_change`. SeveralErrors: something in it cannot be used."""
        tidy = checked(address)
        return await self._change(actor, target, _plainly(lambda cart: replace(cart, billing_address=tidy)), once)

    async def select_shipping(
        self, actor: Actor, target: Target, rate_id: ShippingRateId, once: Once | None = None
    ) -> Checkout:
        """Raises: see `_change`. InvalidInput: this way of shipping is not offered for the cart."""

        def require_offered(checkout: Checkout) -> None:
            if checkout.method is None:
                problem = "must be one of the cart's `shippingMethods`; it has some once it has a shipping address."
                raise InvalidInput("shippingMethodId", problem, UserErrorCode.SHIPPING_NOT_AVAILABLE)

        def change(cart: Cart) -> Cart:
            return replace(cart, shipping_rate_id=rate_id)

        return await self._change_checked(actor, target, change, require_offered, once)

    async def apply_code(self, actor: Actor, target: Target, code: str, once: Once | None = None) -> Checkout:
        """Raises: see `_change`. InvalidInput: there is no such code, or it does not hold for the cart."""
        spelled = discounts.spelled(code)

        def require_usable(checkout: Checkout) -> None:
            reason = next(one.reason for one in checkout.codes if one.code == spelled)
            if reason is not None:
                raise InvalidInput("code", f"cannot be used: {reason}", UserErrorCode.DISCOUNT_NOT_APPLICABLE)

        return await self._change_checked(actor, target, lambda cart: cart.with_code(spelled), require_usable, once)

    async def remove_code(self, actor: Actor, target: Target, code: str, once: Once | None = None) -> Cart:
        """Raises: see `_change`. NotFound: it is not in the cart."""
        return await self._change(actor, target, _plainly(lambda cart: cart.without_code(code.strip().upper())), once)

    async def merge(self, work: CartsWork, guest_cart_id: CartId, user_id: UserId, email: str) -> Cart | None:
        """Make a guest's cart the user's, as part of `work`, or put what is in it into the one that they have.

        A cart that is not there, not a guest's, or placed is left alone: signing in does not fail for it.
        """
        guest = await work.carts.lock(guest_cart_id)
        if guest is None or guest.user_id is not None or not guest.is_open:
            return await work.carts.lock_open(user_id)
        mine = await work.carts.lock_open(user_id)
        if mine is None:
            return await work.carts.save(replace(guest, user_id=user_id, email=guest.email or email))
        merged = await work.carts.save(guest.merged_into(mine))
        await work.carts.delete(guest.id)
        return merged

    async def _change(self, actor: Actor, target: Target, change: Change, once: Once | None) -> Cart:
        """Change the cart in its turn.

        Raises:
            NotFound: it is not there, or somebody else's.
            CartCompleted: it was placed.
            CartVersionConflict: it has another version than is expected.
        """
        async with self.begin(once, target.cart_id) as work:
            cart = opened(await work.carts.lock(target.cart_id), actor)
            if target.expected_version not in {None, cart.version}:
                raise CartVersionConflict(cart)
            stored = await work.carts.save(await change(work, cart))
            await work.commit(stored)
        return stored

    async def _change_checked(
        self,
        actor: Actor,
        target: Target,
        change: Callable[[Cart], Cart],
        require: Callable[[Checkout], None],
        once: Once | None,
    ) -> Checkout:
        """Change the cart unless `require` raises, told what it comes to. Raises: see `_change`."""
        known: Facts | None = None

        async def changed(work: CartsWork, cart: Cart) -> Cart:
            nonlocal known
            new = change(cart)
            known = await work.carts.facts(new)
            require(reckon(new, known, self.clock()))
            return new

        stored = await self._change(actor, target, changed, once)
        if known is None:
            raise TypeError("a cart that was changed was looked at")
        return reckon(stored, known, self.clock())

    async def _email_of(self, user_id: UserId | None) -> str | None:
        if user_id is None:
            return None
        user = (await self.users.by_ids([user_id])).get(user_id)
        return user and user.email

    def _new(self, user_id: UserId | None, currency: str) -> Cart:
        at = self.clock()
        return Cart(
            id=new_cart_id(),
            user_id=user_id,
            version=1,
            currency_code=currency,
            email=None,
            phone=None,
            shipping_address=None,
            billing_address=None,
            shipping_rate_id=None,
            codes=(),
            lines=(),
            order_id=None,
            created_at=at,
            updated_at=at,
        )


def opened(cart: Cart | None, actor: Actor) -> Cart:
    """The cart, if `actor` may change it.

    Raises:
        NotFound: it is not there, or somebody else's, which is answered alike.
        CartCompleted: it was placed.
    """
    if cart is None or (cart.user_id is not None and cart.user_id != actor.user_id):
        raise NotFound("cartId", "cart")
    if not cart.is_open:
        raise CartCompleted
    return cart


async def _prices(work: CartsWork, lines: Wanted) -> Mapping[VariantId, Money]:
    return await work.carts.prices(list({variant: None for variant, _ in lines})) if lines else {}


def _require_some(lines: Sequence[object], argument: str) -> None:
    """Raises: InvalidInput: a change of nothing is a slip, and would make the version grow for nothing."""
    if not lines:
        raise InvalidInput(argument, "must name a line at least.", UserErrorCode.REQUIRED)


def _require_usable(lines: Wanted) -> None:
    """Raises: InvalidInput: a quantity is out of range, or there are too many lines."""
    if len(lines) > MOST_LINES:
        raise InvalidInput("lines", f"may be at most {MOST_LINES}.", UserErrorCode.OUT_OF_RANGE)
    for number, (_, quantity) in enumerate(lines):
        counted(quantity, number)


def _plainly(change: Callable[[Cart], Cart]) -> Change:
    """A change for which nothing has to be looked up."""

    async def changed(_: CartsWork, cart: Cart) -> Cart:
        return change(cart)

    return changed


def _phone(phone: str | None) -> str | None:
    return None if phone is None else person.plain(phone, "buyerIdentity.phone", LONGEST_PHONE)
