"""What runs flows is made of: everything from outside comes in here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.config.connections import Connection
from sync.core.ports import Clock, Tables
from sync.engine.copies import DocumentCopies
from sync.engine.flow import DocumentFlow, SubFlow
from sync.engine.flow_pauses import FlowPauses
from sync.engine.intake import Intake
from sync.engine.ledger import Ledger
from sync.engine.reading_ahead import ReadingAhead
from sync.engine.systems import Systems


@dataclass(frozen=True)
class Engine:
    """One process's parts. Holds no state of its own that a crash could lose. `worker` tells this
    process from others."""

    flows: Mapping[str, DocumentFlow[Any]]
    sub_flows: Mapping[str, SubFlow[Any]]
    open_systems: Callable[[str], Awaitable[Systems]]
    connections: Mapping[str, Connection]
    intake: Intake
    ledger: Ledger
    tables: Tables
    documents: DocumentCopies
    flow_pauses: FlowPauses
    ahead: ReadingAhead
    clock: Clock
    worker: str

    def with_flow(self, flow: str) -> list[str]:
        """The connections that have this flow."""
        return [name for name, one in self.connections.items() if flow in one.flows]
