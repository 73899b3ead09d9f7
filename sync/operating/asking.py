"""Records that a person asks for: what `replay`, `backfill` and the console enqueue and watch.

A record has an outcome when its claim tells of a later read than before it was asked for, and
nobody holds it. No two clocks are compared.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from sync.app.services import Services
from sync.engine.claim import Claim, State
from sync.engine.claims_in_bulk import claims_of
from sync.engine.refused_keys import key_fault
from sync.operating.problem import Problem

POSTED: Final = "posted"
WORDS: Final[Mapping[State, str]] = {
    State.DELIVERED: POSTED,
    State.CANCELLED: "cancelled",
    State.SKIPPED: "skipped",
    State.PARKED: "parked",
    State.VANISHED: "vanished",
}
WAITING: Final = "still waiting"
Reached = Callable[[float], None]
"""Is told how many records have an outcome."""
SHORTEST_LOOK, LONGEST_LOOK = timedelta(seconds=0.5), timedelta(seconds=5)
READ_PER_SECOND: Final = 500
"""Claims that are looked at in a second, at most, where very many are waited for."""
UNKNOWN_STORE: Final = "@?"


@dataclass(frozen=True)
class Asked:
    """A record that was asked for."""

    connection: str
    flow: str
    key: str


@dataclass(frozen=True)
class Outcome:
    """The outcome: one of the `WORDS`, or `WAITING`. `reason`: why, or what it waits for."""

    outcome: str = WAITING
    number: str = ""
    reason: str = ""
    remedy: str = ""


Outcomes = Mapping[Asked, Outcome]


class Asking:
    """Enqueues records for one command and watches what comes of them."""

    def __init__(self, services: Services, origin: str) -> None:
        self._services = services
        self._origin = origin
        self._before: dict[Asked, Mapping[str, datetime | None]] = {}

    @property
    def count(self) -> int:
        """How many records were asked for."""
        return len(self._before)

    async def ask(self, connection: str, flow: str, keys: Sequence[str]) -> None:
        """Store notifications for these records; returns when they are stored. Raises `Problem`
        for a key that no table can hold."""
        if fault := next(filter(None, map(key_fault, keys)), ""):
            raise Problem(f"one of the keys cannot be used: {fault}", remedy="Correct it.")
        asked = [Asked(connection, flow, key) for key in dict.fromkeys(keys)]
        claims = await self._claims(asked)
        await self._services.intake.accept(flow, connection, keys, self._origin)
        for one in asked:
            self._before[one] = {claim.key: claim.read_at for claim in claims[one]}

    def as_json(self) -> list[Any]:
        """What `of_json` goes on with."""
        return [
            [one.connection, one.flow, one.key, {key: at for key, at in before.items() if at}]
            for one, before in self._before.items()
        ]

    @classmethod
    def of_json(cls, services: Services, asked: Sequence[Any]) -> Self:
        """The same records, watched by another process or later."""
        found = cls(services, "")
        for connection, flow, key, before in asked:
            times = {name: datetime.fromisoformat(at) for name, at in before.items()}
            found._before[Asked(connection, flow, key)] = times
        return found

    async def outcomes(self, patience: timedelta, tell: Reached = lambda _: None) -> Outcomes:
        """The outcomes of all that were asked for: waits until each has one, or none has come for
        so long."""
        now = self._services.edition_parts.clock.now
        last, found = now(), await self._looked_at([*self._before])
        while True:
            pending = [one for one, came in found.items() if came.outcome == WAITING]
            tell(len(found) - len(pending))
            if not pending or now() - last >= patience:
                return found
            await asyncio.sleep(_look_after(len(pending)).total_seconds())
            seen = await self._looked_at(pending)
            if any(came.outcome != WAITING for came in seen.values()):
                last = now()
            found |= seen

    async def _looked_at(self, asked: Sequence[Asked]) -> dict[Asked, Outcome]:
        claims = await self._claims(asked)
        return {one: _outcome(claims[one], self._before[one]) for one in asked}

    async def _claims(self, asked: Sequence[Asked]) -> dict[Asked, list[Claim]]:
        """Each record's claim; those of all stores where its number was given without one."""
        found: dict[Asked, list[Claim]] = {}
        places = dict.fromkeys((one.connection, one.flow) for one in asked)
        for connection, flow in places:
            here = [one for one in asked if (one.connection, one.flow) == (connection, flow)]
            full = [one.key for one in here if not one.key.endswith(UNKNOWN_STORE)]
            claims = await claims_of(self._services.edition_parts.tables, connection, flow, full)
            for one in here:
                known = claims.get(one.key)
                found[one] = [known] if known else await self._of_all_stores(one)
        return found

    async def _of_all_stores(self, one: Asked) -> list[Claim]:
        prefix = one.key.removesuffix("?")
        claims = self._services.ledger.claims(one.connection, one.flow, prefix=prefix)
        return [claim async for claim in claims]


def counted(outcomes: Outcomes) -> dict[str, int]:
    """How many records have each outcome, those that there are."""
    counts = Counter(one.outcome for one in outcomes.values())
    return {what: counts[what] for what in (*WORDS.values(), WAITING) if counts[what]}


def in_words(outcomes: Outcomes) -> str:
    """The counts as a sentence; empty where nothing was asked for."""
    said = ", ".join(f"{what}: {count}" for what, count in counted(outcomes).items())
    return f" {said[0].upper()}{said[1:]}." if said else ""


def _outcome(claims: Sequence[Claim], before: Mapping[str, datetime | None]) -> Outcome:
    """By the first claim that was read since; else what the record waits for."""
    for claim in claims:
        is_let_go = not claim.owner and not claim.again and claim.state in WORDS
        if is_let_go and claim.read_at is not None and claim.read_at != before.get(claim.key):
            return Outcome(WORDS[claim.state], claim.number, claim.reason, claim.remedy)
    return Outcome(reason=next((c.reason for c in claims if c.reason), ""))


def _look_after(pending: int) -> timedelta:
    return min(max(timedelta(seconds=pending / READ_PER_SECOND), SHORTEST_LOOK), LONGEST_LOOK)
