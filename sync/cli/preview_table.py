"""One previewed order for people: requests, lines, the totals proof, what was noted, or why it would be parked."""

from collections.abc import Iterator
from typing import Any

from sync.cli.output import line, pretty, table
from sync.connections import Connection
from sync.mapping.line_amount import LinePrice
from sync.preview import Preview, Request

WORDS = {"deliver": "would be posted", "skip": "would be skipped", "park": "would be PARKED"}


def show(found: Preview, connection: Connection, *, documents: bool) -> None:
    """Print it. Names and addresses only with `documents`."""
    line(f"Order {found.key} {WORDS.get(found.outcome, found.outcome)}{': ' if found.reason else ''}{found.reason}")
    if found.remedy:
        line(f"  What to do: {found.remedy}")
    table(("request", "path", "record"), [(r.method, r.path, _record(r)) for r in found.requests])
    table(("line", "item", "dimensions", "quantity>", "price>", "discount>", "amount>"), _lines(found, connection))
    if found.totals is not None:
        t = found.totals.as_json()
        sums = (t["commerce"], t["dynamics"], t["difference"], t["currency"])
        table(("Commerce>", "Dynamics>", "difference>", "currency"), [sums])
    for text in found.notes:
        line(f"  Note: {text}")
    for request in found.requests if documents else ():
        line(f"{request.method} {request.path}")
        pretty(request.body)
    line()


def _record(request: Request) -> str:
    body = request.body or {}
    names = ("SalesOrderNumber", "CustomerAccount", "ExternalItemNumber")
    known = ", ".join(f"{name} {body[name]}" for name in names if body.get(name))
    return f"{known} ({len(body)} fields)" if known else f"{len(body)} fields"


def _lines(found: Preview, connection: Connection) -> Iterator[tuple[Any, ...]]:
    for request in found.requests:
        if request.path.rpartition("/")[2] != connection.dynamics.order_lines or request.body is None:
            continue
        body = request.body
        price = LinePrice(
            body["OrderedSalesQuantity"], body["SalesPrice"], body["LineDiscountAmount"], body["SalesPriceQuantity"]
        )
        per = f" per {price.price_quantity}" if price.price_quantity != 1 else ""
        dimensions = " ".join(str(value) for name, value in body.items() if name.startswith("Product") and value)
        yield (
            body["ExternalItemNumber"], body["ItemNumber"], dimensions, price.quantity, f"{price.price}{per}",
            f"{price.discount}{per}" if price.discount else "", f"{price.amount():.2f}",
        )  # fmt: skip
