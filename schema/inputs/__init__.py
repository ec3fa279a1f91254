"""What clients send."""

from schema import enums

__all__ = ["enums"]  # enums are published before any input has one
