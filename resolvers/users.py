"""People: accounts, sessions, addresses."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET, Parent

from domain.shared.errors import InvalidInput
from domain.shared.paging import Page
from domain.shared.work import Once
from domain.users import listing
from domain.users.accounts import Registration
from domain.users.address import AddressId, SavedAddress
from domain.users.address_book import Changed, Removed
from domain.users.listing import NEWEST_FIRST, UserListing, UserScope
from domain.users.sessions import Session, SignedIn, Tokens
from domain.users.user import SessionId, User, UserId, UserRole
from resolvers import global_ids
from resolvers.addresses import address_of
from resolvers.context import Info
from resolvers.paging import arguments, given
from schema.inputs import users as inputs
from schema.inputs.paging import After, Before, First, Last
from schema.scalars import ID

Search = Annotated[
    str | None,
    strawberry.argument(description="Words that stand in the name or the address, each of them; not case-sensitive."),
]
Role = Annotated[UserRole | None, strawberry.argument(description="Only people with this role.")]


async def me(info: Info) -> User | None:
    user_id = info.context.actor.user_id
    return None if user_id is None else await info.context.loaders.user.load(user_id)


async def user(
    info: Info,
    id: Annotated[ID, strawberry.argument(description="The user's id.")],  # noqa: A002
) -> User | None:
    found = global_ids.of_type("User", id)
    return None if found is None else await info.context.loaders.user.load(UserId(found))


async def users(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    search: Search = UNSET,
    role: Role = UNSET,
) -> Page[User]:
    window = arguments(first, after, last, before).window(NEWEST_FIRST)
    scope = UserScope(listing.words(given(search)), given(role))
    return await info.context.readers.users.page(UserListing(scope, window), wanted=info.context.wanted.get(User))


async def default_address(user: Parent[User], info: Info) -> SavedAddress | None:
    addresses = await info.context.loaders.addresses.load(user.id)
    return next((address for address in addresses if address.is_default), None)


def is_current(session: Parent[Session], info: Info) -> bool:
    return session.id == info.context.actor.session_id


def deleted_user_id(deleted: Parent[UserId]) -> ID:
    return ID(global_ids.encode("User", deleted))


async def register(info: Info, input: inputs.UserRegisterInput, once: Once | None) -> SignedIn:  # noqa: A002
    wanted = Registration(input.email, input.password, input.first_name, input.last_name)
    guest_cart = _guest_cart(given(input.cart_id))
    return await info.context.services.accounts.register(wanted, info.context.client, guest_cart, once)


async def login(info: Info, input: inputs.UserLoginInput, once: Once | None) -> SignedIn:  # noqa: A002
    service = info.context.services.authentication
    guest_cart = _guest_cart(given(input.cart_id))
    return await service.sign_in(input.email, input.password, info.context.client, guest_cart, once)


async def refresh(info: Info, input: inputs.TokenRefreshInput) -> Tokens:  # noqa: A002
    return await info.context.services.authentication.refresh(input.refresh_token, info.context.client)


async def logout(info: Info, input: inputs.UserLogoutInput) -> bool:  # noqa: A002
    await info.context.services.authentication.sign_out(info.context.actor, everywhere=bool(input.everywhere))
    return True


async def revoke_session(info: Info, input: inputs.SessionRevokeInput) -> int:  # noqa: A002
    service, identity = info.context.services.authentication, given(input.id)
    if bool(input.all_others) is (identity is not None):
        raise InvalidInput("id", "or `allOthers` must be given, and not both.")
    if identity is None:
        return await service.revoke_others(info.context.actor)
    return await service.revoke(info.context.actor, SessionId(global_ids.required("Session", identity, "session")))


async def request_verification(
    info: Info,
    input: inputs.EmailVerificationRequestInput,  # noqa: A002
    once: Once | None,
) -> bool:
    del input
    return await info.context.services.confirmation.request_verification(info.context.actor, info.context.client, once)


async def verify_email(info: Info, input: inputs.EmailVerifyInput) -> User:  # noqa: A002
    return await info.context.services.confirmation.verify_email(input.token, info.context.client)


async def request_reset(info: Info, input: inputs.PasswordResetRequestInput) -> bool:  # noqa: A002
    await info.context.services.confirmation.request_password_reset(input.email, info.context.client)
    return True


async def reset_password(info: Info, input: inputs.PasswordResetInput) -> User:  # noqa: A002
    return await info.context.services.confirmation.reset_password(input.token, input.password, info.context.client)


async def change_password(info: Info, input: inputs.UserPasswordChangeInput) -> User:  # noqa: A002
    context = info.context
    return await context.services.accounts.change_password(
        context.actor, input.current_password, input.new_password, context.client
    )


async def request_email_change(info: Info, input: inputs.UserEmailChangeRequestInput) -> bool:  # noqa: A002
    context = info.context
    await context.services.confirmation.request_email_change(
        context.actor, input.new_email, input.password, context.client
    )
    return True


async def confirm_email_change(info: Info, input: inputs.UserEmailChangeConfirmInput) -> User:  # noqa: A002
    return await info.context.services.confirmation.confirm_email_change(input.token, info.context.client)


async def update(info: Info, input: inputs.UserUpdateInput, once: Once | None) -> User:  # noqa: A002
    service = info.context.services.accounts
    return await service.rename(info.context.actor, given(input.first_name), given(input.last_name), once)


async def delete(info: Info, input: inputs.UserDeleteInput) -> UserId:  # noqa: A002
    return await info.context.services.accounts.delete(info.context.actor, input.password, info.context.client)


async def create_address(info: Info, input: inputs.UserAddressCreateInput, once: Once | None) -> Changed:  # noqa: A002
    book, default = info.context.services.address_book, bool(input.make_default)
    return await book.add(info.context.actor, address_of(input.address), make_default=default, once=once)


async def update_address(info: Info, input: inputs.UserAddressUpdateInput, once: Once | None) -> Changed:  # noqa: A002
    address, default = given(input.address), bool(given(input.make_default))
    return await info.context.services.address_book.change(
        info.context.actor,
        AddressId(global_ids.required("SavedAddress", input.id, "address")),
        None if address is None else address_of(address),
        make_default=default,
        once=once,
    )


async def delete_address(info: Info, input: inputs.UserAddressDeleteInput) -> Removed:  # noqa: A002
    identity = AddressId(global_ids.required("SavedAddress", input.id, "address"))
    return await info.context.services.address_book.remove(info.context.actor, identity)


async def set_role(info: Info, input: inputs.UserRoleSetInput) -> User:  # noqa: A002
    identity = UserId(global_ids.required("User", input.user_id, "user", "userId"))
    return await info.context.services.accounts.set_role(identity, input.role)


def _guest_cart(identity: ID | None) -> UUID | None:
    """Signing in does not fail for a cart that is not there."""
    return None if identity is None else global_ids.of_type("Cart", identity)
