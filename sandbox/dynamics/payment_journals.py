r"""Customer payment journals: their headers, and what belongs to one.

Accounts of lines are display values: `-` inside an account number is escaped (`US\-001`), or it
parts segments and the account is not found.
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.dynamics.books import segments
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import not_found
from sandbox.dynamics.ruling import Draft, Number, TableRules, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

HEADER: Final = "CustomerPaymentJournalHeaders"
LINE: Final = "CustomerPaymentJournalLines"
MARK: Final = "PaymentJournalLineSettledInvoices"


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


def refuse_posted(header: Record) -> None:
    """Refuse a change of a journal that is posted."""
    number = header["JournalBatchNumber"]
    refuse_if(
        header.values.get("IsPosted") == "Yes", f"Journal {number} is posted and cannot be changed."
    )


def _header_valid(draft: Draft) -> None:
    if draft.before is not None:
        refuse_posted(draft.before)
    name = draft.get("JournalName")
    if draft.state.books_of(draft.company).journal(name) is None:
        raise not_found(name, "Name", "Journal names", field="JournalName")


def _header_deleting(env: Environment, header: Record) -> None:
    refuse_posted(header)
    for row in lines_of(env, header[COMPANY], header["JournalBatchNumber"]):
        _drop(env, row)


def _drop(env: Environment, line: Record) -> None:
    for mark in marks_of(env, line):
        env.store.delete(MARK, mark)
    env.store.delete(LINE, line)


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
