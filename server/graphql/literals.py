"""Texts that are refused wherever they stand: in a document, in variables, as keys of either.

PostgreSQL cannot store a NUL, UTF-8 cannot write half of a surrogate pair, and nothing in a shop is longer than 10,000
characters.
"""

from typing import Any

from graphql import DocumentNode, GraphQLError, StringValueNode, Visitor, visit

LONGEST_TEXT = 10_000


def text_problem(text: str) -> str | None:
    """What is wrong with a text, as the end of a sentence that begins with its name."""
    if len(text) > LONGEST_TEXT:
        return f"is longer than {LONGEST_TEXT:,} characters."
    if "\0" in text:
        return "contains a NUL character."
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "contains half of a surrogate pair."
    return None


class _Texts(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.problems: list[GraphQLError] = []

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        problem = text_problem(node.value)
        if problem is not None:
            self.problems.append(GraphQLError(f"A text {problem}", node, extensions={"code": "BAD_USER_INPUT"}))


def literal_problems(document: DocumentNode) -> list[GraphQLError]:
    """An error for each text in the document that nothing in the shop could use."""
    texts = _Texts()
    visit(document, texts)
    return texts.problems
