"""Stock and its ledger."""

from strawberry import UNSET, Parent

from domain.products.inventory import Inventory, InventoryAdjustment, VariantId
from domain.products.ledger import NEWEST_FIRST
from domain.products.product import ProductVariant
from domain.products.stock_keeping import Change
from domain.shared.paging import Page
from domain.shared.work import Once
from resolvers import global_ids
from resolvers.context import Info
from resolvers.paging import arguments, given
from schema.inputs.paging import After, Before, First, Last
from schema.inputs.stock import InventoryAdjustInput


async def adjustments(
    inventory: Parent[Inventory],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[InventoryAdjustment] | None:
    window = arguments(first, after, last, before).window(NEWEST_FIRST)
    return await info.context.loaders.adjustments.load((inventory.variant_id, window))


async def adjust(info: Info, input: InventoryAdjustInput, once: Once | None) -> ProductVariant:  # noqa: A002
    variant = global_ids.required("ProductVariant", input.variant_id, "variant", "variantId")
    change = Change(VariantId(variant), input.delta, input.reason, given(input.note))
    return await info.context.services.stock_keeping.adjust(change, info.context.actor.user_id, once)
