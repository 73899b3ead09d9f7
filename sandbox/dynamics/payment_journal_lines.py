"""Lines of customer payment journals.

Every line rewrites its journal's totals, so two requests that write lines of one journal at the
same time collide: the later one is refused with an update conflict, and nothing of it is written.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from sandbox.dynamics.books import display_value, segments
from sandbox.dynamics.customer_transactions import open_invoice, remainder
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, must_be_filled, not_found
from sandbox.dynamics.payment_journals import (
    HEADER,
    LINE,
    MARK,
    account_of,
    journal_of,
    marks_of,
    refuse_posted,
)
from sandbox.dynamics.ruling import Draft, Relation, TableRules, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

CONFLICT: Final = (
    "An update conflict occurred due to another user process deleting the record or changing one or"
    " more fields in the record."
)


RELATED: Final[Mapping[str, str]] = {
    "Cust": "Customers",
    "Bank": "Bank accounts",
    "Ledger": "Main accounts",
}


def _header(draft: Draft) -> Record:
    header = journal_of(draft.state, draft.company, draft.get("JournalBatchNumber"))
    if header is None:
        raise must_be_filled("Journal batch number", field="JournalBatchNumber")
    return header


def _line_defaults(draft: Draft) -> None:
    header = _header(draft)
    if draft.before is None:
        name = draft.state.books_of(draft.company).journal(header["JournalName"])
        draft.default("TransactionDate", draft.state.today())
        draft.default("Company", draft.company.upper())
        draft.default(
            "Voucher", draft.state.next_number("Payment voucher", "PAY-{number:06d}", draft.company)
        )
        if (
            name is not None
            and name.offset_account
            and not draft.sent.get("OffsetAccountDisplayValue")
        ):
            draft.values["OffsetAccountType"] = name.offset_type
            draft.values["OffsetAccountDisplayValue"] = display_value(name.offset_account)
    for name_ in ("DebitAmount", "CreditAmount"):
        draft.values[name_] = draft.state.rounded(
            Fraction(draft.get(name_)), draft.get("CurrencyCode")
        )
    if draft.get("MarkedInvoice"):
        draft.values["SettleVoucher"] = "SelectedTransact"
        draft.default(
            "MarkedInvoiceCompany", draft.get("MarkedInvoiceCompany") or draft.company.upper()
        )
    customer = _customer(draft)
    draft.values["CustomerName"] = customer.values.get("OrganizationName", "") if customer else ""


def _customer(draft: Draft) -> Record | None:
    if draft.get("AccountType") != "Cust" or not draft.get("AccountDisplayValue"):
        return None
    return draft.state.store.find("CustTable", draft.company, account_of(draft.values))


def _line_valid(draft: Draft) -> None:
    refuse_posted(_header(draft))
    _one_writer(draft.state, draft.company, draft.get("JournalBatchNumber"))
    _account(draft, "AccountType", "AccountDisplayValue", "Account")
    if draft.get("OffsetAccountDisplayValue"):
        _account(draft, "OffsetAccountType", "OffsetAccountDisplayValue", "Offset account")
    debit, credit = draft.get("DebitAmount"), draft.get("CreditAmount")
    field = "CreditAmount" if credit else "DebitAmount"
    refuse_if(debit and credit, "A line has either a debit or a credit amount.", field=field)
    refuse_if(
        not debit and not credit, "An amount must be entered as debit or as credit.", field=field
    )
    refuse_if(debit < 0 or credit < 0, "The amount of a line must not be negative.", field=field)
    customer = _customer(draft)
    held = customer.values.get("OnHoldStatus", "No") if customer else "No"
    refuse_if(
        held in {"All", "Payment"}, f"Customer {account_of(draft.values)} is on hold: {held}."
    )
    _marked(draft, credit - debit)


def _account(draft: Draft, kind_field: str, field: str, label: str) -> None:
    """The account exists, as one segment; only a main account may have dimensions behind it."""
    kind, value = draft.get(kind_field), draft.get(field)
    first, *rest = segments(value)
    books = draft.state.books_of(draft.company)
    known = {
        "Cust": draft.state.store.find("CustTable", draft.company, first) is not None,
        "Bank": books.has_bank(first),
        "Ledger": books.has_account(value),
    }
    if not known.get(kind):
        raise not_found(first, label, RELATED.get(kind, kind), field=field)
    refuse_if(
        rest and kind != "Ledger",
        f"The value '{value}' in field '{label}' has {len(rest)} segments too many.",
        field=field,
    )


def _marked(draft: Draft, paid: Decimal) -> None:
    """A marked invoice is open on the same account, on the other side, in the same currency, and
    marked by no other."""
    number = draft.get("MarkedInvoice")
    if not number:
        return
    company = draft.get("MarkedInvoiceCompany").lower()
    found = open_invoice(draft.state, company, account_of(draft.values), number)
    if (
        found is None
        or found["CurrencyCode"] != draft.get("CurrencyCode")
        or remainder(found) * paid <= 0
    ):
        raise not_found(number, "Invoice", "Customer transactions", field="MarkedInvoice")
    for row in draft.state.store.table(LINE).having("MarkedInvoice", (folded(number),)):
        header = journal_of(draft.state, row[COMPANY], row["JournalBatchNumber"])
        mine = draft.before is not None and row.number == draft.before.number
        taken = header is not None and header.values.get("IsPosted") != "Yes" and not mine
        same = folded(row["AccountDisplayValue"]) == folded(draft.get("AccountDisplayValue"))
        text = (
            f"Invoice {number} is already marked for settlement in journal"
            f" {row['JournalBatchNumber']}."
        )
        refuse_if(taken and same and row[COMPANY] == draft.company, text, field="MarkedInvoice")


def _one_writer(env: Environment, company: str, number: str) -> None:
    """Refuse when another request wrote lines of this journal since this one arrived."""
    writer, arrived = env.journal_writers.get((company, folded(number)), (env.visit, 0))
    if writer != env.visit and arrived >= env.visit:
        raise Refused(CONFLICT)


def _line_written(draft: Draft, row: Record) -> None:
    _rewritten(draft.state, row)


def _rewritten(env: Environment, row: Record) -> None:
    """The journal's totals change with its lines, and with them its version."""
    header = journal_of(env, row[COMPANY], row["JournalBatchNumber"])
    assert header is not None  # the line was checked
    env.store.update(HEADER, header, {})
    env.journal_writers[(row[COMPANY], folded(row["JournalBatchNumber"]))] = (env.visit, env.visits)


def _line_deleting(env: Environment, row: Record) -> None:
    header = journal_of(env, row[COMPANY], row["JournalBatchNumber"])
    assert header is not None  # a header that goes takes its lines along
    refuse_posted(header)
    _one_writer(env, row[COMPANY], row["JournalBatchNumber"])
    for mark in marks_of(env, row):
        env.store.delete(MARK, mark)
    _rewritten(env, row)


LINES: Final = TableRules(
    "Customer payment journal lines",
    relations=(
        Relation("JournalBatchNumber", HEADER, "Journal batch number", "Ledger journals"),
        Relation("CurrencyCode", "Currencies", "Currency", "Currencies"),
        Relation(
            "PaymentMethodName", "CustomerPaymentMethods", "Method of payment", "Methods of payment"
        ),
        Relation("TaxGroup", "TaxGroups", "Sales tax group", "Sales tax groups"),
        Relation(
            "TaxItemGroup", "TaxItemGroupHeadings", "Item sales tax group", "Item sales tax groups"
        ),
    ),
    initial={"AccountType": "Cust", "OffsetAccountType": "Ledger", "IsPrepayment": "No"},
    defaults=_line_defaults,
    validate=_line_valid,
    written=_line_written,
    deleting=_line_deleting,
)
