"""Where the publication to shared catalogs writes. The shop lists a shared catalog whole, so this
publication stands beside that of products: chunks are large, and each reads the list twice."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from typing_extensions import override

from sync.commerce.errors import NotAccepted, NotThere
from sync.commerce.shared_catalogs import SHARED
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.mirror import Shown
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.targets import commerce_of
from sync.mapping.shown_products import Content
from sync.mapping_tables.records import normal_sku

ASSIGNED: Final = "assigned"
REMEDY: Final = (
    "Look in Commerce whether the product and its categories are there, and in the shared catalog"
    " (Catalog > Shared Catalogs > Set Pricing and Structure); then run: touch the sku again."
)


async def numbers_of(systems: Systems) -> dict[str, int]:
    """The ids of the shared catalogs of `products.shared_catalogs`, as it names them. Raises
    `Never` for one that the shop does not have."""
    known = await systems.commerce.shared_catalogs.ids()
    for name in systems.settings.products.shared_catalogs:
        if name not in known:
            cure = "Correct products.shared_catalogs in connections.toml; names are as Commerce has"
            raise Never(f'the shop has no shared catalog "{name}"', remedy=f"{cure} them.")
    return {name: known[name] for name in systems.settings.products.shared_catalogs}


@dataclass(frozen=True)
class ProductsInSharedCatalogs(RowTarget):
    """Products in shared catalogs."""

    most: int = 1000
    is_whole: ClassVar[bool] = False

    @override
    def timing(self, systems: Systems) -> Target:
        return commerce_of(systems)

    @override
    def same(self, key: str) -> str:
        return normal_sku(key)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        return [
            Request("POST", f"/V1/{SHARED}/{name}/{verb}", {"products": products})
            for name in systems.settings.products.shared_catalogs
            for verb, is_in in (("assignProducts", True), ("unassignProducts", False))
            if (products := [{"sku": row.key} for row in _of(rows, name, systems, is_in=is_in)])
        ]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        refused: dict[str, Never] = {}
        for name, number in (await numbers_of(systems)).items():
            there = await _products(number, systems)
            for is_in in (True, False):
                left = [
                    row for row in _of(rows, name, systems, is_in=is_in)
                    if row.key not in refused and (normal_sku(row.key) in there) is not is_in
                ]  # fmt: skip
                refused |= await self._moved(left, number, systems, not_after, is_in=is_in)
                now = await _products(number, systems) if left else there
                refused |= {
                    row.key: Never(f"{row.key}: {_words(name, is_in=not is_in)}", remedy=REMEDY)
                    for row in left
                    if row.key not in refused and (normal_sku(row.key) in now) is not is_in
                }
        return refused

    async def _moved(
        self,
        rows: Sequence[Shown],
        number: int,
        systems: Systems,
        not_after: datetime,
        *,
        is_in: bool,
    ) -> dict[str, Never]:
        """Why some were refused. One refuses all that are sent with it, and the shop names it: then
        it is left out. Raises what the shop says of none of them."""
        shop, refused, left = systems.commerce.shared_catalogs, dict[str, Never](), [*rows]
        while left:
            moved, named, skus = set[str](), dict[str, Never](), [row.key for row in left]
            try:
                async for some in shop.move(number, skus, into=is_in, not_after=not_after):
                    moved.update(some)
            except (NotAccepted, NotThere) as error:
                named = {sku: _named(sku, error) for sku in skus if _is_named(sku, error)}
                if not named:
                    raise
            refused |= named
            left = [row for row in left if row.key not in moved and row.key not in named]
        return refused

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Content]:
        """All are read, however few are named. What no shared catalog has is in none of them."""
        skus = await systems.commerce.inventory.types() if keys is None else keys
        found = {normal_sku(sku): dict[str, Mapping[str, bool]]() for sku in skus}
        for name, number in (await numbers_of(systems)).items():
            there = await _products(number, systems)
            for sku, content in found.items():
                content[name] = {ASSIGNED: sku in there}
        return found


def _of(rows: Sequence[Shown], name: str, systems: Systems, *, is_in: bool) -> list[Shown]:
    """The rows that are to be in a shared catalog, or to be taken out of it. What F&O releases no
    more goes only where F&O owns them."""
    gone = {ASSIGNED: False} if systems.settings.products.shared_catalogs_owned else {}
    return [
        row for row in rows
        if (gone if row.content is None else row.content.get(name, {})).get(ASSIGNED) is is_in
    ]  # fmt: skip


async def _products(number: int, systems: Systems) -> set[str]:
    return {normal_sku(sku) for sku in await systems.commerce.shared_catalogs.products(number)}


def _is_named(sku: str, error: Never) -> bool:
    """Whether a refusal names it: "…doesn't exist: A.", "…following products: A, B."."""
    return bool(re.search(rf"[:,] {re.escape(sku)}(?:, |\.?(?:\n|$))", error.said, re.IGNORECASE))


def _named(sku: str, error: Never) -> Never:
    return Never(f"{sku}: {error.reason}", remedy=REMEDY, said=error.said)


def _words(name: str, *, is_in: bool) -> str:
    return f'the shop took it, and it is {"" if is_in else "not "}in the shared catalog "{name}"'
