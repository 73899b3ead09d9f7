"""A look at every claim in time, page by page, that mends what a crash or a lost message has left.

Claims and the list of the parked are two tables: where they disagree, the list is made to say what
the claims say. A record that somebody began with, and that no message seems to wait for, is
notified again; one that does not come alone is left to those that require it. Digests that earlier
releases stored plain are keyed. Each run reads a page of each flow and connection, so that its cost
is bounded; where it stopped is stored, and the next run goes on there.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.core.ports import Row, Value
from sync.engine.claim import CLAIMS, PARKED, Claim, State
from sync.engine.engine import Engine
from sync.pacing.pace import may_begin

log = logging.getLogger("sync.engine.repair")

REPAIRS: Final = "repairs"
PAGE: Final = 500
"""Claims that one run reads of a flow and connection; Table Storage answers 1,000 at once."""
EVERY: Final = timedelta(hours=1)
"""How often the whole table is looked at, where it is small enough."""
OVERDUE: Final = timedelta(hours=1)
"""After so long nothing is on its way any more, unless the queue is that far behind; then one
notification more does no harm."""


@dataclass(frozen=True)
class Place:
    """Where the look at one flow and connection stands. `start`: the first key that it has not
    read, empty between two looks; `begun`: when the last look began."""

    start: str = ""
    begun: datetime | None = None

    @classmethod
    def of(cls, row: Row | None) -> "Place":
        """From its row."""
        cells: Mapping[str, Value] = row.values if row else {}
        begun = cells.get("begun")
        return cls(str(cells.get("start") or ""), begun if isinstance(begun, datetime) else None)


class Repair:
    """Repairs the claims of all flows and connections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(self) -> None:
        """Look at the next page of each flow and connection, and mend what is found.

        Safe to repeat and to race. Raises an `ExceptionGroup` of what it could not look at, after
        the rest.
        """
        troubles: list[Exception] = []
        for flow, connection in self._places():
            try:
                await self._next_page(flow, connection)
            except Exception as error:  # noqa: BLE001 - raised when the others have been looked at
                log.error(  # noqa: TRY400 - a traceback may quote a record
                    "monitoring.flow_unreadable flow=%s connection=%s error=%s",
                    flow,
                    connection,
                    type(error).__name__,
                )
                troubles.append(error)
        if troubles:
            raise ExceptionGroup("claims could not be looked at everywhere", troubles)

    def _places(self) -> Iterator[tuple[str, str]]:
        """Each flow and connection that has claims; those that other flows require come last."""
        flows = self._engine.flows
        places = [(flow, one) for flow in flows for one in self._engine.with_flow(flow)]
        yield from places
        connections = dict.fromkeys(connection for _, connection in places)
        yield from ((flow, one) for flow in self._engine.sub_flows for one in connections)

    async def _next_page(self, flow: str, connection: str) -> None:
        tables, now = self._engine.tables, self._engine.clock.now()
        place = Place.of(await tables.get(REPAIRS, connection, flow))
        if not place.start and place.begun is not None and now - place.begun < EVERY:
            return
        partition = f"{connection}|{flow}"
        rows = [
            row async for row in tables.query(CLAIMS, partition, start=place.start, limit=PAGE + 1)
        ]
        following = rows[PAGE].key if len(rows) > PAGE else ""
        listed = {
            row.key: row
            async for row in tables.query(PARKED, partition, start=place.start, before=following)
        }
        claims = [Claim.of(connection, flow, row) for row in rows[:PAGE]]
        for claim in claims:
            await self._engine.ledger.key_digests(claim)
        if flow in self._engine.flows:
            await self._agree(flow, connection, claims, listed)
            comes_alone = self._engine.flows[flow].source.comes_alone
            left = [one for one in claims if is_left_alone(one, now) and comes_alone(one.key)]
            await self._notify(flow, connection, left)
        begun = place.begun if place.start and place.begun is not None else now
        cells: dict[str, Value] = {"start": following, "begun": begun}
        await tables.upsert(REPAIRS, Row(connection, flow, cells))

    async def _agree(
        self, flow: str, connection: str, claims: Sequence[Claim], listed: Mapping[str, Row]
    ) -> None:
        """Make the list say what the claims say."""
        parked = {claim.key for claim in claims if claim.waits_for_a_person}
        for key in sorted(parked ^ listed.keys()):
            claim = await self._engine.ledger.claim(connection, flow, key)
            if claim.owner:  # who is at work on it, or takes it over, says what comes of it
                continue
            if claim.waits_for_a_person:
                await self._engine.ledger.list_parked(claim)
            elif key in listed:
                await self._engine.ledger.unlist(listed[key])
            log.warning(
                "%s.list_mended connection=%s key=%s is_parked=%s",
                flow,
                connection,
                key,
                claim.waits_for_a_person,
            )

    async def _notify(self, flow: str, connection: str, claims: Sequence[Claim]) -> None:
        """Have records looked at again; not while their flow is paused or their systems ask for
        quiet: then messages wait without their claims saying so."""
        if not claims or await self._engine.flow_pauses.over(connection, flow) is not None:
            return
        systems = await self._engine.open_systems(connection)
        if not await may_begin(systems.paces):
            return
        keys = [claim.key for claim in claims]
        await self._engine.intake.accept(flow, connection, keys, "repair")
        for claim in claims:
            log.warning(
                "%s.notified_again connection=%s key=%s state=%s",
                flow,
                connection,
                claim.key,
                claim.state,
            )
            await self._engine.ledger.note(claim, retry_at=self._engine.clock.now())


def is_left_alone(claim: Claim, now: datetime) -> bool:
    """Whether a record was begun with, and everything that was to go on with it is long over: its
    holder's lease, its next try, and its write that could still commit."""
    is_open = claim.state is State.POSTING and claim.intent is not None
    if not (claim.owner or claim.retry_at or is_open):
        return False
    ends = [claim.retry_at, claim.lease_until if claim.owner else None]
    if is_open:
        ends += [claim.intent_settled_by, claim.unsettled_until]
    return all(end is None or end <= now - OVERDUE for end in ends)
