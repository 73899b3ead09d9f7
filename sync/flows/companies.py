"""B2B companies in Commerce -> customer accounts in D365, their administrators -> contacts.

In:      a company as REST answers it; its list bears no time of change, so each poll compares fingerprints.
Out:     one account of an organisation in CustomersV3; one contact person for the company's administrator.
Key:     the company id.
Matched: by the mapping table, then by the configured rules among organisations; what is not clear is parked.
Skips:   pending companies; rejected and blocked ones that have no account.
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
from sync.dynamics.customers import Customers
from sync.engine.plan import Delivered, Plan, Result, Skipped, Waiting
from sync.errors import Never
from sync.flow import AdobeEvents, Change, CommerceHook, DocumentFlow, Lane, Poll, Source
from sync.flows.contacts import Contact, contacts_are_wanted, kept_contact
from sync.flows.customer_accounts import KIND, NOTHING_BESIDE, Beside, CustomerAccountWrite, Sought, found, taken
from sync.flows.payloads import id_in
from sync.flows.targets import dynamics_of
from sync.mapping.company_account import Hold, company_account_from, hold_in, legal_entity, wanted_hold
from sync.mapping.customer_account import CustomerAccount
from sync.mapping_tables.tables import AccountMapping
from sync.work import Work

PENDING: Final = Waiting("pending approval")


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


async def plan(document: dict[str, Any], work: Work) -> Plan | Skipped:
    """One account for this company, on hold or not as its status asks, and its administrator there."""
    company = Company.read(document)
    if company.status is CompanyStatus.PENDING:
        return PENDING
    desk, customers, held = work.desk, Customers(work.desk.dynamics), work.held(KIND)
    work.wait_until_settled()
    states = desk.settings.customers.states_in
    code = (
        await desk.companies.region_code(company.country_id, company.region_id) if company.country_id in states else ""
    )
    wanted = company_account_from(company, desk.settings, region_code=code)
    known = await desk.accounts.get("company", str(company.id))
    account = known.account if known else held.number if held else ""
    matched_by = known.matched_by if known else "created"
    sought = Sought(
        "company", str(company.id), company.label, desk.settings.companies.match, company.email,
        tax_number=company.vat_tax_id, party_type="Organization",
    )  # fmt: skip
    if not account:
        account, rule = await _account(company, sought, wanted, customers, work)
        matched_by = rule or "created"
    if not account and company.status is not CompanyStatus.APPROVED:
        return Skipped(f"{company.status.name.lower()} in Commerce, and there is no account to put on hold")
    beside = await _hold(company, account, wanted, customers, work) if account else NOTHING_BESIDE

    async def then(results: Sequence[Result]) -> None:
        number = results[0].number
        if not known:
            await desk.accounts.learn(AccountMapping("company", str(company.id), number, matched_by))
        await _administrator(company, number, work)

    write = CustomerAccountWrite(
        sought, wanted, account, matched_by, customers, dynamics_of(desk), beside,
        is_left_behind=work.inherited is not None,
    )  # fmt: skip
    keys = {"matched_by": matched_by, "status": company.status.name.lower()}
    return Plan((write,), digest=write.digest, keys=keys, read=company.raw, then=then)


async def _account(
    company: Company, sought: Sought, wanted: CustomerAccount, customers: Customers, work: Work
) -> tuple[str, str]:
    """(account, how it was found), empty when there is none. Only an approved company gets a new one."""
    if company.status is CompanyStatus.APPROVED:
        return await found(sought, wanted, customers, work)
    if company.status is CompanyStatus.REJECTED and work.inherited is None:
        return "", ""
    account, matched_by = await found(sought, wanted, customers, work)
    if not account and work.inherited is not None and wanted.account:
        is_there = await customers.get(wanted.company, wanted.account) is not None
        account, matched_by = (await taken(sought, wanted, customers), "created") if is_there else ("", "")
    return account, matched_by


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
            remedy=f"Map it to an account that is there: map customers set company:{company.id} ACCOUNT, then replay.",
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
        legal_entity(desk.settings), account, customer.id, customer.firstname, customer.lastname, customer.email
    )


async def account_of_company(company_id: int, work: Work) -> str | Skipped:
    """The company's account: known, or delivered first where companies flow. `Skipped` says why it has none.

    A known company costs no request. Raises `Never` for one that Commerce does not have, and what `deliver` raises.
    """
    known = await work.desk.accounts.get("company", str(company_id))
    if known is not None:
        return known.account
    document = await read(str(company_id), work.desk)
    if document is None:
        raise Never(
            f"company {company_id} is not in Commerce (any more), and no account is known for it",
            remedy=f"Map it to its account: map customers set company:{company_id} ACCOUNT, then replay.",
        )
    outcome = await work.require(companies.name, str(company_id), document)
    return outcome.number if isinstance(outcome, Delivered) else outcome


async def until(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled()


companies = DocumentFlow[dict[str, Any]](
    name="companies",
    title="B2B companies to customer accounts",
    source=Source(read),
    plan=plan,
    triggers=(
        CommerceHook(keys_in),
        AdobeEvents(("observer.company_save_commit_after", "observer.company_save_after"), keys_in),
        Poll(
            changed,
            until,
            lambda connection: connection.companies.poll_minutes,
            "10 * * * * *",
            fingerprint=fingerprint,
        ),
    ),
    lane=Lane.MASTER,
)
