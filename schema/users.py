"""People, their sessions and their addresses."""

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.users import address, sessions, user
from domain.users.address_book import Changed, Removed
from domain.users.user import UserId, UserRole
from resolvers import orders as order_resolvers
from resolvers import users as resolvers
from schema.addresses import Address
from schema.errors import UserError, user_errors
from schema.nodes import Node
from schema.paging import Connection
from schema.rendering import identity, loaded, mutation, pays_out, renders, resolved, result, result_id, shown
from schema.scalars import ID

if TYPE_CHECKING:
    from schema.carts import Cart
    from schema.orders import Order
    from schema.payments import SavedPaymentMethod


@strawberry.type(description="An address in somebody's book.")
@renders(address.SavedAddress)
class SavedAddress(Node):
    id: ID = identity()
    address: Address = shown("The address.")
    is_default: bool = shown("Whether it is the one to begin with at checkout.")
    created_at: datetime = shown("When it was saved.")


@strawberry.type(description="A device that somebody is signed in at.")
@renders(sessions.Session)
class Session(Node):
    id: ID = identity()
    current: bool = resolved(resolvers.is_current, "Whether it is the session that asks.")
    user_agent: str | None = shown("What the device's browser or app calls itself.")
    ip_address: str | None = shown("Where it signed in from.")
    created_at: datetime = shown("When it signed in.")
    last_used_at: datetime = shown("When it last got new tokens.")
    expires_at: datetime = shown("When it ends, unless it is used before.", "ends_at")


@strawberry.type(description="Somebody with an account.")
@renders(user.User)
class User(Node):
    id: ID = identity()
    email: str = shown("The e-mail address, in lower case.")
    first_name: str = shown("The first name.")
    last_name: str = shown("The last name.")
    role: UserRole = shown("What they may do.")
    email_verified: bool = shown("Whether they have proved that the address is theirs.")
    addresses: list[SavedAddress] = loaded("addresses", key="id", description="The address book, the default first.")
    default_address: SavedAddress | None = resolved(
        resolvers.default_address, "The address to begin with at checkout.", looks_at=(address.SavedAddress,)
    )
    cart: Annotated["Cart", strawberry.lazy("schema.carts")] | None = loaded(
        "open_cart", key="id", description="The one open cart, if there is one."
    )
    orders: Connection[Annotated["Order", strawberry.lazy("schema.orders")]] = resolved(
        order_resolvers.orders_of_user, "What they have ordered."
    )
    payment_methods: list[Annotated["SavedPaymentMethod", strawberry.lazy("schema.payments")]] = loaded(
        "saved_methods", key="id", description="What they keep to pay with, the oldest first."
    )
    sessions: list[Session] = loaded(
        "sessions", key="id", description="The devices they are signed in at; for nobody but themselves."
    )
    created_at: datetime = shown("When the account was opened.")
    updated_at: datetime = shown("When it was last changed.")


@strawberry.type(description="What keeps a client signed in. Send the access token as `Authorization: Bearer …`.")
@renders(sessions.Tokens)
class AuthTokens:
    access_token: str = shown("Proves who somebody is, for ten minutes.")
    access_token_expires_at: datetime = shown("When the access token ends.")
    refresh_token: str = shown("Gets new tokens by `tokenRefresh`, once. Keep it where no script can read it.")
    refresh_token_expires_at: datetime = shown("When the refresh token ends, unless it is used before.")


@strawberry.type
class UserQueries:
    me: User | None = resolved(resolvers.me, "Who is signed in; null for who is not.")
    user: User | None = resolved(resolvers.user, "Somebody by their id.")
    users: Connection[User] = resolved(resolvers.users, "Everybody with an account, the newest first.")


def _itself(proven: user.User) -> user.User:
    return proven


@strawberry.type(description="The new account.")
@pays_out(sessions.SignedIn)
class UserRegisterPayload:
    user: User | None = result("Who has an account now.", "user")
    tokens: AuthTokens | None = result("What keeps the client signed in.", "tokens")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Who signed in.")
@pays_out(sessions.SignedIn)
class UserLoginPayload:
    user: User | None = result("Who is signed in.", "user")
    tokens: AuthTokens | None = result("What keeps the client signed in.", "tokens")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="New tokens.")
@pays_out(sessions.Tokens)
class TokenRefreshPayload:
    tokens: AuthTokens | None = result("What replaces the former tokens.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Whether a session ended.")
@pays_out(bool)
class UserLogoutPayload:
    logged_out: bool = result("Whether the session ended.", otherwise=False)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="How many sessions ended.")
@pays_out(int)
class SessionRevokePayload:
    revoked_count: int = result("How many ended.", otherwise=0)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Whether a letter is under way.")
@pays_out(bool)
class EmailVerificationRequestPayload:
    accepted: bool = result(
        "Whether the request was taken; nothing is sent when the address is confirmed.", otherwise=False
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Whose address is confirmed.")
@pays_out(user.User)
class EmailVerifyPayload:
    user: User | None = result("Whose address it is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Whether the request was taken, which does not tell whether there is an account.")
@pays_out(bool)
class PasswordResetRequestPayload:
    accepted: bool = result("Whether the request was taken.", otherwise=False)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Who has a new password.")
@pays_out(user.User)
class PasswordResetPayload:
    user: User | None = result("Whose password it is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Who has a new password.")
@pays_out(user.User)
class UserPasswordChangePayload:
    user: User | None = result("Whose password it is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Whether the request was taken, which does not tell whether the new address is free.")
@pays_out(bool)
class UserEmailChangeRequestPayload:
    accepted: bool = result("Whether the request was taken.", otherwise=False)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Who has another address.")
@pays_out(user.User)
class UserEmailChangeConfirmPayload:
    user: User | None = result("Whose address it is.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="The user as they are now.")
@pays_out(user.User)
class UserUpdatePayload:
    user: User | None = result("The user as they are now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Who was erased.")
@pays_out(UserId)
class UserDeletePayload:
    deleted_user_id: ID | None = result_id("User", "Who was erased.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="A new address in the book.")
@pays_out(Changed)
class UserAddressCreatePayload:
    address: SavedAddress | None = result("The new address.", "address")
    user: User | None = result("Whose book it is.", "user")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="A changed address in the book.")
@pays_out(Changed)
class UserAddressUpdatePayload:
    address: SavedAddress | None = result("The address as it is now.", "address")
    user: User | None = result("Whose book it is.", "user")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="An address that left the book.")
@pays_out(Removed)
class UserAddressDeletePayload:
    deleted_address_id: ID | None = result_id("SavedAddress", "The address that is gone.", "address_id")
    user: User | None = result("Whose book it is.", "user")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="Who has another role.")
@pays_out(user.User)
class UserRoleSetPayload:
    user: User | None = result("The user as they are now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type
class UserMutations:
    user_register: UserRegisterPayload = mutation(
        resolvers.register,
        "Open an account and sign in there. A letter asks to confirm the address.",
        proves=attrgetter("user"),
    )
    user_login: UserLoginPayload = mutation(
        resolvers.login, "Sign in by e-mail address and password.", proves=attrgetter("user")
    )
    token_refresh: TokenRefreshPayload = mutation(
        resolvers.refresh,
        "Exchange a refresh token for new tokens. It is spent by that: used again, it ends its session.",
    )
    user_logout: UserLogoutPayload = mutation(
        resolvers.logout, "End this session, or all of one's own, at once and everywhere."
    )
    session_revoke: SessionRevokePayload = mutation(
        resolvers.revoke_session, "End one of one's own sessions, or all but this one."
    )
    email_verification_request: EmailVerificationRequestPayload = mutation(
        resolvers.request_verification, "Have the letter that confirms one's own address sent again."
    )
    email_verify: EmailVerifyPayload = mutation(
        resolvers.verify_email, "Confirm an address by the token that its letter carries.", proves=_itself
    )
    password_reset_request: PasswordResetRequestPayload = mutation(
        resolvers.request_reset,
        "Have a letter sent that allows a new password. Says nothing about whether there is an account.",
    )
    password_reset: PasswordResetPayload = mutation(
        resolvers.reset_password,
        "Set a new password by the token that a letter carries. Ends all of the account's sessions.",
        proves=_itself,
    )
    user_password_change: UserPasswordChangePayload = mutation(
        resolvers.change_password, "Set a new password by the present one. Ends all other sessions."
    )
    user_email_change_request: UserEmailChangeRequestPayload = mutation(
        resolvers.request_email_change, "Have a letter sent to a new address, which then can be confirmed."
    )
    user_email_change_confirm: UserEmailChangeConfirmPayload = mutation(
        resolvers.confirm_email_change,
        "Take a new address by the token that its letter carries.",
        proves=_itself,
    )
    user_update: UserUpdatePayload = mutation(resolvers.update, "Change one's own names; what is left out stays.")
    user_delete: UserDeletePayload = mutation(
        resolvers.delete, "Erase one's own account with everything personal, and end its sessions."
    )
    user_address_create: UserAddressCreatePayload = mutation(
        resolvers.create_address, "Put an address into one's own book."
    )
    user_address_update: UserAddressUpdatePayload = mutation(
        resolvers.update_address, "Change an address in one's own book, or make it the default."
    )
    user_address_delete: UserAddressDeletePayload = mutation(
        resolvers.delete_address, "Take an address out of one's own book."
    )
    user_role_set: UserRoleSetPayload = mutation(
        resolvers.set_role, "Say what somebody may do. Ends their sessions, so that they sign in to their new role."
    )
