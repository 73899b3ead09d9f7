"""What posts sales orders, return orders and free text invoices, as batch jobs do: rows of the
posted document, statuses.

Each function is one part of a transaction and gives the business event to be emitted when it is
over.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.invoicing import Invoice, Line, post
from sandbox.dynamics.schema import COMPANY, DIMENSIONS
from sandbox.dynamics.store import Record
from sandbox.dynamics.tax import spread, tax_on
from sandbox.dynamics.values import folded

NOT_CREDITED: Final = frozenset({"ReturnToCust"})
"""Dispositions whose goods go back to the customer: nothing is credited for them (inferred)."""


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


def _numbers(env: Environment, company: str, kind: str) -> tuple[str, str]:
    """The next invoice number and its voucher."""
    number = env.next_number(f"{kind} invoice", f"{kind}-{{number:06d}}", company)
    return number, env.next_number(f"{kind} voucher", f"{kind}V-{{number:06d}}", company)


def _dimensions(row: Record) -> dict[str, str]:
    return {name: row.values[name] for name in DIMENSIONS if row.values.get(name)}


def post_sales_order(env: Environment, header: Record, tax: Decimal | None) -> dict[str, Any]:
    """The invoice of a whole sales order; `tax` None: computed from its tax groups."""
    company, currency = header[COMPANY], header["CurrencyCode"]
    rows = env.lines(company, header["SalesOrderNumber"])
    included = header.values.get("ArePricesIncludingSalesTax") == "Yes"
    percent = Fraction(header.values.get("TotalDiscountPercentage", NOTHING)) / 100
    amounts = [row["LineAmount"] for row in rows]
    end_discount = env.rounded(Fraction(sum(amounts, NOTHING)) * percent, currency)
    taxes = (
        spread(env, tax, amounts, currency)
        if tax is not None
        else [
            _tax(
                env,
                company,
                Fraction(row["LineAmount"]) * (1 - percent),
                currency,
                row,
                included=included,
            )
            for row in rows
        ]
    )
    number, voucher = _numbers(env, company, "CIV")
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
        end_discount=end_discount,
        source=header.values,
    )
    return post(env, invoice)


def _tax(
    env: Environment,
    company: str,
    amount: Decimal | Fraction,
    currency: str,
    row: Record,
    *,
    included: bool,
) -> Decimal:
    groups = (row.values.get("SalesTaxGroupCode", ""), row.values.get("SalesTaxItemGroupCode", ""))
    return tax_on(env, company, amount, currency, groups, included=included)


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
        dimensions=_dimensions(row),
    )


def return_lines(env: Environment, company: str, number: str) -> list[Record]:
    """The lines of a return order, in the order of their creation."""
    found = env.store.table("ReturnOrderLinesV2").having("ReturnOrderNumber", (folded(number),))
    return [row for row in found if row[COMPANY] == company.lower()]


def post_return_order(env: Environment, header: Record, tax: Decimal | None) -> dict[str, Any]:
    """The credit note of a return order; goods that are still expected count as received. `tax` is
    positive."""
    company, currency = header[COMPANY], header["CurrencyCode"]
    rows = return_lines(env, company, header["ReturnOrderNumber"])
    credited = [row for row in rows if _is_credited(env, row)]
    if header.values.get("ReturnStatus") not in {"Created", "Open"} or not credited:
        raise NotPosted(
            f"return order {header['ReturnOrderNumber']} is settled, or has nothing to credit"
        )
    customer = env.store.find("CustTable", company, header["CustomerAccountNumber"])
    master: Mapping[str, Any] = customer.values if customer else {}
    included = master.get("IsSalesTaxIncludedInPrices") == "Yes"
    group = master.get("SalesReturnTaxGroup") or master.get("SalesTaxGroup", "")
    amounts = [row["LineAmount"] for row in credited]
    taxes = (
        spread(env, -tax, amounts, currency)
        if tax is not None
        else [_returned_tax(env, row, currency, group, included=included) for row in credited]
    )
    number, voucher = _numbers(env, company, "CCN")
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
    env.store.update(
        "ReturnOrderHeadersV2", header, {"ReturnStatus": "Closed", "ReturnOrderStatus": "Invoiced"}
    )
    for row in rows:
        received = {"ReturnStatus": "Invoiced", "ReturnedSalesQuantity": row["ReturnSalesQuantity"]}
        env.store.update("ReturnOrderLinesV2", row, {**received, "ReturnClosedDate": env.today()})
    return post(env, invoice)


def _is_credited(env: Environment, row: Record) -> bool:
    code = row.values.get("ReturnDispositionCode", "")
    found = env.store.find("ReturnDispositionCodes", row[COMPANY], code) if code else None
    return found is None or found.values.get("DispositionAction", "Credit") not in NOT_CREDITED


def _returned_tax(
    env: Environment, row: Record, currency: str, group: str, *, included: bool
) -> Decimal:
    """The tax groups are those of the sales line that comes back, else the customer's and the
    item's."""
    lot = row.values.get("ReturningInventoryLotId", "")
    sold = env.store.find("SalesLine", row[COMPANY], lot) if lot else None
    if sold is not None:
        return _tax(env, row[COMPANY], row["LineAmount"], currency, sold, included=included)
    item = env.store.find("ReleasedProductsV2", row[COMPANY], row["ItemNumber"])
    item_group = item.values.get("SalesSalesTaxItemGroupCode", "") if item else ""
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
        dimensions=_dimensions(row),
    )


def post_free_text(
    env: Environment, header: Record, rows: Sequence[Record], tax: Decimal | None
) -> dict[str, Any]:
    """The posted free text invoice, with its lines in their order. `tax`: None: that of the
    lines."""
    if header.values.get("IsPosted") == "Yes" or not rows:
        raise NotPosted(
            f"free text invoice {header['InvoiceIdentifier']} is posted, or has no lines"
        )
    company = header[COMPANY]
    number, voucher = _numbers(env, company, "FTI")
    amounts = [row["TransactionCurrencyAmount"] for row in rows]
    taxes = (
        spread(env, tax, amounts, header["CurrencyCode"])
        if tax is not None
        else [row.values.get("SalesTaxAmount", NOTHING) for row in rows]
    )
    lines = [
        Line(
            sequence=place,
            amount=row["TransactionCurrencyAmount"],
            tax=part,
            quantity=row.values.get("Quantity", NOTHING),
            price=row.values.get("UnitPrice", NOTHING),
            text=row.values.get("Description", ""),
        )
        for place, (row, part) in enumerate(zip(rows, taxes, strict=True), 1)
    ]
    invoice = Invoice(
        kind="Cust",
        company=company,
        number=number,
        voucher=voucher,
        account=header["InvoiceAccount"],
        order_account=header["CustomerAccount"],
        currency=header["CurrencyCode"],
        lines=lines,
        included=header.values.get("InclTax") == "Yes",
        reference=header.values.get("CustomerReference", ""),
        requisition=header.values.get("CustomerRequisition", ""),
        terms=header.values.get("TermsOfPayment", ""),
        source=header.values,
    )
    env.store.update(
        "FreeTextInvoiceHeaders", header, {"FreeTextNumber": number, "IsPosted": "Yes"}
    )
    return post(env, invoice)
