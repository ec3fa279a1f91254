"""The garbage collector, set for a server."""

import gc

YOUNG = 50_000
"""Objects made before the youngest generation is looked through. A page of 100 products makes some 5,000, all of which
die with the answer by reference count; at Python's default of 700 they are looked through seven times meanwhile."""


def settle() -> None:
    """Call once everything that lives as long as the process is loaded: the collector need not visit it again.

    Without it, each full collection walks the schema, the mapped tables and all modules, some 30 ms in which nobody is
    answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
