"""Where a person finds a record in both systems.

Commerce's administration has an address of its own, which only the configuration can tell. F&O's
forms open by their menu item, in the legal entity of the record.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sync.config.connections import Connection
from sync.engine.claim import Claim
from sync.operating.returns import Listed

COMMERCE: Final[Mapping[str, str]] = {
    "orders": "sales/order/view/order_id",
    "invoices": "sales/invoice/view/invoice_id",
    "creditmemos": "sales/creditmemo/view/creditmemo_id",
    "shipments": "sales/shipment/view/shipment_id",
    "returns": "admin/rma/edit/id",
    "customers": "customer/index/edit/id",
    "companies": "company/index/edit/id",
    "accounts": "company/index/edit/id",
}
BY_KEY: Final = frozenset({"customers", "companies"})
"""Flows whose keys are ids of Commerce."""
DYNAMICS: Final[Mapping[str, str]] = {
    "orders": "SalesTableListPage", "customers": "CustTableListPage",
    "companies": "CustTableListPage", "invoices": "CustFreeInvoiceListPage",
    "creditmemos": "ReturnTableListPage", "posted_invoices": "CustInvoiceJournal",
    "returns": "ReturnTableListPage",
    "shipments": "CustPackingSlipJournal", "accounts": "CustTableListPage",
}  # fmt: skip
PAYMENTS: Final = "LedgerJournalTableCustPaym"


def links_of(settings: Connection, claim: Claim) -> Iterator[tuple[str, str]]:
    """`commerce`, `dynamics` and `dataverse`, each with its address, where there is one."""
    if number := _number(claim):
        page = COMMERCE[claim.flow]
        if settings.commerce.admin_url:
            yield "commerce", f"{settings.commerce.admin_url}/{page}/{number}/"
    if form := _form(settings, claim):
        company = _company(settings, claim)
        yield "dynamics", f"{settings.dynamics.url}/?cmp={company}&mi={form}"
    held = claim.delivered.get("case")
    yield from _case(settings, held.keys.get("case", "") if held is not None else "")


def links_of_return(settings: Connection, one: Listed) -> Iterator[tuple[str, str]]:
    """The same of a return or a complaint."""
    if one.rma_id and settings.commerce.admin_url:
        yield "commerce", f"{settings.commerce.admin_url}/{COMMERCE['returns']}/{one.rma_id}/"
    store = one.record.rpartition("@")[2]
    company = settings.legal_entity_of(int(store) if store.isdecimal() else None)
    yield "dynamics", f"{settings.dynamics.url}/?cmp={company}&mi=ReturnTableListPage"
    yield from _case(settings, one.case_id)


def _case(settings: Connection, case_id: str) -> Iterator[tuple[str, str]]:
    if case_id and settings.dataverse is not None:
        where = f"main.aspx?etn=incident&id={case_id}&pagetype=entityrecord"
        yield "dataverse", f"{settings.dataverse.url}/{where}"


def _number(claim: Claim) -> str:
    """The id in Commerce; empty where none is known. Of a slip, that of its shipment; of an
    account, that of its company."""
    company = claim.delivered.get("company") if claim.flow == "accounts" else None
    numbers = {
        "shipments": claim.number, "accounts": company.number if company else "",
        **dict.fromkeys(BY_KEY, claim.key),
    }  # fmt: skip
    number = numbers.get(claim.flow, claim.entity_id)
    return number if claim.flow in COMMERCE and number.isdecimal() else ""


def _form(settings: Connection, claim: Claim) -> str:
    is_paid = claim.flow == "invoices" and settings.invoices.recipe == "payment-journal"
    return PAYMENTS if is_paid else DYNAMICS.get(claim.flow, "")


def _company(settings: Connection, claim: Claim) -> str:
    """By the store view in the key, or as the key itself says."""
    company, _, rest = claim.key.partition("|")
    if rest and company in settings.legal_entities:
        return company
    store = claim.key.rpartition("@")[2]
    return settings.legal_entity_of(int(store) if store.isdecimal() else None)
