"""From which columns people, their addresses and sessions are made."""

from domain.users.address import Address, SavedAddress
from domain.users.sessions import RefreshToken, Session
from domain.users.user import User, UserRole
from persistence.mapping import Mapper, made_by, value_of
from persistence.users.tables import addresses, refresh_tokens, sessions, users

ROLES = {role.value: role for role in UserRole}

USER = Mapper(
    User,
    {
        "id": users.c.id,
        "email": users.c.email,
        "first_name": users.c.first_name,
        "last_name": users.c.last_name,
        "role": made_by(ROLES.__getitem__, users.c.role),
        "email_verified": users.c.email_verified,
        "created_at": users.c.created_at,
        "updated_at": users.c.updated_at,
    },
)
ADDRESS = Mapper(
    SavedAddress,
    {
        "id": addresses.c.id,
        "user_id": addresses.c.user_id,
        "address": value_of(
            Address,
            addresses.c.line1,
            addresses.c.city,
            addresses.c.country_code,
            addresses.c.first_name,
            addresses.c.last_name,
            addresses.c.company,
            addresses.c.line2,
            addresses.c.region,
            addresses.c.postal_code,
            addresses.c.phone,
        ),
        "is_default": addresses.c.is_default,
        "created_at": addresses.c.created_at,
    },
    always=("id", "user_id"),
)
SESSION = Mapper(
    Session,
    {
        "id": sessions.c.id,
        "user_id": sessions.c.user_id,
        "user_agent": sessions.c.user_agent,
        "ip_address": sessions.c.ip_address,
        "created_at": sessions.c.created_at,
        "last_used_at": sessions.c.last_used_at,
        "expires_at": sessions.c.expires_at,
        "revoked_at": sessions.c.revoked_at,
    },
    properties={"ends_at": ("last_used_at", "expires_at")},
    always=("id", "user_id"),
)
REFRESH_TOKEN = Mapper(
    RefreshToken,
    {
        "hash": refresh_tokens.c.hash,
        "session_id": refresh_tokens.c.session_id,
        "expires_at": refresh_tokens.c.expires_at,
        "used_at": refresh_tokens.c.used_at,
        "sealed_successor": refresh_tokens.c.sealed_successor,
    },
    always=("hash",),
)
