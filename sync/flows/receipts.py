"""Numbers of D365 -> Commerce: the sales order, receivable or credit note of a record, as its order's comment or key.

Key:     "<flow>|<key>" of the record whose number goes back.
Out:     a hidden comment, or `ext_order_id`; by `receipts.to`. No echo: a comment leaves the order's stamp alone, and an
         order seen again after its key was written is the same document, so nothing is posted.
Repeats: a comment is looked for in the order's history before it is written, once no lost write can land any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sync.commerce.address import path_of
from sync.commerce.client import CommerceClient
from sync.connections import Connection
from sync.desk import Desk
from sync.encoding import digest
from sync.engine.plan import Found, Notification, Plan, Request, Skipped, Target, Write
from sync.errors import Later
from sync.flow import DocumentFlow, Lane, Source
from sync.flows.targets import commerce_of
from sync.work import Work

RECEIPTS = "receipts"
NAMES = {"orders": "sales order", "invoices": "receivable", "creditmemos": "credit note"}


@dataclass(frozen=True)
class ToWriteBack:
    """Whose numbers go back: `flow` and `key` of the record, and the entity id of its order."""

    flow: str
    key: str
    order_id: int


def write_back_of(flow: str, key: str, settings: Connection) -> tuple[Notification, ...]:
    """What follows when the record is new in D365, where the connection writes numbers back."""
    is_wanted = settings.receipts.to != "none" and RECEIPTS in settings.flows
    return (Notification(RECEIPTS, f"{flow}|{key}"),) if is_wanted else ()


async def read(key: str, desk: Desk) -> ToWriteBack | None:
    """The record and its order; None while Commerce does not show it."""
    flow, _, record = key.partition("|")
    increment, _, store = record.rpartition("@")
    reads: dict[str, Any] = {"orders": desk.orders, "invoices": desk.invoices, "creditmemos": desk.creditmemos}
    if flow not in reads:
        return None
    for row in await reads[flow].get(increment) or []:
        if str(row.get("store_id", "")) == store:
            return ToWriteBack(flow, record, int(row["entity_id" if flow == "orders" else "order_id"]))
    return None


async def plan(record: ToWriteBack, work: Work) -> Plan | Skipped:
    """The number, shown in Commerce once."""
    to = work.desk.settings.receipts.to
    if to == "none":
        return Skipped("receipts.to is none")
    claim = await work.ledger.claim(work.desk.name, record.flow, record.key)
    if not claim.number:
        raise Later(f"{record.flow} {record.key} has no number yet", after=timedelta(seconds=30))
    write: Write
    if to == "ext_order_id" and record.flow == "orders":
        increment = record.key.rpartition("@")[0]
        write = ExternalId(record.order_id, increment, claim.number, work.desk.commerce, commerce_of(work.desk))
    else:
        text = f"D365 {NAMES[record.flow]} {claim.number}"
        write = OrderComment(record.order_id, text, work.desk.commerce, commerce_of(work.desk))
    return Plan((write,), digest=write.digest)


@dataclass(frozen=True)
class OrderComment(Write):
    """A hidden comment of an order; looked for in its history before it is written, as every call adds one.

    It leaves the order's `updated_at` alone, so nothing echoes.
    """

    kind: ClassVar[str] = "order_comment"
    order_id: int
    text: str
    commerce: CommerceClient
    target: Target

    @property
    def reference(self) -> str:
        return self.text

    @property
    def digest(self) -> str:
        return digest(self.text)

    @property
    def document(self) -> Any:
        line = {"comment": self.text, "is_customer_notified": 0, "is_visible_on_front": 0}
        return {"statusHistory": {**line, "parent_id": self.order_id}}

    @property
    def path(self) -> str:
        """The comments of the order."""
        return path_of("orders", self.order_id, "comments")

    def requests(self) -> Sequence[Request]:
        return [Request("POST", f"/V1/{self.path}", self.document)]

    async def find(self) -> Found | None:
        history = await self.commerce.get(self.path)
        rows = history.get("items") or [] if isinstance(history, dict) else []
        is_there = any(isinstance(row, dict) and row.get("comment") == self.text for row in rows)
        return Found(self.text) if is_there else None

    async def create(self, not_after: datetime) -> Found:
        await self.commerce.post(self.path, self.document, not_after=not_after)
        return Found(self.text)


@dataclass(frozen=True)
class ExternalId(Write):
    """`ext_order_id` of an order. Writing it again changes nothing.

    `increment_id` goes along (older releases numbered the order anew without it), items do not.
    """

    kind: ClassVar[str] = "external_id"
    action: ClassVar[str] = "amended"
    refuses_second: ClassVar[bool] = True  # type: ignore[misc]
    order_id: int
    increment_id: str
    number: str
    commerce: CommerceClient
    target: Target

    @property
    def reference(self) -> str:
        return self.increment_id

    @property
    def digest(self) -> str:
        return digest(f"D365 sales order {self.number}")

    @property
    def document(self) -> Any:
        return {"entity_id": self.order_id, "increment_id": self.increment_id, "ext_order_id": self.number[:32]}

    def requests(self) -> Sequence[Request]:
        return [Request("POST", "/V1/orders", {"entity": self.document})]

    async def find(self) -> Found | None:
        return None

    async def create(self, not_after: datetime) -> Found:
        await self.commerce.post("orders", {"entity": self.document}, not_after=not_after)
        return Found(self.number)


receipts = DocumentFlow[ToWriteBack](
    name=RECEIPTS,
    title="D365 numbers back to Commerce",
    source=Source(read),
    plan=plan,
    lane=Lane.CATALOGUE,
)
