"""What administrators send about stock."""

import strawberry
from strawberry import UNSET

from domain.products.inventory import InventoryReason
from schema.inputs.idempotency import idempotency_key
from schema.scalars import ID


@strawberry.input(description="A change of what is on hand of one variant.")
class InventoryAdjustInput:
    variant_id: ID = strawberry.field(description="The variant.")
    delta: int = strawberry.field(description="By how many units it changes: above 0 for more, below for fewer.")
    reason: InventoryReason = strawberry.field(description="RECEIVED, CORRECTION or DAMAGED; orders book the others.")
    note: str | None = strawberry.field(default=UNSET, description="What else there is to say, 500 characters at most.")
    idempotency_key: str | None = idempotency_key()
