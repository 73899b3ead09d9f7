r"""Customer payment journals: headers, lines, and the invoices that a line settles.

Accounts of lines are display values: `-` inside an account number is escaped (`US\-001`), or it
parts segments and the account is not found. Every line rewrites its journal's totals, so two
requests that write lines of one journal at the same time collide: the later one is refused with an
update conflict, and nothing of it is written.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sandbox.dynamics.books import display_value, segments
from sandbox.dynamics.customer_transactions import NOTHING, open_invoice, remainder
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, must_be_filled, not_found
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

HEADER: Final = "CustomerPaymentJournalHeaders"
LINE: Final = "CustomerPaymentJournalLines"
MARK: Final = "PaymentJournalLineSettledInvoices"
CONFLICT: Final = (
    "An update conflict occurred due to another user process deleting the record or changing one or"
    " more fields in the record."
)
RELATED: Final[Mapping[str, str]] = {
    "Cust": "Customers",
    "Bank": "Bank accounts",
    "Ledger": "Main accounts",
}


def journal_of(env: Environment, company: str, number: str) -> Record | None:
    """A journal's header."""
    return env.store.find(HEADER, company, number)


def lines_of(env: Environment, company: str, number: str) -> list[Record]:
    """The lines of a journal by line number."""
    rows = env.store.table(LINE).having("JournalBatchNumber", (folded(number),))
    return sorted(
        (row for row in rows if row[COMPANY] == company.lower()), key=lambda row: row["LineNumber"]
    )


def account_of(row: Mapping[str, Any]) -> str:
    """The account number of a line, unescaped."""
    return segments(row["AccountDisplayValue"])[0]


def marks_of(env: Environment, line: Record) -> list[Record]:
    """The invoices that a line settles beside its own mark."""
    rows = env.store.table(MARK).having("JournalBatchNumber", (folded(line["JournalBatchNumber"]),))
    mine = (folded(line[COMPANY]), line["LineNumber"])
    return [
        row for row in rows if (folded(row["JournalLineCompany"]), row["JournalLineNumber"]) == mine
    ]


def _refuse_posted(header: Record) -> None:
    number = header["JournalBatchNumber"]
    refuse_if(
        header.values.get("IsPosted") == "Yes", f"Journal {number} is posted and cannot be changed."
    )


def _header_valid(draft: Draft) -> None:
    if draft.before is not None:
        _refuse_posted(draft.before)
    name = draft.get("JournalName")
    if draft.state.books_of(draft.company).journal(name) is None:
        raise not_found(name, "Name", "Journal names", field="JournalName")


def _header_deleting(env: Environment, header: Record) -> None:
    _refuse_posted(header)
    for row in lines_of(env, header[COMPANY], header["JournalBatchNumber"]):
        _drop(env, row)


def _drop(env: Environment, line: Record) -> None:
    for mark in marks_of(env, line):
        env.store.delete(MARK, mark)
    env.store.delete(LINE, line)


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
    _refuse_posted(_header(draft))
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
    _refuse_posted(header)
    _one_writer(env, row[COMPANY], row["JournalBatchNumber"])
    for mark in marks_of(env, row):
        env.store.delete(MARK, mark)
    _rewritten(env, row)


def _mark_valid(draft: Draft) -> None:
    company, number = draft.get("JournalLineCompany").lower(), draft.get("JournalBatchNumber")
    line = draft.state.store.find(LINE, company, number, draft.get("JournalLineNumber"))
    if line is None:
        raise not_found(
            draft.get("JournalLineNumber"),
            "Line number",
            "Journal lines",
            field="JournalLineNumber",
        )
    header = journal_of(draft.state, company, number)
    assert header is not None  # lines have headers
    _refuse_posted(header)
    home = draft.get("InvoiceCompany").lower()
    found = open_invoice(draft.state, home, account_of(line.values), draft.get("InvoiceNumber"))
    if found is None or found["DueDate"] != draft.get("InvoiceDueDate"):
        raise not_found(
            draft.get("InvoiceNumber"), "Invoice", "Customer transactions", field="InvoiceNumber"
        )
    draft.default("SettlementAmountInInvoiceCurrency", abs(remainder(found)))
    draft.values["AccountDisplayValue"] = line["AccountDisplayValue"]
    over = abs(draft.get("SettlementAmountInInvoiceCurrency")) > abs(remainder(found))
    text = (
        f"The amount to settle is more than what is open of invoice {draft.get('InvoiceNumber')}."
    )
    refuse_if(over or draft.get("SettlementAmountInInvoiceCurrency") == NOTHING, text)


def _mark_deleting(env: Environment, mark: Record) -> None:
    header = journal_of(env, mark["JournalLineCompany"], mark["JournalBatchNumber"])
    assert header is not None  # a header that goes takes its marks along
    _refuse_posted(header)


HEADERS: Final = TableRules(
    "Customer payment journals",
    numbers=(
        Number("JournalBatchNumber", "Journal batch number", "Journal", "{number:05d}", longest=10),
    ),
    initial={"IsPosted": "No"},
    fixed=frozenset({"JournalName"}),
    validate=_header_valid,
    deleting=_header_deleting,
)
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
MARKS: Final = TableRules("Settled invoices", validate=_mark_valid, deleting=_mark_deleting)
