"""Products, their variants and media, and the categories they are shelved in."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.products import category, inventory, product
from domain.products.inventory import InventoryReason, StockStatus
from domain.products.product import ProductStatus
from resolvers import availability, stock
from resolvers import products as resolvers
from schema.errors import UserError, user_errors
from schema.money import Money, MoneyRange
from schema.nodes import Node
from schema.paging import Connection
from schema.rendering import identity, loaded, mutation, pays_out, renders, resolved, result, shown, subscription
from schema.scalars import ID, URL

if TYPE_CHECKING:
    from schema.orders import Order
    from schema.users import User


@strawberry.type(description="A shelf in the tree of shelves that products stand on.")
@renders(category.Category)
class Category(Node):
    id: ID = identity()
    name: str = shown("What the category is called.")
    slug: str = shown("The name for addresses, unique among categories.")
    description: str | None = shown("What is found here.")
    parent: "Category | None" = loaded("category", key="parent_id", description="The category above; null for a root.")
    ancestors: "list[Category]" = loaded("ancestors", key="id", description="All categories above, root first.")
    children: "list[Category]" = loaded("children", key="id", description="The categories directly below, by name.")
    products: "Connection[Product]" = resolved(
        resolvers.products_of_category, "Products in this category and anywhere below it."
    )
    created_at: datetime = shown("When the category was created.")
    updated_at: datetime = shown("When the category was last changed.")


@strawberry.type(description="A way in which the variants of a product differ.")
@renders(product.ProductOption)
class ProductOption:
    name: str = shown("What differs, such as Size.")
    values: list[str] = shown("The values to choose from, in display order.")


@strawberry.type(description="The value that a variant has for one of its product's options.")
@renders(product.SelectedOption)
class SelectedOption:
    name: str = shown("The option's name, such as Size.")
    value: str = shown("The option's value, such as M.")


@strawberry.type(description="What search engines are told.")
@renders(product.Seo)
class Seo:
    title: str | None = shown("The title for search results; the product's name, if null.")
    description: str | None = shown("The text for search results; the product's description, if null.")


@strawberry.type(description="A picture of a product.")
@renders(product.ProductMedia)
class ProductMedia(Node):
    id: ID = identity()
    url: URL = resolved(resolvers.url, "Where the picture is.", looks_at=(product.ProductMedia,))
    alt: str = shown("What the picture shows, for those who cannot see it.")
    position: int = shown("The place in the product's gallery; the first has the lowest.")
    width: int | None = shown("The width in pixels, if known.")
    height: int | None = shown("The height in pixels, if known.")


@strawberry.type(description="A row of a variant's ledger: how its stock changed, and why.")
@renders(inventory.InventoryAdjustment)
class InventoryAdjustment(Node):
    id: ID = identity()
    delta: int = shown("By how many units: reserved ones for RESERVED and RELEASED, those on hand for the others.")
    reason: InventoryReason = shown("Why.")
    note: str | None = shown("What else there is to say.")
    order: Annotated["Order", strawberry.lazy("schema.orders")] | None = loaded(
        "any_order", key="order_id", description="The order that it was for, if it was for one."
    )
    user: Annotated["User", strawberry.lazy("schema.users")] | None = loaded(
        "user", key="user_id", description="Who changed it; null for orders, and for who has no account any more."
    )
    created_at: datetime = shown("When it was booked.")


@strawberry.type(description="The stock of one variant, in units. What is on hand is either available or reserved.")
@renders(inventory.Inventory)
class Inventory:
    tracked: bool = shown("Whether stock is counted; if not, the variant can always be bought.")
    on_hand: int = shown("Units on the shelf, reserved ones among them.")
    reserved: int = shown("Units promised to orders that have not been shipped.")
    available: int = shown("Units that can be bought now.")
    low_stock_threshold: int = shown("At how many available units, or fewer, stock counts as low.")
    adjustments: Connection[InventoryAdjustment] = resolved(
        stock.adjustments, "The variant's ledger, the newest change first.", looks_at=(inventory.Inventory,)
    )


@strawberry.type(description="What is put into a cart: one version of a product, with its own price and stock.")
@renders(product.ProductVariant)
class ProductVariant(Node):
    id: ID = identity()
    product: "Product" = loaded("product", key="product_id", description="The product that this is a version of.")
    title: str = shown("What tells the variant from the product's others, such as M / Navy.")
    sku: str | None = shown("The stock keeping unit, unique in the shop.")
    barcode: str | None = shown("The barcode, such as an EAN.")
    price: Money = shown("What one unit costs.")
    compare_at_price: Money | None = shown("What one unit cost before it was reduced; null if it was not.")
    cost_price: Money | None = shown("What the shop itself pays for one unit.")
    weight_grams: int | None = shown("The shipping weight of one unit in grams.")
    selected_options: list[SelectedOption] = loaded(
        "selected_options", key="id", description="The variant's value for each of its product's options."
    )
    available_for_sale: bool = shown("Whether it can be bought now.")
    stock_status: StockStatus = shown("How much is left, in words.")
    quantity_available: int | None = shown("Units that can be bought now; null when stock is not counted.")
    inventory: Inventory | None = shown("The stock in numbers.")
    created_at: datetime = shown("When the variant was created.")
    updated_at: datetime = shown("When the variant, or its stock, was last changed.")


@strawberry.type(description="Something the shop sells, in one or more variants.")
@renders(product.Product)
class Product(Node):
    id: ID = identity()
    name: str = shown("What the product is called.")
    slug: str = shown("The name for addresses, unique among products.")
    description: str | None = shown("What there is to say about it.")
    status: ProductStatus = shown("Whether it is for sale; only administrators ever see others than ACTIVE.")
    category: Category | None = loaded("category", key="category_id", description="Where it is shelved.")
    options: list[ProductOption] = loaded("options", key="id", description="The ways in which its variants differ.")
    variants: list[ProductVariant] = loaded("variants", key="id", description="Its versions, in display order.")
    variant: ProductVariant | None = resolved(
        resolvers.variant_of_product,
        "The first of its variants that has this SKU and these options.",
        looks_at=(product.ProductVariant,),
    )
    price_range: MoneyRange = shown("The prices of its variants, from the lowest to the highest.")
    compare_at_price_range: MoneyRange | None = shown("What its reduced variants cost before; null if none is reduced.")
    media: list[ProductMedia] = loaded("media", key="id", description="Its pictures, in display order.")
    seo: Seo = shown("What search engines are told.")
    available_for_sale: bool = resolved(
        resolvers.available_for_sale,
        "Whether any of its variants can be bought now.",
        looks_at=(product.Product, product.ProductVariant),
    )
    published_at: datetime | None = shown("When it was published; null if it never was.")
    created_at: datetime = shown("When it was created.")
    updated_at: datetime = shown("When it was last changed.")


@strawberry.type
class ProductQueries:
    product: Product | None = resolved(resolvers.product, "A product by its id or its slug.")
    product_variant: ProductVariant | None = resolved(resolvers.product_variant, "A variant by its id or its SKU.")
    products: Connection[Product] = resolved(resolvers.products, "The shop's products, filtered and sorted.")
    category: Category | None = resolved(resolvers.category, "A category by its id or its slug.")
    categories: Connection[Category] = resolved(resolvers.categories, "The shop's categories, by name.")


@strawberry.type(description="The variant whose stock changed.")
@pays_out(product.ProductVariant)
class InventoryAdjustPayload:
    product_variant: ProductVariant | None = result("The variant with its stock as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class ProductMutations:
    inventory_adjust: InventoryAdjustPayload = mutation(
        stock.adjust, "Change what is on hand of a variant, and book it in its ledger."
    )


@strawberry.type
class ProductSubscriptions:
    variant_availability: ProductVariant = subscription(
        availability.variant_availability,
        "How much there is of up to 100 variants: of each as it is now, and again whenever that has changed. Who reads "
        "slowly gets the newest, without the steps in between.",
    )
