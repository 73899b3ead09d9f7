"""What F&O posts, read back: by business event, or by the poll that finds what events missed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sync.cli.events import as_row
from sync.edge.business_events import NOBODY, TABLE
from sync.encoding import to_json
from sync.road.ledger import Entry, State
from sync.sandbox.commerce.records import Columns, StoredOrder
from sync.sandbox.dials import Kind
from sync.sandbox.dynamics.event_sender import EventDials, EventSender
from sync.sandbox.dynamics.events import SALES_INVOICE, sample
from tests.flows.till import FREE_CREDIT, FREE_TEXT, Till, in_till, key
from tests.house import key_of
from tests.site import COMPANY, CONNECTION

OTHER = {
    "BusinessEventId": "CustomerPaymentPostedBusinessEvent", "BusinessEventLegalEntity": "USMF", "EventId": "A-1",
    "EventTimeIso8601": "2026-03-02T11:58:30.1234567Z", "ControlNumber": 7,
}  # fmt: skip


def _posts(till: Till, order: StoredOrder, *, more: str = "0") -> str:
    """F&O invoices the sales order of an order, with the shop's tax and so much more; the number."""
    (number,) = till.dynamics.invoice(
        till.header(order)["SalesOrderNumber"], tax=order.amount("tax_amount") + Decimal(more)
    )
    return number


async def _posted(till: Till, record: str, flow: str) -> list[Entry]:
    return [entry for entry in await till.trail(record, flow) if entry.event == "posted"]


@in_till()
async def test_a_sales_invoice_that_f_o_posted_is_told_in_the_orders_trail(till: Till) -> None:
    order, heard = await till.placed(), till.listens()
    number = _posts(till, order)
    assert await till.sends(heard[0]) == {"taken": True, "test": False}
    await till.works_until_idle()
    (entry,) = await _posted(till, key_of(order), "orders")
    assert (entry.number, entry.origin) == (number, "business_event")
    assert entry.details["voucher"].startswith("CIVV-")
    assert Decimal(entry.details["amount"]) == order.amount("grand_total")
    assert (await till.claim(order)).number == till.header(order)["SalesOrderNumber"]
    assert await till.parked("postings") == []


@in_till()
async def test_an_event_from_the_queue_is_taken_for_the_connections_of_its_legal_entity(till: Till) -> None:
    order, heard = await till.placed(), till.listens()
    _posts(till, order)
    await till.services.take_business_event(to_json(dict(heard[0])))
    await till.works_until_idle()
    assert len(await _posted(till, key_of(order), "orders")) == 1


@in_till()
async def test_an_event_that_comes_in_several_ways_is_told_once(till: Till) -> None:
    order, heard = await till.placed(), till.listens()
    _posts(till, order)
    assert (await till.sends(heard[0]))["taken"] is True
    assert (await till.sends(heard[0]))["taken"] is False
    assert (await till.sends({**heard[0], "EventId": heard[0]["EventId"].lower()}))["taken"] is False
    await till.services.take_business_event(to_json(dict(heard[0])))
    await till.polls("postings")
    await till.works_until_idle()
    await till.sends({**heard[0], "EventId": "another"})
    await till.works_until_idle()
    assert len(await _posted(till, key_of(order), "orders")) == 1


@in_till()
async def test_the_poll_finds_what_events_missed_and_leaves_alone_what_was_seen(till: Till) -> None:
    order = await till.placed()
    _posts(till, order)
    assert await till.polls("postings") == 1
    await till.works_until_idle()
    assert len(await _posted(till, key_of(order), "orders")) == 1
    for _ in range(3):
        await asyncio.sleep(300)
        assert await till.polls("postings") == 0


@in_till(invoices=FREE_TEXT, creditmemos=FREE_CREDIT)
async def test_posted_free_text_invoices_are_told_in_the_trails_of_invoice_and_memo(till: Till) -> None:
    order, heard = await till.placed(), till.listens()
    invoice, memo = till.commerce.invoice(order), till.commerce.refund(order)
    await till.books(invoice)
    await till.books(memo, "creditmemos")
    debit = till.dynamics.post_free_text_invoice(till.draft(invoice)["InvoiceIdentifier"])
    credit = till.dynamics.post_free_text_invoice(till.draft(memo, "creditmemos")["InvoiceIdentifier"])
    for event in reversed(heard):
        await till.sends(event)
    await till.works_until_idle()
    assert [entry.number for entry in await _posted(till, key(invoice), "invoices")] == [debit]
    assert [entry.number for entry in await _posted(till, key(memo), "creditmemos")] == [credit]


@in_till(creditmemos={**FREE_CREDIT, "reference_template": "{store_id}-I{increment_id}"})
async def test_a_memo_with_the_reference_of_a_payment_is_told_in_its_own_trail(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    till.commerce.ship(order)
    memo = till.commerce.refund(order)
    await till.books(invoice)
    await till.books(memo, "creditmemos")
    credit = till.dynamics.post_free_text_invoice(till.draft(invoice)["InvoiceIdentifier"])
    await till.polls("postings")
    await till.works_until_idle()
    assert [entry.number for entry in await _posted(till, key(memo), "creditmemos")] == [credit]
    assert await _posted(till, key(invoice), "invoices") == []


@in_till(invoices=FREE_TEXT)
async def test_a_draft_that_lay_for_days_is_found_by_the_poll(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    await till.polls("postings")
    await asyncio.sleep(timedelta(days=5).total_seconds())
    await till.polls("postings")
    till.dynamics.post_free_text_invoice(till.draft(invoice)["InvoiceIdentifier"])
    await till.polls("postings")
    await till.works_until_idle()
    assert len(await _posted(till, key(invoice), "invoices")) == 1


@in_till(invoices=FREE_TEXT)
async def test_a_draft_that_is_posted_while_its_answer_is_lost_is_told_once_it_is_recorded(till: Till) -> None:
    order, heard = await till.placed(), till.listens()
    invoice = till.commerce.invoice(order)
    till.ledger_dials.next(Kind.LOST, where=lambda arrival: b"ParentRecId" in arrival.body)
    await till.hears(invoice)
    await till.works_for(4)
    till.dynamics.post_free_text_invoice(till.draft(invoice)["InvoiceIdentifier"])
    await till.sends(heard[0])
    await till.works_until_idle()
    assert len(await _posted(till, key(invoice), "invoices")) == 1
    assert await till.stands(invoice) is State.DELIVERED


@in_till()
async def test_a_posted_return_is_told_in_the_memos_trail(till: Till) -> None:
    order, heard = await till.placed(), till.listens()
    till.commerce.invoice(order)
    till.commerce.ship(order)
    memo = till.commerce.refund(order)
    await till.books(memo, "creditmemos")
    number = till.dynamics.post_return(till.returned(memo)["ReturnOrderNumber"], tax=memo["tax_amount"])
    await till.sends(heard[0])
    await till.works_until_idle()
    assert [entry.number for entry in await _posted(till, key(memo), "creditmemos")] == [number]
    assert await till.parked("postings") == []


@pytest.mark.parametrize("more", ["1.00", "-1.00"])
@in_till()
async def test_totals_that_differ_are_parked_and_told_once(till: Till, more: str) -> None:
    order, heard = await till.placed(), till.listens()
    number = _posts(till, order, more=more)
    await till.sends(heard[0])
    await till.works_until_idle()
    (record,) = await till.parked("postings")
    claim = await till.claim(record, "postings")
    assert record == f"sales-invoice|{COMPANY}|{number}"
    assert f"difference {more}" in claim.reason
    assert "orders.taxes" in claim.remedy
    await till.replays(record, "postings")
    assert len(await _posted(till, key_of(order), "orders")) == 1


@in_till()
async def test_a_cent_of_rounding_is_no_difference(till: Till) -> None:
    order = await till.placed()
    _posts(till, order, more="0.03")
    await till.polls("postings")
    await till.works_until_idle()
    assert await till.parked("postings") == []


@in_till(invoices=FREE_TEXT)
async def test_revenue_that_is_booked_twice_raises_the_alarm(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    _posts(till, order)
    await till.polls("postings")
    await till.works_until_idle()
    (record,) = await till.parked("postings")
    claim = await till.claim(record, "postings")
    assert claim.reason.startswith("DOUBLE REVENUE")
    assert "credit one of the two" in claim.remedy


@in_till()
async def test_an_invoice_of_somebody_else_is_skipped(till: Till) -> None:
    ours, heard = await till.placed(), till.listens()
    header = till.header(ours)
    number = "SO-BY-HAND"
    till.dynamics.put("SalesTable", **{**header, "SalesOrderNumber": number})
    for line in till.dynamics.lines(COMPANY, header["SalesOrderNumber"]):
        till.dynamics.put(
            "SalesLine", **{**line.values, "SalesOrderNumber": number, "InventoryLotId": f"X{line['InventoryLotId']}"}
        )
    till.dynamics.invoice(number)
    await till.sends(heard[0])
    await till.works_until_idle()
    assert await _posted(till, key_of(ours), "orders") == []
    assert await till.parked("postings") == []


@in_till(stores={"2": {"company": "dat"}})
async def test_what_another_legal_entity_of_the_connection_posted_is_read_there(till: Till) -> None:
    heard = till.listens()
    reference = "no record of ours"
    till.dynamics.put("SalesInvoiceHeadersV2", **_by_hand("dat", "CIV-9", reference))
    await till.sends(
        {**OTHER, "BusinessEventId": SALES_INVOICE, "BusinessEventLegalEntity": "DAT", "InvoiceId": "CIV-9"}
    )
    await till.works_until_idle()
    assert heard == []
    assert (await till.claim("sales-invoice|dat|CIV-9", "postings")).state is State.SKIPPED
    assert await till.polls("postings") == 0


def _by_hand(company: str, number: str, reference: str) -> dict[str, Any]:
    return {
        "dataAreaId": company, "InvoiceNumber": number, "InvoiceDate": datetime(2026, 3, 2, 12, tzinfo=UTC), "LedgerVoucher": "V",
        "CustomersOrderReference": reference, "CurrencyCode": "USD",
    }  # fmt: skip


@in_till()
async def test_events_that_nobody_knows_are_kept_and_nothing_of_their_fields(till: Till) -> None:
    for event in (OTHER, {**OTHER, "EventId": "A-2", "BusinessEventLegalEntity": "ELSE", "Name": "Ann Lee"}):
        await till.sends(event)
        await till.services.take_business_event(to_json(event))
    await till.works_until_idle()
    kept = {
        name: [as_row(row) async for row in till.services.outside.tables.query(TABLE, name)]
        for name in (CONNECTION, NOBODY)
    }
    assert [row["id"] for row in kept[CONNECTION]] == ["A-1", "A-2"]
    assert [row["id"] for row in kept[NOBODY]] == ["A-2"]
    assert {row["flow"] for rows in kept.values() for row in rows} == {""}
    assert kept[CONNECTION][0]["at"].microsecond == 123456
    assert kept[CONNECTION][0]["control_number"] == 7
    assert "Ann" not in str(kept)


@in_till()
async def test_a_known_event_of_another_legal_entity_is_kept_and_asks_nothing_of_f_o(till: Till) -> None:
    asked = sum(till.dynamics.requests.values())
    event = {**OTHER, "BusinessEventId": SALES_INVOICE, "BusinessEventLegalEntity": "ELSE", "InvoiceId": "CIV-1"}
    assert (await till.sends(event))["taken"] is True
    await till.works_until_idle()
    assert sum(till.dynamics.requests.values()) == asked


@in_till()
async def test_a_known_event_without_a_number_is_kept(till: Till) -> None:
    assert (await till.sends({**OTHER, "BusinessEventId": SALES_INVOICE}))["taken"] is True
    assert (await till.sends({**OTHER, "BusinessEventId": SALES_INVOICE}))["taken"] is False


@in_till()
async def test_the_sample_of_an_endpoint_being_set_up_is_answered_and_kept_nowhere(till: Till) -> None:
    assert await till.sends(sample(SALES_INVOICE)) == {"taken": False, "test": True}
    await till.services.take_business_event(to_json(sample(SALES_INVOICE)))
    assert [name async for name in till.services.outside.tables.partitions(TABLE)] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", to_json({**OTHER, "EventId": 7})])
@in_till()
async def test_what_is_no_event_is_refused_with_a_remedy(till: Till, body: bytes) -> None:
    answer = await till.services.accept_business_event(CONNECTION, body)
    assert answer.status == 400
    assert "remedy" in json.loads(answer.body)


@in_till()
async def test_an_event_for_a_connection_that_there_is_not_is_refused(till: Till) -> None:
    assert (await till.services.accept_business_event("nobody", to_json(OTHER))).status == 404


@in_till()
async def test_doubled_late_and_lost_events_end_in_one_telling_each(till: Till) -> None:
    orders = [await till.placed() for _ in range(12)]
    async with httpx.AsyncClient(transport=httpx.MockTransport(_edge(till))) as client:
        dials = EventDials(plan=["doubled", "late", "lost", ""] * 3)
        sender = EventSender(client, "https://sync.example/api/business-events/shop", "key", dials)
        assert await sender.validate()
        till.dynamics.on_event(sender.hear)
        for order in orders:
            _posts(till, order)
        await sender.settle()
        await till.works_until_idle()
        told = [len(await _posted(till, key_of(order), "orders")) for order in orders]
        assert told == [1, 1, 0, 1] * 3
        await till.polls("postings")
        await till.works_until_idle()
        await sender.resend()
        await till.works_until_idle()
    assert [len(await _posted(till, key_of(order), "orders")) for order in orders] == [1] * 12


def _edge(till: Till) -> Any:
    async def answer(request: httpx.Request) -> httpx.Response:
        found = await till.services.accept_business_event(CONNECTION, request.content)
        return httpx.Response(found.status, content=found.body)

    return answer


@pytest.mark.parametrize("table", ["trail", "claims"])
@in_till()
async def test_a_crash_on_the_way_tells_nothing_twice(till: Till, table: str) -> None:
    order, heard = await till.placed(), till.listens()
    _posts(till, order)
    await till.sends(heard[0])
    await till.works_until_it_dies(before=table)
    await till.works_until_idle()
    assert len(await _posted(till, key_of(order), "orders")) == 1


@in_till()
async def test_an_order_that_f_o_invoices_in_parts_is_compared_when_it_is_whole(till: Till) -> None:
    order = await till.placed(shipping=Decimal(0))
    header = till.header(order)
    part: Columns = {"SalesOrderNumber": header["SalesOrderNumber"], "TotalInvoiceAmount": Decimal(1)}
    till.dynamics.put(
        "SalesInvoiceHeadersV2", **{**_by_hand(COMPANY, "CIV-P", header["CustomersOrderReference"]), **part}
    )
    await till.sends({**OTHER, "BusinessEventId": SALES_INVOICE, "InvoiceId": "CIV-P"})
    await till.works_until_idle()
    assert [entry.number for entry in await _posted(till, key_of(order), "orders")] == ["CIV-P"]
    assert await till.parked("postings") == []
