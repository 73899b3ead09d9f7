"""Ports that count what goes through them, in the units that Azure bills: messages, transactions,
pages of a query."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any, Final

from sync.adapters.servicebus.peeks import PAGE as PEEKED
from sync.adapters.table_storage.pages import PAGE
from sync.core.message_queue import Depth, Outgoing, Received
from sync.core.ports import Row

UNITS: Final = {
    "get": "tables reads", "insert": "tables inserts", "replace": "tables transactions",
    "upsert": "tables transactions",
    "transact": "tables transactions", "delete": "tables deletes", "partitions": "tables pages",
}  # fmt: skip
"""What a call of the port is to Table Storage: a transaction each, but for queries, which are one a
page."""


class CountedTables:
    """Tables; transactions are counted in `into`."""

    def __init__(self, inner: Any, into: Counter[str]) -> None:
        self._inner, self._into = inner, into

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in UNITS:
            return method

        def called(*arguments: Any, **options: Any) -> Any:
            self._into[UNITS[name]] += 1
            return method(*arguments, **options)

        return called

    async def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        before: str = "",
        limit: int | None = None,
    ) -> AsyncIterator[Row]:
        """The rows; each page of them is a transaction, and so is finding none."""
        size, given = PAGE if limit is None else min(PAGE, limit), 0
        self._into["tables pages"] += 1
        async for row in self._inner.query(
            table, partition, start=start, before=before, limit=limit
        ):
            self._into["tables pages"] += given > 0 and given % size == 0
            given += 1
            yield row


class CountedQueue:
    """A queue; messages and calls are counted in `into`."""

    def __init__(self, inner: Any, into: Counter[str]) -> None:
        self._inner, self._into = inner, into

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """One transfer of so many messages."""
        self._into["bus send calls"] += 1
        self._into["bus messages sent"] += len(messages)
        await self._inner.send(messages)

    async def receive(self, queue: str, *, most: int, wait: timedelta) -> list[Received]:
        """One operation a message."""
        found: list[Received] = await self._inner.receive(queue, most=most, wait=wait)
        self._into["bus receives"] += len(found)
        return found

    async def complete(self, message: Received) -> None:
        """One operation."""
        self._into["bus completes"] += 1
        await self._inner.complete(message)

    async def waiting(self, queue: str, *, most: int) -> list[bytes]:
        """One look."""
        self._into["bus looks"] += 1
        found: list[bytes] = await self._inner.waiting(queue, most=most)
        return found

    async def depth(self, queue: str) -> Depth:
        """Counted by looking, page by page until one is empty, at the queue and at its dead
        letters."""
        found: Depth = await self._inner.depth(queue)
        there = found.due + found.scheduled + found.locked
        self._into["bus looks"] += sum(1 + -(-count // PEEKED) for count in (there, found.dead))
        return found


class Nowhere:
    """A queue that takes everything at no cost."""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Done."""
