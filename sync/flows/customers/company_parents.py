"""Accounts whose invoices go to another account -> companies below that account's company.

In:      an account with its `InvoiceAccount`, where `accounts.parents` is "invoice_account" and
         both are companies in Commerce. Its own orders stay its own.
Out:     one relation, in which the company that pays is the parent. Commerce knows two levels: a
         parent is nobody's child, and a child has one parent.
Key:     the account number.
Owns:    relations that F&O names, and those that it has named; no other one is ever taken apart.
Repeats: the relation is read before anything is changed.

Credit needs no relation: what an account leaves is that of the account that pays, in each of its
companies (`show-credit-by-the-limit.md`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce.companies import Companies, relation_requests
from sync.core.errors import Never
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.dynamics.documents.account import Account
from sync.engine.delivery import Delivery
from sync.engine.flow import SubFlow
from sync.engine.plan import Plan
from sync.engine.write import Amendment, Found, Result, Target, Write
from sync.flows.customers.company_writes import COMPANY
from sync.flows.targets import commerce_of

KIND: Final = "company_parent"
PARENT: Final = "parent"
"""The key under which a claim remembers the parent that F&O named last."""
LEAVE: Final = 'write accounts.parents = "leave" in connections.toml'


@dataclass(frozen=True)
class Child:
    """A company and the account that pays for it, if it is another one; `parent`: its company."""

    account: Account
    company: int
    payer: str
    parent: int | None


async def plan(child: Child, delivery: Delivery) -> Plan | Skipped:
    """The relation of one company. Raises `Never` for a parent that somebody else gave it, and for
    one that has a parent itself."""
    delivery.wait_until_settled()
    companies, held = delivery.systems.commerce.companies, delivery.held(KIND)
    there = await companies.parent_of(child.company)
    is_ours = held is not None and held.keys.get(PARENT) == str(there)
    if there not in (None, child.parent) and not is_ours:
        if child.parent is None:
            return Skipped(f"company {there} is its parent in Commerce, which F&O never said")
        raise _elsewhere(child, there)
    if child.parent is not None and there != child.parent:
        await _must_be_on_top(child, delivery)
    target = commerce_of(delivery.systems)
    write = ParentWrite(child.account.number, child.company, child.parent, there, companies, target)
    is_known = delivery.is_known(KIND, write.digest)
    return Plan((write,), digest=write.digest, starts_anew=is_known and there != child.parent)


@dataclass(frozen=True)
class ParentWrite(Write):
    """The relation of a company. `parent`: which it is to have; `there`: which it has. The company
    is there, so it is only ever brought up to date."""

    kind: ClassVar[str] = KIND
    account: str
    company: int
    parent: int | None
    there: int | None
    companies: Companies
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.account

    @property
    @override
    def document(self) -> Any:
        return {"company": self.company, "parent": self.parent}

    @property
    def placed(self) -> Any:
        """It is compared with what is there."""
        return {}

    @override
    def requests(self) -> Sequence[Request]:
        return relation_requests(self.company, self.there, self.parent)

    @override
    async def find(self) -> Found | None:
        return Found(str(self.company), label=f"company {self.company}")

    @override
    async def create(self, not_after: datetime) -> Found:
        raise TypeError("a company's parent is changed, never made with it")

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        async def apply(not_after: datetime) -> None:
            await self.companies.move(self.company, self.there, self.parent, not_after=not_after)

        keys = {PARENT: str(self.parent or "")}
        return Amendment(self.document, apply if self.requests() else None, keys=keys)


async def delivered_parent(account: Account, company: int, delivery: Delivery) -> None:
    """Have a company put below the one that pays for it, where that is wanted. Raises `Never` as
    `plan`, and what the payer's own delivery raises."""
    child = await child_of(account, company, delivery)
    if child is not None:
        await delivery.require(company_parents.name, account.number, child)


async def child_of(account: Account, company: int, delivery: Delivery) -> Child | None:
    """The company with the one that pays for it; None where nothing is to be done."""
    if delivery.systems.settings.accounts.parents == "leave":
        return None
    payer = account.fields.get("InvoiceAccount", "")
    is_own = payer.casefold() in ("", account.number.casefold())
    parent = None if is_own else await _company_of(payer, delivery)
    name = delivery.systems.name
    claim = await delivery.ledger.claim(name, company_parents.name, account.number)
    is_wanted = parent is not None or claim.number
    return Child(account, company, payer, parent) if is_wanted else None


async def _company_of(payer: str, delivery: Delivery) -> int | None:
    """The payer's company, which is delivered first; None where it goes not to Commerce."""

    async def known() -> Result | None:
        claim = await delivery.ledger.claim(delivery.systems.name, "accounts", payer)
        return claim.delivered.get(COMPANY)

    found = await known()
    if found is None:
        await delivery.require("accounts", payer, None)
        found = await known()
    return int(found.number) if found is not None else None


async def _must_be_on_top(child: Child, delivery: Delivery) -> None:
    """Raise `Never` for a payer for whom another account pays."""
    entity = child.account.company
    beyond = await delivery.systems.dynamics.customers.payer_of(entity, child.payer)
    if beyond.casefold() != child.payer.casefold():
        raise Never(
            f"account {child.account.number}: account {child.payer} pays for it, and account"
            f" {beyond} for that one; companies of Commerce have two levels",
            remedy=(
                f"Correct the invoice accounts in F&O, or {LEAVE}; then run:"
                f" {_replay(child.account.number)}"
            ),
        )


def _elsewhere(child: Child, there: int | None) -> Never:
    return Never(
        f"account {child.account.number}: company {child.company} is below company {there} in"
        f" Commerce, and F&O sends its invoices to account {child.payer}, company {child.parent}",
        remedy=(
            "If F&O is right, unassign the company from its parent in the Commerce Admin (Customers"
            f" > Companies); if not, correct the invoice account in F&O, or {LEAVE}. Then run:"
            f" {_replay(child.account.number)}"
        ),
    )


def _replay(account: str) -> str:
    return f'replay "{account}" --flow accounts'


company_parents = SubFlow[Child](
    "company_parents", "Parents of companies, required by accounts", plan
)
