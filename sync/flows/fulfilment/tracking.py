"""What carriers tell of parcels -> comments that buyers read on their orders.

In:      a parcel's number, its status and when that was, signed by the carrier.
Key:     "<number>|<status>|<moment>": the event itself, so that a repeat is the same record.
Out:     one visible comment per event, on each order that the parcel is of.
Waits:   for the packing slip with that number, some hours.
Skips:   statuses that are not named in `tracking.texts`, and parcels of somebody else.
Repeats: the comment is looked for in the order's history before it is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.encoding import nested
from sync.core.errors import Later
from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.flow import CarrierHook, DocumentFlow, Source
from sync.engine.numbers import records_called
from sync.engine.plan import Plan
from sync.engine.results import NoKey
from sync.engine.systems import Systems
from sync.flows.fulfilment.slip_orders import ORDERS, sales_order_of
from sync.flows.keys import parts_of
from sync.flows.order_comments import OrderComment
from sync.flows.targets import commerce_of
from sync.pacing.priority import Priority

MOST_TRIES: Final = 8
"""So often a parcel's slip is looked for, some six hours in all; carriers name numbers early."""
LONGEST: Final = 40
"""Characters of a number or status."""


@dataclass(frozen=True)
class ParcelEvent:
    """What happened to a parcel, and the sales orders that it is of: company and number."""

    number: str
    status: str
    at: str
    sales_orders: tuple[tuple[str, str], ...]


def keys_in(document: Any, connection: Connection) -> tuple[Sequence[str], int]:
    """The events of a body, and how many are of a status that is not shown."""
    tracking, found, unknown = connection.tracking, list[str](), 0
    for event in _events(document, tracking.events):
        number, status = (_text(event, path) for path in (tracking.number, tracking.status))
        at = _moment(nested(event, tracking.at), tracking.at)
        if tracking.text_of(status):
            found.append(f"{number}|{status.casefold()}|{at}")
        else:
            unknown += 1
    return found, unknown


def _events(document: Any, path: str) -> list[Any]:
    listed = nested(document, path) if path else document
    if isinstance(listed, Mapping):
        listed = [listed]
    if not isinstance(listed, list) or not listed:
        raise NoKey(f"no event at {path or 'the top'}")
    return listed


def _text(event: Any, path: str) -> str:
    value = nested(event, path)
    text = str(value).strip() if isinstance(value, str | int) else ""
    if not 0 < len(text) <= LONGEST or "|" in text or not (text.isascii() and text.isprintable()):
        raise NoKey(f"no {path} of 1 to {LONGEST} characters in it")
    return text


def _moment(value: Any, path: str) -> str:
    """In UTC, to the second; a text without a zone is taken for UTC."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            at = datetime.fromtimestamp(value, UTC)
        else:
            at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        raise NoKey(f"{path} is no moment") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def read(key: str, systems: Systems) -> ParcelEvent:
    """The event, with the sales orders whose slips have its number."""
    number, status, at = key.split("|")
    found = await systems.dynamics.packing_slips.tracked(number)
    return ParcelEvent(number, status, at, tuple(found))


async def plan(event: ParcelEvent, delivery: Delivery) -> Plan | Skipped:
    """The comment on each order of the parcel."""
    systems, settings = delivery.systems, delivery.systems.settings.tracking
    text = settings.text_of(event.status)
    if not text:
        return Skipped(f"the status {event.status} is not shown")
    orders = await _orders(event, delivery)
    if not orders and delivery.message.attempt < MOST_TRIES:
        raise Later(f"no packing slip of ours has the tracking number {event.number}")
    if not orders:
        return Skipped("no packing slip of ours has this tracking number")
    told = settings.comment.format(text=text, number=event.number, at=_read_at(event.at))
    target = commerce_of(systems)
    writes = tuple(
        OrderComment(
            order.entity_id or 0,
            told,
            systems.commerce,
            target,
            is_visible=True,
            kind=f"comment {order.increment_id}",
        )
        for order in orders
    )
    return Plan(writes, digest=told, keys={"order": ", ".join(one.increment_id for one in orders)})


def _read_at(at: str) -> str:
    return f"{at[:10]} {at[11:16]} UTC"


async def _orders(event: ParcelEvent, delivery: Delivery) -> list[Order]:
    """The orders that were posted as the sales orders of a parcel."""
    systems, ledger, found = delivery.systems, delivery.ledger, list[Order]()
    for company, number in event.sales_orders:
        for flow, key in await records_called(ledger.tables, systems.name, number):
            claim = await ledger.claim(systems.name, flow, key)
            is_it = flow == ORDERS and sales_order_of(claim, systems.settings)
            if is_it == f"{company}|{number}":
                document = await systems.commerce.orders.in_store(*parts_of(key))
                found += [Order.read(document)] if document is not None else []
    return found


tracking: DocumentFlow[ParcelEvent] = DocumentFlow(
    name="tracking",
    title="Parcels of carriers to buyers",
    source=Source(read, is_joined=True),
    plan=plan,
    triggers=(CarrierHook(keys_in),),
    priority=Priority.MASTER_DATA,
)
