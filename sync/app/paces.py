"""The pace of each system that the connections name: one for all connections of a process that
share the system."""

from collections.abc import Iterable, Mapping
from typing import Any

from sync.app.edition_parts import EditionParts
from sync.config.connections import Commerce, Connection, Dynamics, Visibility
from sync.pacing.budget import Budget
from sync.pacing.limiter import MOST, Limiter
from sync.pacing.pace import Pace
from sync.pacing.pauses import Pauses


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

    def of(self, settings: Commerce | Dynamics | Visibility) -> Pace:
        """The pace of the system at this address."""
        system = settings.system
        if system not in self._by_system:
            self._by_system[system] = self._made(system)
        return self._by_system[system]

    def _made(self, system: str) -> Pace:
        sharing = [one for one in self._sections() if one.system == system]
        whole = min(one.concurrency_in_all for one in sharing)
        start = min(whole, *(one.concurrency for one in sharing))
        is_shop = isinstance(sharing[0], Commerce)
        limiter = Limiter(start, start if is_shop else min(whole, MOST))
        parts, budget = self._edition_parts, None
        if not parts.is_alone:
            budget = Budget(
                parts.tables, parts.clock, system, limiter, whole=whole, worker=self._worker
            )
        return Pace(system, limiter, self._pauses, parts.clock, budget)

    def _sections(self) -> Iterable[Commerce | Dynamics | Visibility]:
        for connection in self._connections.values():
            yield connection.commerce
            yield connection.dynamics
            if connection.dynamics.visibility is not None:
                yield connection.dynamics.visibility

    async def stopped(self) -> list[dict[str, Any]]:
        """The systems that nobody may call now: since when, why, and until when. `is_away`: it
        gives no answer, and is asked again at `until`; otherwise it asked for a pause."""
        found: dict[str, dict[str, Any]] = {}
        for name, connection in self._connections.items():
            for system in (connection.commerce.system, connection.dynamics.system):
                standing = await self._pauses.standing(system)
                if standing is not None:
                    row = found.setdefault(system, {"system": system, "connections": []})
                    row["connections"].append(name)
                    row |= {
                        "is_away": standing.is_away, "since": standing.since,
                        "until": standing.until, "reason": standing.reason,
                    }  # fmt: skip
        return list(found.values())

    async def close(self) -> None:
        """Give back what is lent. Safe to repeat."""
        for pace in self._by_system.values():
            await pace.close()
