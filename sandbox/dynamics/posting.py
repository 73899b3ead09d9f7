"""What posts sales orders, as batch jobs do, and what all postings share.

Each posting is one part of a transaction and gives the business event to be emitted when it is
over.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.invoicing import Invoice, Line, post
from sandbox.dynamics.remainders import cancelled, invoiced
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


def is_invoiced(env: Environment, header: Record) -> bool:
    """Whether nothing of a sales order is left to be invoiced."""
    lines = env.lines(header[COMPANY], header["SalesOrderNumber"])
    return all(abs(invoiced(env, row)) >= abs(_wanted(row)) for row in lines)


def _wanted(line: Record) -> Decimal:
    """How much of a line is ever invoiced: not what was cancelled of its deliver remainder."""
    if line.values.get("SalesOrderLineStatus") == "Canceled":
        return NOTHING
    ordered: Decimal = line["OrderedSalesQuantity"]
    return ordered - cancelled(line)


def _amount(env: Environment, row: Record, quantity: Decimal) -> Decimal:
    """What so much of a line comes to: what is left of its amount with its last piece."""
    whole, ordered = Fraction(row["LineAmount"]), Fraction(row["OrderedSalesQuantity"]) or 1
    before = Fraction(invoiced(env, row))
    ends = (before, before + Fraction(quantity))
    begin, end = (env.rounded(whole * one / ordered, row["CurrencyCode"]) for one in ends)
    return end - begin


def _asked(
    env: Environment, header: Record, quantities: Mapping[str, Decimal] | None
) -> list[tuple[Record, Decimal]]:
    """The lines to be invoiced, each with how much of it."""
    found = []
    for row in env.lines(header[COMPANY], header["SalesOrderNumber"]):
        so_far = invoiced(env, row)
        rest = _wanted(row) - so_far
        asked = rest if quantities is None else quantities.get(row["InventoryLotId"], NOTHING)
        if asked or (quantities is None and not so_far and not row["OrderedSalesQuantity"]):
            found.append((row, asked))
    return found


def post_sales_order(
    env: Environment, header: Record, tax: Decimal | None,
    quantities: Mapping[str, Decimal] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """An invoice of a sales order, of `quantities` by lot or of all that is left; `tax` None:
    computed from its tax groups."""
    company, currency = header[COMPANY], header["CurrencyCode"]
    asked = _asked(env, header, quantities)
    rows = [row for row, _ in asked]
    amounts = [_amount(env, row, quantity) for row, quantity in asked]
    included = header.values.get("ArePricesIncludingSalesTax") == "Yes"
    percent = Fraction(header.values.get("TotalDiscountPercentage", NOTHING)) / 100
    taxes = spread(env, tax, amounts, currency) if tax is not None else [
        line_tax(env, row, currency, amount=amount, share=1 - percent, included=included)
        for row, amount in zip(rows, amounts, strict=True)
    ]  # fmt: skip
    number, voucher = invoice_and_voucher(env, company, "CIV")
    invoice = Invoice(
        kind="Sales",
        company=company,
        number=number,
        voucher=voucher,
        account=header["InvoiceCustomerAccountNumber"],
        order_account=header["OrderingCustomerAccountNumber"],
        currency=currency,
        lines=[
            _line(env, row, part, amount, quantity)
            for (row, quantity), part, amount in zip(asked, taxes, amounts, strict=True)
        ],
        included=included,
        order=header["SalesOrderNumber"],
        reference=header.values.get("CustomersOrderReference", ""),
        requisition=header.values.get("CustomerRequisitionNumber", ""),
        terms=header.values.get("PaymentTermsName", ""),
        end_discount=env.rounded(Fraction(sum(amounts, NOTHING)) * percent, currency),
        source=header.values,
    )
    return post(env, invoice)


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


def _line(
    env: Environment, row: Record, tax: Decimal, amount: Decimal, quantity: Decimal
) -> Line:  # fmt: skip
    price = row.values.get("SalesPrice", NOTHING)
    whole = (
        Fraction(price)
        * Fraction(quantity)
        / (Fraction(row.values.get("SalesPriceQuantity", NOTHING)) or 1)
    )
    return Line(
        sequence=row["LineCreationSequenceNumber"],
        amount=amount,
        tax=tax,
        quantity=quantity,
        price=price,
        discount=env.rounded(whole, row["CurrencyCode"]) - amount,
        item=row["ItemNumber"],
        text=row.values.get("LineDescription", ""),
        unit=row.values.get("SalesUnitSymbol", ""),
        lot=row["InventoryLotId"],
        external=row.values.get("ExternalItemNumber", ""),
        place=(row.values.get("ShippingSiteId", ""), row.values.get("ShippingWarehouseId", "")),
        dimensions=dimensions_of(row),
        tax_groups=(
            row.values.get("SalesTaxGroupCode", ""),
            row.values.get("SalesTaxItemGroupCode", ""),
        ),
    )
