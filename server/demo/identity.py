"""Ids and codes that are the same on every machine."""

from hashlib import blake2b
from uuid import UUID, uuid5

NAMESPACE = UUID("6b1f0a52-4c0e-4a6e-9d6c-52f5f1c3a9d7")
# GS1 keeps 200-299 for codes inside one company: no code made here is that of a real product
_INTERNAL_PREFIX = "20"
_EAN_DIGITS = 13


def identity(kind: str, *names: str) -> UUID:
    return uuid5(NAMESPACE, "/".join((kind, *names)))


def ean13(sku: str) -> str:
    """A valid EAN-13 that depends on `sku` alone."""
    number = int.from_bytes(blake2b(sku.encode(), digest_size=8).digest(), "big") % 10**10
    digits = f"{_INTERNAL_PREFIX}{number:010}"
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """The thirteenth digit for the first twelve: weights are 1 and 3 in turn."""
    return str(-(sum(map(int, digits[::2])) + 3 * sum(map(int, digits[1::2]))) % 10)


def valid_ean13(barcode: str) -> bool:
    return len(barcode) == _EAN_DIGITS and barcode.isdecimal() and check_digit(barcode[:-1]) == barcode[-1]
