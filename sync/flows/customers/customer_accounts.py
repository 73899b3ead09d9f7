"""A customer account in D365: found by rules, else created, kept up to date. Shoppers and companies
share it.

Repeats: the number (ours) or the e-mail address (theirs) finds what a lost answer left behind. A
match that is not clear is raised for a person to decide, so that nobody ever gets a second account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.core.errors import Never
from sync.dynamics.customers import ADDRESSES, SET, Customers
from sync.dynamics.odata import record_path
from sync.engine.delivery import Delivery
from sync.engine.write import Amendment, Found, Request, Target, Write
from sync.flows.orders.sales_order_writes import ASSIGNED
from sync.mapping.customer_account import FIXED, CustomerAccount
from sync.mapping_tables.records import AccountKind, set_command

KIND: Final = "customer_account"


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


@dataclass(frozen=True)
class CustomerAccountWrite(Write):
    """One customer account with its contact details; what only the ledger knows is never touched.

    `account`: its number where it is known already. `matched_by`: how it was found; one that a rule
    or a person matched is the ledger's own, but for holds. `is_left_behind`: an earlier try of ours
    may have made it.
    """

    kind: ClassVar[str] = KIND
    lookup: AccountLookup
    wanted: CustomerAccount
    account: str
    matched_by: str
    customers: Customers
    target: Target
    hold_change: HoldChange = NO_HOLD_CHANGE
    is_left_behind: bool = False

    @property
    def refuses_second(self) -> bool:  # type: ignore[override]
        """Whether the number is ours, so that D365's primary key refuses a second account."""
        return bool(self.wanted.account) and not self.account

    @property
    def is_ours(self) -> bool:
        """Whether its details are kept up to date."""
        return self.matched_by == "created"

    @property
    @override
    def reference(self) -> str:
        return self.lookup.label

    @property
    @override
    def digest(self) -> str:
        return self.wanted.digest + self.hold_change.settled

    @property
    @override
    def announced(self) -> str:
        return self.wanted.digest + self.hold_change.announced

    @property
    @override
    def document(self) -> Any:
        return {
            "body": dict(self.wanted.body),
            "addresses": {key: dict(value) for key, value in self.wanted.addresses.items()},
        }

    @property
    def placed(self) -> Any:
        """Addresses follow the account. A matched account is taken as it is."""
        if not self.is_ours:
            return self.document if not self.hold_change.fields else {}
        is_made = not self.account or self.is_left_behind
        return {"body": dict(self.wanted.body) if is_made else {}, "addresses": {}}

    @override
    def requests(self) -> Sequence[Request]:
        wanted, account = self.wanted, self.account or self.wanted.account or ASSIGNED
        owner = {
            "dataAreaId": wanted.company,
            "CustomerLegalEntityId": wanted.company,
            "CustomerAccountNumber": account,
        }
        addresses = [
            Request("POST", f"/data/{ADDRESSES}", {**owner, **fields})
            for fields in wanted.addresses.values()
        ]
        if not self.account:
            return [Request("POST", f"/data/{SET}", wanted.body), *addresses]
        changes = self._changes({})
        if not changes:
            return []
        path = record_path(SET, {"dataAreaId": wanted.company, "CustomerAccount": account})
        return [Request("PATCH", path, changes), *(addresses if self.is_ours else ())]

    @override
    async def find(self) -> Found | None:
        return self._found(self.account) if self.account else None

    @override
    async def find_taken(self) -> Found | None:
        return self._found(await taken(self.lookup, self.wanted, self.customers))

    @override
    async def create(self, not_after: datetime) -> Found:
        return self._found(await self.customers.create(self.wanted.body, not_after=not_after))

    def _found(self, account: str) -> Found:
        return Found(account, {"matched_by": self.matched_by})

    def _changes(self, before: Mapping[str, Any]) -> dict[str, Any]:
        body = self.wanted.body if self.is_ours else {}
        changes = {
            name: value
            for name, value in body.items()
            if before.get(name) != value and name not in FIXED
        }
        return {**changes, **self.hold_change.fields}

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        changes = self._changes((sent or {}).get("body", {}))
        addresses = self.wanted.addresses if self.is_ours else {}

        async def apply(not_after: datetime) -> None:
            customers, company = self.customers, self.wanted.company
            if changes:
                await customers.update(company, number, changes, not_after=not_after)
            if addresses:
                await customers.put_addresses(company, number, addresses, not_after=not_after)

        return Amendment(self.document, apply if changes or addresses else None)
