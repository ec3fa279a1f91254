"""Domain enums, published under the same names, each value described."""

from collections.abc import Mapping
from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from domain.carts.changes import QuoteChangeReason
from domain.orders.events import OrderEventType
from domain.orders.fulfillment import FulfillmentStatus
from domain.orders.listing import OrderSortField
from domain.orders.order import OrderCancelReason, OrderFulfillmentStatus, OrderPaymentStatus, OrderStatus
from domain.payments.actions import OrderAction
from domain.payments.notices import ProviderEventStatus
from domain.payments.payment import CaptureMethod, PaymentProvider, PaymentStatus
from domain.payments.refund import RefundReason, RefundStatus
from domain.pricing.discounts import DiscountKind
from domain.products.inventory import InventoryReason, StockStatus
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
        UserErrorCode.INSUFFICIENT_STOCK: "Fewer units are left than are wanted.",
        UserErrorCode.NOT_AVAILABLE: "It is not for sale any more.",
        UserErrorCode.CART_EMPTY: "There is nothing in the cart.",
        UserErrorCode.CART_COMPLETED: "The cart was placed as an order already.",
        UserErrorCode.CART_INCOMPLETE: "Something that is needed to place the cart is missing.",
        UserErrorCode.CART_VERSION_CONFLICT: "The cart was changed meanwhile.",
        UserErrorCode.QUOTE_CHANGED: "Something costs another amount than was shown.",
        UserErrorCode.DISCOUNT_NOT_APPLICABLE: "The discount code does not hold for this cart.",
        UserErrorCode.SHIPPING_NOT_AVAILABLE: "It cannot be shipped there, or not in this way.",
        UserErrorCode.CURRENCY_MISMATCH: "An amount is in another currency than is needed.",
        UserErrorCode.INVALID_TRANSITION: "It is too late or too early for this.",
        UserErrorCode.PAYMENT_DECLINED: "The buyer's bank or card said no.",
        UserErrorCode.PAYMENT_REQUIRED: "Something has to be paid first.",
        UserErrorCode.AMOUNT_TOO_LARGE: "It is more money than there is.",
        UserErrorCode.PROVIDER_UNAVAILABLE: "The payment provider does not answer; the same can be sent again.",
        UserErrorCode.IDEMPOTENCY_KEY_REUSED: "The idempotency key was used with other input.",
        UserErrorCode.IDEMPOTENCY_IN_PROGRESS: "The first request with this idempotency key is still running.",
    },
)
publish(
    InventoryReason,
    "Why stock changed.",
    {
        InventoryReason.RECEIVED: "Units came in.",
        InventoryReason.CORRECTION: "Somebody counted, and found more or fewer.",
        InventoryReason.DAMAGED: "Units can no longer be sold.",
        InventoryReason.RESERVED: "Units were promised to an order.",
        InventoryReason.RELEASED: "An order no longer needs them.",
        InventoryReason.SHIPPED: "Units left for a buyer.",
        InventoryReason.RETURNED: "Units came back from a buyer.",
    },
)
publish(
    DiscountKind,
    "What a discount code takes off.",
    {
        DiscountKind.PERCENTAGE: "A share of what the goods cost.",
        DiscountKind.FIXED_AMOUNT: "An amount, once per cart, and never more than the goods cost.",
        DiscountKind.FREE_SHIPPING: "All of the shipping.",
    },
)
publish(
    QuoteChangeReason,
    "How what would be charged differs from what was quoted.",
    {
        QuoteChangeReason.PRICE: "Something costs another price, or is new in the cart.",
        QuoteChangeReason.STOCK: "Something is not in the cart any more.",
        QuoteChangeReason.DISCOUNT: "Discount codes take off another amount.",
        QuoteChangeReason.SHIPPING: "Shipping costs another amount.",
        QuoteChangeReason.TAX: "Taxes come to another amount.",
        QuoteChangeReason.EXPIRED: "The quote is too old.",
    },
)
publish(
    OrderStatus,
    "Where an order stands as a whole.",
    {
        OrderStatus.PENDING: "Placed; its stock is kept until it is paid or expires.",
        OrderStatus.CONFIRMED: "Paid, or sure to be.",
        OrderStatus.COMPLETED: "All was delivered and paid.",
        OrderStatus.CANCELED: "Called off.",
        OrderStatus.EXPIRED: "Not paid in time.",
    },
)
publish(
    OrderPaymentStatus,
    "Where an order's money is.",
    {
        OrderPaymentStatus.PENDING: "Nothing was paid yet.",
        OrderPaymentStatus.AUTHORIZED: "The buyer's bank keeps it ready.",
        OrderPaymentStatus.PARTIALLY_PAID: "Some of it was paid.",
        OrderPaymentStatus.PAID: "All of it was paid.",
        OrderPaymentStatus.PARTIALLY_REFUNDED: "Some of what was paid went back.",
        OrderPaymentStatus.REFUNDED: "All of what was paid went back.",
        OrderPaymentStatus.VOIDED: "What was kept ready was let go.",
        OrderPaymentStatus.FAILED: "The last try failed.",
    },
)
publish(
    OrderFulfillmentStatus,
    "Where an order's goods are.",
    {
        OrderFulfillmentStatus.UNFULFILLED: "All of them are still here.",
        OrderFulfillmentStatus.PARTIALLY_FULFILLED: "Some are on their way.",
        OrderFulfillmentStatus.FULFILLED: "All are on their way.",
        OrderFulfillmentStatus.PARTIALLY_DELIVERED: "Some have arrived.",
        OrderFulfillmentStatus.DELIVERED: "All have arrived.",
        OrderFulfillmentStatus.PARTIALLY_RETURNED: "Some came back.",
        OrderFulfillmentStatus.RETURNED: "All came back.",
    },
)
publish(
    FulfillmentStatus,
    "Where a shipment is.",
    {
        FulfillmentStatus.PENDING: "Packed, and still here.",
        FulfillmentStatus.IN_TRANSIT: "On its way.",
        FulfillmentStatus.OUT_FOR_DELIVERY: "About to be delivered.",
        FulfillmentStatus.DELIVERED: "It arrived.",
        FulfillmentStatus.FAILED: "It could not be delivered; it may be sent on, or come back.",
        FulfillmentStatus.CANCELED: "Called off before it left.",
        FulfillmentStatus.RETURNED: "It came back.",
    },
)
publish(
    OrderCancelReason,
    "Why an order was canceled.",
    {
        OrderCancelReason.CUSTOMER: "The buyer wished it.",
        OrderCancelReason.INVENTORY: "Something cannot be delivered.",
        OrderCancelReason.FRAUD: "It looks like fraud.",
        OrderCancelReason.PAYMENT: "It cannot be paid.",
        OrderCancelReason.OTHER: "For another reason.",
    },
)
publish(
    OrderSortField,
    "What a list of orders is ordered by. Among equals, the id decides.",
    {
        OrderSortField.PLACED_AT: "When the order was placed.",
        OrderSortField.UPDATED_AT: "When it was last changed.",
        OrderSortField.TOTAL: "What is to be paid for it.",
        OrderSortField.NUMBER: "Its number.",
    },
)
publish(
    OrderEventType,
    "What happened to an order.",
    {
        OrderEventType.ORDER_PLACED: "It was placed.",
        OrderEventType.ORDER_CONFIRMED: "It was confirmed.",
        OrderEventType.ORDER_COMPLETED: "All was delivered and paid.",
        OrderEventType.ORDER_CANCELED: "It was called off.",
        OrderEventType.ORDER_EXPIRED: "It was not paid in time.",
        OrderEventType.PAYMENT_REQUIRES_ACTION: "The buyer has to approve the payment.",
        OrderEventType.PAYMENT_AUTHORIZED: "Money was set aside for it.",
        OrderEventType.PAYMENT_CAPTURED: "Money was received.",
        OrderEventType.PAYMENT_FAILED: "A try to pay failed.",
        OrderEventType.PAYMENT_CANCELED: "A payment was called off.",
        OrderEventType.PAYMENT_DISPUTED: "The buyer's bank wants the money back.",
        OrderEventType.FULFILLMENT_CREATED: "Units of it were set aside to be shipped.",
        OrderEventType.SHIPMENT_IN_TRANSIT: "A shipment is on its way.",
        OrderEventType.SHIPMENT_OUT_FOR_DELIVERY: "A shipment is about to be delivered.",
        OrderEventType.SHIPMENT_DELIVERED: "A shipment arrived.",
        OrderEventType.SHIPMENT_FAILED: "A shipment could not be delivered.",
        OrderEventType.FULFILLMENT_CANCELED: "A shipment was called off before it left.",
        OrderEventType.REFUND_CREATED: "Money is on its way back.",
        OrderEventType.REFUND_SUCCEEDED: "Money was paid back.",
        OrderEventType.REFUND_FAILED: "Money could not be paid back.",
        OrderEventType.RETURN_RECEIVED: "Goods came back.",
        OrderEventType.NOTE_ADDED: "Somebody wrote a note.",
    },
)
publish(
    PaymentProvider,
    "Who moves the money.",
    {
        PaymentProvider.STRIPE: "Stripe.",
        PaymentProvider.SANDBOX: "The built-in simulator, which moves none; never in production.",
    },
)
publish(
    PaymentStatus,
    "How far a payment got.",
    {
        PaymentStatus.REQUIRES_PAYMENT_METHOD: "It is to be paid: a means of payment is missing.",
        PaymentStatus.REQUIRES_CONFIRMATION: "It is to be paid with a means of payment that is known: confirm it.",
        PaymentStatus.REQUIRES_ACTION: "The buyer has to approve it, where `nextAction` says.",
        PaymentStatus.PROCESSING: "It is not known yet what became of it.",
        PaymentStatus.AUTHORIZED: "The money is set aside; it is not taken yet.",
        PaymentStatus.CAPTURED: "The money was received.",
        PaymentStatus.FAILED: "It was refused; another payment can be tried.",
        PaymentStatus.CANCELED: "It was let go.",
    },
)
publish(
    CaptureMethod,
    "When the money of a payment is taken.",
    {
        CaptureMethod.AUTOMATIC: "At once.",
        CaptureMethod.MANUAL: "When an administrator captures it; until then it is set aside.",
    },
)
publish(
    RefundStatus,
    "How far a refund got.",
    {
        RefundStatus.PENDING: "It is on its way.",
        RefundStatus.SUCCEEDED: "It was paid out.",
        RefundStatus.FAILED: "It could not be paid out; the shop still has the money.",
        RefundStatus.CANCELED: "It was called off; the shop still has the money.",
    },
)
publish(
    RefundReason,
    "Why money is paid back.",
    {
        RefundReason.REQUESTED_BY_CUSTOMER: "The buyer asked for it.",
        RefundReason.DUPLICATE: "It was paid twice.",
        RefundReason.FRAUDULENT: "It was not the buyer who paid.",
        RefundReason.UNDELIVERABLE: "The goods cannot be delivered.",
        RefundReason.OTHER: "Something else.",
    },
)
publish(
    OrderAction,
    "What can be done with an order.",
    {
        OrderAction.PAY: "Begin a payment for what is due: `paymentCreate`.",
        OrderAction.CANCEL: "Call it off: `orderCancel`.",
        OrderAction.FULFILL: "Pack some of it: `fulfillmentCreate`.",
        OrderAction.REFUND: "Pay some of it back: `refundCreate`.",
        OrderAction.RETURN: "Take goods back, and pay them back: `refundCreate` with `lines`.",
        PaymentProvider.SANDBOX: "A provider inside the shop, for trying things out: no money moves.",
    },
)
publish(
    ProviderEventStatus,
    "What became of something that the payment provider told.",
    {
        ProviderEventStatus.RECEIVED: "It is kept, and waits for its turn.",
        ProviderEventStatus.PROCESSED: "The provider was asked what is true, and the shop agrees with it.",
        ProviderEventStatus.IGNORED: "It has nothing to do with this shop.",
        ProviderEventStatus.FAILED: "It was put aside, because it contradicts what was agreed or could not be handled.",
    },
)
