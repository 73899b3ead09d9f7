"""What people and batch jobs do with a sales order before it leaves: confirm it, pick it, stop it,
hold it for credit; and the copy for reporting that tells of it.

The copy is worked out whenever it is read: status, furthest document, dates, and the moment at
which any of it changed last. Confirming moves an order that nobody has begun with to Confirmed,
with its shipping dates (reference 5.1); credit control is set by its own form alone.
"""

from datetime import datetime
from typing import Any, Final

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.schema import COMPANY, NO_DATE
from sandbox.dynamics.store import Record

REPORTS: Final = "SalesTableBiEntities"
DOCUMENTS: Final = {
    "Confirmed": "Confirmation", "Picked": "PickingList", "PartiallyDelivered": "PackingSlip",
    "Delivered": "PackingSlip", "Invoiced": "Invoice", "PartiallyInvoiced": "Invoice",
}  # fmt: skip
"""Processing status -> furthest document."""


def confirm(env: Environment, header: Record, ships_on: datetime, **lots: datetime) -> None:
    """Confirm an order, which ships on a day; single lines by lot on another one."""
    with env.store.transaction():
        changed: dict[str, Any] = {"ConfirmedShippingDate": ships_on}
        if header.values.get("SalesOrderProcessingStatus") in (None, "Active", "Confirmed"):
            changed["SalesOrderProcessingStatus"] = "Confirmed"
        env.store.update("SalesTable", header, changed)
        for line in env.lines(header[COMPANY], header["SalesOrderNumber"]):
            day = lots.get(line["InventoryLotId"], ships_on)
            env.store.update("SalesLine", line, {"ConfirmedShippingDate": day})


def pick(env: Environment, header: Record) -> None:
    """Post a picking list."""
    env.store.update("SalesTable", header, {"SalesOrderProcessingStatus": "Picked"})


def control_credit(
    env: Environment, header: Record, *, held: bool, rejected: bool = False
) -> None:  # fmt: skip
    """Put an order under credit control, release or reject it."""
    refresh(env)
    row = env.store.find(REPORTS, header[COMPANY], header["SalesOrderNumber"])
    states = {
        "CredManInCreditControl": held, "CredManRejected": rejected,
        "CredManReleasedFromCreditControl": not held and not rejected,
    }  # fmt: skip
    if row is not None:
        told = {name: "Yes" if is_so else "No" for name, is_so in states.items()}
        env.store.update(REPORTS, row, {**told, "SysModifiedDateTime": env.now()})


def refresh(env: Environment) -> None:
    """Work the copy out again; orders that were removed are in it no more."""
    for row in list(env.store.table(REPORTS).records.values()):
        if env.store.find("SalesTable", row[COMPANY], row["SalesId"]) is None:
            env.store.delete(REPORTS, row)
    for header in env.store.table("SalesTable").records.values():
        key = header[COMPANY], header["SalesOrderNumber"]
        told, there = _told(header), env.store.find(REPORTS, *key)
        if there is None or any(there.values.get(name) != value for name, value in told.items()):
            moment = env.now().replace(microsecond=0)
            env.put(
                REPORTS, **{**(there.values if there else {}), COMPANY: key[0], "SalesId": key[1],
                            **told, "SysModifiedDateTime": moment},
            )  # fmt: skip


def _told(header: Record) -> dict[str, Any]:
    values = header.values
    processing = values.get("SalesOrderProcessingStatus") or "Active"
    return {
        "CustomerRef": values.get("CustomersOrderReference", ""),
        "SalesStatus": values.get("SalesOrderStatus") or "None",
        "DocumentStatus": DOCUMENTS.get(processing, "None"),
        "MCROrderStopped": values.get("IsSalesProcessingStopped") or "No",
        "ShippingDateConfirmed": values.get("ConfirmedShippingDate") or NO_DATE,
        "SalesOriginId": values.get("SalesOrderOriginCode", ""),
    }
