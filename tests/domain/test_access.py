"""Who may see what."""

from uuid import UUID

import pytest

from domain.shared.errors import DomainError, Forbidden, Unauthenticated
from domain.users.access import Viewer, require
from domain.users.user import ANONYMOUS, Actor, UserId, UserRole

CUSTOMER = Actor(UserId(UUID(int=1)), UserRole.CUSTOMER)
ADMIN = Actor(UserId(UUID(int=2)), UserRole.ADMIN)


@pytest.mark.parametrize(
    ("actor", "viewer", "refusal"),
    [
        (ANONYMOUS, Viewer.SIGNED_IN, Unauthenticated),
        (ANONYMOUS, Viewer.OWNER, Unauthenticated),
        (ANONYMOUS, Viewer.ADMIN, Unauthenticated),
        (CUSTOMER, Viewer.ADMIN, Forbidden),
    ],
)
def test_who_lacks_what_is_needed_is_told_what_is_missing(
    actor: Actor, viewer: Viewer, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal) as refused:
        require(actor, viewer)
    assert type(refused.value) is refusal
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    ("actor", "viewer"),
    [
        (CUSTOMER, Viewer.SIGNED_IN),
        (CUSTOMER, Viewer.OWNER),
        (ADMIN, Viewer.SIGNED_IN),
        (ADMIN, Viewer.OWNER),
        (ADMIN, Viewer.ADMIN),
    ],
)
def test_who_has_what_is_needed_passes(actor: Actor, viewer: Viewer) -> None:
    require(actor, viewer)


def test_only_administrators_are_staff() -> None:
    assert [actor.is_staff for actor in (ANONYMOUS, CUSTOMER, ADMIN)] == [False, False, True]
