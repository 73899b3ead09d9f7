"""Shoppers in Commerce -> customer accounts in D365.

In:      a registered customer as REST answers it, or the guest of an order.
Out:     one account in CustomersV3, with its primary address; further addresses beside it.
Key:     the customer id; "guest:<keyed digest of the e-mail>" for guests, who come with their order
         only. An account in another legal entity than the connection's own has a record of its own:
         "<key>@<legal entity>".
Matched: by the mapping table, then by the configured rules; a match that is not clear is parked,
never a second account.
Skips:   customers of other websites and stores, until they have an account here or an order of
         theirs needs one.
Repeats: the number (ours) or the e-mail address (theirs) finds what a lost answer left behind. Of
         records with one e-mail address, one at a time makes an account (`account_holds.py`).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.customer import Customer
from sync.commerce.models.order import utc
from sync.commerce.polling import SETTLING, position_of
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.flow import AdobeEvents, CommerceHook, DocumentFlow, Poll, Source
from sync.engine.plan import Notification, PassedOn, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.customers.account_holds import hold_for
from sync.flows.customers.account_lookup import AccountLookup, found
from sync.flows.customers.company_buyers import needless_account
from sync.flows.customers.customer_accounts import (
    KIND,
    CustomerAccountWrite,
    comes_alone,
    is_of_another,
    learning,
    left_out,
    matched_as,
)
from sync.flows.keys import UNKNOWN_STORE, whole_in
from sync.flows.payloads import id_in
from sync.flows.polls import shop_clock
from sync.flows.shop_hooks import CUSTOMER
from sync.flows.targets import dynamics_of
from sync.mapping.customer_account import customer_account_from
from sync.mapping.shopper import Shopper, shopper_of_customer
from sync.mapping.whose import elsewhere
from sync.mapping_tables.tables import AccountKind
from sync.pacing.priority import Priority


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The customer named in a hook's body or an event's value; an address names its customer."""
    records = ("customer", "customer_data_object", "address", "data_object")
    return [id_in(payload, "customer", records=records, ids=("customer_id", "entity_id", "id"))]


def key_of(kind: AccountKind, source_key: str, company: str, settings: Connection) -> str:
    """The key of somebody's account in a legal entity."""
    key = f"guest:{source_key}" if kind == "guest" else source_key
    return key if company == settings.legal_entity else f"{key}@{company}"


async def resolve(key: str, systems: Systems) -> Sequence[str] | None:
    """A bare customer id, where the connection posts into several legal entities, is first that of
    one of them."""
    number, _, named = key.partition("@")
    if not number.isdecimal() or named not in ("", UNKNOWN_STORE):
        return None
    first: str | None = number
    if len(systems.settings.legal_entities) > 1:
        document = await systems.commerce.customers.by_id(int(number))
        if document is None:
            return []
        first = await _first_key(number, Customer.read(document).store_id, systems, is_ours=True)
    return None if first == key else [first or number]


async def _first_key(
    number: str, store_id: int | None, systems: Systems, *, is_ours: bool
) -> str | None:
    """The record that hears of a change first, and tells those in other legal entities; None for
    who has none here."""
    settings = systems.settings
    own = settings.legal_entity_of(store_id)
    if is_ours and own == settings.legal_entity:
        return number
    for company in settings.legal_entities:
        try:
            known = await systems.accounts.get("customer", number, company)
        except Never:  # no poll stops for it: the delivery of this record parks by the same error
            return key_of("customer", number, company, settings)
        if known:
            return key_of("customer", number, company, settings)
    return key_of("customer", number, own, settings) if is_ours else None


async def _reported(shopper: Shopper, company: str, delivery: Delivery) -> tuple[Notification, ...]:
    """The same customer's records in other legal entities: that of their store, and where they have
    an account."""
    settings, accounts, is_received = (
        delivery.systems.settings,
        delivery.systems.accounts,
        delivery.message.origin not in ("told", "required"),
    )
    if shopper.kind == "guest" or len(settings.legal_entities) == 1 or not is_received:
        return ()
    own, number = settings.legal_entity_of(shopper.store_id), shopper.source_key
    others = [one for one in settings.legal_entities if one != company]
    wanted = [one for one in others if one == own or await accounts.get("customer", number, one)]
    keys = (key_of("customer", number, one, settings) for one in wanted)
    return tuple(Notification(customers.name, key) for key in keys)


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Customers by `updated_at`: those of the connection's websites and stores, and who has an
    account of them."""
    websites = await systems.websites.ours()
    async for row in systems.commerce.customers.changed(
        since, until, websites=websites, after=after
    ):
        stamp, store_id = utc(str(row.get("updated_at", ""))), whole_in(row.get("store_id"))
        is_ours = not elsewhere(
            store_id, whole_in(row.get("website_id")), systems.settings, websites
        )
        key = await _first_key(str(row["id"]), store_id, systems, is_ours=is_ours)
        if stamp is not None and key is not None:
            yield Change(key, stamp, listed=_listed(row), position=position_of(row, "id"))


def _listed(row: Mapping[str, Any]) -> str:
    """What the list says of a customer; empty for one that cannot be read: its delivery says so."""
    try:
        return Customer.read(row).digest
    except Never:
        return ""


async def read(key: str, systems: Systems) -> Shopper | None:
    """The customer as Commerce has it; None for guests, and for customers that are gone (or not yet
    there)."""
    number, _, company = key.partition("@")
    if not number.isdecimal():
        return None
    document = await systems.commerce.customers.by_id(int(number))
    if document is None:
        return None
    settings, customer = systems.settings, Customer.read(document)
    return shopper_of_customer(
        customer, settings, settings.customers.currency, company or settings.legal_entity
    )


async def plan(shopper: Shopper, delivery: Delivery) -> Plan | Skipped:
    """One account for this shopper, with the contact details that Commerce holds.

    Who buys for a company is a contact of its account, and needs none of their own, unless an order
    of theirs does.
    """
    systems, held, told = delivery.systems, delivery.held(KIND), tuple[Notification, ...]()
    company = shopper.company or systems.settings.legal_entity_of(shopper.store_id)
    known = await systems.accounts.get(shopper.kind, shopper.source_key, company)
    account = known.account if known else held.number if held else ""
    is_open = bool(account) or delivery.inherited is not None
    if delivery.message.origin != "required":
        if not is_open and (reason := await _elsewhere(shopper, systems)):
            return Skipped(reason)
        needless = await needless_account(shopper, delivery, is_open=is_open)
        if needless is not None and not is_open:
            return needless
        told = needless.follow_ups if isinstance(needless, PassedOn) else ()
    wanted = customer_account_from(shopper, systems.settings)
    customers, lookup = systems.dynamics.customers, _lookup(shopper, company, delivery)
    matched_by = known.matched_by if known else matched_as(held)
    if not account:
        account, rule = await found(lookup, wanted, customers, delivery)
        matched_by = rule or "created"
    write = CustomerAccountWrite(
        lookup, wanted, account, matched_by, customers, dynamics_of(systems),
        is_left_behind=delivery.inherited is not None,
    )  # fmt: skip
    before, then = learning(write, systems.accounts, is_known=known is not None)
    return Plan(
        (write,),
        keys={"matched_by": matched_by},
        follow_ups=(*await _reported(shopper, company, delivery), *told),
        before=before,
        then=then,
        open_point=left_out(write, delivery.message.key),
        starts_anew=is_of_another(held, account),
    )


def _lookup(shopper: Shopper, company: str, delivery: Delivery) -> AccountLookup:
    return AccountLookup(
        shopper.kind, shopper.source_key, shopper.label,
        delivery.systems.settings.customers.match, shopper.email,
        hold_for(shopper.email, company, delivery), shopper.suggested_account,
    )  # fmt: skip


async def _elsewhere(shopper: Shopper, systems: Systems) -> str:
    return elsewhere(
        shopper.store_id, shopper.website_id, systems.settings, await systems.websites.ours()
    )


customers = DocumentFlow[Shopper](
    name="customers",
    title="Customers to customer accounts",
    source=Source(read, resolve, is_joined=True, comes_alone=comes_alone),
    plan=plan,
    triggers=(
        CommerceHook(keys_in, (CUSTOMER,)),
        AdobeEvents(
            (
                "observer.customer_save_commit_after", "observer.customer_save_after",
                "observer.customer_register_success",
                "observer.customer_address_save_commit_after",
                "observer.customer_address_save_after",
            ),
            keys_in,
        ),
        Poll(
            changed, shop_clock, lambda connection: connection.customers.poll_minutes,
            listed=lambda shopper: shopper.listed, lag=SETTLING,
        ),
    ),
    priority=Priority.MASTER_DATA,
)  # fmt: skip
