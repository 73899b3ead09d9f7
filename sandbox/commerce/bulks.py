"""Writes that the shop accepts and its consumers carry out later (measured on 2.4.7): rows that are
refused make no failure, exceptions do, and what nobody consumes stays open without end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import Columns
from sync.core.encoding import to_json

COMPLETE, FAILED, OPEN = 1, 3, 4


class Accepted(dict[str, Any]):
    """The answer to a write that is done later."""


@dataclass
class _Bulk:
    work: Callable[[], Any]
    due: datetime
    operation: Columns = field(default_factory=lambda: {"id": 0, "status": OPEN})


@dataclass
class Bulks:
    """All of them, by id. `takes`: until one is carried out; `is_consumed`: whether anybody
    consumes; `forgets`: of so many next ones the shop knows nothing any more."""

    takes: timedelta = timedelta(seconds=5)
    is_consumed: bool = True
    forgets: int = 0
    known: dict[str, _Bulk] = field(default_factory=dict)
    count: int = 0

    def accept(self, work: Callable[[], Any], now: datetime) -> Accepted:
        """Take a write."""
        self.count += 1
        uuid = f"00000000-0000-4000-8000-{self.count:012}"
        if self.forgets:
            self.forgets -= 1
        else:
            self.known[uuid] = _Bulk(work, now + self.takes)
        items = [{"id": 0, "data_hash": "0" * 64, "status": "accepted"}]
        return Accepted({"bulk_uuid": uuid, "request_items": items, "errors": False})

    def consume(self, now: datetime) -> None:
        """Carry out what is due."""
        for bulk in self.known.values() if self.is_consumed else ():
            if bulk.operation["status"] == OPEN and bulk.due <= now:
                bulk.operation = {"id": 0, **_done(bulk.work)}


def _done(work: Callable[[], Any]) -> Columns:
    try:
        result = to_json(work()).decode()
    except RestFault as fault:
        return {"status": FAILED, "error_code": 0, "result_message": fault.message}
    return {"status": COMPLETE, "error_code": None, "result_message": "Service execution success",
            "result_serialized_data": result}  # fmt: skip
