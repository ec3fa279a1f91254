"""Who may see and do what, stated by hand and apart from the table that the server looks into."""

from collections.abc import Mapping
from enum import Enum

from tests.graphql.access_world import Viewer


class Rule(Enum):
    """Whom it lets pass, and what `@auth` calls it."""

    EVERYBODY = (frozenset({Viewer.ANONYMOUS, Viewer.OWNER, Viewer.OTHER, Viewer.ADMIN}), None)
    SIGNED_IN = (frozenset({Viewer.OWNER, Viewer.OTHER, Viewer.ADMIN}), "SIGNED_IN")
    OWNER = (frozenset({Viewer.OWNER, Viewer.ADMIN}), "OWNER")
    OWNER_ALONE = (frozenset({Viewer.OWNER}), "OWNER")
    ADMIN = (frozenset({Viewer.ADMIN}), "ADMIN")

    @property
    def viewers(self) -> frozenset[Viewer]:
        return self.value[0]

    @property
    def shown_as(self) -> str | None:
        return self.value[1]


def each(rule: Rule, fields: str) -> Mapping[str, Rule]:
    return dict.fromkeys(fields.split(), rule)


RULES: Mapping[str, Mapping[str, Rule]] = {
    "Query": each(Rule.ADMIN, "user users orders discountCodes shippingRates taxRates providerEvents"),
    # what belongs to somebody is not there for others: `test_order_events.py` goes over who may follow what
    "Subscription": {
        **each(Rule.EVERYBODY, "orderEvents variantAvailability"),
        **each(Rule.ADMIN, "allOrderEvents"),
    },
    "User": {
        **each(Rule.OWNER, "id email firstName lastName role emailVerified"),
        **each(Rule.OWNER, "addresses defaultAddress cart orders paymentMethods createdAt updatedAt"),
        **each(Rule.OWNER_ALONE, "sessions"),
    },
    "SavedAddress": each(Rule.OWNER, "id address isDefault createdAt"),
    "Session": each(Rule.OWNER_ALONE, "id current userAgent ipAddress createdAt lastUsedAt expiresAt"),
    "ProductVariant": each(Rule.ADMIN, "costPrice inventory"),
    "Inventory": each(Rule.ADMIN, "tracked onHand reserved available lowStockThreshold adjustments"),
    "InventoryAdjustment": each(Rule.ADMIN, "id delta reason note order user createdAt"),
    "Cart": {
        **each(Rule.OWNER, "id version lines totalQuantity buyerIdentity shippingAddress billingAddress"),
        **each(Rule.OWNER, "shippingMethods shippingMethod discountCodes cost quote problems currencyCode"),
        **each(Rule.OWNER, "order createdAt updatedAt"),
    },
    # whoever sees the cart sees what is in it
    "CartLine": each(Rule.EVERYBODY, "id variant quantity unitPrice subtotal discount total"),
    "Order": {
        **each(Rule.OWNER, "id number status paymentStatus fulfillmentStatus email user lines cost discountCodes"),
        **each(
            Rule.OWNER, "shippingAddress billingAddress shippingMethod fulfillments events eventCursor note placedAt"
        ),
        **each(Rule.OWNER, "expiresAt confirmedAt completedAt canceledAt cancelReason updatedAt"),
        **each(Rule.OWNER, "payments refunds balanceDue availableActions"),
    },
    # whoever sees the order sees what was bought, and what happened
    "OrderLine": {
        **each(Rule.EVERYBODY, "id variant productName variantTitle sku quantity quantityFulfilled"),
        **each(Rule.EVERYBODY, "quantityRefunded unitPrice discount tax total"),
    },
    "Fulfillment": {
        **each(Rule.EVERYBODY, "id order status lines tracking estimatedDeliveryAt createdAt shippedAt deliveredAt"),
    },
    "OrderFulfillmentEvent": {
        **each(Rule.EVERYBODY, "id cursor sequence type occurredAt message order fulfillment location"),
    },
    "OrderLifecycleEvent": {
        **each(Rule.EVERYBODY, "id cursor sequence type occurredAt message order previousStatus status"),
    },
    # and how it is paid; what the provider gave its software in the buyer's browser is nobody else's business
    "Payment": {
        **each(Rule.EVERYBODY, "id order provider status amount amountCaptured amountRefunded captureMethod"),
        **each(Rule.EVERYBODY, "method failure nextAction createdAt updatedAt"),
        **each(Rule.OWNER_ALONE, "clientSecret"),
        **each(Rule.ADMIN, "providerReference"),
    },
    "Refund": each(Rule.EVERYBODY, "id order payment amount status reason note lines createdAt updatedAt"),
    "RefundLine": each(Rule.EVERYBODY, "orderLine quantity restocked"),
    "OrderPaymentEvent": each(Rule.EVERYBODY, "id cursor sequence type occurredAt message order payment amount"),
    "OrderRefundEvent": each(Rule.EVERYBODY, "id cursor sequence type occurredAt message order refund"),
    "SavedPaymentMethod": each(Rule.OWNER, "id details isDefault createdAt"),
    "DiscountCode": {
        **each(Rule.ADMIN, "id code kind value minimumSubtotal usageLimit usageLimitPerUser timesUsed"),
        **each(Rule.ADMIN, "startsAt endsAt active categories createdAt"),
    },
    "ShippingRate": {
        **each(Rule.ADMIN, "id name description countries price freeAbove maxWeightGrams minDays maxDays active"),
    },
    "TaxRate": each(Rule.ADMIN, "id title countryCode region rate includedInPrice active"),
    "ProviderEvent": {
        **each(Rule.ADMIN, "id provider externalId type status attempts error payload receivedAt processedAt"),
    },
    "Mutation": {
        **each(Rule.EVERYBODY, "userRegister userLogin tokenRefresh emailVerify passwordResetRequest passwordReset"),
        **each(Rule.EVERYBODY, "userEmailChangeConfirm"),
        **each(Rule.SIGNED_IN, "userLogout sessionRevoke emailVerificationRequest userPasswordChange userUpdate"),
        **each(Rule.SIGNED_IN, "userEmailChangeRequest userDelete userAddressCreate"),
        # their target is the viewer's own, or it is not there
        **each(Rule.SIGNED_IN, "userAddressUpdate userAddressDelete"),
        # a guest's cart is anybody's who knows its id, a customer's is their own
        **each(Rule.EVERYBODY, "cartCreate cartLinesAdd cartLinesUpdate cartLinesRemove cartBuyerIdentityUpdate"),
        **each(Rule.EVERYBODY, "cartShippingAddressSet cartBillingAddressSet cartShippingMethodSelect"),
        **each(Rule.EVERYBODY, "cartDiscountCodeApply cartDiscountCodeRemove orderPlace"),
        # the owner's and the administrators', and a guest's for who has its token
        **each(Rule.EVERYBODY, "orderCancel orderAccessTokenRevoke paymentCreate paymentConfirm"),
        **each(Rule.SIGNED_IN, "paymentMethodSetup savedPaymentMethodDelete"),
        **each(Rule.ADMIN, "userRoleSet inventoryAdjust discountCodeCreate discountCodeUpdate"),
        **each(Rule.ADMIN, "paymentCapture paymentCancel refundCreate"),
        **each(Rule.ADMIN, "shippingRateSet taxRateSet fulfillmentCreate fulfillmentUpdate fulfillmentCancel"),
        **each(Rule.ADMIN, "orderNoteAdd providerEventReplay"),
    },
}
PUBLIC = {"Category", "Product", "ProductMedia", "ShippingMethod"}
"""What has a global id, belongs to nobody and asks for no role."""
BY_ID = {
    "User": Rule.OWNER,
    "SavedAddress": Rule.OWNER,
    "Session": Rule.OWNER_ALONE,
    "Cart": Rule.OWNER,
    "CartLine": Rule.OWNER_ALONE,
    **dict.fromkeys(("Payment", "Refund", "SavedPaymentMethod"), Rule.OWNER),
    **dict.fromkeys(("OrderPaymentEvent", "OrderRefundEvent"), Rule.OWNER),
    **dict.fromkeys(("Order", "OrderLine", "OrderLifecycleEvent", "OrderFulfillmentEvent", "Fulfillment"), Rule.OWNER),
    **dict.fromkeys(("InventoryAdjustment", "DiscountCode", "ShippingRate", "TaxRate", "ProviderEvent"), Rule.ADMIN),
}
"""To whom a thing is there at all, when it is asked for by its id."""
