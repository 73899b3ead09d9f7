"""Returns and complaints of the shop -> cases of Dataverse.

In:      an RMA with its order, or an order with comments that ask for a person.
Out:     one case (`incident`) of the customer, with its order named; notes on its timeline, each
         once. It is resolved once the RMA is closed, and opened again for a new complaint.
Key:     "return|<increment_id>@<store_id>" of the RMA, or "order|..." of the order.
Parks:   a customer whom Dataverse does not have, or has more than once.
Repeats: ids of cases and notes are ours, so the environment refuses a second one.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.skipped import Skipped
from sync.dataverse.documents.case import Case, Customer, Note
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import Notification, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.cases.case_customers import customer_of
from sync.flows.cases.case_writes import CaseWrite
from sync.flows.cases.matters import case_id, read, resolve
from sync.flows.keys import elsewhere
from sync.flows.orders.sales_order_writes import KIND as SALES_ORDER
from sync.flows.polls import our_clock
from sync.flows.returns.photos import photos_of
from sync.flows.returns.rma_records import (
    CASE_STATES,
    CASES,
    fingerprint_of,
    open_rmas,
    return_order_of,
)
from sync.flows.targets import dataverse_of, service_of
from sync.mapping.cases import OVER, RETURN, Matter, columns_of, description_of, notes_of, title_of
from sync.pacing.priority import Priority

NOBODY: Final = Customer("accounts", "")
"""Of a case that is there already: its customer is not written again."""


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """RMAs that are open, or were requested since, by id. Complaints are handed over by
    `order_issues`."""
    if not systems.settings.cases.returns:
        return
    async for row, key, at in open_rmas(systems, since, after):
        yield Change(f"{RETURN}|{key}", min(at, until), fingerprint_of(row), str(row["entity_id"]))


def seen_of(matter: Matter) -> str:
    """What a list would say of it."""
    if matter.rma is not None:
        return fingerprint_of(matter.rma.raw)
    return digest([one.comment for one in matter.complaints])


async def plan(matter: Matter, delivery: Delivery) -> Plan | Skipped:
    """The case that Dataverse must hold of it."""
    settings = delivery.systems.settings
    if reason := elsewhere(matter.order.store_id, delivery.systems):
        return Skipped(reason)
    is_known = delivery.held(CaseWrite.kind) is not None or delivery.claim.intent is not None
    if reason := _unfit(matter, settings, is_known=is_known):
        return Skipped(reason)
    dataverse, section = service_of(delivery.systems)
    case = await _case(matter, delivery)
    write = CaseWrite(matter.key, case, settings.cases.resolved, dataverse, dataverse_of(section))
    follow = (Notification(CASE_STATES, matter.key),) if CASE_STATES in settings.flows else ()
    return Plan(
        (write,), read=_read(matter), when_new=follow,
        keys={"order": matter.order.increment_id, "case": case.row_id},
    )  # fmt: skip


def _unfit(matter: Matter, settings: Connection, *, is_known: bool) -> str:
    """Why no case is made of it; empty where one is. One that is there is followed to its end."""
    if matter.rma is None:
        return "" if matter.complaints else "no comment of it asks for a person"
    if not settings.cases.returns:
        return "cases.returns is false"
    return f"it is {matter.rma.status} in Commerce" if matter.rma.is_over and not is_known else ""


async def _case(matter: Matter, delivery: Delivery) -> Case:
    settings, is_there = delivery.systems.settings, delivery.held(CaseWrite.kind) is not None
    cases, order = settings.cases, matter.order
    claim = await delivery.ledger.claim(delivery.systems.name, "orders", order.key)
    held = claim.delivered.get(SALES_ORDER)
    sales_order = held.number if held is not None else ""
    return_order = await return_order_of(matter.rma.key, delivery) if matter.rma else ""
    notes = (*await _photos(matter, delivery), *notes_of(matter, return_order, cases))
    customer, order_ids = NOBODY, list[str]()
    if not is_there:
        dataverse, _ = service_of(delivery.systems)
        customer = await customer_of(order, dataverse, delivery)
        if cases.order_property and sales_order:
            order_ids = await dataverse.customers.orders(cases.order_column, sales_order)
    return Case(
        case_id(matter.key, settings), title_of(matter),
        description_of(matter, sales_order, settings),
        columns_of(matter, order_ids, cases, settings.commerce.url),
        customer, notes, bool(notes) and notes[-1].slug == OVER,
    )  # fmt: skip


async def _photos(matter: Matter, delivery: Delivery) -> list[Note]:
    """The customer's photos, each as a note."""
    found = await photos_of(matter.rma, delivery.systems) if matter.rma else ()
    return [
        Note(f"photo:{one.slug}", "Photo", one.name, file=(one.name, one.content)) for one in found
    ]


def _read(matter: Matter) -> object:
    return matter.order.raw if matter.rma is None else matter.rma.raw


cases: DocumentFlow[Matter] = DocumentFlow(
    name=CASES,
    title="Returns and complaints to cases",
    source=Source(read, resolve, is_joined=True),
    plan=plan,
    triggers=(
        Poll(
            changed, our_clock, lambda connection: connection.cases.poll_minutes,
            fingerprint=seen_of,
        ),
    ),
    priority=Priority.MASTER_DATA,
)  # fmt: skip
