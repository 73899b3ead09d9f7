"""What a preview shows is what reaches D365, field by field."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.dynamics.documents.requests import ASSIGNED
from sync.engine.systems import Systems
from sync.preview.input_files import Kind
from sync.preview.previewed import Preview
from sync.preview.previews import preview
from tests.flows.finance import FREE_TEXT, Finance, in_finance, key
from tests.harness import key_of
from tests.systems import CONNECTION

Row = Mapping[str, Any]


async def systems_of(finance: Finance) -> Systems:
    """What a person previews with: the connection as it is."""
    return await finance.services.systems_pool.open(CONNECTION)


async def shown(kind: Kind, document: Any, finance: Finance) -> Preview:
    """The preview of a document that Commerce shows now."""
    return await preview(kind, document, await systems_of(finance))


def bodies(found: Preview, entity_set: str) -> Sequence[Row]:
    assert found.outcome == "deliver", found.reason
    return [one.body or {} for one in found.requests if one.path == f"/data/{entity_set}"]


def differing(body: Row, row: Row) -> set[str]:
    """The fields that are not there as they were shown, but for what D365 numbers itself. Dates are
    kept there with a time of day."""
    return {
        name
        for name, value in body.items()
        if value != ASSIGNED
        and (
            not str(row.get(name)).startswith(str(value))
            if name.endswith("Date")
            else row.get(name) != value
        )
    }


def all_there(shown: Sequence[Row], rows: Sequence[Row]) -> None:
    assert shown
    for body in shown:
        assert min((differing(body, row) for row in rows), key=len) == set()


@in_finance()
async def test_an_order(finance: Finance) -> None:
    order = await finance.placed()
    await finance.settled()
    systems = await systems_of(finance)
    (document,) = await systems.commerce.orders.by_number(key_of(order).partition("@")[0])
    found = await shown(Kind.ORDER, document, finance)
    number = finance.header(order)["SalesOrderNumber"]
    all_there(bodies(found, "SalesOrderHeadersV4"), [finance.header(order)])
    lines = bodies(found, "SalesOrderLinesV3")
    rows = [row.values for row in finance.rows("SalesLine", SalesOrderNumber=number)]
    all_there(lines, rows)
    assert len(lines) == len(rows)


@in_finance(invoices=FREE_TEXT)
async def test_an_invoice(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    systems = await systems_of(finance)
    (document,) = await systems.commerce.invoices.by_number(key(invoice).partition("@")[0])
    found = await shown(Kind.INVOICE, document, finance)
    all_there(bodies(found, "FreeTextInvoiceHeaders"), [finance.draft(invoice).values])
    all_there(
        bodies(found, "FreeTextInvoiceLines"),
        [row.values for row in finance.draft_lines(invoice)],
    )


@in_finance()
async def test_a_payment(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    systems = await systems_of(finance)
    (document,) = await systems.commerce.invoices.by_number(key(invoice).partition("@")[0])
    found = await shown(Kind.INVOICE, document, finance)
    all_there(bodies(found, "CustomerPaymentJournalLines"), [finance.payment(invoice).values])
