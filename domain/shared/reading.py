"""What readers are told about the use of their answers."""

Wanted = frozenset[str] | None
"""The attributes and properties of an object that somebody will look at; None for all of them.

A reader may leave out the others. What was left out is not there: touching it raises AttributeError.
"""
