"""A customer account in D365 as a write: created, or taken as it was found, and kept up to date.
Shoppers and companies share it.

Repeats: the number (ours) or the e-mail address (theirs) finds what a lost answer left behind. A
match that is not clear is raised for a person to decide, so that nobody ever gets a second account.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.core.request import Request
from sync.dynamics.customers import SET, Customers
from sync.dynamics.documents.requests import account_requests, address_requests
from sync.engine.plan import OpenPoint
from sync.engine.write import Amendment, Found, Result, Target, Write
from sync.flows.customers.account_lookup import AccountLookup, taken
from sync.mapping.addresses import left_out_reason
from sync.mapping.customer_account import FIXED, CustomerAccount
from sync.mapping_tables.tables import AccountMapping, AccountMappings

KIND: Final = "customer_account"


@dataclass(frozen=True)
class HoldChange:
    """Fields that are written beside the contact details. `announced` goes into the intent,
    `settled` into the digest: what must be remembered of them for as long as the claim is there."""

    fields: Mapping[str, str] = field(default_factory=dict)
    announced: str = ""
    settled: str = ""


NO_HOLD_CHANGE: Final = HoldChange()


Before = Callable[[], Awaitable[None]]
Then = Callable[[Sequence[Result]], Awaitable[None]]


@dataclass(frozen=True)
class CustomerAccountWrite(Write):
    """One customer account with its contact details; what only the ledger knows is never touched.

    `account`: its number where it is known already. `matched_by`: how it was found; one that a rule
    or a person matched is the ledger's own, except its holds. `is_left_behind`: an earlier try of
    ours may have made it. `theirs`: fields that are the ledger's own once the account is made.
    """

    kind: ClassVar[str] = KIND
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    lookup: AccountLookup
    wanted: CustomerAccount
    account: str
    matched_by: str
    customers: Customers
    target: Target
    hold_change: HoldChange = NO_HOLD_CHANGE
    is_left_behind: bool = False
    theirs: frozenset[str] = FIXED

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
    def expected_number(self) -> str:
        return self.account or self.wanted.account

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
        company, body, addresses = self.wanted.company, self.wanted.body, self.wanted.addresses
        if not self.account:
            return account_requests(company, self.wanted.account, body, addresses)
        changes = self._changes({})
        if not changes:
            return []
        number = self.account.replace("'", "''")
        path = f"/data/{SET}(dataAreaId='{company}',CustomerAccount='{number}')"
        further = address_requests(company, self.account, addresses) if self.is_ours else []
        return [Request("PATCH", path, changes), *further]

    @override
    async def find(self) -> Found | None:
        return self._found(self.account) if self.account else None

    @override
    async def find_taken(self) -> Found | None:
        return self._found(await taken(self.lookup, self.wanted, self.customers))

    @override
    async def create(self, not_after: datetime) -> Found:
        if self.lookup.email and "email" in self.lookup.rules:
            target = self.target
            settled_by = not_after + target.write_timeout + target.commit_horizon
            await self.lookup.hold.take(settled_by)
        return self._found(await self.customers.create(self.wanted.body, not_after=not_after))

    def _found(self, account: str) -> Found:
        return Found(account, {"matched_by": self.matched_by})

    def _changes(self, before: Mapping[str, Any]) -> dict[str, Any]:
        body = self.wanted.body if self.is_ours else {}
        changes = {
            name: value
            for name, value in body.items()
            if before.get(name) != value and name not in self.theirs
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


def matched_as(held: Result | None) -> str:
    """How an account came to be whose mapping was removed, or is not there yet."""
    return str(held.keys.get("matched_by") or "created") if held else "created"


def is_of_another(held: Result | None, account: str) -> bool:
    """Whether a person has mapped somebody to another account than we delivered to."""
    return held is not None and bool(account) and held.number != account


def comes_alone(key: str) -> bool:
    """False for guests: they come with an order or document only."""
    return not key.startswith("guest:")


def learning(
    write: CustomerAccountWrite, accounts: AccountMappings, *, is_known: bool
) -> tuple[Before, Then]:
    """What a plan does about the mapping table: an account that was found is kept before anything
    is written, as a later try tells by it whose the account is; a new one afterwards."""

    def mapping(account: str) -> AccountMapping:
        lookup, company = write.lookup, write.wanted.company
        return AccountMapping(lookup.kind, lookup.source_key, account, write.matched_by, company)

    async def before() -> None:
        if write.account and not is_known:
            await accounts.learn(mapping(write.account))

    async def then(results: Sequence[Result]) -> None:
        if not write.account:
            await accounts.learn(mapping(results[0].number))

    return before, then


def left_out(write: CustomerAccountWrite, key: str) -> OpenPoint | None:
    """The addresses that the account goes without, why, and how a person brings them to D365. A
    matched account's addresses are the ledger's own, and none is ever sent."""
    left = write.wanted.left_out if write.is_ours else ()
    if not left:
        return None
    again = (
        "Then `replay --left-out` brings it to D365, and so does the guest's next order."
        if not comes_alone(key)
        else f"Then `replay {key}` brings it to D365, and `replay --left-out` all of them."
    )
    remedy = " ".join([*dict.fromkeys(one.error.remedy for one in left), again])
    missing = tuple(dict.fromkeys(row for one in left for row in one.error.missing))
    return OpenPoint(left_out_reason(left), remedy, missing=missing)
