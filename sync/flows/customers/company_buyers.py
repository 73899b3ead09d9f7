"""Shoppers who need no account of their own in F&O: those who buy for a company, or will."""

from typing import Final

from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.plan import Notification, PassedOn
from sync.flows.customers.companies import account_of_company
from sync.flows.customers.contacts import Contact, contacts_are_wanted, kept_contact
from sync.mapping.shopper import Shopper

ACCOUNTS: Final = "accounts"
A_CONTACT: Final = Skipped(
    "a contact of an account, whom the flow accounts makes a user of its company"
)


async def needless_account(
    shopper: Shopper, delivery: Delivery, *, is_open: bool
) -> Skipped | None:
    """Why a shopper needs no account of their own; None where they do. `is_open`: they have one, or
    one was begun."""
    settings = delivery.systems.settings
    if shopper.company_id is not None and "companies" in settings.flows:
        return await _bought_for(shopper.company_id, shopper, delivery)
    if is_open or not (ACCOUNTS in settings.flows and settings.accounts.create):
        return None
    persons = delivery.systems.dynamics.contact_persons
    is_contact = await persons.are_there(settings.legal_entity, shopper.email)
    return A_CONTACT if is_contact else None


async def _bought_for(company_id: int, shopper: Shopper, delivery: Delivery) -> Skipped:
    """Make the shopper a contact of the company's account, where contacts are wanted; why no
    account is needed. Who keeps both sides' addresses alike looks at the account then."""
    bought, settings = await account_of_company(company_id, delivery), delivery.systems.settings
    if isinstance(bought, Skipped):
        return Skipped(f"buys for company {company_id}: {bought}")
    if contacts_are_wanted(settings):
        customer = (int(shopper.source_key), shopper.firstname, shopper.lastname, shopper.email)
        await kept_contact(Contact(settings.legal_entity, bought, *customer), delivery)
    is_shared = ACCOUNTS in settings.flows and settings.accounts.addresses == "both"
    told = (Notification(ACCOUNTS, bought),) if is_shared else ()
    return PassedOn(f"buys for company {company_id}, which has account {bought}", follow_ups=told)
