"""What would be posted for a customer, or for a B2B company: a new account, or the details of one
that we made.

Nothing is asked of D365, so an account that a rule would find there is shown as a new one.
"""

from dataclasses import replace
from typing import Any

from sync.commerce.models.company import Company, CompanyStatus
from sync.commerce.models.customer import Customer
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.request import Request
from sync.dynamics.documents.requests import CUSTOMERS, account_requests, address_requests
from sync.mapping.addresses import left_out_reason
from sync.mapping.company_account import company_account_from, wanted_hold
from sync.mapping.customer_account import (
    FIXED,
    CustomerAccount,
    customer_account_from,
    shopper_of_customer,
)
from sync.mapping.whose import elsewhere
from sync.mapping_tables.records import AccountMapping
from sync.preview.input_files import id_of
from sync.preview.orders import Lookups, Preview, as_sent, parked


async def preview_customer(document: Any, connection: Connection, lookups: Lookups) -> Preview:
    """Preview a customer as REST answers it. Never raises for what a customer may hold."""
    key = _key(document)
    try:
        customer = Customer.read(document)
        shopper = shopper_of_customer(customer, connection, connection.customers.currency)
        company = connection.legal_entity_of(shopper.store_id)
        known = await lookups.known("customer", shopper.source_key, company)
        websites = lookups.websites or frozenset(connection.commerce.websites) or None
        reason = elsewhere(shopper.store_id, shopper.website_id, connection, websites)
        if reason and known is None:
            return Preview(key, "skip", reason)
        if shopper.company_id is not None and "companies" in connection.flows and known is None:
            return Preview(
                key,
                "skip",
                f"buys for company {shopper.company_id}: a contact of its account, without one of"
                " their own",
            )
        return _fitted(_account(key, customer_account_from(shopper, connection), known), connection)
    except Never as error:
        return parked(key, error)


async def preview_company(document: Any, connection: Connection, lookups: Lookups) -> Preview:
    """Preview a company as REST answers it. Never raises for what a company may hold.

    Companies name their region by its id alone, which only the shop can spell out: the state is
    left out here.
    """
    key = _key(document)
    try:
        company = Company.read(document)
        if company.status is CompanyStatus.PENDING:
            return Preview(key, "skip", "waiting: pending approval")
        wanted = company_account_from(company, connection, region_code="")
        known = await lookups.known("company", str(company.id), connection.legal_entity)
        if known is None and company.status is not CompanyStatus.APPROVED:
            return Preview(
                key,
                "skip",
                f"{company.status.name.lower()} in Commerce, and there is no account to put on"
                " hold",
            )
        hold = wanted_hold(company, connection)
        return _fitted(
            _account(key, wanted, known, {"OnHoldStatus": hold} if hold else {}), connection
        )
    except Never as error:
        return parked(key, error)


def _fitted(found: Preview, connection: Connection) -> Preview:
    return replace(found, requests=as_sent(found.requests, connection))


def _key(document: Any) -> str:
    return str(id_of(document, "id") or "(no id)")


def _account(
    key: str,
    wanted: CustomerAccount,
    known: AccountMapping | None,
    beside: dict[str, str] | None = None,
) -> Preview:
    """A new account; one that we made is kept up to date; one that was matched is the ledger's own,
    except holds."""
    if known is None:
        requests = tuple(
            account_requests(wanted.company, wanted.account, wanted.body, wanted.addresses)
        )
        return _with_left_out(Preview(key, "deliver", requests=requests), wanted)
    is_ours = known.matched_by == "created"
    body = (
        {name: value for name, value in wanted.body.items() if name not in FIXED} if is_ours else {}
    )
    changes = {**body, **(beside or {})}
    if not changes:
        reason = (
            f"it has account {known.account} ({known.matched_by}), whose details are the"
            " ledger's own"
        )
        return Preview(key, "skip", reason)
    quoted = known.account.replace("'", "''")
    path = f"/data/{CUSTOMERS}(dataAreaId='{wanted.company}',CustomerAccount='{quoted}')"
    requests = (
        Request("PATCH", path, changes),
        *(address_requests(wanted.company, known.account, wanted.addresses) if is_ours else ()),
    )
    notes = ("only what is not in D365 already is written",)
    found = Preview(key, "deliver", requests=requests, notes=notes)
    return _with_left_out(found, wanted) if is_ours else found


def _with_left_out(found: Preview, wanted: CustomerAccount) -> Preview:
    """The addresses that the account goes without, and the rows that would bring them."""
    remedy = " ".join(dict.fromkeys(one.error.remedy for one in wanted.left_out))
    missing = tuple(dict.fromkeys(row for one in wanted.left_out for row in one.error.missing))
    return replace(found, reason=left_out_reason(wanted.left_out), remedy=remedy, missing=missing)
