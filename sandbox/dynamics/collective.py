"""Packing slips and invoices of several sales orders: one header, which names one of the orders,
over the lines of all of them.

F&O posts so where orders of an account are updated together (summary update). What was posted
apart is joined here. Lines have the order of the header as `SalesId`, and their own as
`OrigSalesId` (inferred: journals and lines are related by `SalesId` and number); where `is_own`,
their own as both.
"""

from decimal import Decimal

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

SLIPS, SLIP_LINES = "CustPackingSlipJourBiEntities", "CustPackingSlipTransBiEntities"
INVOICES = {"CustInvoiceJour": "InvoiceNumber", "CustInvoiceJourBiEntities": "InvoiceId"}
INVOICE_LINES = {"CustInvoiceTrans": "InvoiceNumber", "CustInvoiceTransBiEntities": "InvoiceId"}
SUMS = ("TotalInvoiceAmount", "TotalTaxAmount", "InvoiceAmount", "SumTax", "SalesBalance")


def join_slips(
    env: Environment, company: str, head: str, other: str, *, is_own: bool = False
) -> None:
    """Make two packing slips one, under the header and the number of the first."""
    with env.store.transaction():
        _join(env, SLIP_LINES, "PackingSlipId", (company, head, other), is_own=is_own)
        _sum(env, SLIPS, "PackingSlipId", (company, head, other), ("Qty",))


def join_invoices(
    env: Environment, company: str, head: str, other: str, *, is_own: bool = False
) -> None:
    """Make two invoices one, under the header, number and voucher of the first."""
    numbers = company, head, other
    with env.store.transaction():
        for table, field in INVOICE_LINES.items():
            _join(env, table, field, numbers, is_own=is_own)
        for table, field in INVOICES.items():
            _sum(env, table, field, numbers, SUMS)


def _rows(env: Environment, table: str, field: str, company: str, number: str) -> list[Record]:
    found = env.store.table(table).having(field, (folded(number),))
    return [row for row in found if row[COMPANY] == company]


def _join(
    env: Environment, table: str, field: str, numbers: tuple[str, str, str], *, is_own: bool
) -> None:
    company, head, other = numbers
    there = _rows(env, table, field, company, head)
    last = max(row.values.get("LineCreationSequenceNumber", 0) for row in there)
    for at, row in enumerate(_rows(env, table, field, company, other), 1):
        values = {**row.values, field: head}
        if "LineCreationSequenceNumber" in values:
            values["LineCreationSequenceNumber"] = last + at
        if "LedgerVoucher" in values:
            values["LedgerVoucher"] = there[0]["LedgerVoucher"]
        if "SalesId" in values and not is_own:
            values["SalesId"] = there[0]["SalesId"]
        env.store.delete(table, row)
        env.store.insert(table, values)


def _sum(
    env: Environment, table: str, field: str, numbers: tuple[str, str, str],
    sums: tuple[str, ...],
) -> None:  # fmt: skip
    company, head, other = numbers
    (kept,), (gone,) = (_rows(env, table, field, company, one) for one in (head, other))
    names = [name for name in sums if name in kept.values]
    added = {name: Decimal(kept[name]) + Decimal(gone[name]) for name in names}
    env.store.delete(table, gone)
    env.store.update(table, kept, added)
