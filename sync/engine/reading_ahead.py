"""Records read before their turn: while deliveries are behind, one request reads what waits in the
queue as well.

A record that was read ahead is used only as if its own delivery had read it then: its message was
due by that time and is a first try, nobody has read the record under its claim since, and what is
recorded says when it was read. What one process reads ahead, another may deliver: how many are read
follows how many are used. What a try has read that a pause ended is kept in the same way.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sync.core.encoding import NotJson
from sync.core.errors import Later, Never, Paused
from sync.core.message_queue import Queue
from sync.core.ports import Clock
from sync.engine.claim import SUSPECTED, Claim
from sync.engine.flow import DocumentFlow
from sync.engine.message import CLOCKS_APART, WINDOW, Message
from sync.engine.systems import Systems
from sync.pacing.limiter import NoTurn

log = logging.getLogger("sync.engine.reading_ahead")

BEHIND: Final = WINDOW + CLOCKS_APART
"""A message older than this was due, by whichever clock; a delivery that begins later is behind."""
FRESH: Final = timedelta(seconds=20)
"""How long a record that was read ahead may be used; nothing is created from one of 30 seconds."""
MOST: Final = 40
"""As many as one search of Commerce takes."""
FEWEST: Final = 2
LOOK_EVERY: Final = timedelta(seconds=0.5)
"""How often it is looked at what waits, where little of what was read ahead has been used."""

Name = tuple[str, str, str]


@dataclass(frozen=True)
class Kept:
    """A record as it was at `read_at`, or a little later; None where there is none to use.
    `heard_at`: the newest notification that it was read for in its turn. `foresee`: tells once more
    what will be asked for it."""

    record: asyncio.Future[Any | None]
    read_at: datetime
    heard_at: datetime | None = None
    foresee: Callable[[], None] | None = None


class ReadingAhead:
    """What one process has read ahead. Belongs to one event loop."""

    def __init__(self, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self._kept: dict[Name, Kept] = {}
        self._under_way: dict[Name, Kept | None] = {}
        self._rescheduled: dict[Name, datetime] = {}
        self._looked_at: dict[str, datetime] = {}
        self._most = MOST
        self._read = self._used = 0

    async def read(
        self, flow: DocumentFlow[Any], systems: Systems, message: Message, claim: Claim
    ) -> tuple[Any | None, datetime]:
        """The record that a message names, and when it was read at the earliest, for who holds its
        claim. Raises what the flow's own read raises. `ended` is to be called in any case."""
        record, read_at = await self._read_or_kept(flow, systems, message, claim)
        told = flow.source.foresee
        foresee = (
            partial(told, record, systems) if told is not None and record is not None else None
        )
        heard_at = claim.heard_with(message.notified_at)
        self._under_way[_name_of(message)] = Kept(_done(record), read_at, heard_at, foresee)
        return record, read_at

    async def _read_or_kept(
        self, flow: DocumentFlow[Any], systems: Systems, message: Message, claim: Claim
    ) -> tuple[Any | None, datetime]:
        now = self._clock.now()
        name = _name_of(message)
        self._forget_old(now)
        self._rescheduled.pop(name, None)
        kept = self._kept.pop(name, None)
        self._under_way[name] = None
        if kept is not None and _may_use(kept, message, claim):
            self._used += 1
            record = await kept.record
            if record is not None:
                return record, kept.read_at
            now = self._clock.now()
        is_suspect = claim.deaths >= SUSPECTED
        names = [] if is_suspect else await self._next(flow, message, now)
        if not names:
            return await flow.source.read(message.key, systems), now
        return await self._read_together(flow, systems, message.key, names), now

    async def _read_together(
        self, flow: DocumentFlow[Any], systems: Systems, key: str, names: Sequence[Name]
    ) -> Any | None:
        """The record of a key; those of `names` are kept."""
        now = self._clock.now()
        async with asyncio.TaskGroup() as group:
            for other in names:
                coming = self._kept[other] = Kept(asyncio.get_running_loop().create_future(), now)
                ahead = group.create_task(_outcome(flow, other[2], systems, flow.source.foresee))
                ahead.add_done_callback(partial(_settle, coming.record))
            record, error = await _outcome(flow, key, systems)
        if error is not None:
            raise error
        return record

    def ended(self, message: Message, error: Exception | None = None) -> None:
        """A delivery has ended: when its message comes again, it may be read ahead. After a pause
        it goes on with what it has read, and asks with others for what was not answered; whatever
        else ended it may have to do with the record."""
        kept = self._under_way.pop(_name_of(message), None)
        if kept is not None and isinstance(error, Paused | NoTurn):
            self._kept[_name_of(message)] = kept
            if kept.foresee is not None:
                with suppress(Later, Never):  # its own delivery raises it
                    kept.foresee()
            self.rescheduled(message, self._clock.now() + (error.after or timedelta()))

    def rescheduled(self, message: Message, due: datetime) -> None:
        """A message has been sent again before its delivery began; it comes again when it is
        due."""
        if _is_first(message):
            self._rescheduled[_name_of(message)] = due

    async def _next(self, flow: DocumentFlow[Any], message: Message, now: datetime) -> list[Name]:
        """What to read together with this one: the next of its flow and connection that wait."""
        is_behind = message.notified_at + BEHIND <= now and _is_first(message)
        looked_at = self._looked_at.get(flow.name)
        is_worth_it = 0 < self._read <= 2 * self._used
        is_early = looked_at is not None and now - looked_at < LOOK_EVERY and not is_worth_it
        if not flow.source.is_joined or not is_behind or is_early:
            return []
        self._looked_at[flow.name] = now
        self._adapt()
        try:
            waiting = await self._queue.waiting(flow.priority.queue, most=2 * MOST)
        except (Later, Never) as trouble:
            log.info(
                "%s.not_read_ahead connection=%s reason=%s",
                flow.name, message.connection, trouble.reason,
            )  # fmt: skip
            return []
        found = [_named(body, flow, message.connection) for body in waiting]
        coming = sorted(self._rescheduled, key=lambda name: self._rescheduled[name])
        found += [one for one in coming if one[:2] == (flow.name, message.connection)]
        new = [
            name
            for name in dict.fromkeys(found)
            if name is not None and not self._is_known(name, now)
        ]
        self._read = min(len(new), self._most - 1)
        return new[: self._read]

    def _is_known(self, name: Name, now: datetime) -> bool:
        """Whether a record is being delivered, or was read lately. What will soon be too old is
        read again together with others."""
        kept = self._kept.get(name)
        return name in self._under_way or (kept is not None and now - kept.read_at < FRESH / 2)

    def _adapt(self) -> None:
        """Read fewer ahead where others deliver most of them, and more where they are used."""
        if self._read:
            is_used = 2 * self._used >= self._read
            self._most = min(2 * self._most, MOST) if is_used else max(self._most // 2, FEWEST)
        self._read = self._used = 0

    def _forget_old(self, now: datetime) -> None:
        for name, kept in list(self._kept.items()):
            if now - kept.read_at > FRESH:
                del self._kept[name]
        for name, due in list(self._rescheduled.items()):
            if now - due > FRESH:
                del self._rescheduled[name]


def _name_of(message: Message) -> Name:
    return (message.flow, message.connection, message.key)


def _done(record: Any | None) -> asyncio.Future[Any | None]:
    future: asyncio.Future[Any | None] = asyncio.get_running_loop().create_future()
    future.set_result(record)
    return future


def _is_first(message: Message) -> bool:
    """A later try asks what has changed since the one before; a person asks for what is there."""
    return message.attempt == 1 and message.looks == 1 and not message.is_asked


def _may_use(kept: Kept, message: Message, claim: Claim) -> bool:
    """Never after a death, and never what is older than what was read under the claim.

    A write that an earlier try announced changes nothing: who delivers looks at the target first.
    """
    heard_at = claim.heard_with(message.notified_at)
    is_its_own = kept.heard_at == heard_at
    return (
        _is_first(message)
        and (is_its_own or kept.read_at >= heard_at + BEHIND)
        and (claim.read_at is None or kept.read_at >= claim.read_at)
        and not claim.deaths
    )


def _named(body: bytes, flow: DocumentFlow[Any], connection: str) -> Name | None:
    try:
        message = Message.decode(body)
    except NotJson:
        return None
    if (message.flow, message.connection) != (flow.name, connection) or not _is_first(message):
        return None
    return (flow.name, connection, message.key)


def _settle(
    record: asyncio.Future[Any | None], ahead: asyncio.Task[tuple[Any | None, Exception | None]]
) -> None:
    """What was read ahead, or nothing: what went wrong will be told by its own delivery."""
    if not record.done():
        record.set_result(None if ahead.cancelled() or ahead.exception() else ahead.result()[0])


async def _outcome(
    flow: DocumentFlow[Any],
    key: str,
    systems: Systems,
    foresee: Callable[[Any, Systems], None] | None = None,
) -> tuple[Any | None, Exception | None]:
    """What reading one comes to: no record spoils the others."""
    try:
        record = await flow.source.read(key, systems)
        if record is not None and foresee is not None:
            foresee(record, systems)
    except Exception as error:  # noqa: BLE001 - the delivery that needs the record raises it
        return None, error
    return record, None
