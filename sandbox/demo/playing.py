"""Which flows play in the demo and the soak: all that there are, except those named here."""

from importlib.util import find_spec
from typing import Final

from sandbox.demo.reconciliation import Finding
from sync.config.connections import NumberMode
from sync.engine.claim import State
from sync.engine.ledger import Ledger
from sync.flows import FLOWS

IS_REPORTED: Final = find_spec("duckdb") is not None
"""Reports need DuckDB, which is installed only where they are built."""
LEFT_OUT: Final = frozenset() if IS_REPORTED else frozenset({"demand"})
"""Flows that cannot play here."""
OF_ONE: Final = {"captures": NumberMode.OURS, "demand": NumberMode.OURS}
"""Flows that one of the two merchants has: F&O's own invoices are made in the shop as well; both
have a legal entity of one name, and reports are of one data set."""
TO_PEOPLE: Final = frozenset({
    "cancellations", "status", "credit", "mails", "quotes", "quote_answers", "quote_templates",
    "tasks", "demand",
})  # fmt: skip
"""Flows some of whose records wait for people, for another day or for the first report."""
PLAYED: Final = tuple(flow.name for flow in FLOWS if flow.name not in LEFT_OUT)
WAITED_FOR: Final = tuple(name for name in PLAYED if name not in TO_PEOPLE)
"""Flows none of whose records does."""


def flows_of(numbers: NumberMode) -> list[str]:
    """The flows of a connection."""
    return [name for name in PLAYED if OF_ONE.get(name, numbers) is numbers]


async def not_played(ledger: Ledger, connections: list[str]) -> list[Finding]:
    """Flows that have delivered no record of any connection."""
    played = {
        flow for flow in PLAYED for name in connections if await _has_delivered(ledger, name, flow)
    }
    return [Finding("", flow, "has delivered nothing") for flow in PLAYED if flow not in played]


async def _has_delivered(ledger: Ledger, connection: str, flow: str) -> bool:
    async for claim in ledger.claims(connection, flow):
        if claim.state is State.DELIVERED or claim.number:
            return True
    return False
