"""Publications: many rows of a target are kept equal to a source; the last state wins.

The source's rows are reduced to digests of what the target would show, and compared with the mirror
(`mirror.py`). The difference is published in chunks, each under a claim of its own, by the executor
as everything is; the mirror is written only for what the target confirmed. So an interrupted run
goes on where it stopped, and a single row that a notification names is published by the same code.

Two who publish one row at a time do not mix up its states: both read the mirror before they read
the source, and a chunk leaves out what the mirror was written for since.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sync.core.encoding import digest
from sync.core.errors import Later, Never, Paused
from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.differences import MOST_HELD, Differences, compared
from sync.engine.flow import DocumentFlow, Poll, Source, SubFlow, Trigger
from sync.engine.mirror import Mirrors, Shown, after_refusal
from sync.engine.mirror_pieces import piece_of, slot_of
from sync.engine.plan import Delivered, Notification, Plan
from sync.engine.progress import SPAN, Progress, in_words, some_of, time_left
from sync.engine.published_rows import Chunk, MassChange, Rows, RowsWrite, RowTarget, counted
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.engine.together import Together
from sync.engine.write import Result
from sync.pacing.priority import Priority

if TYPE_CHECKING:
    from sync.config.connections import Connection

EVERYTHING: Final = "*"
"""The key of a run over all rows."""
MOST_ALONE: Final = 1000
"""Rows that one run has looked at one by one; others are named by the next ones."""
MOST_AGAIN: Final = 20
"""Rows that are published once more one by one; more are left to another run at once."""
MOST_REFUSED: Final = 100
"""Rows that a target refuses while it takes none: then it is not the rows that are wrong."""


@dataclass(frozen=True)
class PublicationFlow:
    """Rows of a source, shown by a target. `every(connection)`: minutes between two runs.

    `runs` belongs into the flows and `chunks` into the sub-flows of an engine. A notification of
    any trigger names a row by its key, or all of them (`EVERYTHING`). `guard(connection)`: which
    changes are too many for a run. `most_held`, `most_alone`: rows that one run publishes, and
    has looked at one by one; the next ones take the others.
    """

    name: str
    title: str
    source: Rows
    target: RowTarget
    every: "Callable[[Connection], int]"
    guard: "Callable[[Connection], MassChange]" = lambda _: MassChange()
    triggers: tuple[Trigger, ...] = ()
    priority: Priority = Priority.CATALOGUE
    most_held: int = MOST_HELD
    most_alone: int = MOST_ALONE

    @property
    def runs(self) -> DocumentFlow[str]:
        """Runs over everything, and single rows."""
        poll = Poll[str](_due, _now, self.every)
        return DocumentFlow(
            self.name, self.title, Source(_key), self._plan, (poll, *self.triggers), self.priority
        )

    @property
    def chunks(self) -> SubFlow[Chunk]:
        """What runs and single rows have published, a chunk at a time."""
        return SubFlow(f"{self.name}-rows", f"{self.title}: rows", self._plan_chunk)

    async def _plan(self, key: str, delivery: Delivery) -> Plan | Skipped:
        return await (self._run(delivery) if key == EVERYTHING else self._row(key, delivery))

    async def _row(self, key: str, delivery: Delivery) -> Plan | Skipped:
        """One row, at once. A row that is refused parks alone."""
        mirror, partition = delivery.ledger.mirror, delivery.claim.partition
        known = await mirror.of(partition, [key])
        row = await self.source.single(key, delivery.systems, delivery.ledger)
        was = known.of(key)
        if row.fault is not None:
            await mirror.refuse(partition, row, was)
            raise row.fault
        is_known = bool(was.digest) or row.content is not None
        if mirror.shows(was, row) and not (delivery.message.is_asked and is_known):
            if was.refused:
                await mirror.confirm(partition, [row])
            return Skipped(
                "the target shows it already" if is_known else "the source has no such row"
            )
        try:
            outcome = await self._published(Chunk((row,), known, is_alone=True), delivery)
        except Never:
            await mirror.refuse(partition, row, after_refusal(was))
            raise
        if isinstance(outcome, Skipped):
            raise Later(outcome.reason, after=timedelta(seconds=1), counts=False)
        again = await self.source.overtaken([row], delivery.systems, delivery.ledger)
        return Plan((), digest=digest(row.digest), shown_by=outcome.results,
                    follow_ups=tuple(Notification(self.name, one) for one in again))  # fmt: skip

    async def _run(self, delivery: Delivery) -> Plan | Skipped:
        """Everything. Rows that are refused, or were and are not any more, are notified alone."""
        mirror, systems, start = delivery.ledger.mirror, delivery.systems, delivery.now()
        known = await mirror.whole(delivery.claim.partition)
        found = await compared(
            self.source.all(EVERYTHING, systems, delivery.ledger), known, mirror,
            is_asked=delivery.message.is_asked, alive=delivery.keep_lease,
            most=self.most_held, cost=self.target.cost,
        )  # fmt: skip
        guard = self.guard(systems.settings)
        if guard.stops(found.of_shown, known.shown) and not delivery.message.is_asked:
            raise guard.refusal(self.name, self.title, found.of_shown, known.shown)
        began = delivery.now()
        progress = await self._publish_all(found, known, delivery)
        published, left = progress.published, len(found.changed) + found.left - progress.tried
        left += found.waiting if published else 0
        alone = some_of([*found.alone, *progress.refused], self.most_alone, systems.clock)
        again = await self.source.overtaken([*found.changed.values()], systems, delivery.ledger)
        alone += again if len(again) <= MOST_AGAIN else [EVERYTHING]
        alone += [EVERYTHING] * bool(left)
        follow_ups = tuple(
            Notification(self.name, key, goes_on=key == EVERYTHING) for key in dict.fromkeys(alone)
        )
        if not published and not follow_ups:
            return Skipped("the target shows everything already")
        action = "amended" if published else "unchanged"
        cost = found.cost_to_come + sum(map(self.target.cost, found.changed.values()))
        took = delivery.now() - began
        to_come = time_left(left, cost - progress.cost, progress, began - start, took)
        number = counted(published) + in_words(to_come)
        return Plan(
            (), digest=digest(published), shown_by=(Result("rows", number, "", action),),
            keys={"rows": str(published), **to_come},
            follow_ups=follow_ups, starts_anew=True,
        )  # fmt: skip

    async def _publish_all(
        self, found: Differences, known: Mirrors, delivery: Delivery
    ) -> Progress:
        """Publish as many as the span allows. A slot that has to wait holds up no other. Raises
        `Never` where the target takes nothing at all, and what a slot waits for."""
        ends, progress = delivery.now() + SPAN, Progress(self.target.cost)
        for rows in self._chunked(self._first_of(found, known), delivery.systems):
            if delivery.now() >= ends:
                break
            await delivery.keep_lease()
            await self._try(rows, known, delivery, progress)
        for error in progress.late.values():
            raise error
        return progress

    async def _try(
        self, rows: Sequence[Shown], known: Mirrors, delivery: Delivery, progress: Progress
    ) -> None:
        """Publish these together, and leave out slots that have to wait."""

        async def one(chunk: Chunk) -> None:
            try:
                outcome = await self._published(chunk, delivery)
            except Later as error:
                if error.is_outage or isinstance(error, Paused):
                    raise
                progress.late[slot_of(chunk.rows[0].key)] = error
                return
            progress.add(chunk.rows, outcome)

        kept = [row for row in rows if slot_of(row.key) not in progress.late]
        await Together(self.target, kept, known, one).publish_all()
        if not progress.published and len(progress.refused) >= MOST_REFUSED:
            raise next(iter(progress.refused.values()))

    def _first_of(self, found: Differences, known: Mirrors) -> list[Shown]:
        """Rows that are published now. Where some of the lowest rank are new to the target, it is
        they alone: the others depend on them, and are compared again when they are there."""
        rows, rank = [*found.changed.values()], self.target.rank
        lowest = min(map(rank, rows), default=0)
        first = [row for row in rows if rank(row) == lowest]
        are_new = len(first) < len(rows) and any(not known.of(row.key).digest for row in first)
        return first if are_new else rows

    def _chunked(self, changes: Iterable[Shown], systems: Systems) -> Iterator[Sequence[Shown]]:
        """Rows that are written together, of as few pieces of the mirror as may be."""
        chunk, weight = list[Shown](), 0
        for row in sorted(changes, key=lambda row: (self.target.rank(row), piece_of(row.key))):
            more = self.target.weight(row, systems)
            if chunk and weight + more > self.target.most:
                yield chunk
                chunk, weight = [], 0
            chunk.append(row)
            weight += more
        if chunk:
            yield chunk

    async def _published(self, chunk: Chunk, delivery: Delivery) -> Delivered | Skipped:
        """A chunk under the claim of its slot: in a slot, one is published at a time."""
        flow, slot = self.chunks.name, slot_of(chunk.rows[0].key)
        async with delivery.systems.one_at_a_time(f"{flow}|{slot}"):
            return await delivery.require(flow, slot, chunk)

    async def _plan_chunk(self, chunk: Chunk, delivery: Delivery) -> Plan | Skipped:
        """The rows whose mirror nobody has written since it was compared."""
        mirror, partition = delivery.ledger.mirror, f"{delivery.systems.name}|{self.name}"
        now = await mirror.of(partition, [row.key for row in chunk.rows])
        rows = [row for row in chunk.rows if now.of(row.key) == chunk.known.of(row.key)]
        if not rows:
            return Skipped("somebody else has published it meanwhile")
        systems = delivery.systems
        target, timing = chunk.target or self.target, self.target.timing(systems)
        write = RowsWrite(rows, target, systems, timing, is_alone=chunk.is_alone)

        async def before() -> None:
            await mirror.announce(partition, rows)

        async def then(_: Sequence[Result]) -> None:
            confirmed = [row for row in rows if row.key not in write.refused]
            await mirror.confirm(partition, confirmed)
            await mirror.put_back(partition, write.refused, now)
            await delivery.ledger.published.keep(partition, systems.clock.now(), confirmed)

        return Plan((write,), keys={"rows": str(len(rows))}, before=before, then=then,
                    starts_anew=True)  # fmt: skip


async def _key(key: str, _: Systems) -> str:
    """The key: the row is read when the mirror has been."""
    return key


async def _now(systems: Systems) -> datetime:
    return systems.clock.now()


async def _due(
    _: Systems, _since: datetime, until: datetime, _after: str = ""
) -> AsyncIterator[Change]:
    """A run is due whenever it is polled."""
    yield Change(EVERYTHING, until)
