"""Shoppers in Commerce -> customer accounts in D365.

In:      a registered customer as REST answers it, or the guest of an order.
Out:     one account in CustomersV3, with its primary address; further addresses beside it.
Key:     the customer id; "guest:<keyed digest of the e-mail>" for guests, who come with their order only. An account in
         another legal entity than the connection's own has a record of its own: "<key>@<legal entity>".
Matched: by the mapping table, then by the configured rules; a match that is not clear is parked, never a second account.
Skips:   customers of other websites and stores, until they have an account here or an order of theirs needs one.
Repeats: the number (ours) or the e-mail address (theirs) finds what a lost answer left behind.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.customer import Customer
from sync.commerce.models.order import utc
from sync.connections import Connection
from sync.desk import Desk
from sync.dynamics.customers import SET, Customers
from sync.flow import Change, Flow, Lane, Receipt, Skipped
from sync.flows.companies import account_of_company
from sync.flows.contacts import Contact, contacts_are_wanted, kept_contact
from sync.flows.customer_accounts import Sought, found_or_created, kept_up_to_date
from sync.flows.keys import UNKNOWN_STORE, whole_in
from sync.flows.payloads import id_in
from sync.mapping.customer_account import Shopper, customer_account_from, shopper_of_customer
from sync.mapping.whose import elsewhere
from sync.mapping_tables.tables import AccountKind, AccountMapping
from sync.work import Work


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The customer named in a hook's body or an event's value; an address names its customer."""
    records = ("customer", "customer_data_object", "address", "data_object")
    return [id_in(payload, "customer", records=records, ids=("customer_id", "entity_id", "id"))]


def key_of(kind: AccountKind, source_key: str, company: str, settings: Connection) -> str:
    """The key of somebody's account in a legal entity."""
    key = f"guest:{source_key}" if kind == "guest" else source_key
    return key if company == settings.legal_entity else f"{key}@{company}"


async def resolve(key: str, desk: Desk) -> Sequence[str] | None:
    """A bare customer id, where the connection posts into several legal entities, is first that of one of them."""
    number, _, named = key.partition("@")
    if not number.isdecimal() or named not in ("", UNKNOWN_STORE):
        return None
    first: str | None = number
    if len(desk.settings.legal_entities) > 1:
        document = await desk.customers.get(int(number))
        if document is None:
            return []
        first = await _first_key(number, Customer.read(document).store_id, desk, is_ours=True)
    return None if first == key else [first or number]


async def _first_key(number: str, store_id: int | None, desk: Desk, *, is_ours: bool) -> str | None:
    """The record that hears of a change first, and tells those in other legal entities; None for who has none here."""
    settings = desk.settings
    own = settings.legal_entity_of(store_id)
    if is_ours and own == settings.legal_entity:
        return number
    for company in settings.legal_entities:
        if await desk.accounts.get("customer", number, company):
            return key_of("customer", number, company, settings)
    return key_of("customer", number, own, settings) if is_ours else None


async def _told(shopper: Shopper, company: str, work: Work) -> tuple[tuple[str, str], ...]:
    """The same customer's records in other legal entities: that of their store, and where they have an account."""
    settings, accounts, is_heard = (
        work.desk.settings,
        work.desk.accounts,
        work.message.origin not in ("told", "required"),
    )
    if shopper.kind == "guest" or len(settings.legal_entities) == 1 or not is_heard:
        return ()
    own, number = settings.legal_entity_of(shopper.store_id), shopper.source_key
    others = [one for one in settings.legal_entities if one != company]
    wanted = [one for one in others if one == own or await accounts.get("customer", number, one)]
    return tuple((customers.name, key_of("customer", number, one, settings)) for one in wanted)


async def changed(desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Customers by `updated_at`: those of the connection's websites and stores, and who has an account of them."""
    websites = await desk.websites.ours()
    async for row in desk.commerce.changed_customers(since, until, websites=websites):
        stamp, store_id = utc(str(row.get("updated_at", ""))), whole_in(row.get("store_id"))
        is_ours = not elsewhere(store_id, whole_in(row.get("website_id")), desk.settings, websites)
        key = await _first_key(str(row["id"]), store_id, desk, is_ours=is_ours)
        if stamp is not None and key is not None:
            yield Change(key, stamp)


async def read(key: str, desk: Desk) -> Shopper | None:
    """The customer as Commerce has it; None for guests, and for customers that are gone (or not yet there)."""
    number, _, company = key.partition("@")
    if not number.isdecimal():
        return None
    document = await desk.customers.get(int(number))
    if document is None:
        return None
    settings, customer = desk.settings, Customer.read(document)
    return shopper_of_customer(customer, settings, settings.customers.currency, company or settings.legal_entity)


async def deliver(shopper: Shopper, work: Work) -> Receipt | Skipped:
    """Make D365 have one account for this shopper, with the contact details that Commerce holds.

    Who buys for a company is a contact of its account, and needs none of their own, unless an order of theirs does.
    """
    desk = work.desk
    company = shopper.company or desk.settings.legal_entity_of(shopper.store_id)
    known = await desk.accounts.get(shopper.kind, shopper.source_key, company)
    account = known.account if known else work.claim.number
    is_for_an_order = work.message.origin == "required"
    if not account and work.inherited is None and not is_for_an_order and (reason := await _elsewhere(shopper, desk)):
        return Skipped(reason)
    if shopper.company_id is not None and "companies" in desk.settings.flows and not is_for_an_order:
        reason = await _bought_for(shopper.company_id, shopper, work)
        if not account and work.inherited is None:
            return Skipped(reason)
    wanted = customer_account_from(shopper, desk.settings)
    customers = Customers(desk.dynamics)
    matched_by = known.matched_by if known else "created"
    action = "unchanged"
    if not account:
        sought = Sought(
            shopper.kind, shopper.source_key, shopper.label, desk.settings.customers.match, shopper.email, shopper.account_hint
        )  # fmt: skip
        account, matched_by, action = await found_or_created(sought, wanted, customers, work)
    if not known:
        await desk.accounts.learn(AccountMapping(shopper.kind, shopper.source_key, account, matched_by, company))
    if matched_by == "created":
        action = await kept_up_to_date(wanted, account, action, customers, work)
    return Receipt(
        SET, account, wanted.digest, action, {"matched_by": matched_by}, tells=await _told(shopper, company, work)
    )


async def _elsewhere(shopper: Shopper, desk: Desk) -> str:
    return elsewhere(shopper.store_id, shopper.website_id, desk.settings, await desk.websites.ours())


async def _bought_for(company_id: int, shopper: Shopper, work: Work) -> str:
    """Make the shopper a contact of the company's account, where contacts are wanted; why no account is needed."""
    found = await account_of_company(company_id, work)
    if isinstance(found, Skipped):
        return f"buys for company {company_id}: {found.reason}"
    if contacts_are_wanted(work.desk.settings):
        customer = (int(shopper.source_key), shopper.firstname, shopper.lastname, shopper.email)
        await kept_contact(Contact(work.desk.settings.legal_entity, found, *customer), work)
    return f"buys for company {company_id}, which has account {found}"


async def horizon(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled()


customers = Flow[Shopper](
    name="customers",
    title="Customers to customer accounts",
    keys_in=keys_in,
    horizon=horizon,
    changed=changed,
    read=read,
    deliver=deliver,
    resolve=resolve,
    lane=Lane.MASTER,
    schedule="30 * * * * *",
    poll_minutes=lambda connection: connection.customers.poll_minutes,
    events=(
        "observer.customer_save_commit_after", "observer.customer_save_after", "observer.customer_register_success",
        "observer.customer_address_save_commit_after", "observer.customer_address_save_after",
    ),
)  # fmt: skip
