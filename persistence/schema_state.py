"""How far a database's schema is, compared with the migrations that this version of Souk has."""

import re
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent / "alembic"
_REVISION = re.compile(r'^revision(?:: \w+)? = "([^"]+)"$', re.MULTILINE)
_EARLIER = re.compile(r'^down_revision(?:: [\w |]+)? = "([^"]+)"$', re.MULTILINE)


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


def newest() -> str:
    """The revision that this version of Souk works with."""
    return revisions()[0]


def revisions() -> Sequence[str]:
    """All migrations, newest first: each begins where another one ends.

    What the scripts say is read, without running them: to load Alembic, which does that, takes 0.2 s of each start, and
    hardly one has to migrate.
    """
    texts = [script.read_text(encoding="utf-8") for script in (SCRIPTS / "versions").glob("*.py")]
    after = {earlier[1] if (earlier := _EARLIER.search(text)) else "": _REVISION.findall(text)[0] for text in texts}
    found: list[str] = []
    while (found[-1] if found else "") in after:
        found.append(after[found[-1] if found else ""])
    if len(found) != len(texts):
        raise RuntimeError(f"the migrations in {SCRIPTS} do not follow each other in one line")
    return found[::-1]
