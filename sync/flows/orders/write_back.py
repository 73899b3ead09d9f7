"""Numbers of D365 -> Commerce: the sales order, receivable or credit note of a record, as its
order's comment or key.

Key:     "<flow>|<key>" of the record whose number goes back.
Out:     a hidden comment, or `ext_order_id`; by `write_back.to`. No echo: a comment leaves the
         order's stamp alone, and an order seen again after its key was written is the same
         document, so nothing is posted.
Repeats: a comment is looked for in the order's history before it is written, once no lost write can
land any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce import order_notes
from sync.commerce.client import CommerceClient
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.errors import Later
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.engine.claim import Claim, State
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Source
from sync.engine.plan import Notification, Plan
from sync.engine.systems import Systems
from sync.engine.timing import rarely
from sync.engine.write import Found, Target, Write
from sync.flows.keys import parts_of
from sync.flows.order_comments import OrderComment
from sync.flows.targets import commerce_of
from sync.mapping.taken_off import TAKEN_OFF
from sync.pacing.priority import Priority

WRITE_BACK = "write_back"
NAMES = {"orders": "sales order", "invoices": "receivable", "creditmemos": "credit note"}


@dataclass(frozen=True)
class ToWriteBack:
    """Whose numbers go back: `flow` and `key` of the record, and the entity id of its order."""

    flow: str
    key: str
    order_id: int


def write_back_of(flow: str, key: str, settings: Connection) -> tuple[Notification, ...]:
    """What follows when the record is new in D365, where the connection writes numbers back."""
    is_wanted = settings.write_back.to != "none" and WRITE_BACK in settings.flows
    return (Notification(WRITE_BACK, f"{flow}|{key}"),) if is_wanted else ()


async def read(key: str, systems: Systems) -> ToWriteBack | None:
    """The record and its order; None while Commerce does not show it."""
    flow, _, record = key.partition("|")
    commerce = systems.commerce
    documents = {
        "orders": commerce.orders,
        "invoices": commerce.invoices,
        "creditmemos": commerce.creditmemos,
    }
    row = await documents[flow].in_store(*parts_of(record)) if flow in documents else None
    if row is None:
        return None
    return ToWriteBack(flow, record, int(row["entity_id" if flow == "orders" else "order_id"]))


async def plan(record: ToWriteBack, delivery: Delivery) -> Plan | Skipped:
    """The number, shown in Commerce once."""
    to = delivery.systems.settings.write_back.to
    if to == "none":
        return Skipped("write_back.to is none")
    claim = await delivery.ledger.claim(delivery.systems.name, record.flow, record.key)
    if not claim.number:
        raise _no_number_yet(claim, delivery)
    commerce, target = delivery.systems.commerce, commerce_of(delivery.systems)
    write: Write
    if to == "ext_order_id" and record.flow == "orders":
        increment, _ = parts_of(record.key)
        write = ExternalId(record.order_id, increment, claim.number, commerce, target)
    else:
        write = OrderComment(record.order_id, text_of(claim), commerce, target)
    return Plan((write,), digest=write.digest)


def _no_number_yet(claim: Claim, delivery: Delivery) -> Later:
    """Without using up tries while somebody has the record in hand, who may have died: then it is
    left alone for minutes, and so is its number."""
    is_in_hand = bool(claim.owner) or claim.state is State.POSTING
    after = rarely(delivery) if is_in_hand else timedelta(seconds=30)
    return Later(f"{claim.flow} {claim.key} has no number yet", after=after, counts=not is_in_hand)


def text_of(claim: Claim) -> str:
    """How a record's number reads in Commerce: as no other's does. Several credit memos may be
    taken off one sales order."""
    what = NAMES[claim.flow]
    if claim.delivered.keys() == {TAKEN_OFF}:
        increment, _ = parts_of(claim.key)
        what += f" of {increment}:"
    return f"D365 {what} {claim.number}"


@dataclass(frozen=True)
class ExternalId(Write):
    """`ext_order_id` of an order. Writing it again changes nothing."""

    kind: ClassVar[str] = "external_id"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    action: ClassVar[str] = "amended"
    refuses_second: ClassVar[bool] = True  # type: ignore[misc]
    order_id: int
    increment_id: str
    number: str
    commerce: CommerceClient
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.increment_id

    @property
    @override
    def digest(self) -> str:
        return digest(f"D365 sales order {self.number}")

    @property
    @override
    def document(self) -> Any:
        return self._note.body

    @override
    def requests(self) -> Sequence[Request]:
        return [self._note]

    @override
    async def find(self) -> Found | None:
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self.commerce.order_notes.write(self._note, not_after=not_after)
        return Found(self.number)

    @property
    def _note(self) -> Request:
        return order_notes.external_id(self.order_id, self.increment_id, self.number)


write_back = DocumentFlow[ToWriteBack](
    name=WRITE_BACK,
    title="D365 numbers back to Commerce",
    source=Source(read),
    plan=plan,
    priority=Priority.CATALOGUE,
)
