"""What F&O leaves each company against what Commerce says is available, as both are now.

A difference within the tolerance is none. Where nothing limits a company, only that is compared.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sync.config.connections import Connection
from sync.core.money import ZERO
from sync.engine.mirror import Mirrored
from sync.flows.credit.credit import credit as flow
from sync.flows.credit.credit_rows import CREDIT, CreditRow
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import Verdict


@dataclass(frozen=True)
class Credit:
    """The comparison of company credits."""

    name: str = flow.name
    flow: str = flow.name
    is_of_now: bool = True

    def is_wanted(self, settings: Connection) -> bool:
        """Whether credit is published."""
        return self.flow in settings.flows

    def is_usual(self, settings: Connection) -> bool:
        """Each night."""
        return self.is_wanted(settings)

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per company that is an account of F&O."""
        systems, ledger = connected.systems, connected.ledger
        known = await ledger.mirror.whole(f"{systems.name}|{self.flow}")
        async for row in flow.source.every(systems, ledger):
            if isinstance(row, CreditRow) and row.credit is not None:
                yield _verdict(connected, window, row, known.of(row.key))


def _verdict(connected: Connected, window: Window, row: CreditRow, was: Mirrored) -> Verdict:
    """Amounts are what may still be bought on account."""
    assert row.credit is not None
    day, currency = connected.day(window.until, None), row.credit.currency
    shown, left = (row.credit.limit or ZERO) - row.credit.debt, row.prepared.available
    place = (flow.name, day, "", currency)
    if row.fault is None and _agree(connected, row, shown):
        return Verdict(place, [shown], [shown])
    cause = _cause(connected, row, was)
    about = Commands(connected.systems.name, flow.name, row.key)
    command = about.repair() if cause is Cause.EDITED_HERE else about.publish()
    if cause is Cause.PARKED:
        command = f"Do what `parked` says. Then: {about.replay()}"
    difference = Difference(
        flow.name, row.key, "", day, currency, shown, left, cause, "", command
    )  # fmt: skip
    return Verdict(place, [shown], [] if left is None else [left], difference)


def _agree(connected: Connected, row: CreditRow, shown: Decimal) -> bool:
    assert row.credit is not None
    wanted, left = row.content[CREDIT], row.prepared.available
    if row.credit.may_exceed != wanted["may_exceed"]:
        return False
    if left is None:
        return True
    least = -row.credit.debt  # a limit below zero cannot be shown
    return abs(shown - max(left, least)) <= connected.settings.credit.tolerance


def _cause(connected: Connected, row: CreditRow, was: Mirrored) -> Cause:
    if row.fault is not None or was.refused:
        return Cause.PARKED
    if was.sent:
        return Cause.WAITING
    if not was.digest:
        return Cause.MISSING
    is_ours = row.moved or connected.ledger.mirror.shows(was, row)
    return Cause.EDITED_HERE if is_ours else Cause.NOT_DUE


credit: Final = Credit()
