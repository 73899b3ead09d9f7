"""What remains of sales lines: what was shipped of them, and what people cancelled of the rest
("deliver remainder"). A line keeps its ordered quantity then (inferred from its copy's fields)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

CANCELLED: Final = "(cancelled of the deliver remainder)"
"""Kept beside the properties of a sales line; its copy for reporting shows what remains."""


def shipped(env: Environment, line: Record) -> Decimal:
    """How much of a sales line was shipped so far."""
    rows = env.store.table("CustPackingSlipTransBiEntities").having(
        "InventTransId", (folded(line["InventoryLotId"]),)
    )
    return sum((row["Qty"] for row in rows if row[COMPANY] == line[COMPANY]), NOTHING)


def invoiced(env: Environment, line: Record) -> Decimal:
    """How much of a sales line was invoiced so far."""
    rows = env.store.table("CustInvoiceTransBiEntities").having(
        "InventTransId", (folded(line["InventoryLotId"]),)
    )
    return sum((row["Qty"] for row in rows if row[COMPANY] == line[COMPANY]), NOTHING)


def remaining(env: Environment, line: Record) -> Decimal:
    """How much of a sales line is still to be shipped ("deliver remainder"). An invoice sends what
    it is of beyond what was shipped and not invoiced."""
    if line.values.get("SalesOrderLineStatus") == "Canceled":
        return NOTHING
    ordered: Decimal = line["OrderedSalesQuantity"]
    sent = max(shipped(env, line), invoiced(env, line))
    return max(ordered - cancelled(line) - sent, NOTHING)


def cancelled(line: Record) -> Decimal:
    """How much of its deliver remainder was cancelled; the quantity ordered stays as it is."""
    found: Decimal = line.values.get(CANCELLED, NOTHING)
    return found


def cancel_remainder(
    env: Environment, header: Record, quantities: Mapping[str, Decimal] | None
) -> None:
    """Cancel the deliver remainder of lines, by lot (None: all that remains of the order). A line
    of which nothing was shipped or invoiced is cancelled then, another one is delivered; the order
    has the lowest status of its lines."""
    lines = env.lines(header[COMPANY], header["SalesOrderNumber"])
    with env.store.transaction():
        for line in lines:
            rest = remaining(env, line)
            wanted = rest if quantities is None else quantities.get(line["InventoryLotId"], NOTHING)
            if wanted > rest:
                raise ValueError(f"{wanted} of lot {line['InventoryLotId']} do not remain: {rest}")
            if wanted:
                _cut(env, line, wanted, is_all=wanted == rest)
        _settle(env, header)


def _cut(env: Environment, line: Record, quantity: Decimal, *, is_all: bool) -> None:
    changes: dict[str, Any] = {CANCELLED: cancelled(line) + quantity}
    if is_all:
        is_sent = shipped(env, line) or invoiced(env, line)
        status = "Delivered" if is_sent else "Canceled"
        changes["SalesOrderLineStatus"] = status
    env.store.update("SalesLine", line, changes)


def _settle(env: Environment, header: Record) -> None:
    lines = env.lines(header[COMPANY], header["SalesOrderNumber"])
    statuses = {line.values.get("SalesOrderLineStatus") for line in lines}
    if statuses <= {"Delivered", "Canceled", "Invoiced"} and "Invoiced" not in statuses:
        status = "Delivered" if "Delivered" in statuses else "Canceled"
        changes = {"SalesOrderStatus": status, "SalesOrderProcessingStatus": status}
        env.store.update("SalesTable", header, changes)


def substitute(env: Environment, lot: str, item: str, less: Decimal) -> None:
    """Another item is sent for a line, which is so much cheaper in all."""
    for line in env.store.table("SalesLine").having("InventoryLotId", (folded(lot),)):
        changes = {"ItemNumber": item, "LineAmount": line["LineAmount"] - less}
        env.store.update("SalesLine", line, changes)


def enter_again(env: Environment, lot: str, item: str, less: Decimal = NOTHING) -> None:
    """A person enters a line like that of a lot, of this item and so much cheaper in all. Nobody
    but the integration fills in an external item number."""
    for line in env.store.table("SalesLine").having("InventoryLotId", (folded(lot),)):
        env.store.insert("SalesLine", {
            **line.values, "InventoryLotId": f"{lot}-A", "ItemNumber": item,
            "ExternalItemNumber": "", "LineAmount": line["LineAmount"] - less,
            "LineNumber": line["LineNumber"] + 50,
            "LineCreationSequenceNumber": line["LineCreationSequenceNumber"] + 50,
        })  # fmt: skip
