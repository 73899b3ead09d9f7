"""Shoppers in Commerce -> customer accounts in D365.

In:      a registered customer as REST answers it, or the guest of an order.
Out:     one account in CustomersV3, with its primary address; further addresses beside it.
Key:     the customer id; "guest:<keyed digest of the e-mail>" for guests, who come with their order only.
Matched: by the mapping table, then by the configured rules; a match that is not clear is parked, never a second account.
Repeats: the number (ours) or the e-mail address (theirs) finds what a lost answer left behind.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.customer import Customer
from sync.commerce.models.order import utc
from sync.desk import Desk
from sync.dynamics.customers import Customers
from sync.engine.plan import Plan, Result, Skipped
from sync.flow import AdobeEvents, Change, CommerceHook, DocumentFlow, Lane, Poll, Source
from sync.flows.companies import account_of_company
from sync.flows.contacts import Contact, contacts_are_wanted, kept_contact
from sync.flows.customer_accounts import KIND, CustomerAccountWrite, Sought, found
from sync.flows.payloads import id_in
from sync.flows.targets import dynamics_of
from sync.mapping.company_account import legal_entity
from sync.mapping.customer_account import Shopper, customer_account_from, shopper_of_customer
from sync.mapping_tables.tables import AccountMapping
from sync.work import Work


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The customer named in a hook's body or an event's value; an address names its customer."""
    records = ("customer", "customer_data_object", "address", "data_object")
    return [id_in(payload, "customer", records=records, ids=("customer_id", "entity_id", "id"))]


async def changed(desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Customers by `updated_at`."""
    async for row in desk.commerce.changed_customers(since, until):
        stamp = utc(str(row.get("updated_at", "")))
        if stamp is not None:
            yield Change(str(row["id"]), stamp)


async def read(key: str, desk: Desk) -> Shopper | None:
    """The customer as Commerce has it; None for guests, and for customers that are gone (or not yet there)."""
    if not key.isdigit():
        return None
    document = await desk.customers.get(int(key))
    if document is None:
        return None
    customer = Customer.read(document)
    return shopper_of_customer(customer, desk.settings, desk.settings.customers.currency)


async def plan(shopper: Shopper, work: Work) -> Plan | Skipped:
    """One account for this shopper, with the contact details that Commerce holds.

    Who buys for a company is a contact of its account, and needs none of their own, unless an order of theirs does.
    """
    desk, held = work.desk, work.held(KIND)
    known = await desk.accounts.get(shopper.kind, shopper.source_key)
    account = known.account if known else held.number if held else ""
    is_for_an_order = work.message.origin == "required"
    if shopper.company_id is not None and "companies" in desk.settings.flows and not is_for_an_order:
        reason = await _bought_for(shopper.company_id, shopper, work)
        if not account and work.inherited is None:
            return Skipped(reason)
    wanted, customers = customer_account_from(shopper, desk.settings), Customers(desk.dynamics)
    sought = Sought(
        shopper.kind, shopper.source_key, shopper.label, desk.settings.customers.match, shopper.email, shopper.account_hint
    )  # fmt: skip
    matched_by = known.matched_by if known else "created"
    if not account:
        account, rule = await found(sought, wanted, customers, work)
        matched_by = rule or "created"

    async def learn(results: Sequence[Result]) -> None:
        if not known:
            number = results[0].number
            await desk.accounts.learn(AccountMapping(shopper.kind, shopper.source_key, number, matched_by))

    write = CustomerAccountWrite(
        sought, wanted, account, matched_by, customers, dynamics_of(desk), is_left_behind=work.inherited is not None
    )
    return Plan((write,), digest=write.digest, keys={"matched_by": matched_by}, then=learn)


async def _bought_for(company_id: int, shopper: Shopper, work: Work) -> str:
    """Make the shopper a contact of the company's account, where contacts are wanted; why no account is needed."""
    bought = await account_of_company(company_id, work)
    if isinstance(bought, Skipped):
        return f"buys for company {company_id}: {bought}"
    if contacts_are_wanted(work.desk.settings):
        customer = (int(shopper.source_key), shopper.firstname, shopper.lastname, shopper.email)
        await kept_contact(Contact(legal_entity(work.desk.settings), bought, *customer), work)
    return f"buys for company {company_id}, which has account {bought}"


async def until(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled()


customers = DocumentFlow[Shopper](
    name="customers",
    title="Customers to customer accounts",
    source=Source(read),
    plan=plan,
    triggers=(
        CommerceHook(keys_in),
        AdobeEvents(
            (
                "observer.customer_save_commit_after", "observer.customer_save_after", "observer.customer_register_success",
                "observer.customer_address_save_commit_after", "observer.customer_address_save_after",
            ),
            keys_in,
        ),
        Poll(changed, until, lambda connection: connection.customers.poll_minutes, "30 * * * * *"),
    ),
    lane=Lane.MASTER,
)  # fmt: skip
