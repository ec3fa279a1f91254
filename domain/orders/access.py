"""The tokens by which guests find their orders again: signed, and worth nothing once the order has another nonce."""

import secrets
from dataclasses import dataclass

from domain.carts.quotes import Signer
from domain.orders.order import Order, OrderId
from domain.orders.placing import NONCE_BYTES
from domain.orders.work import BeginOrdersWork
from domain.shared.errors import NotFound
from domain.shared.work import Once
from domain.users.access import OWNER
from domain.users.user import Actor


@dataclass(frozen=True, slots=True)
class Revoked:
    """The order, and its new token for who had the old one."""

    order: Order
    access_token: str | None


@dataclass(frozen=True, slots=True)
class OrderAccess:
    begin: BeginOrdersWork
    signer: Signer

    async def revoke(
        self, actor: Actor, order_id: OrderId, nonce: bytes | None = None, once: Once | None = None
    ) -> Revoked:
        """Make the order's access token worth nothing, for everybody and at once.

        Who has the token, and so knows its `nonce`, gets another one. Staff, and the order's own account, get none: it
        is the guest's. Of two who use one token at once, one gets the new one.

        Raises:
            NotFound: there is no such order, or it is somebody else's, or the token is worth nothing already.
        """
        new = secrets.token_bytes(NONCE_BYTES)
        async with self.begin(once, order_id) as work:
            order = await work.orders.lock(order_id)
            if order is None or (nonce is None and not OWNER.allows(actor, order.owner)):
                raise NotFound("orderId", "order")
            renewed = await work.orders.renew_access(order_id, new, nonce)
            if nonce is not None and not renewed:
                raise NotFound("orderId", "order")
            token = None if nonce is None else self.signer.signed(order_id.bytes + new)
            revoked = Revoked(await work.orders.lock(order_id) or order, token)
            await work.commit(revoked)
        return revoked
