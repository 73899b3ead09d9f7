"""The invoices that a line of a customer payment journal settles, beside its own mark."""

from typing import Final

from sandbox.dynamics.customer_transactions import NOTHING, open_invoice, remainder
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import not_found
from sandbox.dynamics.payment_journals import LINE, account_of, journal_of, refuse_posted
from sandbox.dynamics.ruling import Draft, TableRules, refuse_if
from sandbox.dynamics.store import Record


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
    refuse_posted(header)
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
    refuse_posted(header)


MARKS: Final = TableRules("Settled invoices", validate=_mark_valid, deleting=_mark_deleting)
