"""What posts free text invoices."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.invoicing import Invoice, Line, post
from sandbox.dynamics.posting import NotPosted, invoice_and_voucher
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.tax import spread


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
    number, voucher = invoice_and_voucher(env, company, "FTI")
    invoice = Invoice(
        kind="Cust",
        company=company,
        number=number,
        voucher=voucher,
        account=header["InvoiceAccount"],
        order_account=header["CustomerAccount"],
        currency=header["CurrencyCode"],
        lines=_lines(env, header, rows, tax),
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


def _lines(
    env: Environment, header: Record, rows: Sequence[Record], tax: Decimal | None
) -> list[Line]:
    amounts = [row["TransactionCurrencyAmount"] for row in rows]
    taxes = (
        spread(env, tax, amounts, header["CurrencyCode"])
        if tax is not None
        else [row.values.get("SalesTaxAmount", NOTHING) for row in rows]
    )
    return [
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
