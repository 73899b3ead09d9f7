"""The mapping tables: which item a SKU is, which account a customer is. Seeded before the first
sync, learned since.

Rows lie per connection in the `mappings` table. E-mail addresses are never stored: a guest is known
by a keyed digest. What is read is remembered for half a minute in the process, so a correction
reaches other processes within that; a replay reads again (`forget_read`).
"""

from asyncio import Task, TaskGroup
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sync.config.connections import Items
from sync.core.ports import Clock, Tables, Value
from sync.mapping_tables.company_index import CompanyIndex
from sync.mapping_tables.records import (
    LONGEST,
    AccountKind,
    AccountMapping,
    ItemMapping,
    account_key,
    email_digest,
    is_plain,
    normal_sku,
)
from sync.mapping_tables.table import Comparison, MappingTable, Remembered

__all__ = [
    "AccountKind", "AccountMapping", "AccountMappings", "Comparison", "ItemMapping",
    "ItemMappings", "email_digest", "normal_sku",
]  # fmt: skip

BaseSkus = Callable[[Collection[int]], Awaitable[Mapping[int, str]]]
EntityOf = Callable[[AccountMapping], Awaitable[str]]

FRESH_FOR: Final = timedelta(seconds=30)


class ItemMappings:
    """SKU -> item, for one connection. Where there is no row, the connection's `items.rule`
    decides. `base_skus`: asks the shop; without it, no SKU falls back to its product's."""

    def __init__(
        self, tables: Tables, connection: str, items: Items, clock: Clock,
        base_skus: BaseSkus | None = None,
    ) -> None:  # fmt: skip
        self._base_skus = base_skus
        self._rows = MappingTable(tables, f"{connection}:items", ItemMapping.from_cells)
        self._items = items
        self._remembered: Remembered[ItemMapping] = Remembered(clock, FRESH_FOR)
        self.forget_read = self._remembered.clear

    async def get(self, sku: str) -> ItemMapping | None:
        """The item of a SKU, whatever its case; None when it is unmapped and no rule applies."""
        key = normal_sku(sku)
        if not key or len(key) > 2 * LONGEST or not is_plain(key):
            return None
        known = self._remembered.get(key)
        if known is None:
            known = self._completed(sku, await self._rows.get(key))
            if known is not None:
                self._remembered.keep(key, known)
        return known

    async def many(self, skus: Iterable[str]) -> dict[str, ItemMapping]:
        """The items by `normal_sku`; what is unmapped is left out. Reads go side by side."""
        tasks: dict[str, Task[ItemMapping | None]] = {}
        try:
            async with TaskGroup() as group:
                for sku in skus:
                    if normal_sku(sku) not in tasks:
                        tasks[normal_sku(sku)] = group.create_task(self.get(sku))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return {key: item for key, task in tasks.items() if (item := task.result())}

    async def every(self, skus: Iterable[str]) -> AsyncIterator[tuple[str, ItemMapping]]:
        """The items of very many SKUs, as given, one by one: the whole table is read once."""
        rows = {row.key: row async for row in self._rows.all()}
        for sku in skus:
            item = self._completed(sku, rows.get(normal_sku(sku)) if rows else None)
            if item is not None:
                yield sku, item

    async def of(
        self, skus: Iterable[str], with_options: Mapping[str, int]
    ) -> dict[str, ItemMapping]:
        """As `many`, with `by_base`."""
        return {**await self.many(skus), **await self.by_base(with_options)}

    async def by_base(self, with_options: Mapping[str, int]) -> dict[str, ItemMapping]:
        """The items of the products themselves, by the `normal_sku` that custom options made of
        theirs, where that has no row of its own. `with_options`: sku -> product id. Nothing where
        `items.custom_options` is off. Raises as the shop's client does."""
        if self._items.custom_options != "base" or self._base_skus is None:
            return {}
        get = self._rows.get
        wanted = {k: v for k, v in with_options.items() if await get(normal_sku(k)) is None}
        bases = await self._base_skus(set(wanted.values())) if wanted else {}
        found: dict[str, ItemMapping] = {}
        for sku, product in wanted.items():
            base = bases.get(product, "")
            if base and normal_sku(sku).startswith(f"{normal_sku(base)}-"):
                item = await self.get(base)
                found |= {normal_sku(sku): replace(item, sku=sku)} if item else {}
        return found

    async def put(self, mapping: ItemMapping) -> None:
        """Store a mapping over whatever its SKU had. Safe to repeat."""
        await self.put_many([mapping])

    async def put_many(self, mappings: Iterable[ItemMapping]) -> None:
        """Store mappings, a hundred at a time. Safe to repeat; of one SKU the last counts."""
        self.forget_read()
        await self._rows.put({mapping.key: mapping.cells() for mapping in mappings})

    async def remove(self, sku: str) -> None:
        """Forget a SKU's mapping; nothing there is fine."""
        self._remembered.clear()
        await self._rows.remove(normal_sku(sku))

    def all(self) -> AsyncIterator[ItemMapping]:
        """Every stored mapping, in the order of the normalised SKU; rules are not rows."""
        return self._rows.all()

    async def compare(self, wanted: Iterable[ItemMapping]) -> Comparison[ItemMapping]:
        """What storing `wanted` would change."""
        return await self._rows.compare({mapping.key: mapping for mapping in wanted})

    def _completed(self, sku: str, row: ItemMapping | None) -> ItemMapping | None:
        if row is not None:
            return replace(row, unit=row.unit or self._items.unit)
        if self._items.rule != "sku" or len(sku.strip()) > LONGEST:
            return None
        return ItemMapping(sku, sku, unit=self._items.unit)


class AccountMappings:
    """Customer, guest or company -> account, for one connection and each of its legal entities.

    `companies`: those of an account. `home`: the connection's own legal entity. Old rows that name
    none are of the one that `entity_of` tells, which is asked once; without it, of `home`.
    """

    def __init__(
        self,
        tables: Tables,
        connection: str,
        clock: Clock,
        *,
        home: str,
        entity_of: EntityOf | None = None,
    ) -> None:
        self._home = home
        self._entity_of = entity_of
        self._rows = MappingTable(tables, f"{connection}:accounts", self._read)
        self._remembered: Remembered[AccountMapping] = Remembered(clock, FRESH_FOR)
        self._without_old_row: Remembered[bool] = Remembered(clock, FRESH_FOR)
        self.companies = CompanyIndex(self._rows, Remembered(clock, FRESH_FOR))

    async def get(self, kind: AccountKind, source_key: str, company: str) -> AccountMapping | None:
        """The mapping of a customer's or company's id, or of a guest's `email_digest`, in a legal
        entity. Raises as `entity_of` for a row that may be of several."""
        key = account_key(kind, source_key, company)
        known = self._remembered.get(key)
        if known is None:
            known = await self._rows.get(key)
            if known is None:
                known = await self._from_before(kind, source_key, company)
            if known is not None:
                self._remembered.keep(key, known)
        return known

    async def learn(self, mapping: AccountMapping) -> AccountMapping:
        """Store a mapping unless there is one; returns the one that holds. Safe to repeat and to
        race."""
        mapping, holds = self._placed(mapping), None
        is_new = self._without_old_row.get(account_key(mapping.kind, mapping.source_key, ""))
        if not is_new:
            holds = await self.get(mapping.kind, mapping.source_key, mapping.company)
        holds = holds or await self._rows.learn(mapping.key, mapping)
        self._remembered.keep(mapping.key, holds)
        return holds

    async def _from_before(
        self, kind: AccountKind, source_key: str, company: str
    ) -> AccountMapping | None:
        """The row that names no legal entity, if it is of this one; it gets the name of its own."""
        old = account_key(kind, source_key, "")
        if self._without_old_row.get(old) or (self._entity_of is None and company != self._home):
            return None
        found = await self._rows.get(old)
        if found is None:
            self._without_old_row.keep(old, value=True)
            return None
        if self._entity_of is None:
            return found
        placed = replace(found, company=await self._entity_of(found))
        placed = await self._rows.learn(placed.key, placed)
        await self._rows.remove(old)
        return placed if placed.company == company else None

    def forget_read(self) -> None:
        """Read rows again, though they were read lately."""
        self._remembered.clear()
        self.companies.forget()

    async def put(self, mapping: AccountMapping) -> None:
        """Store a mapping over whatever was there. Safe to repeat."""
        await self.put_many([mapping])

    async def put_many(self, mappings: Iterable[AccountMapping]) -> None:
        """Store mappings, a hundred at a time. Safe to repeat; of one source the last counts."""
        self.forget_read()
        placed = {mapping.key: mapping for mapping in map(self._placed, mappings)}
        old = [key for m in placed.values() if (key := await self._replaced_by(m))]
        await self._rows.put({key: mapping.cells() for key, mapping in placed.items()}, gone=old)

    async def _replaced_by(self, mapping: AccountMapping) -> str:
        """The key of the row from before that this takes the place of; empty where it may not."""
        old = account_key(mapping.kind, mapping.source_key, "")
        if mapping.company == self._home:
            return old
        found = await self._rows.get(old) if self._entity_of is not None else None
        return old if found is not None and found.account == mapping.account else ""

    async def remove(self, kind: AccountKind, source_key: str, company: str) -> None:
        """Forget a mapping, as when a person's data is erased; nothing there is fine."""
        self.forget_read()
        for named in (company, "") if company == self._home else (company,):
            await self._rows.remove(account_key(kind, source_key, named))

    def all(self) -> AsyncIterator[AccountMapping]:
        """Every mapping, companies first, then customers, then guests."""
        return self._rows.all()

    async def compare(self, wanted: Iterable[AccountMapping]) -> Comparison[AccountMapping]:
        """What storing `wanted` would change."""
        return await self._rows.compare(
            {mapping.key: mapping for mapping in map(self._placed, wanted)}
        )

    def _read(self, cells: Mapping[str, Value]) -> AccountMapping:
        return self._placed(AccountMapping.from_cells(cells))

    def _placed(self, mapping: AccountMapping) -> AccountMapping:
        return mapping if mapping.company else replace(mapping, company=self._home)
