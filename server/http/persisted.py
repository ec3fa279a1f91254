"""Automatic persisted queries, as Apollo's clients and urql send them: the hash of a document instead of its text."""

import re
from collections import OrderedDict
from dataclasses import replace
from hashlib import sha256
from typing import Any

from server.graphql.request import GraphQLRequest, refusal
from server.http.parameters import bad_request

VERSION = 1
MOST_DOCUMENTS = 1_000
LONGEST_DOCUMENT = 20_000
_HASH = re.compile(r"[0-9a-f]{64}")


class PersistedQueries:
    """The most recently used documents by their hashes: 20 MB at most, and usually a hundredth of it."""

    def __init__(self, most: int = MOST_DOCUMENTS) -> None:
        self._most = most
        self._kept: OrderedDict[str, str] = OrderedDict()

    def complete(self, request: GraphQLRequest) -> GraphQLRequest:
        """Put in the document that a hash stands for.

        Raises:
            RequestRefused: the hash is unknown (the client sends the text next time), or its version is.
            Refused: the hash is not one, or not of this document.
        """
        asked = request.extensions.get("persistedQuery")
        if asked is None:
            if not request.query:
                raise bad_request("The request has no `query`.")
            return request
        name = _hash(asked)
        known = self._kept.get(name)
        if known is not None:
            self._kept.move_to_end(name)
        if request.query:
            if request.query != known and _hash_of(request.query) != name:
                raise bad_request("`sha256Hash` is not the hash of `query`.")
            return request
        if known is None:
            # clients look for these very words
            raise refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return replace(request, query=known)

    def keep(self, request: GraphQLRequest) -> None:
        """Remember a completed request whose document proved valid."""
        asked = request.extensions.get("persistedQuery")
        if asked is None or request.query is None or len(request.query) > LONGEST_DOCUMENT:
            return
        self._kept[_hash(asked)] = request.query
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _hash(asked: Any) -> str:
    if not isinstance(asked, dict):
        raise bad_request("`extensions.persistedQuery` is not an object.")
    given: dict[str, Any] = asked  # pyright: ignore[reportUnknownVariableType]
    if given.get("version") != VERSION:
        raise refusal("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
    name = given.get("sha256Hash")
    if not isinstance(name, str) or not _HASH.fullmatch(name.lower()):
        raise bad_request("`sha256Hash` is not the SHA-256 of a document, in hexadecimal.")
    return name.lower()


def _hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()
