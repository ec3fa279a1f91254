"""What clients send about people."""

import strawberry
from strawberry import UNSET

from domain.users.user import UserRole
from schema.inputs.idempotency import idempotency_key
from schema.scalars import ID, CountryCode


@strawberry.input(description="A postal address.")
class AddressInput:
    first_name: str | None = strawberry.field(default=UNSET, description="The recipient's first name.")
    last_name: str | None = strawberry.field(default=UNSET, description="The recipient's last name.")
    company: str | None = strawberry.field(default=UNSET, description="The company, if it is one's address.")
    line1: str = strawberry.field(description="Street and number, or whatever comes first.")
    line2: str | None = strawberry.field(default=UNSET, description="Flat, floor, building.")
    city: str = strawberry.field(description="The town.")
    region: str | None = strawberry.field(default=UNSET, description="State, province or county.")
    postal_code: str | None = strawberry.field(default=UNSET, description="The postal code.")
    country_code: CountryCode = strawberry.field(description="The country.")
    phone: str | None = strawberry.field(default=UNSET, description="A telephone number for the carrier.")


@strawberry.input(description="A new account.")
class UserRegisterInput:
    email: str = strawberry.field(description="The e-mail address, by which the account is known.")
    password: str = strawberry.field(description="8 to 256 characters, and not one of those that are guessed first.")
    first_name: str = strawberry.field(description="The first name, 2 to 100 characters.")
    last_name: str = strawberry.field(description="The last name, 2 to 100 characters.")
    cart_id: ID | None = strawberry.field(default=UNSET, description="A guest's cart, which becomes the user's.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Who signs in.")
class UserLoginInput:
    email: str = strawberry.field(description="The account's e-mail address.")
    password: str = strawberry.field(description="Its password.")
    cart_id: ID | None = strawberry.field(default=UNSET, description="A guest's cart, which becomes the user's.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A refresh token to be exchanged.")
class TokenRefreshInput:
    refresh_token: str = strawberry.field(description="The newest refresh token of the session; it is spent by this.")


@strawberry.input(description="Which sessions end.")
class UserLogoutInput:
    everywhere: bool | None = strawberry.field(default=False, description="Whether all of the user's sessions end.")


@strawberry.input(description="Which sessions end: one by its id, or all others.")
class SessionRevokeInput:
    id: ID | None = strawberry.field(default=UNSET, description="The session that ends.")
    all_others: bool | None = strawberry.field(
        default=False, description="Whether all sessions but the one that asks end; instead of `id`."
    )


@strawberry.input(description="A wish for another letter that confirms one's own address.")
class EmailVerificationRequestInput:
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The proof that an address is one's own.")
class EmailVerifyInput:
    token: str = strawberry.field(description="The token in the letter's link.")


@strawberry.input(description="A wish for a letter that allows a new password.")
class PasswordResetRequestInput:
    email: str = strawberry.field(description="The account's e-mail address.")


@strawberry.input(description="A new password, by a letter's permission.")
class PasswordResetInput:
    token: str = strawberry.field(description="The token in the letter's link.")
    password: str = strawberry.field(description="The new password, 8 to 256 characters.")


@strawberry.input(description="A new password, by the present one's permission.")
class UserPasswordChangeInput:
    current_password: str = strawberry.field(description="The present password.")
    new_password: str = strawberry.field(description="The new password, 8 to 256 characters.")


@strawberry.input(description="A wish for another e-mail address.")
class UserEmailChangeRequestInput:
    new_email: str = strawberry.field(description="The new address, which gets a letter that confirms it.")
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(description="The proof that a new address is one's own.")
class UserEmailChangeConfirmInput:
    token: str = strawberry.field(description="The token in the letter's link.")


@strawberry.input(description="Other names; what is left out stays.")
class UserUpdateInput:
    first_name: str | None = strawberry.field(default=UNSET, description="The first name, 2 to 100 characters.")
    last_name: str | None = strawberry.field(default=UNSET, description="The last name, 2 to 100 characters.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The consent to one's own erasure.")
class UserDeleteInput:
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(description="An address for the book.")
class UserAddressCreateInput:
    address: AddressInput = strawberry.field(description="The address.")
    make_default: bool | None = strawberry.field(
        default=False, description="Whether it becomes the default; the first one does in any case."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A change of an address in the book.")
class UserAddressUpdateInput:
    id: ID = strawberry.field(description="The address that changes.")
    address: AddressInput | None = strawberry.field(
        default=UNSET, description="What replaces it, as a whole; it stays if this is left out."
    )
    make_default: bool | None = strawberry.field(default=UNSET, description="Whether it becomes the default.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="An address that leaves the book.")
class UserAddressDeleteInput:
    id: ID = strawberry.field(description="The address.")


@strawberry.input(description="What somebody may do from now on.")
class UserRoleSetInput:
    user_id: ID = strawberry.field(description="The user.")
    role: UserRole = strawberry.field(description="The new role.")
