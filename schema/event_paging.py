"""Relay connections of events, whose cursors are the same in queries and in streams."""

from typing import Generic, TypeVar

import strawberry

from domain.shared import paging
from schema.paging import PageInfo
from schema.rendering import loaded, renders, shown
from schema.scalars import EventCursor

T = TypeVar("T")


@strawberry.type(description="Something that happened, and its place among all that did.")
@renders(paging.Edge)
class Edge(Generic[T]):
    node: T = shown("What happened.")
    cursor: EventCursor = shown("Its place, for `after` and `before`, here and in subscriptions.")


@strawberry.type(description="Some of what happened, in order.")
@renders(paging.Page)
class Connection(Generic[T]):
    edges: list[Edge[T]] = shown("What happened, with cursors.")
    nodes: list[T] = shown("What happened.", "items")
    page_info: PageInfo = shown("Where the page stands in the list.", "")
    total_count: int = loaded(
        "total_count", key="scope", description="How much happened in all. Counted only when asked for."
    )
