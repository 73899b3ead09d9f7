"""What the shop's webhooks and F&O's events told the product, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sandbox.commerce.state import Change
from sync.core.encoding import from_json
from sync.core.ports import Clock

HOOKS: Final[Mapping[str, str]] = {
    "orders": "sales_order_save_commit_after",
    "customers": "customer_save_commit_after",
    "companies": "company_save_commit_after",
    "invoices": "sales_order_invoice_save_commit_after",
    "creditmemos": "sales_order_creditmemo_save_commit_after",
}
"""The event whose webhook a flow hears."""
FLOWS: Final = {event: flow for flow, event in HOOKS.items()}


@dataclass
class Told:
    """`changed`: when a record last changed, by flow and key. `taken`: when the
    last notification of it that a connection took arrived. `events`: numbers of invoices that F&O
    has told of."""

    clock: Clock
    changed: dict[tuple[str, str], datetime] = field(default_factory=dict)
    taken: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)

    def note_change(self, change: Change) -> None:
        """Something happened in the shop."""
        if (flow := FLOWS.get(change.event)) is not None:
            self.changed[flow, _key(flow, change.data)] = self.clock.now()

    def note_taken(self, connection: str, flow: str, body: bytes, arrived: datetime) -> None:
        """A webhook that arrived then was answered with success."""
        key = connection, flow, _key(flow, from_json(body)["data"])
        self.taken[key] = max(arrived, self.taken.get(key, arrived))

    def is_whole(self, connection: str, flow: str, key: str) -> bool:
        """Whether the record was told as it is now."""
        at = self.taken.get((connection, flow, key))
        return at is not None and at >= self.changed[flow, key]


def _key(flow: str, data: Mapping[str, Any]) -> str:
    """The key of the record in an event's data: its only argument."""
    (record,) = data.values()
    if flow in {"customers", "companies"}:
        return str(record.get("entity_id") or record["id"])
    return f"{record['increment_id']}@{record['store_id']}"
