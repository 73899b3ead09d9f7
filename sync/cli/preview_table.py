"""One previewed document for people: requests, lines, the totals proof, what was noted, or why it
would be parked."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sync.cli.output import line, pretty, table
from sync.core.request import Request
from sync.dynamics.documents.line_amount import LinePrice
from sync.mapping.free_text_invoice import line_amount
from sync.mapping.return_order import credited
from sync.preview.previewed import Preview

WORDS: Final = {"deliver": "would be posted", "skip": "would be skipped", "park": "would be PARKED"}
COLUMNS: Final = (
    "line", "item or account", "dimensions", "quantity>", "price>", "discount>", "amount>",
)  # fmt: skip
NUMBERS: Final = (
    "SalesOrderNumber", "CustomerAccount", "CustomersOrderReference", "CustomerReference",
    "ExternalItemNumber", "PaymentReference",
    "Description",
)  # fmt: skip
"""What people know a request by; those that hold no personal data."""

Row = tuple[Any, ...]


def show(found: Preview, what: str, *, documents: bool) -> None:
    """Print it; `what` it is of. Names and addresses only with `documents`."""
    line(f"{what} {found.key} {_fate(found)}{': ' if found.reason else ''}{found.reason}")
    if found.remedy:
        line(f"  What to do: {found.remedy}")
    table(("request", "path", "record"), [(r.method, r.path, _record(r)) for r in found.requests])
    table(COLUMNS, _lines(found))
    sums = list(_sums(found))
    title = "As placed, and as it is held in the end" if len(sums) > 1 else ""
    table(("Commerce>", "Dynamics>", "difference>", "currency"), sums, title=title)
    for text in found.notes:
        line(f"  Note: {text}")
    for request in found.requests if documents else ():
        line(f"{request.method} {request.path}")
        pretty(request.body)
    line()


def _sums(found: Preview) -> Iterator[Row]:
    if found.totals is not None:
        for t in (found.totals.as_json(), found.held):
            if t is not None:
                yield t["commerce"], t["dynamics"], t["difference"], t["currency"]


def _fate(found: Preview) -> str:
    is_sum = found.outcome == "deliver" and not found.requests
    if found.differs:
        return "would be posted, and would wait for a person"
    return "comes to" if is_sum else WORDS.get(found.outcome, found.outcome)


def _record(request: Request) -> str:
    body = request.body or {}
    known = ", ".join(f"{name} {body[name]}" for name in NUMBERS if body.get(name))
    return f"{known} ({len(body)} fields)" if known else f"{len(body)} fields"


def _lines(found: Preview) -> Iterator[Row]:
    for request in found.requests:
        name = request.path.rpartition("/")[2]
        shown = next((row for start, row in ROWS.items() if name.startswith(start)), None)
        if shown is not None and request.body is not None:
            yield shown(request.body)


def _dimensions(body: Mapping[str, Any]) -> str:
    return " ".join(
        str(value) for name, value in body.items() if name.startswith("Product") and value
    )


def _sold(body: Mapping[str, Any]) -> Row:
    price = LinePrice(
        body["OrderedSalesQuantity"], body["SalesPrice"], body["LineDiscountAmount"],
        body["SalesPriceQuantity"],
    )  # fmt: skip
    per = f" per {price.price_quantity}" if price.price_quantity != 1 else ""
    return (
        body["ExternalItemNumber"], body["ItemNumber"], _dimensions(body), price.quantity,
        f"{price.price}{per}",
        f"{price.discount}{per}" if price.discount else "", f"{price.amount():.2f}",
    )  # fmt: skip


def _returned(body: Mapping[str, Any]) -> Row:
    return (
        body["ExternalItemNumber"], body["ItemNumber"], _dimensions(body),
        body["ReturnSalesQuantity"], body["SalesPrice"], "", f"{-credited(body):.2f}",
    )  # fmt: skip


def _invoiced(body: Mapping[str, Any]) -> Row:
    return (
        body["LineNumber"], body["MainAccountDisplayValue"], "", body["Quantity"],
        body["UnitPrice"], "", f"{line_amount(body):.2f}",
    )  # fmt: skip


def _paid(body: Mapping[str, Any]) -> Row:
    amount = body["CreditAmount"] if "CreditAmount" in body else -body["DebitAmount"]
    return body["LineNumber"], body["OffsetAccountDisplayValue"], "", "", "", "", f"{amount:.2f}"


ROWS: Final[Mapping[str, Callable[[Mapping[str, Any]], Row]]] = {
    "SalesOrderLines": _sold,
    "ReturnOrderLines": _returned,
    "FreeTextInvoiceLines": _invoiced,
    "CustomerPaymentJournalLines": _paid,
}
"""How the lines of a document are shown, by the start of their entity set."""
