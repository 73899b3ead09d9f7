"""Where RMAs come from: by their numbers in Commerce, each with its order; and which RMA a document
of F&O was made for."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.models.order import Order, utc
from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.errors import Later
from sync.engine.delivery import Delivery
from sync.engine.flow import Hook
from sync.engine.plan import Notification
from sync.engine.systems import Systems
from sync.engine.timing import being_posted
from sync.flows.keys import UNKNOWN_STORE, document_keys, keys_of, parts_of
from sync.flows.receivables.receivable_writes import ReturnOrderWrite
from sync.mapping.references import fields_in
from sync.mapping.rma_return_order import RmaWithOrder

RETURNS: Final = "returns"
CASES, CASE_STATES = "cases", "case_states"
SAVED: Final = ("observer.rma_save_commit_after", "observer.rma_save_after")
HOOK: Final = Hook(
    RETURNS, SAVED[0],
    {f"rma.{name}": f"data.data_object.{name}" for name in ("increment_id", "store_id")},
)  # fmt: skip


class NotLoaded(Later):
    """Commerce answers null for what an RMA has: it was not loaded."""


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The RMA named in a hook's body or an event's value."""
    return document_keys(payload, "rma")


async def resolve(key: str, systems: Systems) -> Sequence[str] | None:
    """A key without a store: the RMAs of that number in the connection's store views."""
    increment, store = parts_of(key)
    if store != UNKNOWN_STORE:
        return None
    return list(keys_of(await systems.commerce.returns.by_number(increment), systems))


async def read_rma(key: str, systems: Systems) -> RmaWithOrder | None:
    """An RMA and its order as they are now; None where Commerce does not show one of them. Raises
    `Later` while its items are not loaded, and `Never` for one that cannot be read."""
    row = await systems.commerce.returns.in_store(*parts_of(key))
    if row is None:
        return None
    rma = Rma.read(row)
    if rma.items is None:
        raise NotLoaded(
            f"{rma.label}: Commerce answers no items, which means that they were not loaded",
            remedy="Look at GET /V1/returns/{id} in Commerce; early releases answer null.",
        )
    order = await systems.commerce.orders.by_id(rma.order_id)
    return None if order is None else RmaWithOrder(rma, Order.read(order))


async def open_rmas(
    systems: Systems, since: datetime, after: str
) -> AsyncIterator[tuple[Mapping[str, Any], str, datetime]]:
    """RMAs that are not over, and those requested since: each with its key, and when it was
    requested. They have no time of change."""
    rows = systems.commerce.returns.open_or_since(
        since, stores=systems.settings.store_ids, after=int(after) if after else 0
    )
    async for row in rows:
        key = next(keys_of([row], systems), None)
        if key is not None:
            yield row, key, utc(str(row.get("date_requested"))) or since


def fingerprint_of(row: Mapping[str, Any]) -> str:
    """What shows a change of an RMA that F&O has to know; also of one that cannot be read."""
    names = ("order_item_id", "qty_requested", "reason", "resolution", "status")
    items = [
        [str(one.get(name)) for name in names]
        for one in row.get("items") or ()
        if isinstance(one, Mapping)
    ]
    return digest([str(row.get("status")), items])


def key_in(reference: str, settings: Connection) -> str | None:
    """The key of the RMA that a reference was made for; None where it is of something else. Its
    store view is the only one there is where references do not name it."""
    fields = fields_in(reference, settings.returns.reference_template)
    if fields is None:
        return None
    only = next(iter(settings.stores), UNKNOWN_STORE)
    return f"{fields['increment_id']}@{fields.get('store_id', only)}"


def cases_of_return(key: str, settings: Connection) -> tuple[Notification, ...]:
    """What follows when more is known of a return: its case, where returns are cases."""
    flows = (CASES, CASE_STATES) if settings.cases.returns else ()
    return tuple(Notification(one, f"return|{key}") for one in flows if one in settings.flows)


async def return_order_of(key: str, delivery: Delivery) -> str:
    """The number of the return order that we made of an RMA; empty where we made none. Raises
    `Later` while one is being made."""
    claim = await delivery.ledger.claim(delivery.systems.name, RETURNS, key)
    held = claim.delivered.get(ReturnOrderWrite.kind)
    if held is None and claim.intent is not None:
        raise being_posted(claim, "the return order of this one", delivery)
    return held.number if held is not None else ""
