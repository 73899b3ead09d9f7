"""What posts return orders, and their lines in order."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.invoicing import Invoice, Line, post
from sandbox.dynamics.posting import NotPosted, dimensions_of, invoice_and_voucher, line_tax
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.tax import spread, tax_on
from sandbox.dynamics.values import folded

NOT_CREDITED: Final = frozenset({"ReturnToCust"})
"""Dispositions whose goods go back to the customer: nothing is credited for them (inferred)."""


def return_lines(env: Environment, company: str, number: str) -> list[Record]:
    """The lines of a return order, in the order of their creation."""
    found = env.store.table("ReturnOrderLinesV2").having("ReturnOrderNumber", (folded(number),))
    return [row for row in found if row[COMPANY] == company.lower()]


def post_return_order(
    env: Environment, header: Record, tax: Decimal | None, *, only_received: bool = False
) -> dict[str, Any]:
    """The credit note of a return order; goods that are still expected count as received, or with
    `only_received` stay for another one. `tax` is positive."""
    company, currency = header[COMPANY], header["CurrencyCode"]
    rows = _open_rows(env, header, only_received=only_received)
    credited = [row for row in rows if _is_credited(env, row)]
    if header.values.get("ReturnStatus") not in {"Created", "Open"} or not credited:
        raise NotPosted(
            f"return order {header['ReturnOrderNumber']} is settled, or has nothing to credit"
        )
    customer = env.store.find("CustTable", company, header["CustomerAccountNumber"])
    master: Mapping[str, Any] = customer.values if customer else {}
    included = master.get("IsSalesTaxIncludedInPrices") == "Yes"
    taxes = (
        spread(env, -tax, [row["LineAmount"] for row in credited], currency)
        if tax is not None
        else [_returned_tax(env, row, currency, master, included=included) for row in credited]
    )
    number, voucher = invoice_and_voucher(env, company, "CCN")
    invoice = Invoice(
        kind="ReturnItem",
        company=company,
        number=number,
        voucher=voucher,
        account=header["InvoiceCustomerAccountNumber"],
        order_account=header["CustomerAccountNumber"],
        currency=currency,
        lines=[_returned(row, part) for row, part in zip(credited, taxes, strict=True)],
        included=included,
        order=header["ReturnOrderNumber"],
        reference=header.values.get("CustomersOrderReference", ""),
        requisition=header.values.get("CustomerRequisitionNumber", ""),
        source=header.values,
    )
    _close(env, header, rows, is_all=not _open_rows(env, header, only_received=False, but=rows))
    return post(env, invoice)


def _open_rows(
    env: Environment, header: Record, *, only_received: bool, but: Sequence[Record] = ()
) -> list[Record]:
    """The lines that are not settled, or of them those that were received."""
    done = {"Invoiced", "Canceled"}
    lots = {row["ReturnInventoryLotId"] for row in but}
    return [
        row
        for row in return_lines(env, header[COMPANY], header["ReturnOrderNumber"])
        if row.values.get("ReturnStatus") not in done and row["ReturnInventoryLotId"] not in lots
        if not only_received or row.values.get("ReturnStatus") == "Received"
    ]


def _close(env: Environment, header: Record, rows: Sequence[Record], *, is_all: bool) -> None:
    """What has come back is invoiced; the return is closed once that is everything."""
    closed = {"ReturnStatus": "Closed", "ReturnOrderStatus": "Invoiced"}
    if is_all:
        env.store.update("ReturnOrderHeadersV2", header, closed)
    for row in rows:
        received = {"ReturnStatus": "Invoiced", "ReturnedSalesQuantity": row["ReturnSalesQuantity"]}
        env.store.update("ReturnOrderLinesV2", row, {**received, "ReturnClosedDate": env.today()})


def _is_credited(env: Environment, row: Record) -> bool:
    code = row.values.get("ReturnDispositionCode", "")
    found = env.store.find("ReturnDispositionCodes", row[COMPANY], code) if code else None
    return found is None or found.values.get("DispositionAction", "Credit") not in NOT_CREDITED


def _returned_tax(
    env: Environment, row: Record, currency: str, customer: Mapping[str, Any], *, included: bool
) -> Decimal:
    """The tax groups are those of the sales line that comes back, else the customer's and the
    item's."""
    lot = row.values.get("ReturningInventoryLotId", "")
    sold = env.store.find("SalesLine", row[COMPANY], lot) if lot else None
    if sold is not None:
        return line_tax(env, sold, currency, amount=row["LineAmount"], included=included)
    item = env.store.find("ReleasedProductsV2", row[COMPANY], row["ItemNumber"])
    item_group = item.values.get("SalesSalesTaxItemGroupCode", "") if item else ""
    group = customer.get("SalesReturnTaxGroup") or customer.get("SalesTaxGroup", "")
    return tax_on(
        env, row[COMPANY], row["LineAmount"], currency, (group, item_group), included=included
    )


def _returned(row: Record, tax: Decimal) -> Line:
    return Line(
        sequence=row["LineCreationSequenceNumber"],
        amount=row["LineAmount"],
        tax=tax,
        quantity=row["ReturnSalesQuantity"],
        price=row.values.get("SalesPrice", NOTHING),
        item=row["ItemNumber"],
        text=row.values.get("LineDescription", ""),
        unit=row.values.get("SalesUnitSymbol", ""),
        lot=row["ReturnInventoryLotId"],
        external=row.values.get("ExternalItemNumber", ""),
        place=(row.values.get("ReturnSiteId", ""), row.values.get("ReturnWarehouseId", "")),
        dimensions=dimensions_of(row),
    )
