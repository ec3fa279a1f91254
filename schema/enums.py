"""Domain enums, published under the same names, each value described."""

from collections.abc import Mapping
from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from domain.products.inventory import StockStatus
from domain.products.listing import ProductSortField
from domain.products.product import ProductStatus
from domain.shared.errors import UserErrorCode
from domain.users.access import Viewer
from domain.users.user import UserRole


class SortDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


def publish(enum: type[Enum], description: str, values: Mapping[Enum, str]) -> None:
    """Raises: KeyError: a value has no description."""
    strawberry.enum(enum, description=description)
    definition: StrawberryEnumDefinition = vars(enum)["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[enum(value.value)]


publish(
    SortDirection,
    "Which end of a sorted list comes first.",
    {
        SortDirection.ASC: "From the smallest, earliest or first.",
        SortDirection.DESC: "From the largest, latest or last.",
    },
)
publish(
    ProductStatus,
    "Whether a product is for sale.",
    {
        ProductStatus.DRAFT: "Being prepared; only administrators see it.",
        ProductStatus.ACTIVE: "Published: everybody sees it, and what is in stock can be bought.",
        ProductStatus.ARCHIVED: "No longer sold; only administrators see it.",
    },
)
publish(
    StockStatus,
    "How much of a variant is left.",
    {
        StockStatus.IN_STOCK: "Enough is left, or stock is not counted for this variant.",
        StockStatus.LOW_STOCK: "No more than the variant's low stock threshold is left.",
        StockStatus.OUT_OF_STOCK: "Nothing is left; the variant cannot be bought now.",
    },
)
publish(
    ProductSortField,
    "What a list of products is ordered by. Among equals, the id decides.",
    {
        ProductSortField.NAME: "The name, without regard to case.",
        ProductSortField.PRICE: "The price of the cheapest variant.",
        ProductSortField.CREATED_AT: "When the product was created.",
        ProductSortField.PUBLISHED_AT: "When the product was published; what never was counts as earliest.",
        ProductSortField.BEST_SELLING: "The rank by units sold: ascending begins with the best seller.",
        ProductSortField.RATING: "The average rating; products nobody rated count as 0.",
        ProductSortField.RELEVANCE: "The rank by relevance: ascending begins with the best match. "
        "Without search words that is the rank by units sold.",
    },
)
publish(
    Viewer,
    "What somebody must be to see a field or to use it.",
    {
        Viewer.SIGNED_IN: "Anybody who is signed in.",
        Viewer.OWNER: "The one whom the object belongs to; administrators, too, unless the field says otherwise.",
        Viewer.ADMIN: "Administrators.",
    },
)
publish(
    UserRole,
    "What somebody may do.",
    {
        UserRole.CUSTOMER: "Buys, and looks after their own account.",
        UserRole.ADMIN: "Runs the shop.",
    },
)
publish(
    UserErrorCode,
    "Why a mutation was refused, for programs.",
    {
        UserErrorCode.REQUIRED: "Something that must be given is missing or empty.",
        UserErrorCode.INVALID: "It is not of the form that is needed.",
        UserErrorCode.TOO_SHORT: "It has too few characters.",
        UserErrorCode.TOO_LONG: "It has too many characters.",
        UserErrorCode.OUT_OF_RANGE: "A number or a length is outside of its bounds.",
        UserErrorCode.NOT_FOUND: "There is no such thing, or it is not the viewer's.",
        UserErrorCode.TAKEN: "Somebody else has it already.",
        UserErrorCode.CONFLICT: "It contradicts how things stand.",
        UserErrorCode.INVALID_CREDENTIALS: "There is no such account, or this is not its password.",
        UserErrorCode.INVALID_TOKEN: "The token is not one of ours, or was used before.",
        UserErrorCode.EXPIRED_TOKEN: "The token is too old.",
        UserErrorCode.PASSWORD_TOO_WEAK: "The password is one of those that are guessed first.",
        UserErrorCode.UNAUTHENTICATED: "Only who is signed in may do this.",
        UserErrorCode.FORBIDDEN: "The viewer may not do this.",
        UserErrorCode.RATE_LIMITED: "It was tried too often; `retryAfter` says when it may be tried again.",
        UserErrorCode.IDEMPOTENCY_KEY_REUSED: "The idempotency key was used with other input.",
        UserErrorCode.IDEMPOTENCY_IN_PROGRESS: "The first request with this idempotency key is still running.",
    },
)
