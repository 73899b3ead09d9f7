"""An index of claims by the record's id in its own system, where the claim's key is a number that
people may change."""

from typing import Final

from sync.core.ports import Conflict, Row, Tables

IDENTITIES: Final = "identities"


class Identities:
    """Which key a record of an id is known by. One row per record, as claims have; no personal
    data."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def known_as(self, partition: str, entity_id: str, key: str) -> str:
        """The key under which a record of this id is known; this one from now on, where none is."""
        try:
            await self._tables.insert(IDENTITIES, Row(partition, entity_id, {"record": key}))
        except Conflict:
            found = await self._tables.get(IDENTITIES, partition, entity_id)
            return str(found.values["record"]) if found is not None else key
        return key

    async def rename(self, partition: str, entity_id: str, key: str) -> None:
        """From now on the record of this id is known by this key. Safe to repeat."""
        await self._tables.upsert(IDENTITIES, Row(partition, entity_id, {"record": key}))
