"""Packing slips: what of a sales order has left the warehouse, in how many parcels, and how they
are tracked.

A slip has a journal row, a row per line shipped, and a row per tracking number. What of a line was
shipped is the sum of `Qty` over its lot; an order is delivered when nothing of it remains. A line
may be delivered over its quantity where the item allows a percentage. A slip that is corrected
keeps its rows with other quantities, one that is cancelled has none left (inferred).
"""

from collections.abc import Mapping
from decimal import Decimal

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import LOCKED, Environment
from sandbox.dynamics.remainders import remaining
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded


def is_stopped(header: Record) -> bool:
    """Whether the order is stopped: batch jobs pass it over (inferred from the name of the
    field)."""
    return header.values.get("IsSalesProcessingStopped") == "Yes"


def ship(
    env: Environment,
    header: Record,
    quantities: Mapping[str, Decimal] | None,
    tracking: Mapping[str, str],
    *,
    over: Decimal = NOTHING,
    carrier: str = "",
) -> str:
    """Post a packing slip for these quantities by lot (None: all that remains); its number, "" for
    nothing to ship.

    `tracking`: URL by tracking number. `over`: the part of a line that may be delivered beyond what
    was ordered. Raises `ValueError` for a lot that is not of the order, or for more than remains.
    """
    company, number = header[COMPANY], header["SalesOrderNumber"]
    if header.values.get("SalesOrderStatus") in LOCKED or is_stopped(header):
        return ""
    lines = env.lines(company, number)
    rests = {line["InventoryLotId"]: remaining(env, line) for line in lines}
    most = {line["InventoryLotId"]: line["OrderedSalesQuantity"] * over for line in lines}
    wanted = _wanted(number, quantities, rests, most)
    with env.store.transaction():
        slip = _slip(env, header, wanted, tracking, carrier) if wanted else ""
        for line in lines:
            if line.values.get("SalesOrderLineStatus") == "Canceled":
                continue
            left = rests[line["InventoryLotId"]] - wanted.get(line["InventoryLotId"], NOTHING)
            if wanted.get(line["InventoryLotId"]):
                _slip_line(env, slip, line, wanted[line["InventoryLotId"]], left)
            if left <= 0:
                env.store.update("SalesLine", line, {"SalesOrderLineStatus": "Delivered"})
        _progress(
            env,
            header,
            is_done=not any(remaining(env, row) for row in env.lines(company, number)),
        )
    return slip


def _wanted(
    number: str,
    quantities: Mapping[str, Decimal] | None,
    remaining: Mapping[str, Decimal],
    over: Mapping[str, Decimal],
) -> dict[str, Decimal]:
    """What is to be shipped, by lot. Raises `ValueError` for more than remains."""
    if quantities is None:
        return {lot: rest for lot, rest in remaining.items() if rest > 0}
    for lot, quantity in quantities.items():
        if not 0 < quantity <= remaining.get(lot, NOTHING) + over.get(lot, NOTHING):
            raise ValueError(
                f"sales order {number}: {quantity} of lot {lot} cannot be shipped,"
                f" {remaining.get(lot, 0)} remain"
            )
    return dict(quantities)


def _progress(env: Environment, header: Record, *, is_done: bool) -> None:
    status = {"SalesOrderProcessingStatus": "PartiallyDelivered"}
    if is_done:
        status = {"SalesOrderStatus": "Delivered", "SalesOrderProcessingStatus": "Delivered"}
    env.store.update("SalesTable", header, status)


def track(env: Environment, slip: str, company: str, tracking: Mapping[str, str]) -> None:
    """Enter tracking numbers of a slip, in place of those it had."""
    (journal,) = _rows(env, "CustPackingSlipJourBiEntities", slip, company)
    known = env.store.table("PackingSlipTrackingInformation")
    for row in known.having("PackingSlipNumber", (folded(slip),)):
        if row[COMPANY] == company:
            env.store.delete("PackingSlipTrackingInformation", row)
    _track(env, journal, tracking)


def correct(
    env: Environment, slip: str, company: str, quantities: Mapping[str, Decimal] | None
) -> None:
    """Correct the quantities of a slip by lot; None: cancel it. The order can be delivered
    again."""
    (journal,) = _rows(env, "CustPackingSlipJourBiEntities", slip, company)
    rows = _rows(env, "CustPackingSlipTransBiEntities", slip, company)
    now = {row["InventTransId"]: NOTHING for row in rows} | dict(quantities or {})
    with env.store.transaction():
        for row in rows:
            changed = {"Qty": now[row["InventTransId"]]}
            env.store.update("CustPackingSlipTransBiEntities", row, changed)
        total = {"Qty": sum(now.values(), NOTHING)}
        env.store.update("CustPackingSlipJourBiEntities", journal, total)
        _reopen(env, company, journal["SalesId"])


def _rows(env: Environment, table: str, slip: str, company: str) -> list[Record]:
    rows = env.store.table(table).having("PackingSlipId", (folded(slip),))
    return [row for row in rows if row[COMPANY] == company]


def _reopen(env: Environment, company: str, number: str) -> None:
    for line in env.lines(company, number):
        is_open = remaining(env, line) > NOTHING
        if is_open and line.values.get("SalesOrderLineStatus") == "Delivered":
            env.store.update("SalesLine", line, {"SalesOrderLineStatus": "Backorder"})
    header = env.store.find("SalesTable", company, number)
    if header is not None and header.values.get("SalesOrderStatus") == "Delivered":
        status = {"SalesOrderStatus": "Backorder", "SalesOrderProcessingStatus": "Active"}
        env.store.update("SalesTable", header, status)


def _slip(
    env: Environment,
    header: Record,
    wanted: Mapping[str, Decimal],
    tracking: Mapping[str, str],
    carrier: str,
) -> str:
    company, number = header[COMPANY], header["SalesOrderNumber"]
    slip = env.next_number("Packing slip", "PS-{number:06d}", company)
    journal = {
        COMPANY: company,
        "SysDataAreaId": company,
        "SourceDocumentHeader": env.store.upcoming,
        "SourceKey": env.store.upcoming,
        "PackingSlipId": slip,
        "InternalPackingSlipId": slip,
        "LedgerVoucher": env.next_number("Packing slip voucher", "PSV-{number:06d}", company),
        "SalesId": number,
        "SalesType": "Sales",
        "OrderAccount": header["OrderingCustomerAccountNumber"],
        "InvoiceAccount": header["InvoiceCustomerAccountNumber"],
        "CustomerRef": header.values.get("CustomersOrderReference", ""),
        "PurchaseOrder": header.values.get("CustomerRequisitionNumber", ""),
        "DlvMode": header.values.get("DeliveryModeCode", ""),
        "ShipCarrierId": carrier,
        "inventLocationId": header.values.get("DefaultShippingWarehouseId", ""),
        "DlvTerm": header.values.get("DeliveryTermsCode", ""),
        "DeliveryName": header.values.get("DeliveryAddressName", ""),
        "Qty": sum(wanted.values(), NOTHING),
        "DeliveryDate": env.today(),
        "CreatedOn": env.now().replace(microsecond=0),
    }
    _track(env, env.store.insert("CustPackingSlipJourBiEntities", journal), tracking)
    return slip


def _track(env: Environment, journal: Record, tracking: Mapping[str, str]) -> None:
    key = {
        COMPANY: journal[COMPANY],
        "SalesOrderNumber": journal["SalesId"],
        "PackingSlipNumber": journal["PackingSlipId"],
        "DeliveryDate": journal["DeliveryDate"],
    }
    for code, url in tracking.items():
        env.store.insert(
            "PackingSlipTrackingInformation", {**key, "TrackingNumber": code, "TrackingURL": url}
        )


def _slip_line(env: Environment, slip: str, line: Record, quantity: Decimal, left: Decimal) -> None:
    row = {
        COMPANY: line[COMPANY],
        "SysDataAreaId": line[COMPANY],
        "SourceDocumentLine": env.store.upcoming,
        "SourceKey": env.store.upcoming,
        "PackingSlipId": slip,
        "SalesId": line["SalesOrderNumber"],
        "OrigSalesId": line["SalesOrderNumber"],
        "InventTransId": line["InventoryLotId"],
        "ItemId": line["ItemNumber"],
        "Name": line.values.get("LineDescription", ""),
        "ExternalItemId": line.values.get("ExternalItemNumber", ""),
        "SalesUnit": line.values.get("SalesUnitSymbol", ""),
        "LineNum": line["LineNumber"],
        "Qty": quantity,
        "Ordered": line["OrderedSalesQuantity"],
        "Remain": left,
        "DeliveryDate": env.today(),
        "CreatedOn": env.now().replace(microsecond=0),
    }
    env.store.insert("CustPackingSlipTransBiEntities", row)
