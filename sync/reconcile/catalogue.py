"""What F&O says of products, prices and stock against what Commerce shows now, field by field.

It is of now, whatever the days: rows have no day on which they were made. It reads the whole
catalogue of both systems, so it is compared where it is named, or where `reconcile.catalogue` says
so: then by the newest day of each night. Demand, the other way round, is a kind of its own.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.money import ZERO
from sync.engine.drift import Drift, drift
from sync.engine.publication import PublicationFlow
from sync.flows import PUBLICATIONS as EVERY
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import Verdict

CATALOGUE: Final = "catalogue"
DEMAND: Final = "demand"
PUBLICATIONS: Final = tuple(flow for flow in EVERY if flow.name not in ("credit", DEMAND))
"""Credit is compared by itself, each night; demand goes the other way."""
CAUSES: Final[Mapping[str, Cause]] = {
    "confirmed": Cause.EDITED_HERE,
    "outdated": Cause.NOT_DUE,
    "unknown": Cause.WAITING,
    "refused": Cause.PARKED,
    "none": Cause.MISSING,
}
"""By what we know of the row."""


@dataclass(frozen=True)
class Catalogue:
    """The comparison of those publications that are on. `is_to_ledger`: they show in F&O what comes
    of Commerce."""

    name: str = CATALOGUE
    flow: str = CATALOGUE
    publications: tuple[PublicationFlow, ...] = PUBLICATIONS
    is_to_ledger: bool = False
    is_of_now: bool = True

    def is_wanted(self, settings: Connection) -> bool:
        """Whether anything is published."""
        return any(flow.name in settings.flows for flow in self.publications)

    def is_usual(self, settings: Connection) -> bool:
        """Whether somebody asked for it each night."""
        return self.is_wanted(settings) and settings.reconcile.catalogue and not self.is_to_ledger

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per field that differs."""
        for flow in self.publications:
            if flow.name in connected.settings.flows:
                async for one in drift(flow, connected.systems, connected.ledger):
                    yield self._verdict(connected, window, flow, one)

    def _verdict(
        self, connected: Connected, window: Window, flow: PublicationFlow, one: Drift
    ) -> Verdict:
        """`store`: the scope; an amount where the field is a number."""
        day = connected.day(window.until, None)
        sides = (one.wanted, one.shown) if self.is_to_ledger else (one.shown, one.wanted)
        shop, ledger = map(_number, sides)
        cause, key = CAUSES[one.mirror], f"{flow.name}|{one.key}|{one.scope}|{one.field}"
        command = _command(connected, flow, one)
        difference = Difference(
            self.name, key, one.scope, day, "", shop, ledger, cause, "", command
        )  # fmt: skip
        place = (self.name, day, one.scope, "")
        return Verdict(place, _counted(sides[0]), _counted(sides[1]), difference)


def _counted(value: Any) -> list[Decimal]:
    """Counted only: sums of prices and pieces would say nothing."""
    return [] if value is None else [ZERO]


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value)) if not isinstance(value, bool) else None
    except InvalidOperation:
        return None


def _command(connected: Connected, flow: PublicationFlow, one: Drift) -> str:
    about = Commands(connected.systems.name, flow.name, one.key)
    if one.mirror == "refused":
        return f"Do what `parked` says. Then: {about.replay()}"
    return about.repair() if one.mirror == "confirmed" else about.publish()


catalogue: Final = Catalogue()
forecast_demand: Final = Catalogue(
    DEMAND, DEMAND, tuple(flow for flow in EVERY if flow.name == DEMAND), is_to_ledger=True
)
"""What is forecast against what F&O's forecast model has."""
