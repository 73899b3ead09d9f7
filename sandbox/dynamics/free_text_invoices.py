"""Free text invoices: money without an item. A draft until F&O posts it; a negative amount makes it
a credit note.

The header's key is its RecId, which lines name as their parent. A line's amount is what was sent,
else quantity x unit price, rounded to the currency's unit; a posted invoice never changes. Facts:
the receivables chapter of the reference.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING, due_date
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, must_be_filled, not_found
from sandbox.dynamics.ruling import Draft, Relation, TableRules, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.tax import tax_on

HEADER: Final = "FreeTextInvoiceHeaders"
LINE: Final = "FreeTextInvoiceLines"
FROM_CUSTOMER: Final = {
    "InvoiceAccount": "InvoiceAccount",
    "InvoiceName": "OrganizationName",
    "CustomerGroup": "CustomerGroupId",
    "LanguageId": "LanguageId",
    "TermsOfPayment": "PaymentTerms",
    "MethodOfPayment": "PaymentMethod",
    "SalesTaxGroupId": "SalesTaxGroup",
    "InclTax": "IsSalesTaxIncludedInPrices",
}
AMOUNT: Final = "TransactionCurrencyAmount"


@dataclass(frozen=True)
class Totals:
    """What a free text invoice comes to, in its currency."""

    net: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """What the customer owes; negative on a credit note."""
        return self.net + self.tax


def lines_of(env: Environment, company: str, identifier: int) -> list[Record]:
    """The lines of a free text invoice by line number."""
    rows = [
        row
        for row in env.store.table(LINE).having("ParentRecId", (identifier,))
        if row[COMPANY] == company
    ]
    return sorted(rows, key=lambda row: row["LineNumber"])


def totals_of(env: Environment, header: Record) -> Totals:
    """The totals of a free text invoice; tax within its amounts is taken out of the net."""
    rows = lines_of(env, header[COMPANY], header["InvoiceIdentifier"])
    tax = sum((row.values.get("SalesTaxAmount", NOTHING) for row in rows), NOTHING)
    amount = sum((row[AMOUNT] for row in rows), NOTHING)
    return Totals(amount - tax if header.values.get("InclTax") == "Yes" else amount, tax)


def _refuse_posted(header: Record) -> None:
    number = header.values.get("FreeTextNumber")
    refuse_if(
        header.values.get("IsPosted") == "Yes",
        f"Free text invoice {number} is posted and cannot be changed.",
    )


def _header_defaults(draft: Draft) -> None:
    account = draft.get("CustomerAccount")
    customer = draft.state.store.find("CustTable", draft.company, account) if account else None
    if customer is None:
        raise must_be_filled("Customer account", field="CustomerAccount")
    if draft.before is None:
        for name, source in FROM_CUSTOMER.items():
            draft.default(name, customer.values.get(source))
        draft.default("InvoiceAccount", draft.get("InvoiceAccount") or account)
        draft.values["InvoiceIdentifier"] = draft.state.store.upcoming
    if draft.changed("InvoiceDate") or draft.changed("TermsOfPayment"):
        day = draft.get("InvoiceDate")
        draft.default(
            "DueDate", due_date(draft.state, draft.company, draft.get("TermsOfPayment"), day)
        )


def _header_valid(draft: Draft) -> None:
    if draft.before is not None:
        _refuse_posted(draft.before)
    customer = draft.state.store.find("CustTable", draft.company, draft.get("InvoiceAccount"))
    held = customer.values.get("OnHoldStatus", "No") if customer else "No"
    text = f"Customer {draft.get('InvoiceAccount')} is on hold: {held}."
    refuse_if(
        held in {"All", "Invoice"} and draft.changed("InvoiceAccount"), text, field="InvoiceAccount"
    )


def _header_written(draft: Draft, header: Record) -> None:
    """Another currency, or tax within the amounts, values the lines again."""
    if draft.before is None or not (draft.changed("CurrencyCode") or draft.changed("InclTax")):
        return
    for row in lines_of(draft.state, header[COMPANY], header["InvoiceIdentifier"]):
        values = {**row.values, "CurrencyCode": header["CurrencyCode"]}
        values[AMOUNT] = draft.state.rounded(Fraction(values[AMOUNT]), header["CurrencyCode"])
        draft.state.store.update(LINE, row, {**values, **_taxed(draft.state, header, values)})


def _header_deleting(env: Environment, header: Record) -> None:
    _refuse_posted(header)
    for row in lines_of(env, header[COMPANY], header["InvoiceIdentifier"]):
        env.store.delete(LINE, row)


def _parent(draft: Draft) -> Record:
    header = draft.state.store.find(HEADER, draft.company, draft.get("ParentRecId"))
    if header is None:
        raise must_be_filled("Parent rec id", field="ParentRecId")
    return header


def _line_defaults(draft: Draft) -> None:
    header = _parent(draft)
    if draft.before is None:
        draft.default("CurrencyCode", header["CurrencyCode"])
        for name in ("SalesTaxGroupId", "SalesTaxItemGroupId"):
            draft.default(name, header.values.get(name))
        if draft.get("UnitPrice"):
            draft.default("Quantity", Decimal(1))
    if AMOUNT in draft.sent:
        draft.values[AMOUNT] = draft.state.rounded(
            Fraction(draft.sent[AMOUNT]), header["CurrencyCode"]
        )
    elif draft.before is None or draft.sent.keys() & {"Quantity", "UnitPrice"}:
        amount = Fraction(draft.get("Quantity")) * Fraction(draft.get("UnitPrice"))
        draft.values[AMOUNT] = draft.state.rounded(amount, header["CurrencyCode"])
    draft.values.update(_taxed(draft.state, header, draft.values))


def _taxed(env: Environment, header: Record, values: dict[str, Any]) -> dict[str, Decimal]:
    """The tax that the groups give; a line that overrides it keeps what was sent (inferred)."""
    if values.get("OverrideSalesTax") == "Yes":
        return {}
    groups = (values.get("SalesTaxGroupId", ""), values.get("SalesTaxItemGroupId", ""))
    included = header.values.get("InclTax") == "Yes"
    amount, currency = values[AMOUNT], header["CurrencyCode"]
    return {
        "SalesTaxAmount": tax_on(env, header[COMPANY], amount, currency, groups, included=included)
    }


def _line_valid(draft: Draft) -> None:
    header = _parent(draft)
    _refuse_posted(header)
    account = draft.get("MainAccountDisplayValue")
    if not draft.state.books_of(draft.company).has_account(account):
        raise not_found(account, "Main account", "Main accounts", field="MainAccountDisplayValue")
    if draft.get("CurrencyCode") != header["CurrencyCode"]:
        raise Refused(
            "The currency of a line must be the currency of its invoice.", field="CurrencyCode"
        )


def _line_deleting(env: Environment, row: Record) -> None:
    header = env.store.find(HEADER, row[COMPANY], row["ParentRecId"])
    assert header is not None  # a header that goes takes its lines along
    _refuse_posted(header)


_TAXES: Final = (
    Relation("SalesTaxGroupId", "TaxGroups", "Sales tax group", "Sales tax groups"),
    Relation(
        "SalesTaxItemGroupId",
        "TaxItemGroupHeadings",
        "Item sales tax group",
        "Item sales tax groups",
    ),
    Relation("CurrencyCode", "Currencies", "Currency", "Currencies"),
)
HEADERS: Final = TableRules(
    "Free text invoices",
    relations=(
        Relation("CustomerAccount", "CustTable", "Customer account", "Customers"),
        Relation("InvoiceAccount", "CustTable", "Invoice account", "Customers"),
        Relation("TermsOfPayment", "PaymentTerms", "Terms of payment", "Terms of payment"),
        Relation(
            "MethodOfPayment", "CustomerPaymentMethods", "Method of payment", "Methods of payment"
        ),
        Relation("ContactPersonId", "ContactPersons", "Contact", "Contacts"),
        *_TAXES,
    ),
    initial={"FreeTextNumber": "Not posted", "IsPosted": "No"},
    defaults=_header_defaults,
    validate=_header_valid,
    written=_header_written,
    deleting=_header_deleting,
)
LINES: Final = TableRules(
    "Free text invoice lines",
    relations=(Relation("ParentRecId", HEADER, "Free text invoice", "Free text invoices"), *_TAXES),
    defaults=_line_defaults,
    validate=_line_valid,
    deleting=_line_deleting,
)
