"""What both sides tell in the end of numbers, parcels, cases and demand."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.demo.activity import Active, follow_accounts
from sandbox.demo.carrier import Parcels, parcels_in_the_end
from sandbox.demo.complaints import Cases, cases_in_the_end
from sandbox.demo.demand import Planned, plan_demand
from sandbox.demo.environment import Environment
from sandbox.demo.playing import not_played
from sandbox.demo.reconciliation import Finding
from sandbox.demo.written_back import WrittenBack, written_back


@dataclass(frozen=True)
class Told:
    """All of it. `silent`: flows that have delivered nothing until then."""

    parcels: Parcels
    cases: Cases
    numbers: WrittenBack
    demand: Planned
    silent: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Where it differs."""
        each = (self.parcels, self.cases, self.numbers, self.demand)
        return (*(finding for one in each for finding in one.findings), *self.silent)

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "parcels": self.parcels.as_json(), "cases": self.cases.as_json(),
            "written_back": self.numbers.as_json(), "demand": self.demand.as_json(),
        }  # fmt: skip


async def told_in_the_end(
    environment: Environment, accounts: int, within: timedelta
) -> tuple[Active, Told]:
    """Compare when everything is delivered and told; meanwhile so many accounts of each shop are
    followed, which buy beside all books. Raises `Stuck`."""
    active, parcels, cases, demand = await asyncio.gather(
        follow_accounts(environment, accounts, within), parcels_in_the_end(environment, within),
        cases_in_the_end(environment, within), plan_demand(environment, within),
    )  # fmt: skip
    numbers = await written_back(environment)
    silent = await not_played(environment.engine.ledger, [*environment.pairs])
    return active, Told(parcels, cases, numbers, demand, tuple(silent))
