"""B2B companies in Commerce -> customer accounts in D365, their administrators -> contacts.

In:      a company as REST answers it; its list bears no time of change, so each poll compares fingerprints.
Out:     one account of an organisation in CustomersV3; one contact person for the company's administrator.
Key:     the company id.
Matched: by the mapping table, then by the configured rules among organisations; what is not clear is parked.
Skips:   pending companies; rejected and blocked ones that have no account; those whose administrator is a customer of
         another website or store, until they have an account or an order of theirs needs one.
Holds:   blocked and rejected companies' accounts are put on hold. Only a hold of ours is lifted, when the company is
         approved again, back to what was there before; what the ledger changed meanwhile stays as it is.
Repeats: the number (ours) or the e-mail address (theirs) finds what a lost answer left behind.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.models.company import Company, CompanyStatus, fingerprint
from sync.commerce.models.customer import Customer
from sync.desk import Desk
from sync.dynamics.customers import SET, Customers
from sync.errors import Never
from sync.flow import Change, Flow, Lane, Receipt, Skipped
from sync.flows.contacts import Contact, contacts_are_wanted, kept_contact
from sync.flows.customer_accounts import (
    NOTHING_BESIDE,
    Beside,
    Sought,
    found,
    found_or_created,
    kept_up_to_date,
    taken,
)
from sync.flows.payloads import id_in
from sync.mapping.company_account import Hold, company_account_from, hold_in, wanted_hold
from sync.mapping.customer_account import CustomerAccount
from sync.mapping.whose import elsewhere
from sync.mapping_tables.records import set_command
from sync.mapping_tables.tables import AccountMapping
from sync.work import Work

PENDING: Final = "waiting: pending approval"


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The company named in a hook's body or an event's value."""
    return [id_in(payload, "company", records=("company", "data_object"), ids=("entity_id", "id", "company_id"))]


async def changed(desk: Desk, _since: datetime, until: datetime) -> AsyncIterator[Change]:
    """All companies, each with its fingerprint."""
    async for row in desk.companies.every():
        yield Change(str(row["id"]), until, fingerprint(row))


async def read(key: str, desk: Desk) -> dict[str, Any] | None:
    """The company as REST answers it; `deliver` makes sense of it, so that one that cannot be read counts as seen."""
    return await desk.companies.get(int(key)) if key.isdecimal() else None


async def deliver(document: dict[str, Any], work: Work) -> Receipt | Skipped:
    """Make D365 have one account for this company, on hold or not as its status asks, and its administrator there."""
    company = Company.read(document)
    if company.status is CompanyStatus.PENDING:
        return Skipped(PENDING)
    desk, customers = work.desk, Customers(work.desk.dynamics)
    known = await desk.accounts.get("company", str(company.id), desk.settings.legal_entity)
    account = known.account if known else work.claim.number
    is_asked_for = account or work.inherited is not None or work.message.origin == "required"
    if not is_asked_for and (reason := await _elsewhere(company, desk)):
        return Skipped(reason)
    work.keep("read", company.raw)
    work.wait_until_settled()
    states = desk.settings.customers.states_in
    code = (
        await desk.companies.region_code(company.country_id, company.region_id) if company.country_id in states else ""
    )
    wanted = company_account_from(company, desk.settings, region_code=code)
    matched_by, action = known.matched_by if known else "created", "unchanged"
    if not account:
        account, matched_by, action = await _account(company, wanted, customers, work)
    if not account:
        return Skipped(f"{company.status.name.lower()} in Commerce, and there is no account to put on hold")
    if not known:
        await desk.accounts.learn(AccountMapping("company", str(company.id), account, matched_by, wanted.company))
    beside = await _hold(company, account, wanted, customers, work)
    if matched_by == "created":
        action = await kept_up_to_date(wanted, account, action, customers, work, beside=beside)
    elif beside.fields:
        intent = await work.intend(wanted.digest + beside.announced)
        await customers.update(wanted.company, account, beside.fields, not_after=intent.not_after)
        action = "amended" if action == "unchanged" else action
    await _administrator(company, account, work)
    targets = {"matched_by": matched_by, "status": company.status.name.lower(), **beside.fields}
    return Receipt(SET, account, wanted.digest + beside.settled, action, targets)


async def _elsewhere(company: Company, desk: Desk) -> str:
    """Why a company is not for this connection; empty when it is. Companies name no store: their administrator does."""
    websites = await desk.websites.ours()
    if websites is None and desk.settings.store_ids is None:
        return ""
    found = await desk.customers.get(company.super_user_id) if company.super_user_id is not None else None
    if found is None:
        raise Never(
            f"{company.label} has no administrator in Commerce, so its website and store are not known",
            remedy=f"Name one in Commerce, or map the company to its account ({set_command('company', str(company.id))}); "
            "then replay.",
        )
    administrator = Customer.read(found)
    return elsewhere(administrator.store_id, administrator.website_id, desk.settings, websites)


async def _account(company: Company, wanted: CustomerAccount, customers: Customers, work: Work) -> tuple[str, str, str]:
    """(account, how it was found, action). Only an approved company gets a new one; empty when there is none."""
    sought = Sought(
        "company", str(company.id), company.label, work.desk.settings.companies.match, company.email,
        tax_number=company.vat_tax_id, party_type="Organization",
    )  # fmt: skip
    if company.status is CompanyStatus.APPROVED:
        return await found_or_created(sought, wanted, customers, work)
    if company.status is CompanyStatus.REJECTED and work.inherited is None:
        return "", "", ""
    account, matched_by = await found(sought, wanted, customers, work)
    if not account and work.inherited is not None and wanted.account:
        is_there = await customers.get(wanted.company, wanted.account) is not None
        account, matched_by = (await taken(sought, wanted, customers), "created") if is_there else ("", "")
    return account, matched_by, "adopted"


async def _hold(company: Company, account: str, wanted: CustomerAccount, customers: Customers, work: Work) -> Beside:
    """What is to be written for the hold, and what to remember of it."""
    status = wanted_hold(company, work.desk.settings)
    remembered = hold_in(work.claim.digest) if work.claim.number in ("", account) else None
    announced = hold_in(work.inherited.document) if work.inherited else None
    if announced is None and bool(status) == (remembered is not None):
        return Beside(settled=remembered.mark) if remembered else NOTHING_BESIDE
    there = await customers.get(wanted.company, account)
    if there is None:
        raise Never(
            f"{company.label}: its account {account} is not in company {wanted.company}",
            remedy=f"Map it to an account that is there: {set_command('company', str(company.id))}, then replay.",
        )
    holds = str(there.get("OnHoldStatus") or "No")
    ours = next((hold for hold in (announced, remembered) if hold is not None and hold.ours == holds), None)
    if status and ours is None and holds not in ("All", status):
        new = Hold(status, holds)
        return Beside({"OnHoldStatus": new.ours}, announced=new.mark, settled=new.mark)
    if not status and ours is not None:
        return Beside({"OnHoldStatus": ours.before}, announced=ours.mark)
    return Beside(announced=ours.mark, settled=ours.mark) if ours is not None else NOTHING_BESIDE


async def _administrator(company: Company, account: str, work: Work) -> None:
    """The company's administrator as a contact; one that Commerce has deleted is left alone."""
    if not contacts_are_wanted(work.desk.settings) or company.super_user_id is None:
        return
    document = await work.desk.customers.get(company.super_user_id)
    if document is not None:
        await kept_contact(contact_of(Customer.read(document), account, work.desk), work)


def contact_of(customer: Customer, account: str, desk: Desk) -> Contact:
    """A customer as a contact of a company's account."""
    return Contact(
        desk.settings.legal_entity, account, customer.id, customer.firstname, customer.lastname, customer.email
    )


async def account_of_company(company_id: int, work: Work) -> str | Skipped:
    """The company's account: known, or delivered first where companies flow. `Skipped` says why it has none.

    A known company costs no request. Raises `Never` for one that Commerce does not have, and what `deliver` raises.
    """
    known = await work.desk.accounts.get("company", str(company_id), work.desk.settings.legal_entity)
    if known is not None:
        return known.account
    document = await read(str(company_id), work.desk)
    if document is None:
        raise Never(
            f"company {company_id} is not in Commerce (any more), and no account is known for it",
            remedy=f"Map it to its account: {set_command('company', str(company_id))}, then replay.",
        )
    outcome = await work.require(companies.name, str(company_id), document)
    return outcome.number if isinstance(outcome, Receipt) else outcome


async def horizon(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled()


companies = Flow[dict[str, Any]](
    name="companies",
    title="B2B companies to customer accounts",
    keys_in=keys_in,
    horizon=horizon,
    changed=changed,
    read=read,
    deliver=deliver,
    fingerprint=fingerprint,
    lane=Lane.MASTER,
    schedule="10 * * * * *",
    poll_minutes=lambda connection: connection.companies.poll_minutes,
    events=("observer.company_save_commit_after", "observer.company_save_after"),
)
