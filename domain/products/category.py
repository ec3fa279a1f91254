"""Where products are shelved."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

CategoryId = NewType("CategoryId", UUID)


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf in a tree of shelves; one without a parent is a root."""

    id: CategoryId
    name: str
    slug: str
    description: str | None
    parent_id: CategoryId | None
    created_at: datetime
    updated_at: datetime
