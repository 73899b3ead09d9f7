"""What a new flow takes: its own file (the first part of this one), its entry in the flows, and its
name in the connection. Claims, trail, polls, lost answers, parking and replay come with it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from sandbox.commerce.records import StoredOrder
from sandbox.dials import Kind
from sync.app.services import Services
from sync.commerce.models.order import Order
from sync.core.skipped import Skipped
from sync.dynamics.existing_sales_order import STOPPED
from sync.dynamics.odata import Filter, Member
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows import FLOWS
from sync.flows.order_comments import OrderComment
from sync.flows.orders.orders import read as read_order
from sync.flows.polls import our_clock
from sync.flows.targets import commerce_of
from sync.mapping.references import fields_in
from sync.pacing.priority import Priority
from tests.flows.finance import BOOKS, Finance, in_finance
from tests.systems import COMPANY

# --- the flow: sales orders that a clerk stopped in D365 -> hidden comments of their orders

FIELDS = ("dataAreaId", "SalesOrderNumber", "CustomersOrderReference", STOPPED)


@dataclass(frozen=True)
class StoppedOrder:
    """A sales order whose processing is stopped, and our order behind it."""

    number: str
    order: Order | None


async def changed(
    systems: Systems, _since: datetime, until: datetime, _after: str = ""
) -> AsyncIterator[Change]:
    """Those that are stopped now; a stop bears no stamp."""
    stopped = Filter.eq(STOPPED, Member("NoYes", "Yes"))
    where = Filter.eq("dataAreaId", systems.settings.dynamics.company) & stopped
    headers = systems.settings.dynamics.order_headers
    async for row in systems.dynamics.query(headers, where=where, select=FIELDS):
        yield Change(str(row["SalesOrderNumber"]), until, "stopped")


async def read(key: str, systems: Systems) -> StoppedOrder | None:
    """The sales order as it is; None where it is not stopped (any more)."""
    settings = systems.settings
    where = {"dataAreaId": settings.dynamics.company, "SalesOrderNumber": key}
    row = await systems.dynamics.get(settings.dynamics.order_headers, where, select=FIELDS)
    if row is None or row[STOPPED] != "Yes":
        return None
    reference = str(row["CustomersOrderReference"])
    ours = fields_in(reference, settings.orders.reference_template)
    order_key = f"{ours['increment_id']}@{ours['store_id']}" if ours else ""
    return StoppedOrder(key, await read_order(order_key, systems) if ours else None)


async def plan(stopped: StoppedOrder, delivery: Delivery) -> Plan | Skipped:
    """One comment, once."""
    if stopped.order is None or stopped.order.entity_id is None:
        return Skipped("not an order of this shop")
    systems, text = delivery.systems, f"D365 stopped {stopped.number}"
    write = OrderComment(stopped.order.entity_id, text, systems.commerce, commerce_of(systems))
    return Plan((write,))


stops = DocumentFlow[StoppedOrder](
    name="stops",
    title="Stopped sales orders to comments",
    source=Source(read),
    plan=plan,
    triggers=(Poll(changed, our_clock, lambda _: 5, fingerprint=lambda _: "stopped"),),
    priority=Priority.CATALOGUE,
)

# --- its tests

WITH_STOPS = {"flows": (*BOOKS["flows"], "stops")}


def opened(finance: Finance) -> None:
    parts = finance.systems.edition_parts()
    finance.services = Services(finance.systems.connections, (*FLOWS, stops), parts)


async def stopped(finance: Finance) -> StoredOrder:
    """An order in D365 that a clerk stops there."""
    opened(finance)
    order = await finance.placed()
    finance.dynamics.put("SalesTable", **{**finance.header(order), STOPPED: "Yes"})
    return order


def comments(order: StoredOrder) -> list[str]:
    return [row["comment"] for row in order.comments if row["comment"].startswith("D365 stopped")]


@in_finance(**WITH_STOPS)
async def test_a_stop_is_polled_delivered_once_and_in_the_trail(finance: Finance) -> None:
    order = await stopped(finance)
    number = finance.header(order)["SalesOrderNumber"]
    for _ in range(2):
        await finance.polls("stops")
        await finance.works_until_idle()
    assert comments(order) == [f"D365 stopped {number}"]
    assert await finance.events(number, "stops") == ["created"]
    await finance.replays(number, "stops")
    assert await finance.events(number, "stops") == ["created", "unchanged"]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DROPPED])
@in_finance(**WITH_STOPS)
async def test_a_lost_answer_makes_no_second_comment(finance: Finance, kind: Kind) -> None:
    order = await stopped(finance)
    finance.shop_dials.next(kind, where=lambda arrival: "comments" in arrival.path, seconds=40)
    await finance.polls("stops")
    await finance.works_until_idle()
    assert len(comments(order)) == 1


@in_finance(**WITH_STOPS)
async def test_an_order_of_nobody_is_skipped(finance: Finance) -> None:
    order = await stopped(finance)
    header = {**finance.header(order), "SalesOrderNumber": "BY-HAND", "dataAreaId": COMPANY}
    finance.dynamics.put("SalesTable", **{**header, "CustomersOrderReference": "by hand"})
    await finance.polls("stops")
    await finance.works_until_idle()
    assert await finance.events("BY-HAND", "stops") == ["skipped"]
    assert len(comments(order)) == 1
