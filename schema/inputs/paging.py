"""Which slice of a list clients ask for: Relay's arguments."""

from typing import Annotated

import strawberry

First = Annotated[
    int | None, strawberry.argument(description="How many items to read from the front, 1 to 100. The default is 20.")
]
After = Annotated[str | None, strawberry.argument(description="Read only what follows the item with this cursor.")]
Last = Annotated[
    int | None,
    strawberry.argument(description="How many items to read from the end, 1 to 100. Not together with `first`."),
]
Before = Annotated[str | None, strawberry.argument(description="Read only what precedes the item with this cursor.")]
