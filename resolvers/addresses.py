"""Postal addresses, as clients send them."""

from domain.users.address import Address
from resolvers.paging import given
from schema.inputs.users import AddressInput


def address_of(sent: AddressInput) -> Address:
    return Address(
        line1=sent.line1,
        city=sent.city,
        country_code=sent.country_code,
        first_name=given(sent.first_name),
        last_name=given(sent.last_name),
        company=given(sent.company),
        line2=given(sent.line2),
        region=given(sent.region),
        postal_code=given(sent.postal_code),
        phone=given(sent.phone),
    )
