import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import httpx
import pytest

from sandbox.dynamics import DynamicsState
from sandbox.dynamics.event_sender import EventDials, EventSender
from sandbox.dynamics.state import NotPosted
from sync.core.encoding import from_json
from tests.sandbox.dynamics.conftest import Environment
from tests.virtual_time import virtually

GUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
URL = "https://hooks.example/api/business-events"


async def invoiced(fo: Environment, **body: Any) -> str:
    number = str((await fo.order(**body))["SalesOrderNumber"])
    await fo.line(number, SalesPrice=80)
    fo.state.invoice(number)
    return number


async def test_a_posted_invoice_raises_its_event(fo: Environment) -> None:
    received: list[Mapping[str, Any]] = []
    fo.state.on_event(received.append)
    fo.state.now = lambda: datetime(2022, 12, 30, 13, 51, 15, 294274, UTC)
    number = await invoiced(fo, PaymentTermsName="Net10", SalesTaxGroupCode="DOM")
    [event] = received
    assert event == {
        "BusinessEventId": "SalesInvoicePostedBusinessEvent",
        "BusinessEventLegalEntity": "USMF",
        "ContextRecordSubject": "",
        "ControlNumber": 5637611084,
        "EventId": event["EventId"],
        "EventTime": "/Date(1672408275000)/",
        "EventTimeIso8601": "2022-12-30T13:51:15.2942744Z",
        "InitiatingUserAADObjectId": "{410A2690-5EC2-42EE-9F2A-E75B4E324930}",
        "MajorVersion": 0,
        "MinorVersion": 0,
        "ParentContextRecordSubjects": [],
        "InvoiceAccount": "US-001",
        "InvoiceId": "CIV-000001",
        "SalesOrderId": number,
        "InvoiceDate": "/Date(1672358400000)/",
        "InvoiceDueDate": "/Date(1673222400000)/",
        "InvoiceAmountInAccountingCurrency": Decimal("86.6"),
        "InvoiceTaxAmount": Decimal("6.6"),
        "LegalEntity": "USMF",
    }
    assert GUID.fullmatch(event["EventId"])


async def test_a_posted_free_text_invoice_raises_one_without_an_order(fo: Environment) -> None:
    received: list[Mapping[str, Any]] = []
    header = {"CustomerAccount": "US-001", "InvoiceDate": "2026-01-05", "CurrencyCode": "EUR"}
    parent = (await fo.made("FreeTextInvoiceHeaders", **header))["InvoiceIdentifier"]
    fo.state.on_event(received.append)
    with pytest.raises(NotPosted):
        fo.state.post_free_text_invoice(parent)
    wanted = {"ParentRecId": parent, "LineNumber": 1, "MainAccountDisplayValue": "401000"}
    await fo.made("FreeTextInvoiceLines", **wanted, TransactionCurrencyAmount=-10)
    assert received == []
    fo.state.books_of("usmf").rates["EUR"] = Decimal("1.1")
    fo.state.post_free_text_invoice(parent)
    [event] = received
    assert (event["BusinessEventId"], event["InvoiceId"]) == (
        "CustFreeTextInvoicePostedBusinessEvent",
        "FTI-000001",
    )
    assert "SalesOrderId" not in event
    assert event["InvoiceAmountInAccountingCurrency"] == -11


async def test_control_numbers_grow_with_gaps_and_ids_differ(fo: Environment) -> None:
    received: list[Mapping[str, Any]] = []
    fo.state.on_event(received.append)
    for _ in range(8):
        await invoiced(fo)
    numbers = [event["ControlNumber"] for event in received]
    steps = {after - before for before, after in pairwise(numbers)}
    assert min(steps) == 1
    assert max(steps) > 1
    assert len({event["EventId"] for event in received}) == 8


async def test_the_catalogue_lists_the_events(fo: Environment) -> None:
    found = (await fo.get("BusinessEventsCatalogs"))["value"]
    assert {row["BusinessEventId"] for row in found} == {
        "SalesInvoicePostedBusinessEvent",
        "CustFreeTextInvoicePostedBusinessEvent",
    }


Handler = Callable[[httpx.Request], httpx.Response]


class Endpoint:
    """Takes events; `handler` may refuse them."""

    def __init__(self, handler: Handler = lambda _: httpx.Response(202)) -> None:
        self.requests: list[httpx.Request] = []
        self._handler = handler

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._handler(request)

    @property
    def invoices(self) -> list[str]:
        return [from_json(request.content)["InvoiceId"] for request in self.requests]


def simulate(
    endpoint: Endpoint,
    dials: EventDials,
    story: Callable[[DynamicsState, EventSender], Awaitable[None]],
) -> EventSender:
    """Run a story in virtual time; the sender as it is then."""

    async def whole() -> EventSender:
        state = DynamicsState.seeded(items=["A0001"])
        async with httpx.AsyncClient(transport=httpx.MockTransport(endpoint)) as client:
            sender = EventSender(client, URL, "key-1", dials)
            state.on_event(sender.receive)
            await story(state, sender)
            await sender.settle()
            return sender

    return virtually(whole())


def post(state: DynamicsState, times: int = 1) -> None:
    """Post so many invoices."""
    for _ in range(times):
        place = state.next_number("test", "{number}")
        shared = {"dataAreaId": "usmf", "SalesOrderNumber": place, "CurrencyCode": "USD"}
        accounts = {
            "OrderingCustomerAccountNumber": "US-001",
            "InvoiceCustomerAccountNumber": "US-001",
        }
        state.put("SalesTable", **shared, **accounts)
        line = {"InventoryLotId": place, "LineCreationSequenceNumber": 1, "ItemNumber": "A0001"}
        state.put(
            "SalesLine", **shared, **line, LineAmount=Decimal(1), OrderedSalesQuantity=Decimal(1)
        )
        state.invoice(place)


async def posts(state: DynamicsState, sender: EventSender) -> None:
    post(state, 3)


def test_every_event_is_a_request_with_the_key_in_a_header() -> None:
    endpoint = Endpoint()
    sender = simulate(endpoint, EventDials(), posts)
    assert endpoint.invoices == ["CIV-000001", "CIV-000002", "CIV-000003"]
    assert {str(request.url) for request in endpoint.requests} == {URL}
    assert {request.headers["x-functions-key"] for request in endpoint.requests} == {"key-1"}
    assert (sender.counts["sent"], sender.errors) == (3, [])


def test_a_lost_event_lies_in_the_error_log_until_it_is_resent() -> None:
    endpoint = Endpoint()

    async def story(state: DynamicsState, sender: EventSender) -> None:
        post(state, 2)
        await sender.settle()
        assert endpoint.invoices == ["CIV-000002"]
        await sender.resend()

    sender = simulate(endpoint, EventDials(plan=["lost"]), story)
    assert endpoint.invoices == ["CIV-000002", "CIV-000001"]
    assert (sender.counts["lost"], sender.errors) == (1, [])


def test_copies_of_an_event_have_one_id() -> None:
    endpoint = Endpoint()
    sender = simulate(endpoint, EventDials(plan=["doubled"]), posts)
    assert sorted(endpoint.invoices) == ["CIV-000001", "CIV-000001", "CIV-000002", "CIV-000003"]
    ids = {from_json(request.content)["EventId"] for request in endpoint.requests}
    assert (len(ids), sender.counts["doubled"]) == (3, 1)


def test_a_late_event_is_overtaken() -> None:
    endpoint = Endpoint()
    sender = simulate(endpoint, EventDials(plan=["late"]), posts)
    assert endpoint.invoices == ["CIV-000002", "CIV-000003", "CIV-000001"]
    assert sender.counts["late"] == 1


def test_the_same_seed_gives_the_same_faults() -> None:
    def outcome(seed: int) -> list[str]:
        endpoint = Endpoint()

        async def story(state: DynamicsState, sender: EventSender) -> None:
            post(state, 40)

        dials = EventDials(Random(seed), lost_rate=0.2, doubled_rate=0.2, late_rate=0.2)
        sender = simulate(endpoint, dials, story)
        assert all(sender.counts[fate] for fate in ("lost", "doubled", "late"))
        return endpoint.invoices

    assert outcome(1) == outcome(1) != outcome(2)


def test_an_endpoint_that_refuses_is_tried_three_times_a_second_apart() -> None:
    moments: list[float] = []

    def refuse(_: httpx.Request) -> httpx.Response:
        moments.append(asyncio.get_running_loop().time())
        return httpx.Response(503)

    async def story(state: DynamicsState, sender: EventSender) -> None:
        post(state)

    sender = simulate(Endpoint(refuse), EventDials(), story)
    assert [moment - moments[0] for moment in moments] == [0, 1, 2]
    assert (sender.counts["refused"], len(sender.errors)) == (3, 1)


def test_an_endpoint_that_cannot_be_reached_is_tried_again() -> None:
    failures = iter((httpx.ConnectError("down"), None))

    def flaky(_: httpx.Request) -> httpx.Response:
        error = next(failures)
        if error is not None:
            raise error
        return httpx.Response(200)

    async def story(state: DynamicsState, sender: EventSender) -> None:
        post(state)

    sender = simulate(Endpoint(flaky), EventDials(), story)
    assert (sender.counts["failed"], sender.counts["sent"], sender.errors) == (1, 1, [])


def test_a_fault_of_the_double_itself_is_told() -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    async def story(state: DynamicsState, sender: EventSender) -> None:
        post(state)

    with pytest.raises(ZeroDivisionError):
        simulate(Endpoint(broken), EventDials(), story)


def test_an_endpoint_is_validated_with_a_sample_of_1900() -> None:
    endpoint = Endpoint()

    async def story(state: DynamicsState, sender: EventSender) -> None:
        assert await sender.validate()

    simulate(endpoint, EventDials(), story)
    sample = from_json(endpoint.requests[0].content)
    assert (sample["MajorVersion"], sample["EventTimeIso8601"]) == (
        0,
        "1900-01-01T00:00:00.0000000Z",
    )
    assert sample["EventTime"] == "/Date(-2208988800000)/"
