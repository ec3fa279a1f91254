"""Who may see and do what: rules are pure questions about an actor and about whose the thing is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.shared.errors import Forbidden, Unauthenticated
from domain.users.user import Actor


class Viewer(Enum):
    """What somebody must be to see a field."""

    SIGNED_IN = "SIGNED_IN"
    OWNER = "OWNER"
    ADMIN = "ADMIN"


Allows = Callable[[Actor, UUID | None], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """`viewer` is what clients are told; where `by_owner`, the answer depends on whose the thing is."""

    name: str
    allows: Allows
    viewer: Viewer | None
    by_owner: bool = False

    def require(self, actor: Actor, owner: UUID | None = None) -> None:
        """Let `actor` pass, or say what is missing.

        Raises:
            Unauthenticated: nobody is signed in, which might help.
            Forbidden: it would not.
        """
        if self.allows(actor, owner):
            return
        if actor.user_id is None and self.viewer is not None:
            raise Unauthenticated("Sign in first.")
        raise Forbidden(_REFUSALS.get(self.name, "This is for nobody."))


def _owns(actor: Actor, owner: UUID | None) -> bool:
    """By who they are, or by what they hold: a guest's cart or order belongs to who can name it."""
    return owner is not None and (owner == actor.user_id or owner in actor.holds)


EVERYBODY = Rule("everybody", lambda _, __: True, None)
SIGNED_IN = Rule("signed in", lambda actor, _: actor.user_id is not None, Viewer.SIGNED_IN)
OWNER = Rule("owner", lambda actor, owner: actor.is_staff or _owns(actor, owner), Viewer.OWNER, by_owner=True)
OWNER_ALONE = Rule("owner alone", _owns, Viewer.OWNER, by_owner=True)
ADMIN = Rule("administrator", lambda actor, _: actor.is_staff, Viewer.ADMIN)
NOBODY = Rule("nobody", lambda _, __: False, None)
"""What holds where no rule is given."""

_REFUSALS = {
    ADMIN.name: "This is for administrators only.",
    OWNER.name: "This is only for the one it belongs to.",
    OWNER_ALONE.name: "This is only for the one it belongs to.",
}
