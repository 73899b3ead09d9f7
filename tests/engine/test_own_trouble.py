"""What our own stores refuse is no fault of a record: nothing is parked for it."""

from datetime import datetime, timedelta
from typing import Any

from sync.core.errors import Never
from sync.core.ports import Clock, Row
from sync.engine.claim import CLAIMS, State
from tests.harness import Harness, in_harness


class Refusing:
    """Tables whose claims nobody may touch for a while: a role or a network rule was changed."""

    def __init__(self, inner: Any, clock: Clock, until: datetime) -> None:
        self._inner, self._clock, self._until = inner, clock, until

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """Refused, or the row."""
        if table == CLAIMS and self._clock.now() < self._until:
            raise Never("Table Storage refuses access to table claims", remedy="Give the role.")
        row: Row | None = await self._inner.get(table, partition, key)
        return row


@in_harness()
async def test_an_hour_of_refused_tables_parks_nothing(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    until = harness.clock.now() + timedelta(hours=1)
    harness.opens_one_of_many(tables=Refusing(harness.systems.tables, harness.clock, until))
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.DELIVERED
    assert await harness.events(order) == ["created"]
