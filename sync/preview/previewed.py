"""What would happen to one record, as it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.core.errors import Missing
from sync.core.proof import Proof
from sync.core.request import Request


@dataclass(frozen=True)
class Preview:
    """What would happen to one record. `outcome`: deliver, skip or park."""

    key: str
    outcome: str
    reason: str = ""
    remedy: str = ""
    requests: tuple[Request, ...] = ()
    totals: Proof | None = None
    notes: tuple[str, ...] = field(default=())
    missing: tuple[Missing, ...] = field(default=())
    """The rows without which it would be parked."""
    amounts: Mapping[str, str] = field(default_factory=dict)
    """What the trail would show, of what D365 would hold in the end."""
    differs: str = ""
    """The sums of both systems, where they would differ though it is posted: a person decides."""

    @property
    def held(self) -> Mapping[str, str] | None:
        """What D365 would hold in the end, where that is not what was placed."""
        placed = self.totals.as_json() if self.totals else {}
        held = {name: self.amounts.get(name, value) for name, value in placed.items()}
        return held if held != placed else None

    def as_json(self) -> dict[str, Any]:
        """As `preview --json` prints it; where nothing else is said, the reason tells what D365
        would hold of an order that was reduced since it was placed."""
        nothing = {"commerce": None, "dynamics": None, "difference": None, "currency": None}
        left = "then reduced to {dynamics} {currency}; Commerce holds {commerce}"
        return {
            "key": self.key,
            "outcome": self.outcome,
            "reason": self.reason or (left.format(**self.held) if self.held else ""),
            "remedy": self.remedy,
            "requests": [
                {"method": r.method, "path": r.path, "body": r.body} for r in self.requests
            ],
            "totals": self.totals.as_json() if self.totals else nothing,
        }
