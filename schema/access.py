"""Who may see and do what: the one table. A field that does not stand here is for nobody."""

from collections.abc import Mapping
from functools import cache

from domain.users.access import ADMIN, EVERYBODY, NOBODY, OWNER, OWNER_ALONE, SIGNED_IN, Rule

PAGE = {EVERYBODY: "edges nodes pageInfo totalCount"}
EDGE = {EVERYBODY: "node cursor"}
ERROR = "code message field"

ACCESS: Mapping[str, Mapping[Rule, str]] = {
    "Query": {
        EVERYBODY: "node nodes shop me product productVariant products category categories",
        ADMIN: "user users",
    },
    "Mutation": {
        EVERYBODY: "userRegister userLogin tokenRefresh emailVerify passwordResetRequest passwordReset "
        "userEmailChangeConfirm",
        SIGNED_IN: "userLogout sessionRevoke emailVerificationRequest userPasswordChange userEmailChangeRequest "
        "userUpdate userDelete userAddressCreate userAddressUpdate userAddressDelete",
        ADMIN: "userRoleSet",
    },
    # the shop and its catalogue
    "Shop": {EVERYBODY: "name currencyCode currencies"},
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
    "Inventory": {ADMIN: "tracked onHand reserved available lowStockThreshold"},
    # people
    "User": {
        OWNER: "id email firstName lastName role emailVerified addresses defaultAddress createdAt updatedAt",
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
    # errors
    "ValidationError": {EVERYBODY: ERROR},
    "NotFoundError": {EVERYBODY: f"{ERROR} id"},
    "ConflictError": {EVERYBODY: ERROR},
    "AuthenticationError": {EVERYBODY: ERROR},
    "PermissionError": {EVERYBODY: ERROR},
    "RateLimitError": {EVERYBODY: f"{ERROR} retryAfter"},
}

OWNERS: Mapping[str, str] = {"User": "id", "SavedAddress": "user_id", "Session": "user_id"}
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
