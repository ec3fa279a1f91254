"""Who may see and do what: the one table. A field that does not stand here is for nobody."""

from collections.abc import Mapping
from functools import cache

from domain.users.access import ADMIN, EVERYBODY, NOBODY, OWNER, OWNER_ALONE, SIGNED_IN, Rule

PAGE = {EVERYBODY: "edges nodes pageInfo totalCount"}
EDGE = {EVERYBODY: "node cursor"}
ERROR = "code message field"
EVENT = "id cursor sequence type occurredAt message order"

ACCESS: Mapping[str, Mapping[Rule, str]] = {
    "Query": {
        EVERYBODY: "node nodes shop me cart order payment product productVariant products category categories",
        ADMIN: "user users orders discountCodes shippingRates taxRates providerEvents",
    },
    "Mutation": {
        EVERYBODY: "orderPlace orderCancel orderAccessTokenRevoke paymentCreate paymentConfirm "
        "cartCreate cartLinesAdd cartLinesUpdate cartLinesRemove "
        "cartBuyerIdentityUpdate "
        "cartShippingAddressSet cartBillingAddressSet cartShippingMethodSelect cartDiscountCodeApply "
        "cartDiscountCodeRemove userRegister userLogin tokenRefresh emailVerify passwordResetRequest passwordReset "
        "userEmailChangeConfirm",
        SIGNED_IN: "paymentMethodSetup savedPaymentMethodDelete "
        "userLogout sessionRevoke emailVerificationRequest userPasswordChange userEmailChangeRequest "
        "userUpdate userDelete userAddressCreate userAddressUpdate userAddressDelete",
        ADMIN: "paymentCapture paymentCancel refundCreate "
        "fulfillmentCreate fulfillmentUpdate fulfillmentCancel orderNoteAdd "
        "userRoleSet inventoryAdjust discountCodeCreate discountCodeUpdate shippingRateSet taxRateSet "
        "providerEventReplay",
    },
    "Subscription": {EVERYBODY: "orderEvents variantAvailability", ADMIN: "allOrderEvents"},
    # the shop and its catalogue
    "Shop": {EVERYBODY: "name currencyCode currencies shippingCountries paymentProvider stripePublishableKey"},
    "Money": {EVERYBODY: "amount currencyCode formatted"},
    "MoneyRange": {EVERYBODY: "min max"},
    "PageInfo": {EVERYBODY: "hasNextPage hasPreviousPage startCursor endCursor"},
    "Category": {EVERYBODY: "id name slug description parent ancestors children products createdAt updatedAt"},
    "CategoryConnection": PAGE,
    "CategoryEdge": EDGE,
    "Product": {
        EVERYBODY: "id name slug description status category options variants variant priceRange "
        "compareAtPriceRange media seo availableForSale publishedAt createdAt updatedAt",
    },
    "ProductConnection": PAGE,
    "ProductEdge": EDGE,
    "ProductMedia": {EVERYBODY: "id url alt position width height"},
    "ProductOption": {EVERYBODY: "name values"},
    "ProductVariant": {
        EVERYBODY: "id product title sku barcode price compareAtPrice weightGrams selectedOptions availableForSale "
        "stockStatus quantityAvailable createdAt updatedAt",
        ADMIN: "costPrice inventory",
    },
    "SelectedOption": {EVERYBODY: "name value"},
    "Seo": {EVERYBODY: "title description"},
    "Inventory": {ADMIN: "tracked onHand reserved available lowStockThreshold adjustments"},
    "InventoryAdjustment": {ADMIN: "id delta reason note order user createdAt"},
    "InventoryAdjustmentConnection": PAGE,
    "InventoryAdjustmentEdge": EDGE,
    # store settings
    "DiscountCode": {
        ADMIN: "id code kind value minimumSubtotal usageLimit usageLimitPerUser timesUsed startsAt endsAt active "
        "categories createdAt",
    },
    "DiscountCodeConnection": PAGE,
    "DiscountCodeEdge": EDGE,
    "ShippingRate": {
        ADMIN: "id name description countries price freeAbove maxWeightGrams minDays maxDays active",
    },
    "TaxRate": {ADMIN: "id title countryCode region rate includedInPrice active"},
    # payments
    "ProviderEvent": {ADMIN: "id provider externalId type status attempts error payload receivedAt processedAt"},
    "ProviderEventConnection": PAGE,
    "ProviderEventEdge": EDGE,
    # people
    "User": {
        OWNER: "id email firstName lastName role emailVerified addresses defaultAddress cart orders "
        "paymentMethods createdAt updatedAt",
        OWNER_ALONE: "sessions",
    },
    "UserConnection": PAGE,
    "UserEdge": EDGE,
    "SavedAddress": {OWNER: "id address isDefault createdAt"},
    "Address": {
        EVERYBODY: "firstName lastName company line1 line2 city region postalCode countryCode phone",
    },
    "Session": {OWNER_ALONE: "id current userAgent ipAddress createdAt lastUsedAt expiresAt"},
    "AuthTokens": {EVERYBODY: "accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt"},
    # carts
    "Cart": {
        OWNER: "id version lines totalQuantity buyerIdentity shippingAddress billingAddress shippingMethods "
        "shippingMethod discountCodes cost quote problems order currencyCode createdAt updatedAt",
    },
    # what follows is reached through its cart, whose rule holds for it
    "CartLine": {EVERYBODY: "id variant quantity unitPrice subtotal discount total"},
    "BuyerIdentity": {EVERYBODY: "email phone user"},
    "Cost": {EVERYBODY: "subtotal discount shipping tax total taxLines taxIncluded"},
    "TaxLine": {EVERYBODY: "title rate amount"},
    "CartDiscountCode": {EVERYBODY: "code applicable reason amount"},
    "Quote": {EVERYBODY: "id total expiresAt"},
    "CartProblem": {EVERYBODY: "code message line"},
    "ShippingMethod": {EVERYBODY: "id name description price minDays maxDays"},
    # orders
    "Order": {
        OWNER: "id number status paymentStatus fulfillmentStatus email user lines cost discountCodes shippingAddress "
        "billingAddress shippingMethod payments refunds fulfillments balanceDue events eventCursor availableActions "
        "note placedAt expiresAt confirmedAt completedAt canceledAt cancelReason updatedAt",
    },
    "OrderConnection": PAGE,
    "OrderEdge": EDGE,
    # what follows is reached through its order, whose rule holds for it
    "OrderLine": {
        EVERYBODY: "id variant productName variantTitle sku quantity quantityFulfilled quantityRefunded unitPrice "
        "discount tax total",
    },
    "ShippingMethodSnapshot": {EVERYBODY: "name price"},
    "Fulfillment": {
        EVERYBODY: "id order status lines tracking estimatedDeliveryAt createdAt shippedAt deliveredAt",
    },
    "FulfillmentLine": {EVERYBODY: "orderLine quantity"},
    "Tracking": {EVERYBODY: "carrier number url"},
    "OrderFulfillmentEvent": {EVERYBODY: "id cursor sequence type occurredAt message order fulfillment location"},
    "OrderLifecycleEvent": {EVERYBODY: "id cursor sequence type occurredAt message order previousStatus status"},
    "OrderPaymentEvent": {EVERYBODY: f"{EVENT} payment amount"},
    "OrderRefundEvent": {EVERYBODY: f"{EVENT} refund"},
    "OrderAvailableAction": {EVERYBODY: "action allowed reason"},
    "Payment": {
        EVERYBODY: "id order provider status amount amountCaptured amountRefunded captureMethod method failure "
        "nextAction createdAt updatedAt",
        OWNER_ALONE: "clientSecret",
        ADMIN: "providerReference",
    },
    "PaymentMethodDetails": {EVERYBODY: "type brand last4 expMonth expYear"},
    "PaymentFailure": {EVERYBODY: "code declineCode message"},
    "PaymentNextAction": {EVERYBODY: "type url"},
    "Refund": {EVERYBODY: "id order payment amount status reason note lines createdAt updatedAt"},
    "RefundLine": {EVERYBODY: "orderLine quantity restocked"},
    "SavedPaymentMethod": {OWNER: "id details isDefault createdAt"},
    "OrderEventConnection": PAGE,
    "OrderEventEdge": EDGE,
    "QuoteChange": {EVERYBODY: "line reason quoted current"},
    # what mutations answer: who may call one sees its payload
    "UserRegisterPayload": {EVERYBODY: "user tokens userErrors"},
    "UserLoginPayload": {EVERYBODY: "user tokens userErrors"},
    "TokenRefreshPayload": {EVERYBODY: "tokens userErrors"},
    "UserLogoutPayload": {EVERYBODY: "loggedOut userErrors"},
    "SessionRevokePayload": {EVERYBODY: "revokedCount userErrors"},
    "EmailVerificationRequestPayload": {EVERYBODY: "accepted userErrors"},
    "EmailVerifyPayload": {EVERYBODY: "user userErrors"},
    "PasswordResetRequestPayload": {EVERYBODY: "accepted userErrors"},
    "PasswordResetPayload": {EVERYBODY: "user userErrors"},
    "UserPasswordChangePayload": {EVERYBODY: "user userErrors"},
    "UserEmailChangeRequestPayload": {EVERYBODY: "accepted userErrors"},
    "UserEmailChangeConfirmPayload": {EVERYBODY: "user userErrors"},
    "UserUpdatePayload": {EVERYBODY: "user userErrors"},
    "UserDeletePayload": {EVERYBODY: "deletedUserId userErrors"},
    "UserAddressCreatePayload": {EVERYBODY: "address user userErrors"},
    "UserAddressUpdatePayload": {EVERYBODY: "address user userErrors"},
    "UserAddressDeletePayload": {EVERYBODY: "deletedAddressId user userErrors"},
    "UserRoleSetPayload": {EVERYBODY: "user userErrors"},
    "InventoryAdjustPayload": {EVERYBODY: "productVariant userErrors"},
    "DiscountCodeCreatePayload": {EVERYBODY: "discountCode userErrors"},
    "DiscountCodeUpdatePayload": {EVERYBODY: "discountCode userErrors"},
    "ShippingRateSetPayload": {EVERYBODY: "shippingRate userErrors"},
    "TaxRateSetPayload": {EVERYBODY: "taxRate userErrors"},
    "ProviderEventReplayPayload": {EVERYBODY: "providerEvent userErrors"},
    "CartCreatePayload": {EVERYBODY: "cart userErrors"},
    "CartLinesAddPayload": {EVERYBODY: "cart userErrors"},
    "CartLinesUpdatePayload": {EVERYBODY: "cart userErrors"},
    "CartLinesRemovePayload": {EVERYBODY: "cart userErrors"},
    "CartBuyerIdentityUpdatePayload": {EVERYBODY: "cart userErrors"},
    "CartShippingAddressSetPayload": {EVERYBODY: "cart userErrors"},
    "CartBillingAddressSetPayload": {EVERYBODY: "cart userErrors"},
    "CartShippingMethodSelectPayload": {EVERYBODY: "cart userErrors"},
    "CartDiscountCodeApplyPayload": {EVERYBODY: "cart userErrors"},
    "CartDiscountCodeRemovePayload": {EVERYBODY: "cart userErrors"},
    "OrderPlacePayload": {EVERYBODY: "order payment accessToken userErrors"},
    "FulfillmentCreatePayload": {EVERYBODY: "fulfillment order userErrors"},
    "FulfillmentUpdatePayload": {EVERYBODY: "fulfillment userErrors"},
    "FulfillmentCancelPayload": {EVERYBODY: "fulfillment userErrors"},
    "OrderNoteAddPayload": {EVERYBODY: "order userErrors"},
    "OrderAccessTokenRevokePayload": {EVERYBODY: "order accessToken userErrors"},
    "OrderCancelPayload": {EVERYBODY: "order userErrors"},
    "PaymentCreatePayload": {EVERYBODY: "payment userErrors"},
    "PaymentConfirmPayload": {EVERYBODY: "payment userErrors"},
    "PaymentCapturePayload": {EVERYBODY: "payment userErrors"},
    "PaymentCancelPayload": {EVERYBODY: "payment userErrors"},
    "RefundCreatePayload": {EVERYBODY: "refund order userErrors"},
    "PaymentMethodSetupPayload": {EVERYBODY: "clientSecret userErrors"},
    "SavedPaymentMethodDeletePayload": {EVERYBODY: "deletedPaymentMethodId userErrors"},
    # errors
    "InsufficientStockError": {EVERYBODY: f"{ERROR} variant quantityRequested quantityAvailable"},
    "InvalidTransitionError": {EVERYBODY: f"{ERROR} from action"},
    "PaymentDeclinedError": {EVERYBODY: f"{ERROR} declineCode retryable"},
    "QuoteChangedError": {EVERYBODY: f"{ERROR} quotedTotal currentTotal changes"},
    "ValidationError": {EVERYBODY: ERROR},
    "NotFoundError": {EVERYBODY: f"{ERROR} id"},
    "ConflictError": {EVERYBODY: ERROR},
    "CartVersionConflictError": {EVERYBODY: f"{ERROR} cart"},
    "AuthenticationError": {EVERYBODY: ERROR},
    "PermissionError": {EVERYBODY: ERROR},
    "RateLimitError": {EVERYBODY: f"{ERROR} retryAfter"},
}

OWNERS: Mapping[str, str] = {
    "Cart": "owner",
    "Order": "owner",
    "Payment": "owner",
    "SavedPaymentMethod": "user_id",
    "User": "id",
    "SavedAddress": "user_id",
    "Session": "user_id",
}
"""Of types whose things belong to somebody, the attribute that says to whom."""


@cache
def rules(type_name: str) -> Mapping[str, Rule]:
    """The rule of each field of a type. Raises: ValueError: a field has two."""
    found: dict[str, Rule] = {}
    for rule, names in ACCESS.get(type_name, {}).items():
        for name in names.split():
            if name in found:
                raise ValueError(f"{type_name}.{name} has two rules")
            found[name] = rule
    return found


def rule(type_name: str, field: str) -> Rule:
    return rules(type_name).get(field, NOBODY)
