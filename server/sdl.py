"""The schema as text, and the file that keeps it for readers and for diffs."""

from schema import root
from server.settings import CHECKOUT

FILE = CHECKOUT / "schema" / "schema.graphql"


def printed() -> str:
    return f"{root.build().as_str()}\n"


def stored() -> str:
    """What the file says; nothing when there is none."""
    return FILE.read_text(encoding="utf-8") if FILE.exists() else ""
