"""What a warehouse and its office do about return orders: registered in parts, split, inspected,
received, replaced, let go on, cancelled (reference 6.6; what is inferred says so).

A line that comes back in part is split: the rest stays expected under a lot of its own (inferred).
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.posting import NotPosted
from sandbox.dynamics.return_posting import return_lines
from sandbox.dynamics.returns import EXPECTED, HEADER, LINE, OPEN
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record


def register(
    env: Environment, header: Record, arrived: Mapping[str, Decimal] | None, disposition: str
) -> None:
    """Goods arrive: of each lot so many sales units, or all that is expected. Raises `NotPosted`
    while the return is stopped or over."""
    if header.values.get("ReturnStatus") not in OPEN or header.values.get(
        "IsReturnProcessingStopped"
    ) == "Yes":  # fmt: skip
        raise NotPosted(f"return order {header['ReturnOrderNumber']} takes nothing in")
    with env.store.transaction():
        env.store.update(HEADER, header, {"ReturnStatus": "Open"})
        for row in return_lines(env, header[COMPANY], header["ReturnOrderNumber"]):
            expected = -row["ReturnSalesQuantity"]
            came = expected if arrived is None else arrived.get(row["ReturnInventoryLotId"])
            if came and row.values.get("ReturnStatus") in EXPECTED:
                _register(env, header, row, min(came, expected), disposition)


def _register(
    env: Environment, header: Record, row: Record, came: Decimal, disposition: str
) -> None:
    changes: dict[str, Any] = {"ReturnStatus": "Registered", "ReturnedSalesQuantity": -came}
    changes["ActualReturnArrivalDate"] = env.today()
    if disposition:
        changes["ReturnDispositionCode"] = disposition
    left = -row["ReturnSalesQuantity"] - came
    if left:
        changes |= _amounts(env, header, row, came)
        split = {**row.values, **_amounts(env, header, row, left)}
        lot = env.next_number("Lot", "{company}-{number:08d}", header[COMPANY])
        rows = return_lines(env, header[COMPANY], header["ReturnOrderNumber"])
        place = 1 + max(one["LineCreationSequenceNumber"] for one in rows)
        env.store.insert(
            LINE, {**split, "ReturnInventoryLotId": lot, "LineCreationSequenceNumber": place}
        )
    env.store.update(LINE, row, changes)


def _amounts(env: Environment, header: Record, row: Record, units: Decimal) -> dict[str, Any]:
    worth = Fraction(units) * Fraction(row["SalesPrice"])
    amount = -env.rounded(worth, header["CurrencyCode"])
    return {"ReturnSalesQuantity": -units, "LineAmount": amount}


def post_slip(env: Environment, header: Record, *, quarantine: bool = False) -> None:
    """The packing slip of what is registered; or it waits for inspection."""
    for row in return_lines(env, header[COMPANY], header["ReturnOrderNumber"]):
        if row.values.get("ReturnStatus") in {"Registered", "Quarantine"}:
            status = "Quarantine" if quarantine else "Received"
            env.store.update(LINE, row, {"ReturnStatus": status})


def let_go(env: Environment, header: Record) -> None:
    """Somebody in the office lets a stopped return go on."""
    env.store.update(HEADER, header, {"IsReturnProcessingStopped": "No"})


def cancel(env: Environment, header: Record) -> None:
    """Somebody cancels a return of which nothing has arrived."""
    if header.values.get("ReturnStatus") not in OPEN:
        raise NotPosted(f"return order {header['ReturnOrderNumber']} is over")
    with env.store.transaction():
        env.store.update(HEADER, header, {"ReturnStatus": "Canceled"})
        for row in return_lines(env, header[COMPANY], header["ReturnOrderNumber"]):
            env.store.update(LINE, row, {"ReturnStatus": "Canceled"})


def replace(env: Environment, header: Record) -> str:
    """Make a replacement order of what is returned; its number."""
    company = header[COMPANY]
    number = env.next_number("Sales order", "{company}-{number:06d}", company)
    env.store.insert("SalesTable", {
        COMPANY: company, "SalesOrderNumber": number,
        "OrderingCustomerAccountNumber": header["CustomerAccountNumber"],
        "InvoiceCustomerAccountNumber": header["InvoiceCustomerAccountNumber"],
        "CurrencyCode": header["CurrencyCode"], "SalesOrderStatus": "Backorder",
        "SalesOrderProcessingStatus": "Active",
    })  # fmt: skip
    rows = return_lines(env, company, header["ReturnOrderNumber"])
    for place, row in enumerate(rows, start=1):
        env.store.insert("SalesLine", {
            COMPANY: company, "SalesOrderNumber": number, "ItemNumber": row["ItemNumber"],
            "InventoryLotId": env.next_number("Lot", "{company}-{number:08d}", company),
            "OrderedSalesQuantity": -row["ReturnSalesQuantity"], "LineNumber": Decimal(place),
            "LineAmount": -row["LineAmount"], "SalesPrice": row["SalesPrice"],
        })  # fmt: skip
    changes = {"IsReplacementSalesOrderCreated": "Yes", "ReplacementSalesOrderNumber": number}
    env.store.update(HEADER, header, changes)
    return number
