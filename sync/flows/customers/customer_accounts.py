"""A customer account in D365: found by rules, else created, kept up to date. Shoppers and companies
share it.

Repeats: the number (ours) or the e-mail address (theirs) finds what a lost answer left behind. A
match that is not clear is raised for a person to decide, so that nobody ever gets a second account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sync.core.errors import Never
from sync.dynamics.customers import Customers
from sync.dynamics.faults import AlreadyExists
from sync.engine.delivery import Delivery
from sync.engine.results import Receipt
from sync.mapping.addresses import left_out_reason
from sync.mapping.customer_account import FIXED, CustomerAccount
from sync.mapping_tables.records import AccountKind, set_command


@dataclass(frozen=True)
class AccountLookup:
    """Whose account is looked for, by which rules and what they go by. `party_type`: accounts of
    another are not it."""

    kind: AccountKind
    source_key: str
    label: str
    rules: Sequence[str]
    email: str
    suggested_account: str = ""
    tax_number: str = ""
    party_type: str = ""


@dataclass(frozen=True)
class HoldChange:
    """Fields that are written beside the contact details. `announced` goes into the intent,
    `settled` into the digest: what must be remembered of them for as long as the claim is there."""

    fields: Mapping[str, str] = field(default_factory=dict)
    announced: str = ""
    settled: str = ""


NO_HOLD_CHANGE: Final = HoldChange()


async def found(
    lookup: AccountLookup, wanted: CustomerAccount, customers: Customers, delivery: Delivery
) -> tuple[str, str]:
    """(account, how it was found), by the rules and by what a lost answer left behind; empty when
    there is none.

    Raises `Never` when it is not clear, `Later` while an earlier write may still commit.
    """
    if not wanted.account:
        delivery.wait_until_settled()
    is_ours = delivery.inherited is not None
    for rule in lookup.rules:
        account = await _matched(rule, lookup, wanted, customers)
        if account:
            return account, "created" if is_ours and rule == "email" else rule
    if not wanted.account and is_ours and lookup.email:
        account = await _matched("email", lookup, wanted, customers)
        if account:
            return account, "created"
    return "", ""


async def found_or_created(
    lookup: AccountLookup, wanted: CustomerAccount, customers: Customers, delivery: Delivery
) -> tuple[str, str, str]:
    """(account, how it was found, action)."""
    account, matched_by = await found(lookup, wanted, customers, delivery)
    if account:
        return account, matched_by, "adopted"
    intent = await delivery.intend(wanted.digest)
    try:
        return await customers.create(wanted.body, not_after=intent.not_after), "created", "created"
    except AlreadyExists:
        return await taken(lookup, wanted, customers), "created", "adopted"


async def _matched(
    rule: str, lookup: AccountLookup, wanted: CustomerAccount, customers: Customers
) -> str:
    """The account a rule finds, or empty. Raises `Never` when it finds several, or names one that
    is not there."""
    if rule == "customer_number":
        return await _named(lookup, wanted, customers)
    by_tax = rule == "vat"
    value = lookup.tax_number if by_tax else lookup.email
    find = customers.with_tax_number if by_tax else customers.with_email
    accounts = await find(wanted.company, value, party_type=lookup.party_type) if value else []
    if len(accounts) > 1:
        raise Never(
            f"{lookup.label}: its {'tax number' if by_tax else 'e-mail address'} belongs to several"
            f" accounts in D365: {', '.join(accounts)}",
            remedy=(
                f"Choose one: {set_command(lookup.kind, lookup.source_key, wanted.company)}, then"
                " replay."
            ),
        )
    return accounts[0] if accounts else ""


async def _named(lookup: AccountLookup, wanted: CustomerAccount, customers: Customers) -> str:
    """The account that a customer names."""
    if (
        lookup.suggested_account
        and await customers.get(wanted.company, lookup.suggested_account) is None
    ):
        raise Never(
            f"{lookup.label}: customer number {lookup.suggested_account} is not in company"
            f" {wanted.company}",
            remedy=(
                "Correct the customer number attribute in Commerce, or map the customer (map"
                " customers set)."
            ),
        )
    return lookup.suggested_account


async def taken(lookup: AccountLookup, wanted: CustomerAccount, customers: Customers) -> str:
    """The number is taken: by an earlier try of ours when the e-mail address is the same, else by a
    stranger."""
    there = await customers.get(wanted.company, wanted.account)
    if there is not None and str(there.get("PrimaryContactEmail", "")).lower() == lookup.email:
        return wanted.account
    template = (
        "companies.number_template" if lookup.kind == "company" else "customers.number_template"
    )
    raise Never(
        f"{lookup.label}: account {wanted.account} exists in D365 with another e-mail address",
        remedy=(
            f"Change {template} in connections.toml, or map it to its account "
            f"({set_command(lookup.kind, lookup.source_key, wanted.company)})."
        ),
    )


async def kept_up_to_date(
    wanted: CustomerAccount,
    account: str,
    action: str,
    customers: Customers,
    delivery: Delivery,
    *,
    hold_change: HoldChange = NO_HOLD_CHANGE,
) -> str:
    """Contact details that changed since they were last sent; what only the ledger knows is never
    touched.

    `action`: what was done so far; returns what was done in all.
    """
    document: dict[str, Any] = {
        "body": dict(wanted.body),
        "addresses": {key: dict(value) for key, value in wanted.addresses.items()},
    }
    is_same = delivery.claim.digest == wanted.digest + hold_change.settled and action == "unchanged"
    if is_same and delivery.inherited is None and not hold_change.fields:
        delivery.keep("sent", document)
        return action
    delivery.keep("wanted", document)
    before = wanted.body if action == "created" else await _body_before(wanted, delivery)
    changes = {
        name: value
        for name, value in wanted.body.items()
        if before.get(name) != value and name not in FIXED
    }
    changes |= hold_change.fields
    changed = "amended" if action == "unchanged" and (changes or wanted.addresses) else action
    if changes or wanted.addresses:
        delivery.wait_until_settled()
        intent = await delivery.intend(wanted.digest + hold_change.announced)
        if changes:
            await customers.update(wanted.company, account, changes, not_after=intent.not_after)
        if wanted.addresses:
            await customers.put_addresses(
                wanted.company, account, wanted.addresses, not_after=intent.not_after
            )
    delivery.keep("sent", document)
    return changed


async def _body_before(wanted: CustomerAccount, delivery: Delivery) -> Mapping[str, Any]:
    """What D365 holds of ours; nothing where nobody knows: an earlier write's outcome is open, or
    no copy is kept."""
    if delivery.inherited is not None:
        created_so = delivery.inherited.document == wanted.digest and not delivery.claim.number
        return wanted.body if created_so else {}
    sent = await delivery.last_sent()
    return sent["body"] if sent else {}


def with_left_out(
    receipt: Receipt, wanted: CustomerAccount, matched_by: str, delivery: Delivery
) -> Receipt:
    """The receipt with the addresses that the account goes without. A matched account's addresses
    are the ledger's own, and none is ever sent."""
    if matched_by != "created" or not wanted.left_out:
        return receipt
    key, remedies = delivery.message.key, dict.fromkeys(one.error.remedy for one in wanted.left_out)
    again = (
        f"Then enter it at account {receipt.number} in D365: a guest is not read again."
        if key.startswith("guest:")
        else f"Then `replay {key}` brings it to D365."
    )
    return replace(
        receipt, reason=left_out_reason(wanted.left_out), remedy=" ".join([*remedies, again])
    )
