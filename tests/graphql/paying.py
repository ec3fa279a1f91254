"""A counter with a till: orders whose money moves, and what is asked about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.carts.cart import CartId
from domain.orders.fulfillment import FulfillmentStatus
from domain.orders.fulfillments import Packing, Update
from domain.orders.order import OrderId
from domain.orders.shipment import Details
from domain.shared.ids import uuid7
from domain.users.user import ANONYMOUS, Actor
from persistence.sandbox.books import SqlSandboxBooks
from resolvers import global_ids
from tests import sql
from tests.graphql.asking import ADMIN, data
from tests.graphql.ordering import Counter, Json
from tests.selling import books_agree

VISA = "pm_card_visa"
MONEY = "{ amount }"
PAYMENT = f"""id status amount {MONEY} amountCaptured {MONEY} amountRefunded {MONEY} captureMethod
  method {{ brand last4 }} failure {{ code declineCode message }} nextAction {{ type url }}"""
REFUND = f"""id amount {MONEY} status reason note payment {{ id }}
  lines {{ orderLine {{ id quantityRefunded }} quantity restocked }}"""
EVENTS = f"""events(first: 50) {{ nodes {{ sequence type message
  ... on OrderPaymentEvent {{ amount {MONEY} payment {{ id }} }} ... on OrderRefundEvent {{ refund {{ id }} }} }} }}"""
ORDER = f"""id status paymentStatus fulfillmentStatus expiresAt balanceDue {MONEY} cost {{ total {MONEY} }}
  lines {{ id quantity quantityFulfilled quantityRefunded }} {EVENTS}"""
ACTIONS = "availableActions { action allowed reason { __typename code message } }"
ERRORS = """userErrors { __typename code field message ... on InvalidTransitionError { from action }
  ... on PaymentDeclinedError { declineCode retryable } }"""
ANSWERS = {
    "orderPlace": f"order {{ {ORDER} }} payment {{ {PAYMENT} }} accessToken",
    "paymentCreate": f"payment {{ {PAYMENT} }}",
    "paymentConfirm": f"payment {{ {PAYMENT} }}",
    "paymentCapture": f"payment {{ {PAYMENT} }}",
    "paymentCancel": f"payment {{ {PAYMENT} }}",
    "refundCreate": f"refund {{ {REFUND} }} order {{ {ORDER} }}",
    "paymentMethodSetup": "clientSecret",
    "savedPaymentMethodDelete": "deletedPaymentMethodId",
}
FIND = f"""query($id: ID, $token: String) {{ order(id: $id, accessToken: $token) {{
  {ORDER} {ACTIONS} payments {{ {PAYMENT} }} refunds {{ {REFUND} }} }} }}"""
WATCHED = ("orders", "order_lines", "order_events", "payments", "refunds", "refund_lines", "saved_payment_methods")


@dataclass(frozen=True, slots=True)
class Sale:
    """An order as it was when it was placed, its first payment, and for guests the key to both."""

    order: str
    payment: str
    token: str | None

    @property
    def key(self) -> Mapping[str, str]:
        return {} if self.token is None else {"accessToken": self.token}


@dataclass(frozen=True, slots=True)
class Till:
    counter: Counter

    async def ask(self, mutation: str, actor: Actor = ANONYMOUS, /, **sent: object) -> Json:
        if mutation in {"orderPlace", "paymentCreate", "refundCreate"}:
            sent.setdefault("idempotencyKey", uuid7().hex)
        type_ = f"{mutation[0].upper()}{mutation[1:]}Input!"
        document = f"mutation($input: {type_}) {{ {mutation}(input: $input) {{ {ANSWERS[mutation]} {ERRORS} }} }}"
        return (await data(self.counter.shop, document, {"input": sent}, actor))[mutation]

    async def done(self, mutation: str, actor: Actor = ANONYMOUS, /, **sent: object) -> Any:
        """What came of it, without what is told beside it."""
        answer = await self.ask(mutation, actor, **sent)
        assert answer["userErrors"] == []
        return next(iter(answer.values()))

    async def refused(self, mutation: str, actor: Actor = ANONYMOUS, /, **sent: object) -> list[tuple[str, Any]]:
        """Why, and nothing was changed by it: the codes, and what in the input is wrong."""
        before = await self.everything()
        answer = await self.ask(mutation, actor, **sent)
        assert not any(value for name, value in answer.items() if name != "userErrors")
        assert await self.everything() == before
        return [(error["code"], error["field"] and ".".join(error["field"])) for error in answer["userErrors"]]

    async def sold(self, units: int = 1, *, actor: Actor = ANONYMOUS, **more: str) -> Sale:
        """An order for so many mugs of 10.00, and 5.00 for the parcel."""
        mug = await self.counter.stall.variant(10)
        return await self.placed(await self.counter.stall.cart({mug: units}, user_id=actor.user_id), actor, **more)

    async def placed(self, cart: CartId, actor: Actor = ANONYMOUS, /, **more: str) -> Sale:
        answer = await self.ask("orderPlace", actor, cartId=global_ids.encode("Cart", cart), **more)
        assert answer["userErrors"] == []
        return Sale(answer["order"]["id"], answer["payment"]["id"], answer["accessToken"])

    async def paid(self, units: int = 1, token: str = VISA, capture: str = "AUTOMATIC") -> Sale:
        sale = await self.sold(units, captureMethod=capture)
        await self.done("paymentConfirm", paymentId=sale.payment, paymentMethodToken=token, **sale.key)
        return sale

    async def order(self, sale: Sale, actor: Actor = ADMIN) -> Json:
        return (await data(self.counter.shop, FIND, {"id": sale.order, "token": sale.token}, actor))["order"]

    async def stands(self, sale: Sale) -> tuple[str, str, str]:
        """The order's status, where its money is, and what is due."""
        order = await self.order(sale)
        return order["status"], order["paymentStatus"], order["balanceDue"]["amount"]

    async def told(self, sale: Sale) -> list[str]:
        nodes = (await self.order(sale))["events"]["nodes"]
        assert [event["sequence"] for event in nodes] == list(range(1, len(nodes) + 1))
        return [event["type"] for event in nodes]

    async def actions(self, sale: Sale, actor: Actor) -> set[str]:
        """What somebody can do with the order."""
        order = (await data(self.counter.shop, FIND, {"id": sale.order, "token": sale.token}, actor))["order"]
        assert all(one["allowed"] is (one["reason"] is None) for one in order["availableActions"])
        return {one["action"] for one in order["availableActions"] if one["allowed"]}

    async def behind(self) -> None:
        """All that waits in the outbox is carried out."""
        while await self.counter.shop.relay.turn():
            pass

    async def shipped(self, sale: Sale) -> None:
        fulfillments = self.counter.shop.services.fulfillments
        packed = await fulfillments.create(Packing(OrderId(uuid_of("Order", sale.order)), None, Details()))
        await fulfillments.update(Update(packed.fulfillment.id, FulfillmentStatus.IN_TRANSIT, None, Details()))

    async def stock(self) -> tuple[int, int]:
        """What is on hand and reserved of the newest mug."""
        newest = "SELECT on_hand, reserved FROM product_variants ORDER BY id DESC LIMIT 1"
        [row] = await sql.rows(self.counter.shop.database, newest)
        return row[0], row[1]

    async def taken(self) -> int:
        """What the provider has in all, in cents."""
        intents = "SELECT coalesce(sum(amount_received - amount_refunded), 0) FROM sandbox_intents"
        return int(await sql.value(self.counter.shop.database, intents))

    async def everything(self) -> list[Any]:
        database = self.counter.shop.database
        return [await self.counter.everything(), *[await sql.rows(database, f"TABLE {name}") for name in WATCHED]]

    async def books_agree(self) -> None:
        await books_agree(self.counter.shop.database.settings)

    @property
    def sandbox(self) -> SqlSandboxBooks:
        return SqlSandboxBooks(self.counter.shop.database)


def uuid_of(kind: str, identity: str) -> UUID:
    found = global_ids.of_type(kind, identity)
    assert found is not None
    return found


def usd(amount: str) -> Json:
    return {"amount": amount, "currencyCode": "USD"}


def money(amount: str) -> Json:
    return {"amount": amount}
