"""A home directory of an earlier release goes on: its claims know targets as one text, its copies
hold the one document of a record, and its messages still lie in the queue."""

import json
from datetime import timedelta

from sandbox.commerce.records import StoredOrder
from sync.core.ports import Outgoing
from sync.engine.claim import State
from sync.engine.ledger import CLAIMS
from tests.flows.finance import FREE_TEXT, Finance, in_finance, key
from tests.harness import key_of
from tests.systems import CONNECTION

OLD_CELLS = {"targets", "intent_kind", "entity_id"}


async def grow_old(finance: Finance, flow: str, record: str, entity: str) -> None:
    """The record's row and copies, as the release before left them."""
    tables, partition = finance.systems.tables, f"{CONNECTION}|{flow}"
    row = await tables.get(CLAIMS, partition, record)
    assert row is not None
    cells = {name: value for name, value in row.values.items() if name not in OLD_CELLS}
    await tables.delete(CLAIMS, partition, record)
    await tables.insert(CLAIMS, type(row)(partition, record, {**cells, "entity": entity}))
    documents = finance.services.documents
    sent = await documents.last(f"{partition}|{record}", "sent")
    assert sent is not None
    trail = await finance.services.ledger.trail(CONNECTION, flow, record)
    (only,) = sent.values()
    await documents.store(f"{partition}|{record}", trail[-1].id, {"sent": only})


async def hears_as_before(finance: Finance, flow: str, record: str) -> None:
    """A message as it was stored by the release before; it is due."""
    body = {
        "flow": flow, "connection": CONNECTION, "key": record, "origin": "webhook",
        "hinted_at": (finance.clock.now() + timedelta(minutes=5)).isoformat(), "attempt": 1,
    }  # fmt: skip
    message = Outgoing(flow, json.dumps(body).encode(), f"old-{flow}-{record}")
    await finance.systems.queue.send([message])
    await finance.works_until_idle()


async def old_order(finance: Finance) -> StoredOrder:
    order = await finance.placed()
    await finance.settled()
    await grow_old(finance, "orders", key_of(order), "sales_order")
    return order


@in_finance(invoices=FREE_TEXT)
async def test_an_old_order_is_the_same_order(finance: Finance) -> None:
    order = await old_order(finance)
    await hears_as_before(finance, "orders", key_of(order))
    assert len(finance.headers(order)) == 1
    claim = await finance.claim(order)
    assert (claim.state, claim.delivered["sales_order"].number) == (
        State.DELIVERED,
        finance.header(order)["SalesOrderNumber"],
    )
    assert (await finance.events(order))[-1] == "unchanged"


@in_finance(invoices=FREE_TEXT)
async def test_an_old_order_is_changed_by_what_was_sent_of_it(finance: Finance) -> None:
    order = await old_order(finance)
    assert order.shipping is not None
    order.shipping["city"] = "Elsewhere"
    await hears_as_before(finance, "orders", key_of(order))
    assert finance.header(order)["DeliveryAddressCity"] == "Elsewhere"
    assert (await finance.events(order))[-1] == "amended"


@in_finance(invoices=FREE_TEXT)
async def test_an_old_order_that_is_cancelled_is_removed(finance: Finance) -> None:
    order = await old_order(finance)
    finance.commerce.cancel(order)
    await hears_as_before(finance, "orders", key_of(order))
    assert finance.headers(order) == []
    assert (await finance.claim(order)).state is State.CANCELLED


@in_finance(invoices=FREE_TEXT)
async def test_an_old_invoice_is_not_booked_again(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    await grow_old(finance, "invoices", key(invoice), "receivable")
    await hears_as_before(finance, "invoices", key(invoice))
    assert len(finance.drafts(invoice)) == 1
    assert await finance.stands(invoice) is State.DELIVERED
