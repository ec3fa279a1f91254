"""Relay connections."""

from typing import Generic, TypeVar

import strawberry

from domain.shared import paging
from schema.rendering import loaded, renders, shown

T = TypeVar("T")


@strawberry.type(description="Where a page stands in its list.")
@renders(paging.Page)
class PageInfo:
    has_next_page: bool = shown("Whether the list goes on after this page.", "has_next")
    has_previous_page: bool = shown("Whether the list has something before this page.", "has_previous")
    start_cursor: str | None = shown("The cursor of the page's first item; null on an empty page.")
    end_cursor: str | None = shown("The cursor of the page's last item; null on an empty page.")


@strawberry.type(description="An item of a list and its place there.")
@renders(paging.Edge)
class Edge(Generic[T]):
    node: T = shown("The item.")
    cursor: str = shown("The item's place in the list, for `after` and `before`; valid for this order only.")


@strawberry.type(description="One page of a list.")
@renders(paging.Page)
class Connection(Generic[T]):
    edges: list[Edge[T]] = shown("The page's items with their cursors.")
    nodes: list[T] = shown("The page's items.", "items")
    page_info: PageInfo = shown("Where the page stands in the list.", "")
    total_count: int = loaded(
        "total_count", key="scope", description="How many items the whole list has. Counted only when asked for."
    )
