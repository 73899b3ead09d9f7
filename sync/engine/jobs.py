"""What the minute's timer finds due, as messages in the `polls` queue.

The timer only looks and stores messages; each poll and each job of our own housekeeping is a
message of its own, so that one that hangs holds up none of the others. A message's id is its job
and its minute: a timer that fires twice in a minute stores nothing twice. What keeps two runs of
one job apart is a lease (`run_leases.py`).
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from sync.config.old_names import present_name
from sync.core.encoding import NotJson, from_json, to_json
from sync.core.groups import in_groups
from sync.core.message_queue import Outgoing
from sync.core.ports import Clock, Row, Tables
from sync.engine.batched_sends import JoinedSends
from sync.engine.polling import Polling
from sync.engine.queues import POLLS
from sync.engine.run_leases import RunLeases

log = logging.getLogger("sync.engine.jobs")

SCHEDULE: Final = "0 * * * * *"
"""When the timer fires: every minute (NCRONTAB, UTC)."""
MINUTE: Final = timedelta(minutes=1)
SPREAD: Final = 45
"""Seconds over which the messages of a minute come due, each at its own: so that neither the shop
nor the host that adds instances meets all of them at once."""
FAILED: Final = timedelta(minutes=5)
"""When a job that failed is due again."""
JOBS: Final = "jobs"
"""The table, and its one partition, that says when each job of our own is due."""
POLL: Final = "poll"
BATCH: Final = 100
"""Messages that a queue stores together."""


@dataclass(frozen=True)
class Job:
    """One thing to do. `name`: `poll` (of a flow and a connection), or a housekeeping job's.
    `due`: the minute for which the timer found it due."""

    name: str
    due: datetime
    flow: str = ""
    connection: str = ""

    @property
    def subject(self) -> str:
        """What no two runs do at once."""
        return f"{self.name}|{self.flow}|{self.connection}"

    def outgoing(self) -> Outgoing:
        """As it is sent."""
        digest = hashlib.sha256(self.subject.encode())
        not_before = self.due + timedelta(seconds=digest.digest()[0] % SPREAD)
        digest.update(self.due.isoformat().encode())
        cells = {
            "job": self.name, "due": self.due, "flow": self.flow, "connection": self.connection,
        }  # fmt: skip
        return Outgoing(POLLS, to_json(cells), digest.hexdigest(), not_before, self.connection)

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """From the queue. Raises `NotJson` for what is no job of this product."""
        try:
            fields: dict[str, Any] = from_json(body)
            due = datetime.fromisoformat(str(fields["due"]))
            flow, connection = present_name(str(fields["flow"])), str(fields["connection"])
            job = cls(str(fields["job"]), due, flow, connection)
        except (KeyError, TypeError, ValueError) as error:
            raise NotJson(f"not a job of this product: {type(error).__name__}") from None
        if due.tzinfo is None:
            raise NotJson("not a job of this product: a time without zone")
        return job


@dataclass(frozen=True)
class Housekeeping:
    """A job of our own. `run(last)`: `last` is when it ran last; returns after which time it is due
    again, None when it never is."""

    name: str
    run: Callable[[datetime | None], Awaitable[timedelta | None]]


class Jobs:
    """Finds what is due, stores it, and runs it when its message comes."""

    def __init__(
        self,
        polling: Polling,
        housekeeping: Sequence[Housekeeping],
        *,
        tables: Tables,
        sends: JoinedSends,
        clock: Clock,
        leases: RunLeases,
    ) -> None:
        self._polling = polling
        self._housekeeping = {one.name: one for one in housekeeping}
        self._tables = tables
        self._sends = sends
        self._clock = clock
        self._leases = leases

    async def enqueue_due(self) -> int:
        """Store a message for all that is due in this minute; returns how many. Safe to repeat."""
        minute = nearest_minute(self._clock.now())
        polls = [Job(POLL, minute, *pair) for pair in await self._polling.due(minute)]
        rows = self._tables.query(JOBS, JOBS)
        cells = {row.key: row.values async for row in rows}
        due = [
            Job(name, minute) for name in self._housekeeping if is_due(cells.get(name, {}), minute)
        ]
        messages = [job.outgoing() for job in (*due, *polls)]
        for some in in_groups(messages, BATCH):
            await self._sends.send(some)
        return len(messages)

    async def run(self, body: bytes) -> None:
        """Do what a message of the `polls` queue stands for, unless it has been done since, or is
        being done. Raises `NotJson` for what is no job, and what a housekeeping job raises."""
        job = Job.decode(body)
        async with self._leases.held(job.subject) as is_held:
            if not is_held:
                log.info("jobs.under_way job=%s", job.subject)
            elif job.name == POLL:
                await self._polling.poll(job.flow, job.connection, due=job.due)
            else:
                await self._run_own(job)

    async def _run_own(self, job: Job) -> None:
        wanted = self._housekeeping.get(job.name)
        row = await self._tables.get(JOBS, JOBS, job.name)
        cells = dict(row.values) if row else {}
        if wanted is None or not is_due(cells, self._clock.now()):
            return
        last = cells.get("at")
        after: timedelta | None = FAILED
        try:
            after = await wanted.run(last if isinstance(last, datetime) else None)
            log.info("jobs.done job=%s", job.name)
        finally:
            now = self._clock.now()
            due = {"over": True} if after is None else {"due": now + after}
            await self._tables.upsert(JOBS, Row(JOBS, job.name, {"at": now, **due}))


def is_due(cells: Any, moment: datetime) -> bool:
    """Whether a job whose row has these cells is due; one without a row is, and one that ran by a
    clock that is not ours, far in our future."""
    at, due = cells.get("at"), cells.get("due")
    if cells.get("over") or not isinstance(due, datetime):
        return not cells.get("over")
    return due <= moment + MINUTE / 2 or (isinstance(at, datetime) and at > moment + 2 * MINUTE)


def nearest_minute(moment: datetime) -> datetime:
    """The minute that a timer means which fires a little early or late."""
    seconds = (moment + MINUTE / 2).timestamp() // MINUTE.total_seconds()
    return datetime.fromtimestamp(seconds * MINUTE.total_seconds(), UTC)
