"""Who may see what."""

from enum import Enum

from domain.shared.errors import Forbidden, Unauthenticated
from domain.users.user import Actor


class Viewer(Enum):
    """What somebody must be to see a field."""

    SIGNED_IN = "SIGNED_IN"
    OWNER = "OWNER"
    ADMIN = "ADMIN"


def require(actor: Actor, viewer: Viewer) -> None:
    """Let `actor` pass, or say what is missing. Ownership depends on the object and is decided where it is read.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: somebody is, without the role.
    """
    if actor.user_id is None:
        raise Unauthenticated("Sign in to see this.")
    if viewer is Viewer.ADMIN and not actor.is_staff:
        raise Forbidden("Only administrators may see this.")
