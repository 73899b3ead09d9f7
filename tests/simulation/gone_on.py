"""What must hold of orders that go on in F&O, once a world is quiet: each invoice of F&O shows once
and its money is booked once, each step is told once, no piece is cancelled that F&O sends, and each
credit note is refunded once and to the cent; or a person is told."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

from sandbox.commerce.records import StoredOrder
from sandbox.dynamics.remainders import cancelled
from sandbox.dynamics.store import Record
from sync.core.money import ZERO, total
from sync.engine.claim import State
from sync.engine.ledger import Ledger
from tests.simulation.environment import CAPTURES, CASES, RETURNS
from tests.simulation.naming import document_reference, documents_of, key_of, reference_of
from tests.simulation.world import World
from tests.systems import COMPANY

TOLD_ONCE = ("It ships on ", "F&O invoice ", "No longer available")


async def of_afterwards(world: World, ledger: Ledger) -> AsyncIterator[str]:
    """Every fault."""
    if CAPTURES in world.plan.flows:
        for order in world.afterwards.orders:
            async for fault in _of_order(world, ledger, order):
                yield f"order {key_of(order)}, which goes on: {fault}"
    if RETURNS in world.plan.flows:
        async for fault in _of_returns(world, ledger):
            yield fault


def references(world: World) -> set[str]:
    """Those of the documents of these orders, and of what came back of them."""
    found = {f"{one['store_id']}-R{one['increment_id']}" for one in world.afterwards.rmas}
    for order in world.afterwards.orders:
        found |= {document_reference(flow, one) for flow, one in documents_of(order)}
    return found


def keys(world: World) -> set[str]:
    """Those of these orders, and of all that is compared of them."""
    own = {key_of(order) for order in world.afterwards.orders}
    for order in world.afterwards.orders:
        own |= {f"{one['increment_id']}@{one['store_id']}" for _, one in documents_of(order)}
    own |= {f"{one['increment_id']}@{one['store_id']}" for one in world.afterwards.rmas}
    return own | {f"{COMPANY}|{number}" for number in world.afterwards.notes}


async def _of_order(world: World, ledger: Ledger, order: StoredOrder) -> AsyncIterator[str]:
    connection = world.connection_of(order.row["store_id"])
    claim = await ledger.claim(connection, "orders", key_of(order))
    headers = world.systems.dynamics.orders_for(reference_of(order), COMPANY)
    if claim.state is State.PARKED or len(headers) != 1:
        if claim.state not in {State.PARKED, State.CANCELLED}:
            yield f"is in D365 {len(headers)} times, its claim is {claim.state}: {claim.reason}"
        return
    number = headers[0]["SalesOrderNumber"]
    told = {flow: [key.split("|")[1] async for key in _listed(ledger, connection, flow)]
            for flow in (CAPTURES, "cancellations", "status")}  # fmt: skip
    for fault in (*_once(order), *_invoiced(world, order, number), *_booked(world, order)):
        yield fault
    if number not in told[CAPTURES]:
        for fault in _left_behind(world, order, number):
            yield fault
    if number not in told["cancellations"]:
        for fault in _cancelled(world, order, number):
            yield fault
    if order.row["state"] == "holded":
        yield "is on hold, and F&O has let it go"
    issue = await ledger.claim(connection, "order_issues", key_of(order))
    is_listed = key_of(order) in world.afterwards.complained and CASES not in world.plan.flows
    if issue.is_different != is_listed:
        yield f"its comments: {issue.state}, {issue.differs} {issue.reason}"


async def _listed(ledger: Ledger, connection: str, flow: str) -> AsyncIterator[str]:
    async for claim in ledger.claims(connection, flow):
        if claim.waits_for_a_person:
            yield claim.key


def _once(order: StoredOrder) -> Iterator[str]:
    rows = [*order.comments, *(one for each in order.invoices for one in each["comments"])]
    texts = Counter(str(row["comment"]).partition(", voucher")[0] for row in rows)
    for text, times in texts.items():
        if times > 1 and text.startswith(TOLD_ONCE):
            yield f"{text!r} is told {times} times"


def _invoiced(world: World, order: StoredOrder, number: str) -> Iterator[str]:
    """Each number of F&O shows where the buyer reads it."""
    rows = [*order.comments, *(one for each in order.invoices for one in each["comments"])]
    shown = {str(row["comment"]).partition(",")[0] for row in rows}
    for invoice in {row["InvoiceId"] for row in _rows(world, number)}:
        if f"F&O invoice {invoice}" not in shown:
            yield f"invoice {invoice} of F&O does not show"


def _left_behind(world: World, order: StoredOrder, number: str) -> Iterator[str]:
    done = _pieces(_rows(world, number))
    for item in order.items:
        if item["qty_invoiced"] < done[str(item["item_id"])]:
            yield f"F&O invoiced {done[str(item['item_id'])]} x {item['sku']}, and Commerce less"


def _cancelled(world: World, order: StoredOrder, number: str) -> Iterator[str]:
    """No piece is cancelled, or refunded, that F&O has sent or will send."""
    held = {
        line["ExternalItemNumber"]: line["OrderedSalesQuantity"] - cancelled(line)
        for line in world.systems.dynamics.lines(COMPANY, number)
    }
    for item in order.items:
        alive = held.get(str(item["item_id"]), ZERO)
        wanted = item["qty_ordered"] - (item.get("qty_canceled") or ZERO)
        wanted -= item.get("qty_refunded") or ZERO
        if wanted < alive:
            yield f"{wanted} x {item['sku']} are wanted, and F&O sends {alive}"


def _booked(world: World, order: StoredOrder) -> Iterator[str]:
    """A payment of each invoice that moved money, and of no other."""
    for invoice in order.invoices:
        reference = document_reference("invoices", invoice)
        lines = world.systems.dynamics.payments_for(reference)
        booked = total(row["CreditAmount"] for row in lines)
        is_ours = any(str(row["comment"]).startswith("F&O") for row in invoice["comments"])
        is_paid = bool(invoice.get("transaction_id")) or not is_ours
        if booked != (invoice["grand_total"] if is_paid else ZERO) or len(lines) > 1:
            yield f"invoice {reference} over {invoice['grand_total']}: {booked} is booked"


def _rows(world: World, number: str) -> list[Record]:
    table = world.systems.dynamics.store.table("CustInvoiceTransBiEntities")
    return [row for row in table.records.values() if row["SalesId"] == number]


def _pieces(rows: list[Record]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for row in rows:
        found[str(row["ExternalItemId"])] += row["Qty"]
    return found


async def _of_returns(world: World, ledger: Ledger) -> AsyncIterator[str]:
    for rma in world.afterwards.rmas:
        reference = f"{rma['store_id']}-R{rma['increment_id']}"
        if (times := len(world.systems.dynamics.returns_for(reference))) > 1:
            yield f"return {reference} is in D365 {times} times"
    for number in world.afterwards.notes:
        async for fault in _of_note(world, ledger, number):
            yield f"credit note {number}: {fault}"
    for order in world.afterwards.orders:
        if order.amount("total_refunded") > order.amount("total_paid"):
            yield f"order {key_of(order)}: more was refunded than paid"


async def _of_note(world: World, ledger: Ledger, number: str) -> AsyncIterator[str]:
    memos = [
        (order, memo)
        for order in world.afterwards.orders
        for memo in order.creditmemos
        if any(str(text["comment"]).endswith(f"CN:{number}") for text in memo["comments"])
    ]
    if len(memos) > 1:
        yield f"is refunded {len(memos)} times"
    (journal,) = [
        row for row in world.systems.dynamics.store.table("CustInvoiceJour").records.values()
        if row["InvoiceNumber"] == number
    ]  # fmt: skip
    for name in {world.connection_of(order.row["store_id"]) for order, _ in memos}:
        claim = await ledger.claim(name, "refunds", f"{COMPANY}|{number}")
        given_back = total(memo["grand_total"] for _, memo in memos)
        if claim.state is State.DELIVERED and not claim.waits_for_a_person:
            if given_back != -journal["TotalInvoiceAmount"]:
                yield f"is {-journal['TotalInvoiceAmount']}, and {given_back} was given back"
        elif claim.state is not State.NEW and not claim.waits_for_a_person and memos:
            yield f"its claim is {claim.state}: {claim.reason}"
