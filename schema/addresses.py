"""Postal addresses."""

import strawberry

from domain.users import address
from schema.rendering import renders, shown
from schema.scalars import CountryCode


@strawberry.type(description="A postal address.")
@renders(address.Address)
class Address:
    first_name: str | None = shown("The recipient's first name.")
    last_name: str | None = shown("The recipient's last name.")
    company: str | None = shown("The company.")
    line1: str = shown("Street and number, or whatever comes first.")
    line2: str | None = shown("Flat, floor, building.")
    city: str = shown("The town.")
    region: str | None = shown("State, province or county.")
    postal_code: str | None = shown("The postal code.")
    country_code: CountryCode = shown("The country.")
    phone: str | None = shown("A telephone number for the carrier.")
