"""What the people of a sales office do about quotations: they price, send, approve, lose, cancel,
reset and confirm them. No public action does (reference 6.2)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.posting import NotPosted
from sandbox.dynamics.quotations import HEADER, LINE, LOCKED, changed, line_amount, quotation_lines
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record

TO_ORDER: Final = ("ItemNumber", "SalesUnitSymbol", "SalesPrice", "SalesPriceQuantity",
                   "LineAmount", "ExternalItemNumber")  # fmt: skip


def price(
    env: Environment, header: Record, lines: Mapping[str, Mapping[str, Any]], **columns: Any
) -> None:
    """Give lines (by their external item number) other prices, discounts or quantities, and the
    header other values."""
    _must_be_open(header)
    with env.store.transaction():
        for row in quotation_lines(env, header[COMPANY], header["SalesQuotationNumber"]):
            if fields := lines.get(str(row.values.get("ExternalItemNumber", ""))):
                values = {**row.values, **fields}
                amount = line_amount(env, values, header["CurrencyCode"])
                env.store.update(LINE, row, {**fields, "LineAmount": amount})
        if columns:
            env.store.update(HEADER, header, columns)
        changed(env, header)


def add_line(env: Environment, header: Record, item: str, amount: Decimal) -> None:
    """Add a line of an item, such as freight."""
    company, number = header[COMPANY], header["SalesQuotationNumber"]
    rows = quotation_lines(env, company, number)
    env.store.insert(LINE, {
        COMPANY: company, "SalesQuotationNumber": number, "ItemNumber": item,
        "InventoryLotId": env.next_number("Lot", "{company}-{number:08d}", company),
        "RequestedSalesQuantity": Decimal(1), "SalesUnitSymbol": "ea", "SalesPrice": amount,
        "SalesPriceQuantity": Decimal(1), "LineAmount": amount,
        "LineCreationSequenceNumber": len(rows) + 1,
    })  # fmt: skip
    changed(env, header)


def set_status(env: Environment, header: Record, status: str, *, reason: str = "") -> None:
    """Send, approve, submit, lose or cancel a quotation; `Reset` opens one that is over again."""
    if status != "Reset":
        _must_be_open(header)
    columns = {"SalesQuotationStatus": status, "QuotationReasonCode": reason}
    env.store.update(HEADER, header, columns)


def price_and_send(env: Environment, header: Record) -> None:
    """Give each line a price and a discount, and send it."""
    rows = quotation_lines(env, header[COMPANY], header["SalesQuotationNumber"])
    fields = {"SalesPrice": Decimal("19.90"), "LineDiscountPercentage": Decimal(10)}
    price(env, header, {str(row.values.get("ExternalItemNumber")): fields for row in rows})
    set_status(env, header, "Sent")


def expire(env: Environment, header: Record, day: datetime) -> None:
    """Give it another last day. F&O changes no status by itself when that has passed."""
    env.store.update(HEADER, header, {"SalesQuotationExpiryDate": day})


def confirm(env: Environment, header: Record) -> str:
    """Make a sales order of a quotation; its number."""
    _must_be_open(header)
    company = header[COMPANY]
    number = env.next_number("Sales order", "{company}-{number:06d}", company)
    with env.store.transaction():
        env.store.insert("SalesTable", {
            COMPANY: company, "SalesOrderNumber": number,
            "OrderingCustomerAccountNumber": header["RequestingCustomerAccountNumber"],
            "InvoiceCustomerAccountNumber": header["InvoiceCustomerAccountNumber"],
            "CurrencyCode": header["CurrencyCode"], "SalesOrderStatus": "Backorder",
            "SalesOrderProcessingStatus": "Active",
            "QuotationNumber": header["SalesQuotationNumber"],
            "CustomersOrderReference": header.values.get("CustomersReference", ""),
        })  # fmt: skip
        rows = quotation_lines(env, company, header["SalesQuotationNumber"])
        for place, row in enumerate(rows, start=1):
            env.store.insert("SalesLine", {
                **{name: row.values[name] for name in TO_ORDER if name in row.values},
                COMPANY: company, "SalesOrderNumber": number,
                "InventoryLotId": env.next_number("Lot", "{company}-{number:08d}", company),
                "OrderedSalesQuantity": row["RequestedSalesQuantity"],
                "LineNumber": Decimal(place), "LineCreationSequenceNumber": place,
                "CurrencyCode": header["CurrencyCode"], "SalesOrderLineStatus": "Backorder",
            })  # fmt: skip
        columns = {
            "SalesQuotationStatus": "Confirmed", "GeneratedSalesOrderNumber": number,
            "SalesQuotationConfirmationDate": env.today(),
        }  # fmt: skip
        env.store.update(HEADER, header, columns)
    return number


def _must_be_open(header: Record) -> None:
    status = header.values.get("SalesQuotationStatus")
    if status in LOCKED and status != "Submitted":
        raise NotPosted(f"quotation {header['SalesQuotationNumber']} is {status}")
