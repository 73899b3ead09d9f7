"""What the shops tell in the end of numbers, parcels and cases, in the demo and the soak."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.demo.carrier import Parcels, parcels_in_the_end
from sandbox.demo.desk import Desk, desk_in_the_end
from sandbox.demo.environment import Environment
from sandbox.demo.playing import not_played
from sandbox.demo.reconciliation import Finding
from sandbox.demo.written_back import WrittenBack, written_back


@dataclass(frozen=True)
class Told:
    """All of it. `silent`: flows that have delivered nothing."""

    parcels: Parcels
    desk: Desk
    numbers: WrittenBack
    silent: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Where it differs."""
        each = (self.parcels, self.desk, self.numbers)
        return (*(finding for one in each for finding in one.findings), *self.silent)

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "parcels": self.parcels.as_json(), "desk": self.desk.as_json(),
            "written_back": self.numbers.as_json(),
        }  # fmt: skip


async def told_in_the_end(environment: Environment, within: timedelta) -> Told:
    """Compare when everything is delivered and told. Raises `Stuck`."""
    parcels, desk = await asyncio.gather(
        parcels_in_the_end(environment, within), desk_in_the_end(environment, within)
    )
    numbers = await written_back(environment)
    silent = await not_played(environment.engine.ledger, [*environment.pairs])
    return Told(parcels, desk, numbers, tuple(silent))
