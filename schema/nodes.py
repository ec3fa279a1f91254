"""Relay's Node."""

import strawberry

from resolvers import nodes
from schema.rendering import identity, resolved
from schema.scalars import ID


@strawberry.interface(description="Anything that has a global id and can be found again by it.")
class Node:
    id: ID = identity()


@strawberry.type
class NodeQueries:
    node: Node | None = resolved(
        nodes.node, "Anything by its global id; null when there is no such thing, or not for the viewer."
    )
    nodes: list[Node | None] = resolved(
        nodes.nodes, "Many things by their global ids, in the same order; null where there is no such thing."
    )
