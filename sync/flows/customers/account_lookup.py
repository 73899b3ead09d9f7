"""Which customer account of D365 is somebody's: found by the configured rules, or left behind by an
earlier try.

A match that is not clear is raised for a person to decide, so that nobody ever gets a second
account.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.core.errors import Never
from sync.dynamics.customers import Customers
from sync.engine.delivery import Delivery
from sync.flows.customers.account_holds import AccountHold
from sync.mapping.customer_account import CustomerAccount
from sync.mapping_tables.records import AccountKind, set_command


@dataclass(frozen=True)
class AccountLookup:
    """Whose account is looked for, by which rules and what they go by. `party_type`: accounts of
    another are not it. `hold`: what keeps others from making one of this e-mail address."""

    kind: AccountKind
    source_key: str
    label: str
    rules: Sequence[str]
    email: str
    hold: AccountHold
    suggested_account: str = ""
    tax_number: str = ""
    party_type: str = ""


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
    is_left_behind = not wanted.account and is_ours and lookup.email
    for rule in (*lookup.rules, *(("email",) if is_left_behind else ())):
        if account := await _matched(rule, lookup, wanted, customers):
            is_made = is_ours and rule == "email" and await _was_begun(lookup)
            return account, "created" if is_made else rule
    return "", ""


async def _was_begun(lookup: AccountLookup) -> bool:
    """Whether what an earlier try of ours began was of this e-mail address, which may be another
    one by now. Where it is no rule, nobody holds it."""
    return "email" not in lookup.rules or await lookup.hold.is_ours()


async def _matched(
    rule: str, lookup: AccountLookup, wanted: CustomerAccount, customers: Customers
) -> str:
    """The account a rule finds, or empty. Raises `Never` when it finds several, or names one that
    is not there."""
    if rule == "customer_number":
        return await _named(lookup, wanted, customers)
    if rule == "reseller_id":
        named = lookup.suggested_account
        is_there = named and await customers.by_account(wanted.company, named) is not None
        return named if is_there else ""
    by_tax = rule == "vat"
    value = lookup.tax_number if by_tax else lookup.email
    find = customers.with_tax_number if by_tax else customers.with_email
    accounts = await find(wanted.company, value, party_type=lookup.party_type) if value else []
    if len(accounts) > 1:
        what = f"its {'tax number' if by_tax else 'e-mail address'} belongs to several accounts"
        command = set_command(lookup.kind, lookup.source_key, wanted.company)
        reason = f"{lookup.label}: {what} in D365: {', '.join(accounts)}"
        raise Never(reason, remedy=f"Choose one: {command}, then replay.")
    return accounts[0] if accounts else ""


async def _named(lookup: AccountLookup, wanted: CustomerAccount, customers: Customers) -> str:
    """The account that a customer names."""
    if (
        lookup.suggested_account
        and await customers.by_account(wanted.company, lookup.suggested_account) is None
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
    there = await customers.by_account(wanted.company, wanted.account)
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
