"""B2B companies in Commerce -> customer accounts in D365, their administrators -> contacts.

In:      a company as REST answers it; its list has no time of change, so each poll compares
         fingerprints.
Out:     one account of an organisation in CustomersV3; one contact person for the company's
         administrator.
Key:     the company id.
Matched: by the mapping table, then by the configured rules among organisations; what is not clear
is parked.
Skips:   pending companies, unless F&O decides on them (`company_requests`); rejected and blocked
         ones that have no account; those whose administrator is a customer of another website or
         store, until they have an account or an order of theirs needs one.
Holds:   blocked and rejected companies' accounts are put on hold. Only a hold of ours is lifted,
         when the company is approved again, back to what was there before; what the ledger changed
         meanwhile stays as it is.
Repeats: the number (ours) or the e-mail address (theirs) finds what a lost answer left behind.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.company import Company, CompanyStatus, fingerprint
from sync.commerce.models.customer import Customer
from sync.core.errors import Never
from sync.core.skipped import Skipped
from sync.dynamics.customers import Customers
from sync.engine.delivery import Delivery
from sync.engine.flow import AdobeEvents, CommerceHook, DocumentFlow, Poll, Source
from sync.engine.plan import Delivered, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.engine.write import Result
from sync.flows.customers.account_holds import hold_for
from sync.flows.customers.account_lookup import AccountLookup, found, taken
from sync.flows.customers.company_holds import hold_change_for
from sync.flows.customers.company_requests import asks, new_only
from sync.flows.customers.contacts import Contact, contacts_are_wanted, kept_contact
from sync.flows.customers.customer_accounts import (
    KIND,
    CustomerAccountWrite,
    is_of_another,
    learning,
    left_out,
    matched_as,
)
from sync.flows.payloads import id_in
from sync.flows.polls import shop_clock
from sync.flows.shop_hooks import COMPANY
from sync.flows.targets import dynamics_of
from sync.mapping.company_account import BARRED, company_account_from, owned_by_ledger
from sync.mapping.customer_account import FIXED, CustomerAccount
from sync.mapping.whose import elsewhere
from sync.mapping_tables.records import set_command
from sync.pacing.priority import Priority


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The company named in a hook's body or an event's value."""
    records, ids = ("company", "data_object"), ("entity_id", "id", "company_id")
    return [id_in(payload, "company", records=records, ids=ids)]


async def changed(
    systems: Systems, _since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """All companies, each with its fingerprint, by id."""
    async for row in systems.commerce.companies.every(after=int(after or 0)):
        yield Change(str(row["id"]), until, fingerprint(row), position=str(row["id"]))


async def read(key: str, systems: Systems) -> dict[str, Any] | None:
    """The company as REST answers it; `plan` makes sense of it, so that one that cannot be read
    counts as seen."""
    return await systems.commerce.companies.by_id(int(key)) if key.isdecimal() else None


async def plan(document: dict[str, Any], delivery: Delivery) -> Plan | Skipped:
    """One account for this company, on hold or not as its status asks, and its administrator
    there."""
    company = Company.read(document)
    if waiting := asks(company, delivery.systems.settings):
        return waiting
    systems, customers = delivery.systems, delivery.systems.dynamics.customers
    held, status = delivery.held(KIND), company.status.name.lower()
    known = await systems.accounts.get("company", str(company.id), systems.settings.legal_entity)
    account = known.account if known else held.number if held else ""
    is_asked_for = (
        account or delivery.inherited is not None or delivery.message.origin == "required"
    )
    if not is_asked_for and (reason := await _elsewhere(company, systems)):
        return Skipped(reason)
    delivery.wait_until_settled()
    wanted, lookup = await _wanted(company, systems), _lookup(company, delivery)
    matched_by = known.matched_by if known else matched_as(held)
    if not account:
        account, rule = await _account(company, lookup, wanted, customers, delivery)
        matched_by = rule or "created"
    if not account and company.status in BARRED:
        return Skipped(f"{status} in Commerce, and there is no account to put on hold")
    hold_change = await hold_change_for(company, account, wanted, customers, delivery)
    write = CustomerAccountWrite(
        lookup, wanted, account, matched_by, customers, dynamics_of(systems), hold_change,
        is_left_behind=delivery.inherited is not None,
        theirs=FIXED | owned_by_ledger(systems.settings),
    )  # fmt: skip
    before, learn = learning(write, systems.accounts, is_known=known is not None)

    async def then(results: Sequence[Result]) -> None:
        await learn(results)
        await _administrator(company, results[0].number, delivery)

    keys = {"matched_by": matched_by, "status": status, **hold_change.fields}
    return Plan(
        (write,), keys=keys, read=company.raw, before=before, then=then,
        open_point=left_out(write, delivery.message.key), starts_anew=is_of_another(held, account),
    )  # fmt: skip


async def _wanted(company: Company, systems: Systems) -> CustomerAccount:
    is_by_state = company.country_id in systems.settings.customers.states_in
    code = (
        await systems.commerce.companies.region_code(company.country_id, company.region_id)
        if is_by_state
        else ""
    )
    return company_account_from(company, systems.settings, region_code=code)


def _lookup(company: Company, delivery: Delivery) -> AccountLookup:
    settings = delivery.systems.settings
    first = ("reseller_id",) if "accounts" in settings.flows else ()
    return AccountLookup(
        "company", str(company.id), company.label, (*first, *settings.companies.match),
        company.email, hold_for(company.email, settings.legal_entity, delivery),
        company.reseller_id,
        tax_number=company.vat_tax_id, party_type="Organization",
    )  # fmt: skip


async def _elsewhere(company: Company, systems: Systems) -> str:
    """Why a company is not for this connection; empty when it is. Companies name no store: their
    administrator does."""
    websites = await systems.websites.ours()
    if websites is None and systems.settings.store_ids is None:
        return ""
    found = (
        await systems.commerce.customers.by_id(company.super_user_id)
        if company.super_user_id is not None
        else None
    )
    if found is None:
        raise Never(
            f"{company.label} has no administrator in Commerce, so its website and store are not"
            " known",
            remedy=(
                "Name one in Commerce, or map the company to its account"
                f" ({set_command('company', str(company.id))}); then replay."
            ),
        )
    administrator = Customer.read(found)
    return elsewhere(administrator.store_id, administrator.website_id, systems.settings, websites)


async def _account(
    company: Company,
    lookup: AccountLookup,
    wanted: CustomerAccount,
    customers: Customers,
    delivery: Delivery,
) -> tuple[str, str]:
    """(account, how it was found), empty when there is none. A barred company gets no new one."""
    if company.status is CompanyStatus.PENDING:
        account, matched_by = await found(lookup, wanted, customers, delivery)
        return new_only(company, account, matched_by)
    if company.status is CompanyStatus.APPROVED:
        return await found(lookup, wanted, customers, delivery)
    if company.status is CompanyStatus.REJECTED and delivery.inherited is None:
        return "", ""
    account, matched_by = await found(lookup, wanted, customers, delivery)
    if not account and delivery.inherited is not None and wanted.account:
        is_there = await customers.by_account(wanted.company, wanted.account) is not None
        account, matched_by = (
            (await taken(lookup, wanted, customers), "created") if is_there else ("", "")
        )
    return account, matched_by


async def _administrator(company: Company, account: str, delivery: Delivery) -> None:
    """The company's administrator as a contact; one that Commerce has deleted is left alone."""
    if not contacts_are_wanted(delivery.systems.settings) or company.super_user_id is None:
        return
    document = await delivery.systems.commerce.customers.by_id(company.super_user_id)
    if document is not None:
        await kept_contact(contact_of(Customer.read(document), account, delivery.systems), delivery)


def contact_of(customer: Customer, account: str, systems: Systems) -> Contact:
    """A customer as a contact of a company's account."""
    return Contact(
        systems.settings.legal_entity,
        account,
        customer.id,
        customer.firstname,
        customer.lastname,
        customer.email,
    )


async def account_of_company(company_id: int, delivery: Delivery) -> str | Skipped:
    """The company's account: known, or delivered first where companies flow. `Skipped` says why it
    has none.

    A known company costs no request. Raises `Never` for one that Commerce does not have, and what
    `deliver` raises.
    """
    known = await delivery.systems.accounts.get(
        "company", str(company_id), delivery.systems.settings.legal_entity
    )
    if known is not None:
        return known.account
    document = await read(str(company_id), delivery.systems)
    if document is None:
        raise Never(
            f"company {company_id} is not in Commerce (any more), and no account is known for it",
            remedy=(
                f"Map it to its account: {set_command('company', str(company_id))}, then replay."
            ),
        )
    outcome = await delivery.require(companies.name, str(company_id), document)
    return outcome.number if isinstance(outcome, Delivered) else outcome


companies = DocumentFlow[dict[str, Any]](
    name="companies",
    title="B2B companies to customer accounts",
    source=Source(read),
    plan=plan,
    triggers=(
        CommerceHook(keys_in, (COMPANY,)),
        AdobeEvents(("observer.company_save_commit_after", "observer.company_save_after"), keys_in),
        Poll(
            changed,
            shop_clock,
            lambda connection: connection.companies.poll_minutes,
            fingerprint=fingerprint,
        ),
    ),
    priority=Priority.MASTER_DATA,
)
