"""What F&O posts, read back: by business event, or by the poll that finds what events missed."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Kind
from sandbox.dynamics.event_sender import EventDials, EventSender
from sandbox.dynamics.events import SALES_INVOICE, sample
from sync.cli.events import as_row
from sync.core.encoding import to_json
from sync.engine.claim import CLAIMS, State
from sync.engine.intent import Intent
from sync.engine.trail import Entry
from sync.flows.receivables.posted_invoices import changed
from sync.intake_http.business_events import NOBODY, TABLE
from sync.pacing.retry import WAITS
from tests.flows.finance import FREE_CREDIT, FREE_TEXT, Finance, in_finance, key
from tests.harness import key_of
from tests.systems import COMPANY, CONNECTION

OTHER = {
    "BusinessEventId": "CustomerPaymentPostedBusinessEvent", "BusinessEventLegalEntity": "USMF",
    "EventId": "A-1",
    "EventTimeIso8601": "2026-03-02T11:58:30.1234567Z", "ControlNumber": 7,
}  # fmt: skip


def _posts(finance: Finance, order: StoredOrder, *, more: str = "0") -> str:
    """F&O invoices the sales order of an order, with the shop's tax and so much more; the
    number."""
    (number,) = finance.dynamics.invoice(
        finance.header(order)["SalesOrderNumber"], tax=order.amount("tax_amount") + Decimal(more)
    )
    return number


async def _posted(finance: Finance, record: str, flow: str) -> list[Entry]:
    return [entry for entry in await finance.trail(record, flow) if entry.event == "posted"]


@in_finance()
async def test_a_sales_invoice_that_f_o_posted_is_told_in_the_orders_trail(
    finance: Finance,
) -> None:
    order, received = await finance.placed(), finance.listens()
    number = _posts(finance, order)
    assert await finance.sends(received[0]) == {"taken": True, "test": False}
    await finance.works_until_idle()
    (entry,) = await _posted(finance, key_of(order), "orders")
    assert (entry.number, entry.origin) == (number, "business_event")
    assert entry.details["voucher"].startswith("CIVV-")
    assert Decimal(entry.details["amount"]) == order.amount("grand_total")
    assert (await finance.claim(order)).number == finance.header(order)["SalesOrderNumber"]
    assert await finance.parked("posted_invoices") == []


@in_finance()
async def test_an_event_from_the_queue_is_taken_for_the_connections_of_its_legal_entity(
    finance: Finance,
) -> None:
    order, received = await finance.placed(), finance.listens()
    _posts(finance, order)
    await finance.services.take("business-events", to_json(dict(received[0])), "m-1", 1)
    await finance.works_until_idle()
    assert len(await _posted(finance, key_of(order), "orders")) == 1


@in_finance()
async def test_an_event_that_comes_in_several_ways_is_told_once(finance: Finance) -> None:
    order, received = await finance.placed(), finance.listens()
    _posts(finance, order)
    assert (await finance.sends(received[0]))["taken"] is True
    assert (await finance.sends(received[0]))["taken"] is False
    assert (await finance.sends({**received[0], "EventId": received[0]["EventId"].lower()}))[
        "taken"
    ] is False
    await finance.services.take("business-events", to_json(dict(received[0])), "m-1", 1)
    await finance.polls("posted_invoices")
    await finance.works_until_idle()
    await finance.sends({**received[0], "EventId": "another"})
    await finance.works_until_idle()
    assert len(await _posted(finance, key_of(order), "orders")) == 1


@in_finance()
async def test_the_poll_finds_what_events_missed_and_leaves_alone_what_was_seen(
    finance: Finance,
) -> None:
    order = await finance.placed()
    _posts(finance, order)
    assert await finance.polls("posted_invoices") == 1
    await finance.works_until_idle()
    assert len(await _posted(finance, key_of(order), "orders")) == 1
    for _ in range(3):
        await asyncio.sleep(300)
        assert await finance.polls("posted_invoices") == 0


@pytest.mark.parametrize(
    ("state", "told"),
    [(State.PARKED, ["waited"] * len(WAITS) + ["parked"]), (State.POSTING, [])],
)
@in_finance()
async def test_one_that_waits_has_one_message_and_gives_up_only_with_its_order(
    finance: Finance, state: State, told: list[str]
) -> None:
    order = await finance.placed()
    _posts(finance, order)
    claim = await finance.claim(order)
    until = finance.clock.now() + timedelta(hours=12)
    being_posted = claim.announcing(Intent(claim.digest, until, until))
    row = replace(being_posted, state=state, number="", targets="").row()
    await finance.systems.tables.replace(CLAIMS, row)
    for _ in range(6 * 12):
        await finance.polls("posted_invoices")
        await finance.works_for(300)
        depth = await finance.systems.queue.depth(finance.services.queues["posted_invoices"])
        assert depth.due + depth.scheduled <= 1
    (key_of_posted,) = [
        claim.key async for claim in finance.services.ledger.claims(CONNECTION, "posted_invoices")
    ]
    tries = await finance.trail(key_of_posted, "posted_invoices")
    assert [entry.event for entry in tries] == told


@in_finance(invoices=FREE_TEXT)
async def test_a_poll_of_posted_invoices_goes_on_after_any_of_them(finance: Finance) -> None:
    orders = [await finance.placed() for _ in range(3)]
    for order in orders:
        _posts(finance, order)
        invoice = finance.commerce.invoice(order)
        await finance.books(invoice)
        finance.dynamics.post_free_text_invoice(finance.draft(invoice)["InvoiceIdentifier"])
    systems = await finance.services.systems_pool.open(CONNECTION)
    now = finance.clock.now()
    found = [change async for change in changed(systems, now, now)]
    assert [change.key.partition("|")[0] for change in found] == ["sales-invoice"] * 3 + [
        "free-text"
    ] * 3
    for place, change in enumerate(found):
        rest = [one async for one in changed(systems, now, now, change.position)]
        assert rest == found[place + 1 :]


@in_finance()
async def test_an_event_with_a_key_that_no_table_can_hold_is_kept_aside(finance: Finance) -> None:
    order, received = await finance.placed(), finance.listens()
    _posts(finance, order)
    number = "CIV\x07" + "9" * 300
    assert (await finance.sends({**received[0], "InvoiceId": number}))["taken"] is True
    await finance.works_until_idle()
    (kept,) = [one async for one in finance.services.refused_keys.all()]
    assert (kept.flow, kept.origin) == ("posted_invoices", "business_event")
    assert kept.key.startswith("sales-invoice|usmf|CIV\\x07")


@in_finance(invoices=FREE_TEXT, creditmemos=FREE_CREDIT)
async def test_posted_free_text_invoices_are_told_in_the_trails_of_invoice_and_memo(
    finance: Finance,
) -> None:
    order, received = await finance.placed(), finance.listens()
    invoice, memo = finance.commerce.invoice(order), finance.commerce.refund(order)
    await finance.books(invoice)
    await finance.books(memo, "creditmemos")
    debit = finance.dynamics.post_free_text_invoice(finance.draft(invoice)["InvoiceIdentifier"])
    credit = finance.dynamics.post_free_text_invoice(
        finance.draft(memo, "creditmemos")["InvoiceIdentifier"]
    )
    for event in reversed(received):
        await finance.sends(event)
    await finance.works_until_idle()
    assert [entry.number for entry in await _posted(finance, key(invoice), "invoices")] == [debit]
    assert [entry.number for entry in await _posted(finance, key(memo), "creditmemos")] == [credit]


@in_finance(creditmemos={**FREE_CREDIT, "reference_template": "{store_id}-I{increment_id}"})
async def test_a_memo_with_the_reference_of_a_payment_is_told_in_its_own_trail(
    finance: Finance,
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    finance.commerce.ship(order)
    memo = finance.commerce.refund(order)
    await finance.books(invoice)
    await finance.books(memo, "creditmemos")
    credit = finance.dynamics.post_free_text_invoice(finance.draft(invoice)["InvoiceIdentifier"])
    await finance.polls("posted_invoices")
    await finance.works_until_idle()
    assert [entry.number for entry in await _posted(finance, key(memo), "creditmemos")] == [credit]
    assert await _posted(finance, key(invoice), "invoices") == []


@in_finance(invoices=FREE_TEXT)
async def test_a_draft_that_lay_for_days_is_found_by_the_poll(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    await finance.polls("posted_invoices")
    await asyncio.sleep(timedelta(days=5).total_seconds())
    await finance.polls("posted_invoices")
    finance.dynamics.post_free_text_invoice(finance.draft(invoice)["InvoiceIdentifier"])
    await finance.polls("posted_invoices")
    await finance.works_until_idle()
    assert len(await _posted(finance, key(invoice), "invoices")) == 1


@in_finance(invoices=FREE_TEXT)
async def test_a_draft_that_is_posted_while_its_answer_is_lost_is_told_once_it_is_recorded(
    finance: Finance,
) -> None:
    order, received = await finance.placed(), finance.listens()
    invoice = finance.commerce.invoice(order)
    finance.ledger_dials.next(Kind.LOST, where=lambda arrival: b"ParentRecId" in arrival.body)
    await finance.notify(invoice)
    await finance.works_for(4)
    finance.dynamics.post_free_text_invoice(finance.draft(invoice)["InvoiceIdentifier"])
    await finance.sends(received[0])
    await finance.works_until_idle()
    assert len(await _posted(finance, key(invoice), "invoices")) == 1
    assert await finance.stands(invoice) is State.DELIVERED


@in_finance()
async def test_a_posted_return_is_told_in_the_memos_trail(finance: Finance) -> None:
    order, received = await finance.placed(), finance.listens()
    finance.commerce.invoice(order)
    finance.commerce.ship(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, "creditmemos")
    number = finance.dynamics.post_return(
        finance.returned(memo)["ReturnOrderNumber"], tax=memo["tax_amount"]
    )
    await finance.sends(received[0])
    await finance.works_until_idle()
    assert [entry.number for entry in await _posted(finance, key(memo), "creditmemos")] == [number]
    assert await finance.parked("posted_invoices") == []


@pytest.mark.parametrize("more", ["1.00", "-1.00"])
@in_finance()
async def test_totals_that_differ_are_parked_and_told_once(finance: Finance, more: str) -> None:
    order, received = await finance.placed(), finance.listens()
    number = _posts(finance, order, more=more)
    await finance.sends(received[0])
    await finance.works_until_idle()
    (record,) = await finance.parked("posted_invoices")
    claim = await finance.claim(record, "posted_invoices")
    assert record == f"sales-invoice|{COMPANY}|{number}"
    assert f"difference {more}" in claim.reason
    assert "orders.taxes" in claim.remedy
    await finance.replays(record, "posted_invoices")
    assert len(await _posted(finance, key_of(order), "orders")) == 1


@in_finance()
async def test_a_cent_of_rounding_is_no_difference(finance: Finance) -> None:
    order = await finance.placed()
    _posts(finance, order, more="0.03")
    await finance.polls("posted_invoices")
    await finance.works_until_idle()
    assert await finance.parked("posted_invoices") == []


@in_finance(invoices=FREE_TEXT)
async def test_revenue_that_is_booked_twice_raises_the_alarm(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    _posts(finance, order)
    await finance.polls("posted_invoices")
    await finance.works_until_idle()
    (record,) = await finance.parked("posted_invoices")
    claim = await finance.claim(record, "posted_invoices")
    assert claim.reason.startswith("DOUBLE REVENUE")
    assert "credit one of the two" in claim.remedy


@in_finance()
async def test_an_invoice_of_somebody_else_is_skipped(finance: Finance) -> None:
    ours, received = await finance.placed(), finance.listens()
    header = finance.header(ours)
    number = "SO-BY-HAND"
    finance.dynamics.put("SalesTable", **{**header, "SalesOrderNumber": number})
    for line in finance.dynamics.lines(COMPANY, header["SalesOrderNumber"]):
        finance.dynamics.put(
            "SalesLine",
            **{
                **line.values,
                "SalesOrderNumber": number,
                "InventoryLotId": f"X{line['InventoryLotId']}",
            },
        )
    finance.dynamics.invoice(number)
    await finance.sends(received[0])
    await finance.works_until_idle()
    assert await _posted(finance, key_of(ours), "orders") == []
    assert await finance.parked("posted_invoices") == []


@in_finance(stores={"2": {"company": "dat"}})
async def test_what_another_legal_entity_of_the_connection_posted_is_read_there(
    finance: Finance,
) -> None:
    received = finance.listens()
    reference = "no record of ours"
    finance.dynamics.put("SalesInvoiceHeadersV2", **_by_hand("dat", "CIV-9", reference))
    await finance.sends(
        {
            **OTHER,
            "BusinessEventId": SALES_INVOICE,
            "BusinessEventLegalEntity": "DAT",
            "InvoiceId": "CIV-9",
        }
    )
    await finance.works_until_idle()
    assert received == []
    assert (
        await finance.claim("sales-invoice|dat|CIV-9", "posted_invoices")
    ).state is State.SKIPPED
    assert await finance.polls("posted_invoices") == 0


def _by_hand(company: str, number: str, reference: str) -> dict[str, Any]:
    return {
        "dataAreaId": company, "InvoiceNumber": number,
        "InvoiceDate": datetime(2026, 3, 2, 12, tzinfo=UTC), "LedgerVoucher": "V",
        "CustomersOrderReference": reference, "CurrencyCode": "USD",
    }  # fmt: skip


@in_finance()
async def test_events_that_nobody_knows_are_kept_and_nothing_of_their_fields(
    finance: Finance,
) -> None:
    for event in (
        OTHER,
        {**OTHER, "EventId": "A-2", "BusinessEventLegalEntity": "ELSE", "Name": "Ann Lee"},
    ):
        await finance.sends(event)
        await finance.services.take("business-events", to_json(event), "m-1", 1)
    await finance.works_until_idle()
    kept = {
        name: [
            as_row(row) async for row in finance.services.edition_parts.tables.query(TABLE, name)
        ]
        for name in (CONNECTION, NOBODY)
    }
    assert [row["id"] for row in kept[CONNECTION]] == ["A-1", "A-2"]
    assert [row["id"] for row in kept[NOBODY]] == ["A-2"]
    assert {row["flow"] for rows in kept.values() for row in rows} == {""}
    assert kept[CONNECTION][0]["at"].microsecond == 123456
    assert kept[CONNECTION][0]["control_number"] == 7
    assert "Ann" not in str(kept)


@in_finance()
async def test_a_known_event_of_another_legal_entity_is_kept_and_asks_nothing_of_f_o(
    finance: Finance,
) -> None:
    asked = sum(finance.dynamics.requests.values())
    event = {
        **OTHER,
        "BusinessEventId": SALES_INVOICE,
        "BusinessEventLegalEntity": "ELSE",
        "InvoiceId": "CIV-1",
    }
    assert (await finance.sends(event))["taken"] is True
    await finance.works_until_idle()
    assert sum(finance.dynamics.requests.values()) == asked


@in_finance()
async def test_a_known_event_without_a_number_is_kept(finance: Finance) -> None:
    assert (await finance.sends({**OTHER, "BusinessEventId": SALES_INVOICE}))["taken"] is True
    assert (await finance.sends({**OTHER, "BusinessEventId": SALES_INVOICE}))["taken"] is False


@in_finance()
async def test_the_sample_of_an_endpoint_being_set_up_is_answered_and_kept_nowhere(
    finance: Finance,
) -> None:
    assert await finance.sends(sample()) == {"taken": False, "test": True}
    await finance.services.take("business-events", to_json(sample()), "m-1", 1)
    assert [name async for name in finance.services.edition_parts.tables.partitions(TABLE)] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", to_json({**OTHER, "EventId": 7})])
@in_finance()
async def test_what_is_no_event_is_refused_with_a_remedy(finance: Finance, body: bytes) -> None:
    answer = await finance.services.accept_business_event(CONNECTION, body)
    assert answer.status == 400
    assert "remedy" in json.loads(answer.body)


@in_finance()
async def test_an_event_for_a_connection_that_there_is_not_is_refused(finance: Finance) -> None:
    assert (await finance.services.accept_business_event("nobody", to_json(OTHER))).status == 404


@in_finance()
async def test_doubled_late_and_lost_events_end_in_one_telling_each(finance: Finance) -> None:
    orders = [await finance.placed() for _ in range(12)]
    async with httpx.AsyncClient(transport=httpx.MockTransport(_edge(finance))) as client:
        dials = EventDials(plan=["doubled", "late", "lost", ""] * 3)
        sender = EventSender(client, "https://sync.example/api/business-events/shop", "key", dials)
        assert await sender.validate()
        finance.dynamics.on_event(sender.receive)
        for order in orders:
            _posts(finance, order)
        await sender.settle()
        await finance.works_until_idle()
        reported = [len(await _posted(finance, key_of(order), "orders")) for order in orders]
        assert reported == [1, 1, 0, 1] * 3
        await finance.polls("posted_invoices")
        await finance.works_until_idle()
        await sender.resend()
        await finance.works_until_idle()
    assert [len(await _posted(finance, key_of(order), "orders")) for order in orders] == [1] * 12


def _edge(finance: Finance) -> Any:
    async def answer(request: httpx.Request) -> httpx.Response:
        found = await finance.services.accept_business_event(CONNECTION, request.content)
        return httpx.Response(found.status, content=found.body)

    return answer


@pytest.mark.parametrize("table", ["trail", "claims"])
@in_finance()
async def test_a_crash_on_the_way_tells_nothing_twice(finance: Finance, table: str) -> None:
    order, received = await finance.placed(), finance.listens()
    _posts(finance, order)
    await finance.sends(received[0])
    await finance.works_until_it_dies(before=table)
    await finance.works_until_idle()
    assert len(await _posted(finance, key_of(order), "orders")) == 1


@in_finance()
async def test_an_order_that_f_o_invoices_in_parts_is_compared_when_it_is_whole(
    finance: Finance,
) -> None:
    order = await finance.placed(shipping=Decimal(0))
    header = finance.header(order)
    part: Columns = {
        "SalesOrderNumber": header["SalesOrderNumber"],
        "TotalInvoiceAmount": Decimal(1),
    }
    finance.dynamics.put(
        "SalesInvoiceHeadersV2",
        **{**_by_hand(COMPANY, "CIV-P", header["CustomersOrderReference"]), **part},
    )
    await finance.sends({**OTHER, "BusinessEventId": SALES_INVOICE, "InvoiceId": "CIV-P"})
    await finance.works_until_idle()
    assert [entry.number for entry in await _posted(finance, key_of(order), "orders")] == ["CIV-P"]
    assert await finance.parked("posted_invoices") == []
