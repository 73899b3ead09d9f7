"""What copies show of other tables, worked out when it is asked for: sales lines as their
table-shaped copy for reporting shows them (`SalesLineBiEntities`), and slips as warehouse
management tells of them.

`RemainSalesPhysical` is what was not delivered; `RemainSalesFinancial` what was delivered and not
invoiced. A line that is invoiced or cancelled has neither (inferred from the purchase side, whose
`RemainPurchFinancial` is what was received and not invoiced).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.remainders import remaining, shipped
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record, key_of

OVER: Final = frozenset({"Invoiced", "Canceled"})
LINES: Final = "SalesLineBiEntities"
SENT: Final = ("CustPackingSlipTransBiEntities", "CustInvoiceTransBiEntities")
VERSION: Final = "ShipmentPackingSlipVersionNumber"


def refresh(env: Environment, name: str) -> None:
    """Work the rows of a set out again."""
    table, row_of = COPIED[name]
    copies = env.store.table(name)
    rows = [row_of(env, record) for record in env.store.table(table).oldest_first()]
    keys = {key_of(copies.entity, row) for row in rows}
    for key, record in list(copies.records.items()):
        if key not in keys:
            env.store.delete(name, record)
    for row in rows:
        known = copies.records.get(key_of(copies.entity, row))
        if known is None or known.values != row:
            env.put(name, **row)


def _line(env: Environment, line: Record) -> dict[str, Any]:
    values, rest, out = line.values, remaining(env, line), shipped(env, line)
    header = env.order(line[COMPANY], line["SalesOrderNumber"])
    whole = {} if header is None else header.values
    is_over = values.get("SalesOrderLineStatus") in OVER
    return {
        COMPANY: line[COMPANY], "SalesId": line["SalesOrderNumber"],
        "LineCreationSequenceNumber": line["LineCreationSequenceNumber"],
        "InventTransId": line["InventoryLotId"], "ItemId": line["ItemNumber"],
        "ExternalItemId": values.get("ExternalItemNumber", ""),
        "SalesStatus": values.get("SalesOrderLineStatus", "None"),
        "QtyOrdered": line["OrderedSalesQuantity"], "SalesUnit": values.get("SalesUnitSymbol", ""),
        "RemainSalesPhysical": NOTHING if is_over else rest,
        "RemainSalesFinancial": NOTHING if is_over else out,
        "CustAccount": whole.get("OrderingCustomerAccountNumber", ""), "SalesType": "Sales",
        "CurrencyCode": whole.get("CurrencyCode", ""), "SalesQty": line["OrderedSalesQuantity"],
        "LineAmount": values.get("LineAmount", NOTHING),
        "SysModifiedDateTime": _changed_at(env, line),
    }  # fmt: skip


def _changed_at(env: Environment, line: Record) -> Any:
    """A slip changes what remains of its lines, and so does an invoice."""
    lot = str(line["InventoryLotId"]).casefold()
    rows = [
        row for name in SENT for row in env.store.table(name).having("InventTransId", (lot,))
        if row[COMPANY] == line[COMPANY]
    ]  # fmt: skip
    return max([line.changed_at, *(row.changed_at for row in rows)])


def _shipment(_: Environment, journal: Record) -> dict[str, Any]:
    """Warehouse management tells of the same shipments; each slip is a version of its own here."""
    return {
        COMPANY: journal[COMPANY], VERSION: journal["PackingSlipId"],
        "ShipmentPackingSlipNumber": journal["PackingSlipId"], "IsActive": "Yes",
        "ShippingCarrierId": journal.values.get("ShipCarrierId", ""),
        "ShipFromWarehouseId": journal.values.get("inventLocationId", ""),
        "ConsigneeReference": journal.values.get("CustomerRef", ""),
        "DocumentDate": journal["DeliveryDate"], "DeliveryDate": journal["DeliveryDate"],
    }  # fmt: skip


def _shipment_line(_: Environment, row: Record) -> dict[str, Any]:
    return {
        COMPANY: row[COMPANY], VERSION: row["PackingSlipId"],
        "InventoryLotId": row["InventTransId"], "ItemNumber": row["ItemId"],
        "ConsignerOrderNumber": row["SalesId"], "ShippedQuantity": row["Qty"],
        "OrderedUnitSymbol": row.values.get("SalesUnit", ""), "RemainingQuantity": row["Remain"],
    }  # fmt: skip


RowOf = Callable[[Environment, Record], dict[str, Any]]
COPIED: Final[Mapping[str, tuple[str, RowOf]]] = {
    LINES: ("SalesLine", _line),
    "ShipmentPackingSlipJournalHeaders": ("CustPackingSlipJourBiEntities", _shipment),
    "ShipmentPackingSlipJournalLines": ("CustPackingSlipTransBiEntities", _shipment_line),
}  # fmt: skip
"""Set -> the table that it copies, and how."""
