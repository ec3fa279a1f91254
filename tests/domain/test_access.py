"""Who may see what: the rules, on everybody they could be asked about."""

from uuid import UUID

import pytest

from domain.shared.errors import DomainError, Forbidden, Unauthenticated
from domain.users.access import ADMIN, EVERYBODY, NOBODY, OWNER, OWNER_ALONE, SIGNED_IN, Rule, Viewer
from domain.users.user import ANONYMOUS, Actor, UserId, UserRole

SOMEBODY, ANOTHER = UserId(UUID(int=1)), UserId(UUID(int=2))
CUSTOMER = Actor(SOMEBODY, UserRole.CUSTOMER)
OTHER = Actor(ANOTHER, UserRole.CUSTOMER)
STAFF = Actor(UserId(UUID(int=3)), UserRole.ADMIN)
ACTORS = (ANONYMOUS, CUSTOMER, OTHER, STAFF)

# may anonymous, the owner, another customer, an administrator?
TABLE = {
    EVERYBODY: (True, True, True, True),
    SIGNED_IN: (False, True, True, True),
    OWNER: (False, True, False, True),
    OWNER_ALONE: (False, True, False, False),
    ADMIN: (False, False, False, True),
    NOBODY: (False, False, False, False),
}


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.name)
def test_each_rule_lets_pass_whom_it_names_and_nobody_else(rule: Rule) -> None:
    assert tuple(rule.allows(actor, SOMEBODY) for actor in ACTORS) == TABLE[rule]


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.name)
@pytest.mark.parametrize("actor", ACTORS, ids=("anonymous", "owner", "other", "admin"))
def test_who_may_pass_is_let_pass_and_who_may_not_is_told_whether_signing_in_helps(rule: Rule, actor: Actor) -> None:
    if rule.allows(actor, SOMEBODY):
        rule.require(actor, SOMEBODY)
        return
    helps = actor.user_id is None and rule is not NOBODY
    with pytest.raises(DomainError) as refused:
        rule.require(actor, SOMEBODY)
    assert type(refused.value) is (Unauthenticated if helps else Forbidden)
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("rule", [OWNER, OWNER_ALONE], ids=lambda rule: rule.name)
def test_what_belongs_to_nobody_has_no_owner(rule: Rule) -> None:
    assert not rule.allows(ANONYMOUS, None)
    assert not rule.allows(CUSTOMER, None)


def test_only_rules_about_owners_look_at_the_owner() -> None:
    assert {rule for rule in TABLE if rule.by_owner} == {OWNER, OWNER_ALONE}
    for rule in TABLE:
        if not rule.by_owner:
            assert {rule.allows(CUSTOMER, owner) for owner in (None, SOMEBODY, ANOTHER)} == {TABLE[rule][1]}


def test_clients_are_told_what_each_rule_wants() -> None:
    assert {rule.viewer for rule in TABLE} == {None, *Viewer}
    assert EVERYBODY.viewer is None


def test_only_administrators_are_staff() -> None:
    assert [actor.is_staff for actor in ACTORS] == [False, False, False, True]
