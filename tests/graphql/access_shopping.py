"""What mutations about carts, stock and store settings are sent in the matrix of access."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from domain.carts.cart import Cart
from domain.carts.carts import Target
from domain.orders.fulfillments import Packing
from domain.orders.order import Order, OrderId
from domain.orders.placing import Placement
from domain.orders.shipment import Details
from domain.payments.payment import Payment
from domain.payments.wish import Wish
from domain.products.inventory import InventoryReason
from domain.products.stock_keeping import Change
from domain.shared.ids import uuid7
from resolvers import global_ids
from server.demo.reading import read_catalogue
from tests import sql
from tests.graphql import access_goods, provider_events
from tests.graphql.access_world import ELSEWHERE, VARIANT, World
from tests.people import Person
from tests.selling import confirm

Input = Mapping[str, Any]

_OTHER = next(one for one in read_catalogue().products if one.status.value == "active" and one.variants[0] != VARIANT)
_VARIANT = global_ids.encode("ProductVariant", _OTHER.variants[0].id)
"""Not the one whose ledger is looked at."""
_PLACE = {"line1": "2 New Street", "city": "Hull", "countryCode": "GB"}
_MONEY = {"amount": "3", "currencyCode": access_goods.CURRENCY}
_numbers = count(1)


async def _cart(world: World, one: Person) -> Cart:
    """Theirs, with a line, an address and the world's code in it."""
    carts = world.shop.services.carts
    cart = await carts.create(one.actor, [(_OTHER.variants[0].id, 1)])
    if not cart.codes:
        await carts.apply_code(one.actor, Target(cart.id), access_goods.CODE)
    return await carts.set_shipping_address(one.actor, Target(cart.id), ELSEWHERE)


async def _named(world: World, one: Person, **more: Any) -> Input:
    return {"cartId": global_ids.encode("Cart", (await _cart(world, one)).id), **more}


async def _line(world: World, one: Person) -> str:
    return global_ids.encode("CartLine", (await _cart(world, one)).lines[0].id)


async def creates(_: World, __: Person) -> Input:
    return {"lines": [{"variantId": _VARIANT, "quantity": 2}]}


async def adds_lines(world: World, one: Person) -> Input:
    return await _named(world, one, lines=[{"variantId": _VARIANT}])


async def updates_lines(world: World, one: Person) -> Input:
    return await _named(world, one, lines=[{"lineId": await _line(world, one), "quantity": 7}])


async def removes_lines(world: World, one: Person) -> Input:
    return await _named(world, one, lineIds=[await _line(world, one)])


async def identifies_the_buyer(world: World, one: Person) -> Input:
    return await _named(world, one, buyerIdentity={"phone": "1234"})


async def sets_an_address(world: World, one: Person) -> Input:
    return await _named(world, one, address=_PLACE)


async def selects_shipping(world: World, one: Person) -> Input:
    return await _named(world, one, shippingMethodId=global_ids.encode("ShippingMethod", world.goods.rate))


async def applies_a_code(world: World, one: Person) -> Input:
    code = f"APPLY{next(_numbers)}"
    await world.shop.services.store_settings.create_discount(access_goods.discount(code, "1"))
    return await _named(world, one, code=code)


async def removes_a_code(world: World, one: Person) -> Input:
    return await _named(world, one, code=access_goods.CODE)


async def _complete(world: World, one: Person) -> Cart:
    """Their cart, with all that it takes to place it: also one unit more, as many are bought here."""
    carts, one_more = world.shop.services.carts, Change(_OTHER.variants[0].id, 1, InventoryReason.CORRECTION, None)
    await world.shop.services.stock_keeping.adjust(one_more, None)
    cart = await carts.create(one.actor, [(_OTHER.variants[0].id, 1)], one.user.email)
    await carts.set_shipping_address(one.actor, Target(cart.id), ELSEWHERE)
    return (await carts.select_shipping(one.actor, Target(cart.id), world.goods.rate)).cart


async def places(world: World, one: Person) -> Input:
    cart = await _complete(world, one)
    return {"cartId": global_ids.encode("Cart", cart.id), "idempotencyKey": uuid7().hex}


async def placed(world: World, one: Person, wish: Wish) -> tuple[Order, Payment]:
    cart = await _complete(world, one)
    done = await world.shop.services.checkout_placing.place(one.actor, Placement(cart.id), wish)
    assert done.payment is not None
    return done.order, done.payment


async def cancels(world: World, one: Person) -> Input:
    order, _ = await placed(world, one, Wish())
    return {"id": global_ids.encode("Order", order.id)}


async def revokes_a_token(world: World, one: Person) -> Input:
    """Of an order that they placed as a guest, before it became theirs."""
    order, _ = await placed(world, one, Wish())
    await sql.run(world.shop.database, "UPDATE orders SET access_nonce = '\\x00' WHERE id = :id", id=order.id)
    return {"orderId": global_ids.encode("Order", order.id)}


async def packs(world: World, one: Person) -> Input:
    cart = await _complete(world, one)
    order = (await world.shop.services.checkout_placing.place(one.actor, Placement(cart.id), Wish())).order
    await confirm(world.shop.database, order.id)
    return {"orderId": global_ids.encode("Order", order.id)}


async def unpacks(world: World, one: Person) -> Input:
    order = global_ids.of_type("Order", (await packs(world, one))["orderId"])
    assert order is not None
    packed = await world.shop.services.fulfillments.create(Packing(OrderId(order), None, Details()))
    return {"id": global_ids.encode("Fulfillment", packed.fulfillment.id)}


async def ships(world: World, one: Person) -> Input:
    return {**await unpacks(world, one), "status": "IN_TRANSIT"}


async def notes(world: World, one: Person) -> Input:
    return {**await packs(world, one), "note": "Wrapped as a gift."}


async def counts(_: World, __: Person) -> Input:
    return {"variantId": _VARIANT, "delta": 1, "reason": "CORRECTION"}


async def creates_a_code(_: World, __: Person) -> Input:
    return {"code": f"NEW{next(_numbers)}", "kind": "PERCENTAGE", "value": "5"}


async def switches_a_code_off(world: World, _: Person) -> Input:
    made = access_goods.discount(f"OFF{next(_numbers)}")
    await world.shop.services.store_settings.create_discount(made)
    return {"id": global_ids.encode("DiscountCode", made.id), "active": False}


async def sets_a_shipping_rate(world: World, _: Person) -> Input:
    made = access_goods.shipping_rate("Van", "DE")
    await world.shop.services.store_settings.set_shipping_rate(made, is_new=True)
    return {
        "id": global_ids.encode("ShippingRate", made.id),
        "name": "Van and ferry",
        "countries": ["DE", "DK"],
        "price": _MONEY,
    }


async def sets_a_tax(world: World, _: Person) -> Input:
    made = access_goods.tax_rate("DE")
    await world.shop.services.store_settings.set_tax_rate(made, is_new=True)
    return {
        "id": global_ids.encode("TaxRate", made.id),
        "title": "MwSt.",
        "countryCode": "DE",
        "rate": "0.19",
        "includedInPrice": True,
    }


async def replays(world: World, _: Person) -> Input:
    told = provider_events.told(provider_events.MANY + next(_numbers))
    await provider_events.add(world.shop, told)
    return {"id": global_ids.encode("ProviderEvent", told.id)}
