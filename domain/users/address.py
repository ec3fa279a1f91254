"""Postal addresses, and the book in which somebody keeps them."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import NewType
from uuid import UUID

from domain.shared.countries import COUNTRIES
from domain.shared.errors import DomainError, InvalidInput, SeveralErrors, UserErrorCode
from domain.users.person import plain
from domain.users.user import UserId

AddressId = NewType("AddressId", UUID)

MOST_ADDRESSES = 100
_LONGEST = {"line1": 200, "line2": 200, "postalCode": 20, "phone": 40}
_LONGEST_OTHER = 100
_REQUIRED = frozenset({"line1", "city", "countryCode"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel or an invoice goes."""

    line1: str
    city: str
    country_code: str
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    line2: str | None = None
    region: str | None = None
    postal_code: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class SavedAddress:
    id: AddressId
    user_id: UserId
    address: Address
    is_default: bool
    created_at: datetime


def checked(address: Address, argument: str = "address") -> Address:
    """The address as it is stored: tidied, with null where nothing is said.

    Raises:
        SeveralErrors: parts of it cannot be used; there is an error for each.
    """
    found: dict[str, str | None] = {}
    errors: list[DomainError] = []
    for field in fields(Address):
        try:
            found[field.name] = _part(_camel(field.name), getattr(address, field.name), argument)
        except InvalidInput as invalid:
            errors.append(invalid)
    if errors:
        raise SeveralErrors(errors)
    line1, city, country = (found.pop(name) or "" for name in ("line1", "city", "country_code"))
    return Address(line1, city, country, **found)


def _part(name: str, value: str | None, argument: str) -> str | None:
    path = f"{argument}.{name}"
    if value is None or not value.strip():
        if name in _REQUIRED:
            raise InvalidInput(path, "must not be empty.", UserErrorCode.REQUIRED)
        return None
    if name == "countryCode":
        if value.upper() not in COUNTRIES:
            raise InvalidInput(path, "must be a country's two letters after ISO 3166-1, such as DE.")
        return value.upper()
    return plain(value, path, _LONGEST.get(name, _LONGEST_OTHER))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
