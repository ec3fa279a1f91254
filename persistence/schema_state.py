"""How far a database's schema is, compared with the migrations that this version of Souk has."""

from collections.abc import Sequence
from enum import Enum

from alembic.script import ScriptDirectory

from persistence import migrations


class SchemaState(Enum):
    EMPTY = "empty"
    OUTDATED = "outdated"
    CURRENT = "current"
    UNKNOWN = "unknown"
    """A migration ran that this version does not have: a newer version was here."""


def state_of(revision: str | None) -> SchemaState:
    """The state of a database whose newest migration is `revision`."""
    if revision is None:
        return SchemaState.EMPTY
    known = revisions()
    if revision not in known:
        return SchemaState.UNKNOWN
    return SchemaState.CURRENT if revision == known[0] else SchemaState.OUTDATED


def revisions() -> Sequence[str]:
    """All migrations, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(migrations.configuration()).walk_revisions()]
