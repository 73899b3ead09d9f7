"""The table store that a contract is run on."""

from dataclasses import dataclass

from sync.core.ports import Insert, Row, Tables


@dataclass
class TablesUnderTest:
    """An adapter, and the name of a table that does not exist yet."""

    tables: Tables
    name: str

    async def keys(
        self, partition: str, *, start: str = "", before: str = "", limit: int | None = None
    ) -> list[str]:
        rows = self.tables.query(self.name, partition, start=start, before=before, limit=limit)
        return [row.key async for row in rows]

    async def get(self, partition: str, key: str) -> Row:
        row = await self.tables.get(self.name, partition, key)
        assert row is not None
        return row

    async def fill(self, partition: str, keys: list[str]) -> None:
        for at in range(0, len(keys), 100):
            rows = [
                Row(partition, key, {"n": number}) for number, key in enumerate(keys[at : at + 100])
            ]
            await self.tables.transact(self.name, [Insert(row) for row in rows])
