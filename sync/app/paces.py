"""The pace of each system that the connections name: one for all connections of a process that
share the system."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.app.edition_parts import EditionParts
from sync.config.connections import Commerce, Connection, Dataverse, Dynamics
from sync.config.connections.visibility import Visibility
from sync.pacing.budget import Budget
from sync.pacing.limiter import MOST, Limiter
from sync.pacing.pace import Pace
from sync.pacing.parts import Whole, parts_of
from sync.pacing.pauses import Pauses

IN_ALL: Final = 2
"""So many times what one process begins with, all begin with. A shop is given the whole: it is not
asked how much it takes."""
Section = Commerce | Dynamics | Visibility | Dataverse


def systems_of(connection: Connection) -> list[str]:
    """The names of the systems whose standing still holds up records of the connection."""
    named = (connection.commerce, connection.dynamics, connection.dataverse)
    return [one.system for one in named if one is not None]


def _bounds(sharing: Sequence[Section]) -> tuple[int, int, int]:
    """With how many requests of a system a process begins, with how many all begin, and how many
    may be under way in all. Where settings differ, the lowest number holds."""
    whole = min(one.concurrency_in_all for one in sharing)
    start = min(whole, *(one.concurrency for one in sharing))
    return start, whole if isinstance(sharing[0], Commerce) else min(whole, IN_ALL * start), whole


@dataclass(frozen=True)
class Lent:
    """How the requests of a system are divided. `whole`: how many may be under way in all; `lent`:
    to processes, whose work wants `wanted`; `used`: those of this process."""

    system: str
    whole: int
    lent: int
    used: int
    wanted: int
    processes: int


class Paces:
    """Made when first needed. Where connections that share a system allow different numbers, the
    lowest holds. Close it when done.

    A process that is alone needs no budget: nobody else takes from the whole.
    """

    def __init__(
        self,
        connections: Mapping[str, Connection],
        edition_parts: EditionParts,
        pauses: Pauses,
        worker: str,
    ) -> None:
        self._connections = connections
        self._edition_parts = edition_parts
        self._pauses = pauses
        self._worker = worker
        self._by_system: dict[str, Pace] = {}

    def of(self, settings: Section) -> Pace:
        """The pace of the system at this address."""
        system = settings.system
        if system not in self._by_system:
            self._by_system[system] = self._made(system)
        return self._by_system[system]

    def _made(self, system: str) -> Pace:
        sharing = [one for one in self._sections() if one.system == system]
        start, begins, whole = _bounds(sharing)
        is_shop = isinstance(sharing[0], Commerce)
        limiter = Limiter(start, start if is_shop else min(whole, MOST))
        parts, budget = self._edition_parts, None
        if not parts.is_alone:
            budget = Budget(
                parts.tables, parts.clock, system, limiter,
                whole=whole, begins=begins, worker=self._worker,
            )  # fmt: skip
        return Pace(system, limiter, self._pauses, parts.clock, budget)

    def _sections(self) -> Iterable[Section]:
        for connection in self._connections.values():
            yield connection.commerce
            yield connection.dynamics
            if connection.dynamics.visibility is not None:
                yield connection.dynamics.visibility
            if connection.dataverse is not None:
                yield connection.dataverse

    async def stopped(self) -> list[dict[str, Any]]:
        """The systems that nobody may call now: since when, why, and until when. `is_away`: it
        gives no answer, and is asked again at `until`; otherwise it asked for a pause."""
        found: dict[str, dict[str, Any]] = {}
        for name, connection in self._connections.items():
            for system in systems_of(connection):
                standing = await self._pauses.standing(system)
                if standing is not None:
                    row = found.setdefault(system, {"system": system, "connections": []})
                    row["connections"].append(name)
                    row |= {
                        "is_away": standing.is_away, "since": standing.since,
                        "until": standing.until, "reason": standing.reason,
                    }  # fmt: skip
        return list(found.values())

    async def lent(self) -> list[Lent]:
        """How the requests of each system are divided now."""
        parts = self._edition_parts
        found = list[Lent]()
        for system in dict.fromkeys(one.system for one in self._sections()):
            sharing = [one for one in self._sections() if one.system == system]
            _, begins, most = _bounds(sharing)
            pace, now = self._by_system.get(system), parts.clock.now()
            used = pace.limiter.in_use if pace else 0
            row, lent = await parts_of(parts.tables, system, now)
            whole = most if parts.is_alone else Whole.of(row, begins, most, now).most
            has, wants = sum(one.has for one in lent.values()), [one.wants for one in lent.values()]
            if parts.is_alone and pace is not None:
                has, wants = pace.limiter.limit, [tuple(pace.limiter.demand.values())]
            found.append(Lent(system, whole, has, used, sum(map(sum, wants)), len(lent) or 1))
        return found

    async def close(self) -> None:
        """Give back what is lent. Safe to repeat."""
        for pace in self._by_system.values():
            await pace.close()
