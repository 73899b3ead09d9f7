"""How the companies of a shop stand, by what both systems said of their credit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from sync.commerce.company_credits import CompanyCredit
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.credit_book import CreditBook
from sync.dynamics.documents.credit_account import AccountCredit, Check, Exposure, GroupCredit
from sync.flows.credit.orders_on_account import Order, ShopOrder
from sync.mapping.company_credit import Pending, owed_for
from sync.mapping.credit import Rules, Standing, blocked_of, exposure_of, standing_of


@dataclass(frozen=True)
class Reading:
    """What both systems said, and when. `accounts`: of each company. `elsewhere`: what members of
    credit groups have used in other legal entities, by group in lower case, in its currency."""

    at: datetime
    shown: Mapping[int, CompanyCredit]
    accounts: Mapping[int, str]
    orders: Sequence[ShopOrder]
    book: CreditBook
    rules: Rules
    elsewhere: Mapping[str, Exposure | Never] = field(default_factory=dict)

    def facts(self, account: str) -> AccountCredit | None:
        """What F&O says of the account that pays for this one; None where it has none. Raises
        `Never` where what its credit group has used is not known."""
        found = self.book.of(account)
        if found is None:
            return None
        group = self._groups.get(self._group_of.get(found.account.casefold(), ""))
        if isinstance(group, Never):
            raise group
        return replace(found, group=group)

    def blocked(self, company: int) -> str:
        """Why a company may buy nothing on account, whatever is left; empty where it may, or where
        F&O does not have its account."""
        facts = self.book.of(self.accounts[company])
        return "" if facts is None else blocked_of(facts, self.rules)

    def standing(self, company: int) -> Standing:
        """How a company's account stands. Raises `Never`."""
        account = self.accounts[company]
        facts = self.facts(account)
        if facts is None:
            raise Never(
                f"company {company} is account {account}, which is not in F&O",
                remedy=f"Correct the mapping: map customers set {company} ACCOUNT --kind company.",
            )
        return standing_of(facts, self.rules)

    def pending(self, standing: Standing, currency: str) -> Pending:
        """Orders that F&O does not have yet, of all companies for which the account pays, and of
        all that count against its group; in a currency. Raises `Never` for one without a rate."""

        def owed(accounts: Iterable[str]) -> Decimal:
            orders = [one for name in accounts for one in self._pending_by_account.get(name, ())]
            return sum((owed_for(order, currency, self.rules.rates) for order in orders), ZERO)

        payer = standing.account.casefold()
        own = owed(self.book.owing_to(payer))
        return Pending(own, owed(self._members(payer)) if standing.group else ZERO)

    def is_in_group(self, account: str) -> bool:
        """Whether the account that pays for this one is in a credit group."""
        return self.book.payer_of(account).casefold() in self._group_of

    def seen(self, company: int) -> frozenset[str]:
        """Numbers of the orders on account that count without being reserved, of the account and
        of its group."""
        payer = self.book.payer_of(self.accounts[company]).casefold()
        accounts = {*self.book.owing_to(payer), *self._members(payer)}
        orders = [one for name in accounts for one in self._seen_by_account.get(name, ())]
        return frozenset(str(one["increment_id"]) for one in orders)

    def _members(self, payer: str) -> Sequence[str]:
        """The accounts here that count against the credit group of this one."""
        return self.book.owing_to(*self._members_of.get(self._group_of.get(payer, ""), ()))

    @cached_property
    def _members_of(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name, number in self._group_of.items():
            found[number].append(name)
        return found

    @cached_property
    def _pending_by_account(self) -> Mapping[str, Sequence[Order]]:
        settings = self.rules.settings
        day = self.book.snapshot_of if settings.orders == "snapshot" else None
        uncounted = settings.orders == "snapshot" and self.rules.check is not Check.BALANCE
        later = (
            one for one in self.orders if one.is_exported and uncounted and not one.is_before(day)
        )
        return self._by_account([*(one for one in self.orders if not one.is_exported), *later])

    @cached_property
    def _seen_by_account(self) -> Mapping[str, Sequence[Order]]:
        return self._by_account(self.orders)

    def _by_account(self, orders: Iterable[ShopOrder]) -> Mapping[str, Sequence[Order]]:
        found: dict[str, list[Order]] = defaultdict(list)
        for one in orders:
            found[self.accounts.get(one.company, "").casefold()].append(one.row)
        return found

    @cached_property
    def _group_of(self) -> Mapping[str, str]:
        """The credit group of each account here."""
        here = self.book.company.casefold()
        return {
            one.account.casefold(): number
            for number, members in self.book.members.items()
            for one in members
            if number in self.book.groups and one.company.casefold() == here
        }

    @cached_property
    def _groups(self) -> Mapping[str, GroupCredit | Never]:
        """The credit groups with a member here, with what all their members have used, or why that
        is not known."""
        found = dict[str, GroupCredit | Never]()
        for number, names in self._members_of.items():
            group, there = self.book.groups[number], self.elsewhere.get(number, Exposure())
            used = used_of(self.book, names, self.rules, group.currency, there)
            found[number] = used if isinstance(used, Never) else replace(group, exposure=used)
        return found


def used_of(
    book: CreditBook, accounts: Iterable[str], rules: Rules, currency: str, there: Exposure | Never
) -> Exposure | Never:
    """What these accounts and those they pay for have used together, each counted once, in a
    currency, with what others have used `there`; or why that is not known."""
    if isinstance(there, Never):
        return there
    try:
        total = exposure_of(book.together(book.owing_to(*accounts)), rules)
        parts = (total.balance, total.delivered, total.ordered)
        return there + Exposure(*(rules.rates.out_of_books(part, currency) for part in parts))
    except Never as unknown:
        return unknown
