"""What runs flows is made of: everything from outside comes in here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.desk import Desk
from sync.flow import DocumentFlow, SubFlow
from sync.pauses import Pauses
from sync.ports import Clock, Tables
from sync.road.documents import Documents
from sync.road.hints import Hints
from sync.road.ledger import Ledger


@dataclass(frozen=True)
class Engine:
    """One process's parts. Holds no state of its own that a crash could lose. `worker` tells this process from others."""

    flows: Mapping[str, DocumentFlow[Any]]
    inner: Mapping[str, SubFlow[Any]]
    open_desk: Callable[[str], Awaitable[Desk]]
    connections: Callable[[str], Sequence[str]]
    hints: Hints
    ledger: Ledger
    tables: Tables
    documents: Documents
    pauses: Pauses
    clock: Clock
    worker: str
