"""Accounts of F&O against companies of Commerce: each chosen account is one company, which holds
the fields that F&O owns.

It is of now, whatever the days: neither has a time of change. All companies are listed once; of
accounts, the fields that `accounts.fields` names are compared one by one.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.documents.account import Account
from sync.engine.claim import Claim
from sync.flows.customers.accounts import ACCOUNTS, among, is_chosen
from sync.flows.customers.company_parents import KIND, PARENT, company_parents
from sync.flows.customers.company_writes import COMPANY
from sync.mapping.shop_company import country_of, differing, owned_fields
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import Verdict

Companies = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class SharedAccounts:
    """The comparison."""

    name: str = ACCOUNTS
    flow: str = ACCOUNTS
    is_of_now: bool = True

    def is_wanted(self, settings: Connection) -> bool:
        """Whether accounts go out."""
        return ACCOUNTS in settings.flows

    is_usual = is_wanted

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per account that agrees, and one per field that differs."""
        systems, settings = connected.systems, connected.settings
        by_id, by_number = dict[str, Mapping[str, Any]](), defaultdict[str, list[str]](list)
        async for row in systems.commerce.companies.every():
            by_id[str(row["id"])] = row
            by_number[str(row.get("reseller_id") or "").strip().casefold()].append(str(row["id"]))
        has_parents = settings.accounts.parents != "leave"
        parents = await systems.commerce.companies.parents() if has_parents else None
        listed = systems.dynamics.accounts.chosen(
            settings.legal_entity, partial(is_chosen, settings=settings), among=among(settings),
            flag=settings.accounts.flag,
        )  # fmt: skip
        async for account in listed:
            claim = await connected.ledger.claim(systems.name, ACCOUNTS, account.number)
            held = claim.delivered.get(COMPANY)
            mapped = await systems.accounts.companies.of(account.number, account.company)
            ids = {*by_number[account.number.casefold()], *mapped, *([held.number] if held else [])}
            companies = [by_id[one] for one in sorted(ids) if one in by_id]
            look = Look(connected, connected.day(window.until, None), account, claim, parents)
            for verdict in await look.verdicts(companies):
                yield verdict


@dataclass(frozen=True)
class Look:
    """A look at one account. `day`: that under which it is counted; `claim`: its own; `parents`:
    of companies, where F&O decides them."""

    connected: Connected
    day: str
    account: Account
    claim: Claim
    parents: Mapping[int, int] | None

    async def verdicts(self, companies: Companies) -> list[Verdict]:
        """One, or one per field that differs."""
        if len(companies) > 1:
            return [self._verdict("", Cause.DOUBLED, len(companies))]
        if not companies:
            is_wanted = self.connected.settings.accounts.create or self.claim.number
            return [self._verdict("", self._cause(Cause.MISSING), 0)] if is_wanted else []
        try:
            names = sorted(await _differing(self.connected, self.account, companies[0]))
            names += await self._parent(companies[0])
        except Never:
            names = [""]
        cause = self._cause(Cause.EDITED_HERE)
        return [self._verdict(name, cause, 1) for name in names] or [self._verdict("", None, 1)]

    async def _parent(self, company: Mapping[str, Any]) -> list[str]:
        """Its name where the company is below another one than F&O said last."""
        if self.parents is None:
            return []
        name, number = self.connected.systems.name, self.account.number
        claim = await self.connected.ledger.claim(name, company_parents.name, number)
        said = claim.delivered.get(KIND)
        there = self.parents.get(int(company["id"]))
        is_so = said is None or said.keys.get(PARENT, "") == str(there or "")
        return [] if is_so else [PARENT]

    def _cause(self, delivered: Cause) -> Cause:
        """Why it differs. `delivered`: where it was delivered as F&O has it now, so that somebody
        has changed Commerce since."""
        if self.claim.waits_for_a_person:
            return Cause.PARKED
        digests = self.connected.ledger.digests
        is_delivered = digests.same(self.claim.seen, self.account.fingerprint)
        return delivered if is_delivered else Cause.NOT_DUE

    def _verdict(self, field: str, cause: Cause | None, companies: int) -> Verdict:
        place, counted = (ACCOUNTS, self.day, "", ""), [ZERO] * companies
        if cause is None:
            return Verdict(place, counted, [ZERO])
        key, command = "|".join(filter(None, (self.account.number, field))), self._command(cause)
        difference = Difference(
            ACCOUNTS, key, "", self.day, "", None, None, cause, "", command
        )  # fmt: skip
        return Verdict(place, counted, [ZERO], difference)

    def _command(self, cause: Cause) -> str:
        about = Commands(self.connected.systems.name, ACCOUNTS, self.account.number)
        if cause is Cause.DOUBLED:
            return f"Take the account's number off all companies but one. Then: {about.replay()}"
        if cause is Cause.PARKED:
            return f"Do what `parked` says: {self.claim.remedy} Then: {about.replay()}"
        is_gone = cause is Cause.MISSING and self.claim.number
        return about.forget() if is_gone else about.replay()


async def _differing(
    connected: Connected, account: Account, company: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What the company does not hold. Raises `Never` for a code without a home."""
    settings, companies = connected.settings, connected.systems.commerce.companies
    country = country_of(account, settings)
    regions = await companies.regions(country) if country else []
    wanted = owned_fields(account, settings, regions, int(company.get("status") or 0))
    return differing(company, wanted)


accounts: Final = SharedAccounts()
