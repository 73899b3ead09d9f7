"""What is kept of accounts: their figures by the day, when each is looked at next, and the task of
each rule. Rows are read by key or by the range of one connection or account.

An account goes by its kind and id in Commerce: `customer|17`, `company|5`, `guest|<cart>`.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sync.core.encoding import digest, from_json, to_json
from sync.core.groups import write_rows
from sync.core.ports import Conflict, Delete, Row, Tables, Value

FIGURES, LISTED, DUE = "accountfigures", "accountlist", "accountsdue"
TASKS, SLOTS = "accounttasks", "taskslots"
OPEN, CLOSED = "open", "closed"
END: Final = "\U0010ffff"


@dataclass(frozen=True)
class KeptTask:
    """The task of an account and a rule that was made last. `by`: what reason began it; `owner`:
    the seller's e-mail address. `row_id`: its id in Dataverse; empty where it is listed here
    alone."""

    account: str
    rule: str
    episode: str
    state: str
    at: datetime
    ended: datetime | None
    owner: str
    title: str
    words: str
    row_id: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its reason still holds, as far as is known."""
        return self.state == OPEN

    def row(self, connection: str, etag: str = "") -> Row:
        """As it is stored."""
        said = to_json([self.owner, self.title, self.words, self.row_id])
        cells: dict[str, Value] = {
            "episode": self.episode, "state": self.state, "at": self.at, "ended_at": self.ended,
            "said": said,
        }  # fmt: skip
        return Row(connection, f"{self.account}|{self.rule}", cells, etag)

    @classmethod
    def of(cls, row: Row) -> "KeptTask":
        """The one that a row was made from."""
        account, _, rule = row.key.rpartition("|")
        values, (owner, title, words, row_id) = row.values, _read(row.values["said"])
        at, ended = values["at"], values.get("ended_at")
        assert isinstance(at, datetime)
        return cls(
            account, rule, str(values["episode"]), str(values["state"]), at,
            ended if isinstance(ended, datetime) else None, owner, title, words, row_id,
        )  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """An account as it was looked at last. `number`: its account in F&O, where it has one;
    `buyers`: of a company, the customers who bought for it."""

    account: str
    at: datetime
    number: str
    figures: Mapping[str, Any]
    score: Mapping[str, int]
    buyers: Sequence[int] = ()


class KeptAccounts:
    """The accounts of one connection."""

    def __init__(self, tables: Tables, connection: str) -> None:
        self._tables, self._connection = tables, connection

    # Figures

    async def keep(self, one: Listed, due: datetime | None, keep_days: int) -> None:
        """Store the figures of a day, and when the account is looked at next. Safe to repeat."""
        said = [one.number, one.figures, one.score]
        before = await self._tables.get(LISTED, self._connection, one.account)
        whole = to_json([*said, one.buyers])
        cells: dict[str, Value] = {"at": one.at, "due": _stamp(due), "said": whole}
        day = str(one.figures["day"])
        await self._tables.upsert(FIGURES, Row(self._of(one.account), day, {"said": to_json(said)}))
        if due is not None:
            await self.look_at(one.account, due)
        await self._tables.upsert(LISTED, Row(self._connection, one.account, cells))
        old = "" if before is None else str(before.values.get("due") or "")
        if old and old != _stamp(due):
            await self._tables.delete(DUE, self._connection, f"{old}|{one.account}")
        end = (one.at - timedelta(days=keep_days)).date()
        await self._forget(FIGURES, self._of(one.account), before=end.isoformat())

    async def look_at(self, account: str, at: datetime) -> None:
        """Have an account looked at then. Safe to repeat."""
        key = f"{_stamp(at)}|{account}"
        await self._tables.upsert(DUE, Row(self._connection, key, {"at": at}))

    async def due(self, until: datetime, after: str = "") -> AsyncIterator[tuple[str, datetime]]:
        """(account, moment) of those that are due by then, the oldest first."""
        start, before = f"{after}{END}" if after else "", f"{_stamp(until)}{END}"
        async for row in self._tables.query(DUE, self._connection, start=start, before=before):
            at = row.values["at"]
            if isinstance(at, datetime):
                yield row.key.partition("|")[2], at

    async def get(self, account: str) -> Listed | None:
        """An account as it was looked at last; None where it never was, or is erased."""
        row = await self._tables.get(LISTED, self._connection, account)
        return None if row is None or not row.values.get("said") else _listed(row)

    async def buyers_of(self, account: str) -> list[int]:
        """The customers who bought for a company when it was looked at last, without those who
        asked to be forgotten."""
        found = await self.get(account)
        buyers = () if found is None else found.buyers
        return [one for one in buyers if not await self.is_erased(f"customer|{one}")]

    async def all(self, start: str = "", limit: int | None = None) -> AsyncIterator[Listed]:
        """The accounts, from one on."""
        query = self._tables.query(LISTED, self._connection, start=start, limit=limit)
        async for row in query:
            if row.values.get("said"):
                yield _listed(row)

    async def days(self, account: str, since: date) -> list[Mapping[str, Any]]:
        """The figures of an account by the day, the oldest first; a day without a row is as the one
        before."""
        query = self._tables.query(FIGURES, self._of(account), start=since.isoformat())
        return [_read(row.values["said"])[1] async for row in query]

    # Tasks

    async def tasks_of(self, account: str) -> list[KeptTask]:
        """The last task of each rule of an account."""
        query = self._tables.query(
            TASKS, self._connection, start=f"{account}|", before=f"{account}|{END}"
        )
        return [KeptTask.of(row) async for row in query]

    async def task(self, account: str, rule: str) -> tuple[KeptTask | None, str]:
        """The last task of a rule, and the etag of its row."""
        row = await self._tables.get(TASKS, self._connection, f"{account}|{rule}")
        return (None, "") if row is None else (KeptTask.of(row), row.etag)

    async def open_tasks(
        self, start: str = "", limit: int | None = None
    ) -> AsyncIterator[KeptTask]:
        """Those that are open, by account, from a key on; of the first `limit` rows."""
        query = self._tables.query(TASKS, self._connection, start=start, limit=limit)
        async for row in query:
            if row.values["state"] == OPEN:
                yield KeptTask.of(row)

    async def put(self, task: KeptTask, etag: str) -> None:
        """Store the task in place of the one with this etag; empty where there was none. Raises
        `Conflict` where somebody else was first."""
        row = task.row(self._connection, etag)
        await (self._tables.replace if etag else self._tables.insert)(TASKS, row)

    async def take_slot(self, owner: str, day: date, most: int, task: str) -> bool:
        """Take one of a seller's places of a day for a task; whether there was one. A task that has
        one keeps it."""
        partition, first = self._slots(owner), f"{day:%Y%m%d}|"
        query = self._tables.query(SLOTS, partition, start=first, before=f"{first}{END}")
        taken = {row.key: row.values["task"] async for row in query}
        if task in taken.values():
            return True
        for place in range(most):
            key = f"{first}{place:04}"
            if key not in taken:
                with contextlib.suppress(Conflict):
                    row = Row(partition, key, {"task": task, "at": _midnight(day)})
                    await self._tables.insert(SLOTS, row)
                    return True
        return False

    # Erasure

    async def erase(self, account: str) -> list[KeptTask]:
        """Forget the account, and keep the mark that says so; returns its tasks, whose words go
        when each is ended."""
        await self._forget(FIGURES, self._of(account), before=END)
        found = await self._tables.get(LISTED, self._connection, account)
        if found is not None and (stamp := str(found.values.get("due") or "")):
            await self._tables.delete(DUE, self._connection, f"{stamp}|{account}")
        mark: dict[str, Value] = {"erased": True, "said": None, "due": ""}
        await self._tables.upsert(LISTED, Row(self._connection, account, mark))
        return await self.tasks_of(account)

    async def is_erased(self, account: str) -> bool:
        """Whether a person asked to forget the account."""
        row = await self._tables.get(LISTED, self._connection, account)
        return row is not None and bool(row.values.get("erased"))

    async def _forget(self, table: str, partition: str, *, before: str) -> None:
        query = self._tables.query(table, partition, before=before)
        gone = [Delete(Row(partition, row.key)) async for row in query]
        await write_rows(self._tables, table, gone)

    def _of(self, account: str) -> str:
        return f"{self._connection}|{account}"

    def _slots(self, owner: str) -> str:
        return f"{self._connection}|{digest(owner)[:32]}"


def _stamp(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y%m%d%H%M%S}"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _listed(row: Row) -> Listed:
    number, figures, score, *more = _read(row.values["said"])
    at = row.values["at"]
    assert isinstance(at, datetime)
    return Listed(row.key, at, number, figures, score, *more)


def _read(said: Any) -> Any:
    return from_json(said if isinstance(said, bytes) else b"[]")
