"""What posts sales orders, as batch jobs do, and what all postings share.

Each posting is one part of a transaction and gives the business event to be emitted when it is
over.
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.invoicing import Invoice, Line, post
from sandbox.dynamics.remainders import cancelled
from sandbox.dynamics.schema import COMPANY, DIMENSIONS
from sandbox.dynamics.store import Record
from sandbox.dynamics.tax import spread, tax_on
from sandbox.dynamics.values import folded

WHOLE: Final = Fraction(1)


class NotPosted(ValueError):
    """A document that cannot be posted; the message says why."""


def only(env: Environment, table: str, name: str, value: Any, company: str | None) -> Record:
    """The row with a property's value, in a company or in the only one that has it. Raises
    `NotPosted`."""
    rows = env.store.table(table).having(name, (folded(value),))
    found = [row for row in rows if company is None or row[COMPANY] == company.lower()]
    if len(found) != 1:
        raise NotPosted(
            f"{name} {value}: {len(found)} rows of {table} fit"
            + (", name the company" if found else "")
        )
    return found[0]


def invoice_and_voucher(env: Environment, company: str, kind: str) -> tuple[str, str]:
    """The next invoice number and its voucher."""
    number = env.next_number(f"{kind} invoice", f"{kind}-{{number:06d}}", company)
    return number, env.next_number(f"{kind} voucher", f"{kind}V-{{number:06d}}", company)


def dimensions_of(row: Record) -> dict[str, str]:
    """The product dimensions of a line that has any."""
    return {name: row.values[name] for name in DIMENSIONS if row.values.get(name)}


def post_sales_order(env: Environment, header: Record, tax: Decimal | None) -> dict[str, Any]:
    """The invoice of a whole sales order; `tax` None: computed from its tax groups."""
    company, currency = header[COMPANY], header["CurrencyCode"]
    rows = [_left(env, row) for row in env.lines(company, header["SalesOrderNumber"])
            if row.values.get("SalesOrderLineStatus") != "Canceled"]  # fmt: skip
    included = header.values.get("ArePricesIncludingSalesTax") == "Yes"
    percent = Fraction(header.values.get("TotalDiscountPercentage", NOTHING)) / 100
    amounts = [row["LineAmount"] for row in rows]
    taxes = (
        spread(env, tax, amounts, currency)
        if tax is not None
        else [line_tax(env, row, currency, share=1 - percent, included=included) for row in rows]
    )
    number, voucher = invoice_and_voucher(env, company, "CIV")
    invoice = Invoice(
        kind="Sales",
        company=company,
        number=number,
        voucher=voucher,
        account=header["InvoiceCustomerAccountNumber"],
        order_account=header["OrderingCustomerAccountNumber"],
        currency=currency,
        lines=[_line(env, row, part) for row, part in zip(rows, taxes, strict=True)],
        included=included,
        order=header["SalesOrderNumber"],
        reference=header.values.get("CustomersOrderReference", ""),
        requisition=header.values.get("CustomerRequisitionNumber", ""),
        terms=header.values.get("PaymentTermsName", ""),
        end_discount=env.rounded(Fraction(sum(amounts, NOTHING)) * percent, currency),
        source=header.values,
    )
    return post(env, invoice)


def _left(env: Environment, row: Record) -> Record:
    """A line without what was cancelled of its deliver remainder: that is never invoiced."""
    off = cancelled(row)
    if not off:
        return row
    quantity = row["OrderedSalesQuantity"] - off
    share = Fraction(quantity) / Fraction(row["OrderedSalesQuantity"])
    amount = env.rounded(Fraction(row["LineAmount"]) * share, row["CurrencyCode"])
    changes = {"OrderedSalesQuantity": quantity, "LineAmount": amount}
    return replace(row, values={**row.values, **changes})


def line_tax(
    env: Environment,
    row: Record,
    currency: str,
    *,
    amount: Decimal | None = None,
    share: Fraction = WHOLE,
    included: bool,
) -> Decimal:
    """The tax on this share of a sales line's amount, or of another amount, by the line's
    groups."""
    taxed = Fraction(row["LineAmount"] if amount is None else amount) * share
    groups = (row.values.get("SalesTaxGroupCode", ""), row.values.get("SalesTaxItemGroupCode", ""))
    return tax_on(env, row[COMPANY], taxed, currency, groups, included=included)


def _line(env: Environment, row: Record, tax: Decimal) -> Line:
    price, quantity = row.values.get("SalesPrice", NOTHING), row["OrderedSalesQuantity"]
    whole = (
        Fraction(price)
        * Fraction(quantity)
        / (Fraction(row.values.get("SalesPriceQuantity", NOTHING)) or 1)
    )
    return Line(
        sequence=row["LineCreationSequenceNumber"],
        amount=row["LineAmount"],
        tax=tax,
        quantity=quantity,
        price=price,
        discount=env.rounded(whole, row["CurrencyCode"]) - row["LineAmount"],
        item=row["ItemNumber"],
        text=row.values.get("LineDescription", ""),
        unit=row.values.get("SalesUnitSymbol", ""),
        lot=row["InventoryLotId"],
        external=row.values.get("ExternalItemNumber", ""),
        place=(row.values.get("ShippingSiteId", ""), row.values.get("ShippingWarehouseId", "")),
        dimensions=dimensions_of(row),
    )
