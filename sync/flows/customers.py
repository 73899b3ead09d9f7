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
from sync.dynamics.customers import SET, Customers
from sync.dynamics.faults import AlreadyExists
from sync.errors import Never
from sync.flow import Change, Flow, Lane, NoKey, Receipt, Skipped
from sync.mapping.customer_account import CustomerAccount, Shopper, customer_account_from, shopper_of_customer
from sync.mappings import AccountMapping
from sync.work import Work


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The customer named in a hook's body or an event's value; an address names its customer."""
    body = payload.get("data", payload)
    names = ("customer", "customer_data_object", "address", "data_object")
    record = (
        next((body[n] for n in names if isinstance(body.get(n), Mapping)), body) if isinstance(body, Mapping) else {}
    )
    for name in ("customer_id", "entity_id", "id"):
        value = record.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).isdigit() and int(value) > 0:
            return [str(int(value))]
    raise NoKey("no customer id in it")


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


async def deliver(shopper: Shopper, work: Work) -> Receipt | Skipped:
    """Make D365 have one account for this shopper, with the contact details that Commerce holds."""
    desk = work.desk
    wanted = customer_account_from(shopper, desk.settings)
    customers = Customers(desk.dynamics)
    known = await desk.accounts.get(shopper.kind, shopper.source_key)
    account = known.account if known else work.claim.number
    matched_by = known.matched_by if known else "created"
    action = "unchanged"
    if not account:
        account, matched_by, action = await _found_or_created(shopper, wanted, customers, work)
    if not known:
        await desk.accounts.learn(AccountMapping(shopper.kind, shopper.source_key, account, matched_by))
    if matched_by == "created":
        action = await _kept_up_to_date(wanted, account, action, customers, work)
    return Receipt(SET, account, wanted.digest, action, {"matched_by": matched_by})


async def _found_or_created(
    shopper: Shopper, wanted: CustomerAccount, customers: Customers, work: Work
) -> tuple[str, str, str]:
    """(account, how it was found, action)."""
    if not wanted.account:
        work.wait_until_settled()
    is_ours = work.inherited is not None
    for rule in work.desk.settings.customers.match:
        account = await _matched(rule, shopper, wanted, customers)
        if account:
            return account, "created" if is_ours and rule == "email" else rule, "adopted"
    if not wanted.account and is_ours and shopper.email:
        account = await _matched("email", shopper, wanted, customers)
        if account:
            return account, "created", "adopted"
    intent = await work.intend(wanted.digest)
    try:
        return await customers.create(wanted.body, not_after=intent.not_after), "created", "created"
    except AlreadyExists:
        return await _taken(shopper, wanted, customers), "created", "adopted"


async def _matched(rule: str, shopper: Shopper, wanted: CustomerAccount, customers: Customers) -> str:
    """The account a rule finds, or empty. Raises `Never` when it finds several, or names one that is not there."""
    if rule == "customer_number":
        if not shopper.account_hint:
            return ""
        if await customers.get(wanted.company, shopper.account_hint) is None:
            raise Never(
                f"{shopper.label}: customer number {shopper.account_hint} is not in company {wanted.company}",
                remedy="Correct the customer number attribute in Commerce, or map the customer (map customers set).",
            )
        return shopper.account_hint
    accounts = await customers.with_email(wanted.company, shopper.email) if shopper.email else []
    if len(accounts) > 1:
        raise Never(
            f"{shopper.label}: its e-mail address belongs to several accounts in D365: {', '.join(accounts)}",
            remedy=f"Choose one: map customers set {shopper.kind}:{shopper.source_key} ACCOUNT, then replay.",
        )
    return accounts[0] if accounts else ""


async def _taken(shopper: Shopper, wanted: CustomerAccount, customers: Customers) -> str:
    """The number is taken: by an earlier try of ours when the e-mail address is the same, else by a stranger."""
    found = await customers.get(wanted.company, wanted.account)
    if found is not None and str(found.get("PrimaryContactEmail", "")).lower() == shopper.email:
        return wanted.account
    raise Never(
        f"{shopper.label}: account {wanted.account} exists in D365 with another e-mail address",
        remedy="Change customers.number_template in connections.toml, or map the shopper to its account (map customers set).",
    )


async def _kept_up_to_date(wanted: CustomerAccount, account: str, action: str, customers: Customers, work: Work) -> str:
    """Contact details that changed since they were last sent; what only the ledger knows is never touched."""
    document = {"body": dict(wanted.body), "addresses": {key: dict(value) for key, value in wanted.addresses.items()}}
    if work.claim.digest == wanted.digest and action == "unchanged" and work.inherited is None:
        work.keep("sent", document)
        return action
    work.keep("wanted", document)
    before = document["body"] if action == "created" else await _body_before(wanted, work)
    changes = {name: value for name, value in wanted.body.items() if before.get(name) != value and name not in _FIXED}
    changed = "amended" if action == "unchanged" and (changes or wanted.addresses) else action
    if changes or wanted.addresses:
        work.wait_until_settled()
        intent = await work.intend(wanted.digest)
        if changes:
            await customers.update(wanted.company, account, changes, not_after=intent.not_after)
        if wanted.addresses:
            await customers.put_addresses(wanted.company, account, wanted.addresses, not_after=intent.not_after)
    work.keep("sent", document)
    return changed


async def _body_before(wanted: CustomerAccount, work: Work) -> Mapping[str, Any]:
    """What D365 holds of ours; nothing where nobody knows: an earlier write's outcome is open, or no copy is kept."""
    if work.inherited is not None:
        created_so = work.inherited.document == wanted.digest and not work.claim.number
        return wanted.body if created_so else {}
    sent = await work.last_sent()
    return sent["body"] if sent else {}


_FIXED = frozenset(
    {"dataAreaId", "CustomerAccount", "PartyType", "CustomerGroupId", "SalesCurrencyCode", "PaymentTerms"}
)


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
    lane=Lane.MASTER,
    schedule="30 * * * * *",
    poll_minutes=lambda connection: connection.customers.poll_minutes,
    events=(
        "observer.customer_save_commit_after", "observer.customer_save_after", "observer.customer_register_success",
        "observer.customer_address_save_commit_after", "observer.customer_address_save_after",
    ),
)  # fmt: skip
