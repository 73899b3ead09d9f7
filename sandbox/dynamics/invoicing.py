"""A posted invoice or credit note in all tables that show it: journal, lines, their copies for
reporting, transaction.

Sales order invoices and credit notes of returns stand in `SalesInvoiceHeaders...` and in the
`...BiEntities`; free text invoices only in the latter. A credit note is an invoice with negative
totals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING, Entry, book, due_date
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.events import Posted, invoice_posted
from sandbox.dynamics.inventory_costs import issue
from sandbox.dynamics.schema import COMPANY, DIMENSIONS

ADDRESS: Final = (
    "Street",
    "StreetNumber",
    "City",
    "State",
    "ZipCode",
    "CountryRegionId",
    "CountryRegionISOCode",
)
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "Sales": ("SalesOrder", "Sales"),
    "ReturnItem": ("SalesOrder", "Sales"),
    "Cust": ("Cust", "Cust"),
}
"""What an invoice is of -> RefNum of its journal, LedgerTransType of its transaction."""


@dataclass(frozen=True)
class Line:
    """An invoiced line. `amount` as on the order, `tax` on it or within it; `place` is (site,
    warehouse); `tax_groups`: sales tax group and item sales tax group."""

    sequence: int
    amount: Decimal
    tax: Decimal
    quantity: Decimal = Decimal(1)
    price: Decimal = NOTHING
    discount: Decimal = NOTHING
    item: str = ""
    text: str = ""
    unit: str = ""
    lot: str = ""
    external: str = ""
    place: tuple[str, str] = ("", "")
    dimensions: Mapping[str, str] = field(default_factory=dict)
    tax_groups: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Invoice:
    """An invoice to be posted. `kind`: Sales, ReturnItem or Cust; `source` holds further values of
    its sales header."""

    kind: str
    company: str
    number: str
    voucher: str
    account: str
    order_account: str
    currency: str
    lines: Sequence[Line]
    included: bool
    order: str = ""
    reference: str = ""
    requisition: str = ""
    terms: str = ""
    end_discount: Decimal = NOTHING
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tax(self) -> Decimal:
        """The tax of all lines."""
        return sum((line.tax for line in self.lines), NOTHING)

    @property
    def total(self) -> Decimal:
        """What the customer owes, tax and end discount settled."""
        lines = sum((line.amount for line in self.lines), NOTHING)
        return lines - self.end_discount + (NOTHING if self.included else self.tax)


def post(env: Environment, invoice: Invoice) -> dict[str, Any]:
    """Write an invoice of today to all its tables; the event to be emitted once the transaction is
    over."""
    day = invoice.source.get("InvoiceDate") or env.today()
    due = invoice.source.get("DueDate") or due_date(env, invoice.company, invoice.terms, day)
    if invoice.kind != "Cust":
        _journal(env, invoice, day)
    _copies(env, invoice, day, due)
    issue(env, invoice, day)
    entry = Entry(
        company=invoice.company,
        kind=KINDS[invoice.kind][1],
        account=invoice.account,
        order_account=invoice.order_account,
        amount=invoice.total,
        currency=invoice.currency,
        voucher=invoice.voucher,
        day=day,
        due=due,
        invoice=invoice.number,
        terms=invoice.terms,
        text=invoice.order or invoice.reference,
    )
    book(env, entry)
    amount = env.rounded_in_books(invoice.total, invoice.currency, invoice.company)
    tax = env.rounded_in_books(invoice.tax, invoice.currency, invoice.company)
    reported = Posted(
        invoice.company, invoice.account, invoice.number, invoice.order, day, due, amount, tax
    )
    return invoice_posted(env, reported)


def _journal(env: Environment, invoice: Invoice, day: Any) -> None:
    key = {COMPANY: invoice.company, "InvoiceNumber": invoice.number, "InvoiceDate": day}
    key["LedgerVoucher"] = invoice.voucher
    env.store.insert("CustInvoiceJour", {**key, **_header(env, invoice)})
    for line in invoice.lines:
        env.store.insert("CustInvoiceTrans", {**key, **_shown(line, invoice.currency)})


def _header(env: Environment, invoice: Invoice) -> dict[str, Any]:
    customer = env.store.find("CustTable", invoice.company, invoice.account)
    address = {
        f"InvoiceAddress{part}": customer.values.get(f"Address{part}", "") if customer else ""
        for part in ADDRESS
    }
    discount = sum((line.discount for line in invoice.lines), NOTHING)
    copied = ("SalesOrderOriginCode", "DeliveryModeCode", "DeliveryTermsCode", "ContactPersonId")
    return {
        **address,
        "InvoiceCustomerAccountNumber": invoice.account,
        "CurrencyCode": invoice.currency,
        "SalesOrderNumber": invoice.order,
        "CustomersOrderReference": invoice.reference,
        "PaymentTermsName": invoice.terms,
        **{name: invoice.source.get(name, "") for name in copied},
        "TotalInvoiceAmount": invoice.total,
        "TotalTaxAmount": invoice.tax,
        "TotalDiscountAmount": discount + invoice.end_discount,
        "TotalLineDiscount": discount,
        "EndDiscount": invoice.end_discount,
    }


def _shown(line: Line, currency: str) -> dict[str, Any]:
    return {
        "LineCreationSequenceNumber": line.sequence,
        "ProductNumber": line.item,
        "ProductName": line.text,
        "ProductDescription": line.text,
        "InvoicedQuantity": line.quantity,
        "SalesPrice": line.price,
        "SalesUnitSymbol": line.unit,
        "LineAmount": line.amount,
        "LineTotalTaxAmount": line.tax,
        "LineTotalDiscountAmount": line.discount,
        "CurrencyCode": currency,
        "InventorySiteId": line.place[0],
        "InventoryWarehouseId": line.place[1],
        **{name: line.dimensions.get(name, "") for name in DIMENSIONS},
    }


def _copies(env: Environment, invoice: Invoice, day: Any, due: Any) -> None:
    """The table-shaped copies, with the moment of the posting."""
    moment = env.now().replace(microsecond=0)
    frame = {COMPANY: invoice.company, "SysDataAreaId": invoice.company, "InvoiceDate": day}
    frame |= {"InvoiceId": invoice.number, "CurrencyCode": invoice.currency}
    frame |= {"SalesId": invoice.order, "CreatedOn": moment, "SysModifiedDateTime": moment}
    journal = {
        "SourceKey": env.store.upcoming,
        "LedgerVoucher": invoice.voucher,
        "DueDate": due,
        "DocumentDate": day,
        **_amounts(env, invoice),
        **_terms(invoice),
    }
    env.store.insert("CustInvoiceJourBiEntities", {**frame, **journal})
    for line in invoice.lines:
        own = {"SourceKey": env.store.upcoming, "OrigSalesId": invoice.order}
        copy = {**own, **_copy(line)}
        for name in ("LineAmount", "TaxAmount"):
            in_books = env.rounded_in_books(copy[name], invoice.currency, invoice.company)
            copy[f"{name}MST"] = in_books
        env.store.insert("CustInvoiceTransBiEntities", {**frame, **copy})


def _amounts(env: Environment, invoice: Invoice) -> dict[str, Any]:
    """In the invoice's currency, and in that of the books (`...MST`)."""
    own = {
        "InvoiceAmount": invoice.total,
        "SalesBalance": invoice.total - invoice.tax,
        "SumTax": invoice.tax,
    }
    in_books = {
        f"{name}MST": env.rounded_in_books(value, invoice.currency, invoice.company)
        for name, value in own.items()
    }
    return {**own, **in_books, "EndDisc": invoice.end_discount}


def _terms(invoice: Invoice) -> dict[str, Any]:
    return {
        "InvoiceAccount": invoice.account,
        "OrderAccount": invoice.order_account,
        "InclTax": "Yes" if invoice.included else "No",
        "CustomerRef": invoice.reference,
        "PurchaseOrder": invoice.requisition,
        "Payment": invoice.terms,
        "DeliveryName": invoice.source.get("DeliveryAddressName", ""),
        "DlvMode": invoice.source.get("DeliveryModeCode", ""),
        "DlvTerm": invoice.source.get("DeliveryTermsCode", ""),
        "RefNum": KINDS[invoice.kind][0],
        "SalesType": "Sales" if invoice.kind == "Cust" else invoice.kind,
        "ReturnItemNum": invoice.source.get("RMANumber", ""),
        "ReturnReasonCodeId": invoice.source.get("CustomerReturnReasonCode", ""),
        "ReturnStatus": "Closed" if invoice.kind == "ReturnItem" else "None",
    }


def _copy(line: Line) -> dict[str, Any]:
    return {
        "LineCreationSequenceNumber": line.sequence,
        "LineNum": Decimal(line.sequence),
        "ItemId": line.item,
        "Name": line.text,
        "ExternalItemId": line.external,
        "InventTransId": line.lot,
        "Qty": line.quantity,
        "SalesPrice": line.price,
        "SalesUnit": line.unit,
        "LineAmount": line.amount,
        "TaxAmount": line.tax,
        "TaxGroup": line.tax_groups[0],
        "TaxItemGroup": line.tax_groups[1],
        "SumLineDisc": line.discount,
    }
