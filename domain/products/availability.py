"""Following the stock of variants: how much of each there is now, and again whenever that changes."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from uuid import UUID

from domain.products.inventory import Inventory, VariantId
from domain.products.product import ProductVariant
from domain.products.reading import VariantReader
from domain.shared.errors import NotFound
from domain.shared.following import POLL_SECONDS, Lookout, Next
from domain.shared.outages import Log
from domain.shared.signals import Signals

TOPIC = "variants.stock"
"""Its messages name variants whose stock changed: their ids in hexadecimal, separated by commas."""

Key = tuple[VariantId, bool]
"""A variant, and whether it is looked at as staff does, for whom unpublished products are there, too."""


class _Follower:
    """Keeps the newest of each variant alone: who is slow misses steps in between, never where they led."""

    def __init__(self, known: Iterable[ProductVariant]) -> None:
        self._pending = {variant.id: variant for variant in known}
        self._told = dict[VariantId, Inventory]()
        self._news = asyncio.Event()
        self._news.set()

    def tell(self, variant: ProductVariant) -> None:
        self._pending[variant.id] = variant
        self._news.set()

    async def next(self) -> Next[ProductVariant]:
        while True:
            await self._news.wait()
            while self._pending:
                identity, variant = self._pending.popitem()
                if self._told.get(identity) != variant.inventory:
                    self._told[identity] = variant.inventory
                    return Next(variant, more=bool(self._pending))
            self._news.clear()


class _Shelf:
    """One variant, for all of this process who follow it."""

    def __init__(self) -> None:
        self.followers = set[_Follower]()
        self._known: Inventory | None = None
        self._new = set[_Follower]()

    def join(self, follower: _Follower) -> None:
        self.followers.add(follower)
        self._new.add(follower)

    def leave(self, follower: _Follower) -> None:
        self.followers.discard(follower)
        self._new.discard(follower)

    def see(self, variant: ProductVariant) -> None:
        """Tell everybody of what changed; those who are new, in any case: they may have read something older."""
        told = self._new if self._known == variant.inventory else self.followers
        self._known, self._new = variant.inventory, set[_Follower]()
        for follower in told:
            follower.tell(variant)


class StockWatch:
    """One for a process. However many follow a variant, it is read once; `run` has to go on meanwhile."""

    def __init__(self, variants: VariantReader, signals: Signals, log: Log, poll_seconds: float = POLL_SECONDS) -> None:
        self._variants = variants
        self._shelves = dict[Key, _Shelf]()
        self._lookout = Lookout[Key](signals, TOPIC, self._named, self._look, log, poll_seconds)

    @property
    def followed(self) -> int:
        """How many variants somebody follows."""
        return len(self._shelves)

    async def run(self) -> None:
        await self._lookout.run()

    async def follow(self, ids: Sequence[VariantId], *, staff: bool) -> AsyncGenerator[Next[ProductVariant]]:
        """Each of these variants that is there, at first, and then whichever has other stock than before.

        Raises:
            NotFound: none of them is there.
            Unavailable: they cannot be read now.
        """
        wanted = list(dict.fromkeys(ids))
        found = await self._variants.by_ids(wanted, staff=staff)
        if not found:
            raise NotFound("variantIds", "variant")
        follower = _Follower(reversed([found[one] for one in wanted if one in found]))
        keys = [(one, staff) for one in found]
        self._join(follower, keys)
        try:
            # what changed before we were listening is found by looking once
            self._lookout.expect(keys)
            while True:
                yield await follower.next()
        finally:
            self._leave(follower, keys)

    def _join(self, follower: _Follower, keys: Sequence[Key]) -> None:
        for key in keys:
            shelf = self._shelves.setdefault(key, _Shelf())
            shelf.join(follower)
            self._lookout.watch(key)

    def _leave(self, follower: _Follower, keys: Sequence[Key]) -> None:
        for key in keys:
            shelf = self._shelves[key]
            shelf.leave(follower)
            self._lookout.forget(key)
            if not shelf.followers:
                del self._shelves[key]

    def _named(self, message: str) -> Sequence[Key]:
        try:
            ids = [VariantId(UUID(hex=one)) for one in message.split(",")]
        except ValueError:
            return ()
        return [(one, staff) for one in ids for staff in (False, True)]

    async def _look(self, keys: Collection[Key], _: bool) -> None:  # noqa: FBT001  (see `Look`)
        for staff in (False, True):
            ids = [identity for identity, seen_as in keys if seen_as is staff]
            if not ids:
                continue
            for identity, variant in (await self._variants.by_ids(ids, staff=staff)).items():
                shelf = self._shelves.get((identity, staff))
                if shelf is not None:
                    shelf.see(variant)
