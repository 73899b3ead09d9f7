"""What an account was charged, paid and credited, drafts included: for assertions, the demo and
tests of whole processes.

GET `/sandbox/receivables` and `/sandbox/credit_notes`, each with `customer`, `reference` and
`company` to narrow it, and POST `/sandbox/postings` to run a batch job: `{"document":
"sales_order", "number": "...", "company": "usmf"}`.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.dynamics import free_text_invoices, payment_journals, quotations
from sandbox.dynamics import quotation_handling as office
from sandbox.dynamics.customer_transactions import NOTHING, remainder
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.posting import only
from sandbox.dynamics.return_posting import return_lines
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.state import DynamicsState
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded
from sandbox.entered import answer, entering

Shown = list[dict[str, Any]]


def receivables(env: Environment, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Posted transactions with what is open of them, and the drafts that will become some."""
    references = {
        (row[COMPANY], row["InvoiceId"]): (row["CustomerRef"], row["PurchaseOrder"], row["SalesId"])
        for row in env.store.table("CustInvoiceJourBiEntities").oldest_first()
    }
    posted = [
        {**row.values, "open": remainder(row)}
        for row in env.store.table("CustTransactions").oldest_first()
        if _fits(
            row, wanted, ("AccountNum", "OrderAccount"), ("PaymReference", "PaymId", "Invoice")
        )
        or _is_named(references.get((row[COMPANY], row["Invoice"]), ()), row, wanted)
    ]
    return {
        "transactions": posted,
        "free_text_invoices": _free_text(env, wanted, lambda _: True),
        "payments": _payments(env, wanted),
    }


def credit_notes(env: Environment, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Posted invoices with negative totals, return orders in every state, and negative free text
    drafts."""
    posted = [
        dict(row.values)
        for row in env.store.table("CustInvoiceJourBiEntities").oldest_first()
        if row["InvoiceAmount"] < 0
        and _fits(
            row,
            wanted,
            ("InvoiceAccount", "OrderAccount"),
            ("CustomerRef", "PurchaseOrder", "SalesId", "InvoiceId"),
        )
    ]
    return {
        "posted": posted,
        "returns": _returns(env, wanted),
        "free_text_invoices": _free_text(env, wanted, lambda total: total < 0),
    }


def _fits(
    row: Record, wanted: Mapping[str, str], accounts: Iterable[str], references: Iterable[str]
) -> bool:
    """Whether a row is of the company, the customer and the reference asked for; what is not asked
    for fits."""
    for name, fields in (
        ("company", (COMPANY,)),
        ("customer", accounts),
        ("reference", references),
    ):
        if name in wanted and folded(wanted[name]) not in {
            folded(row.values.get(field, "")) for field in fields
        }:
            return False
    return True


def _is_named(names: Iterable[str], row: Record, wanted: Mapping[str, str]) -> bool:
    """Whether a transaction's invoice has the reference asked for."""
    others = {name: value for name, value in wanted.items() if name != "reference"}
    named = folded(wanted.get("reference", "")) in {folded(name) for name in names}
    return named and _fits(row, others, ("AccountNum", "OrderAccount"), ())


def _free_text(
    env: Environment, wanted: Mapping[str, str], keep: Callable[[Decimal], bool]
) -> Shown:
    shown = []
    for row in env.store.table(free_text_invoices.HEADER).oldest_first():
        total = free_text_invoices.totals_of(env, row).total
        accounts, references = (
            ("CustomerAccount", "InvoiceAccount"),
            ("CustomerReference", "CustomerRequisition"),
        )
        if (
            row.values.get("IsPosted") != "Yes"
            and keep(total)
            and _fits(row, wanted, accounts, references)
        ):
            lines = free_text_invoices.lines_of(env, row[COMPANY], row["InvoiceIdentifier"])
            shown.append(
                {**row.values, "lines": [dict(line.values) for line in lines], "total": total}
            )
    return shown


def _payments(env: Environment, wanted: Mapping[str, str]) -> Shown:
    """Journal lines that are not posted; a customer is named by its account, not by the display
    value."""
    others = {name: value for name, value in wanted.items() if name != "customer"}
    shown = []
    for row in env.store.table(payment_journals.LINE).oldest_first():
        header = payment_journals.journal_of(env, row[COMPANY], row["JournalBatchNumber"])
        mine = folded(wanted.get("customer", "")) in {
            "",
            folded(payment_journals.account_of(row.values)),
        }
        draft = header is not None and header.values.get("IsPosted") != "Yes"
        if (
            mine
            and draft
            and _fits(row, others, (), ("PaymentReference", "PaymentId", "MarkedInvoice"))
        ):
            shown.append(dict(row.values))
    return shown


def _returns(env: Environment, wanted: Mapping[str, str]) -> Shown:
    shown = []
    for row in env.store.table("ReturnOrderHeadersV2").oldest_first():
        accounts = ("CustomerAccountNumber", "InvoiceCustomerAccountNumber")
        references = (
            "CustomersOrderReference",
            "CustomerRequisitionNumber",
            "RMANumber",
            "ReturnOrderNumber",
        )
        if _fits(row, wanted, accounts, references):
            lines = return_lines(env, row[COMPANY], row["ReturnOrderNumber"])
            total = sum((line["LineAmount"] for line in lines), NOTHING)
            shown.append(
                {**row.values, "lines": [dict(line.values) for line in lines], "total": total}
            )
    return shown


def inspection_routes(state: DynamicsState) -> list[Route]:
    """The routes."""
    usage = f"documents are {', '.join(JOBS)}, each with its number"
    return [
        Route("/sandbox/receivables", _shown(state, receivables)),
        Route("/sandbox/credit_notes", _shown(state, credit_notes)),
        entering("/sandbox/postings", partial(_post, state), usage),
    ]


def _shown(
    state: DynamicsState, look: Callable[[Environment, Mapping[str, str]], dict[str, Any]]
) -> Callable[[Request], Any]:
    async def shown(request: Request) -> Response:
        return answer(look(state, dict(request.query_params)))

    return shown


def _quotation(state: DynamicsState, number: str, company: str | None) -> Record:
    return only(state, quotations.HEADER, "SalesQuotationNumber", number, company)


JOBS: Final[Mapping[str, Callable[[DynamicsState, str, str | None, Decimal | None], object]]] = {
    "packing_slip": lambda state, number, company, _: state.deliver(number, company),
    "sales_order": lambda state, number, company, tax: state.invoice(number, company, tax=tax),
    "free_text_invoice": lambda state, number, company, tax: state.post_free_text_invoice(
        int(number), company, tax=tax
    ),
    "journal": lambda state, number, company, _: [
        row["Voucher"] for row in state.post_journal(number, company)
    ],
    "return_receipt": lambda state, number, company, _: state.receive_return(number, company),
    "return": lambda state, number, company, tax: state.post_return(number, company, tax=tax),
    "quotation_sent": lambda state, number, company, _: office.price_and_send(
        state, _quotation(state, number, company)
    ),
    "quotation_lost": lambda state, number, company, _: office.set_status(
        state, _quotation(state, number, company), "Lost"
    ),
    "quotation_cancelled": lambda state, number, company, _: office.set_status(
        state, _quotation(state, number, company), "Cancelled"
    ),
    "quotation_confirmed": lambda state, number, company, _: office.confirm(
        state, _quotation(state, number, company)
    ),
    "confirmation": lambda state, number, company, _: state.confirm(number, state.today(), company),
}
"""What each document's job answers: numbers or vouchers of what it posted."""


def _post(state: DynamicsState, wanted: Any) -> Any:
    tax = Decimal(str(wanted["tax"])) if "tax" in wanted else None
    job = JOBS[wanted["document"]]
    return {"posted": job(state, str(wanted["number"]), wanted.get("company"), tax)}
