"""How the companies of a shop stand: what both systems say of their credit, read in the order in
which nothing can be missed.

First what the shop's books say is owed, then its open orders, then which of these F&O had, then
F&O. So an order that is placed or exported meanwhile is taken off once too often until the next
run, and never once too little.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from sync.commerce.company_credits import CompanyCredit
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.core.rates import Rates
from sync.dynamics.credit_book import CreditBook
from sync.dynamics.documents.credit_account import AccountCredit, Check, Exposure, GroupCredit
from sync.engine.ledger import Ledger
from sync.engine.systems import Systems
from sync.flows.credit.orders_on_account import Order, ShopOrder, read_orders
from sync.mapping.company_credit import owed_for
from sync.mapping.credit import Rules, Standing, exposure_of, standing_of


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
    elsewhere: Mapping[str, Exposure] = field(default_factory=dict)

    def facts(self, company: int) -> AccountCredit:
        """What F&O says of a company's account. Raises `Never` where it has no such account."""
        account = self.accounts[company]
        found = self.book.of(account)
        if found is None:
            raise Never(
                f"company {company} is account {account}, which is not in F&O",
                remedy=f"Correct the mapping: map customers set {company} ACCOUNT --kind company.",
            )
        return replace(found, group=self._groups.get(found.account.casefold()))

    def standing(self, company: int) -> Standing:
        """How a company's account stands. Raises `Never`."""
        return standing_of(self.facts(company), self.rules)

    def pending(self, company: int, currency: str) -> Decimal:
        """Orders that F&O does not have yet, of all companies with the same account, in a
        currency. Raises `Never` for one without a rate."""
        payer = self.book.payer_of(self.accounts[company]).casefold()
        orders = self._pending_by_payer.get(payer, ())
        return sum((owed_for(order, currency, self.rules.rates) for order in orders), ZERO)

    def seen(self, company: int) -> frozenset[str]:
        """Numbers of the orders on account that count without being reserved."""
        payer = self.book.payer_of(self.accounts[company]).casefold()
        return frozenset(str(one["increment_id"]) for one in self._seen_by_payer.get(payer, ()))

    @cached_property
    def _pending_by_payer(self) -> Mapping[str, Sequence[Order]]:
        settings = self.rules.settings
        day = self.book.snapshot_of if settings.orders == "snapshot" else None
        uncounted = settings.orders == "snapshot" and self.rules.check is not Check.BALANCE
        later = (
            one for one in self.orders if one.is_exported and uncounted and not one.is_before(day)
        )
        return self._by_payer([*(one for one in self.orders if not one.is_exported), *later])

    @cached_property
    def _seen_by_payer(self) -> Mapping[str, Sequence[Order]]:
        return self._by_payer(self.orders)

    def _by_payer(self, orders: Iterable[ShopOrder]) -> Mapping[str, Sequence[Order]]:
        found: dict[str, list[Order]] = defaultdict(list)
        for one in orders:
            payer = self.book.payer_of(self.accounts.get(one.company, ""))
            found[payer.casefold()].append(one.row)
        return found

    @cached_property
    def _groups(self) -> Mapping[str, GroupCredit]:
        """The credit group of each account here, with what its members have used."""
        here, found = self.book.company.casefold(), dict[str, GroupCredit]()
        for number, members in self.book.members.items():
            group = self.book.groups.get(number)
            names = [one.account for one in members if one.company.casefold() == here]
            if group is None or not names:
                continue
            used = used_of(self.book, names, self.rules, group.currency)
            whole = replace(group, exposure=used + self.elsewhere.get(number, Exposure()))
            found |= {name.casefold(): whole for name in names}
        return found


def used_of(book: CreditBook, accounts: Iterable[str], rules: Rules, currency: str) -> Exposure:
    """What these accounts have used together, in a currency. Raises `Never` without a rate."""
    total = Exposure()
    for account in accounts:
        found = book.of(account)
        total += exposure_of(found, rules) if found is not None else Exposure()
    parts = (total.balance, total.delivered, total.ordered)
    return Exposure(*(rules.rates.out_of_books(part, currency) for part in parts))


async def read_all(systems: Systems, ledger: Ledger) -> Reading:
    """All companies that are accounts of F&O."""
    shown = {one.company_id: one async for one in systems.commerce.company_credits.every()}
    accounts = await _accounts(systems)
    return await _read(systems, ledger, shown, accounts, "")


async def read_one(company: int, systems: Systems, ledger: Ledger) -> Reading | None:
    """One company; None where it is no account of F&O, or gone. Where its account is in a credit
    group, all accounts are read."""
    known = await systems.accounts.get("company", str(company), systems.settings.legal_entity)
    credit = await systems.commerce.company_credits.of(company) if known is not None else None
    if known is None or credit is None:
        return None
    accounts = await _accounts(systems)
    reading = await _read(systems, ledger, {company: credit}, accounts, known.account)
    in_group = any(
        one.account.casefold() == reading.book.payer_of(known.account).casefold()
        for members in reading.book.members.values()
        for one in members
    )
    if in_group:
        return await _read(systems, ledger, {company: credit}, accounts, "")
    return reading


async def _accounts(systems: Systems) -> dict[int, str]:
    home = systems.settings.legal_entity
    return {
        int(row.source_key): row.account
        async for row in systems.accounts.all()
        if row.kind == "company" and row.company == home
    }


async def _read(
    systems: Systems,
    ledger: Ledger,
    shown: Mapping[int, CompanyCredit],
    accounts: Mapping[int, str],
    account: str,
) -> Reading:
    at, company = systems.clock.now(), systems.settings.legal_entity
    orders = await read_orders(systems, ledger)
    rules = await rules_of(systems)
    client, settings = systems.dynamics.credit, systems.settings.credit
    book = await client.read(company, settings, rules.check, account)
    elsewhere = {} if account else await _elsewhere(systems, book, rules)
    return Reading(at, shown, accounts, orders, book, rules, elsewhere)


async def rules_of(systems: Systems) -> Rules:
    """How the legal entity checks credit today."""
    settings, company = systems.settings.credit, systems.settings.legal_entity
    check = await systems.dynamics.credit.check(company, settings)
    today = systems.clock.now().astimezone(systems.settings.time_zone(company)).date()
    return Rules(settings, check, Rates(settings.currency, settings.rates), today)


async def _elsewhere(systems: Systems, book: CreditBook, rules: Rules) -> Mapping[str, Exposure]:
    """What members of credit groups have used in other legal entities."""
    others: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for number, members in book.members.items():
        for one in members:
            if one.company.casefold() != book.company.casefold() and number in book.groups:
                others[one.company][number].append(one.account)
    found: dict[str, Exposure] = defaultdict(Exposure)
    for company, groups in others.items():
        there = await _read_elsewhere(systems, company, rules.check)
        local = replace(rules, rates=_rates_of(company, systems))
        for number, accounts in groups.items():
            found[number] += used_of(there, accounts, local, book.groups[number].currency)
    return found


async def _read_elsewhere(systems: Systems, company: str, check: Check) -> CreditBook:
    settings = systems.settings.credit
    left = settings.model_copy(update={"credit_management": False})
    return await systems.dynamics.credit.read(company, left, check)


def _rates_of(company: str, systems: Systems) -> Rates:
    """The rates of another legal entity. Raises `Never` where its currency is not named."""
    settings = systems.settings.credit
    currency = settings.companies.get(company, "")
    if not currency:
        raise Never(
            f"a customer credit group has members in legal entity {company}, whose accounting"
            " currency is not known",
            remedy=(
                f'Write {company} = "EUR", or its currency, into'
                ' [connections.<name>.credit.companies], or add "groups" to credit.left_out.'
            ),
        )
    if currency == settings.currency:
        return Rates(currency, settings.rates)
    base = Rates(settings.currency, settings.rates)
    names = {settings.currency, *settings.rates} - {currency}
    one = base.in_books(Decimal(1), currency)
    return Rates(currency, {name: base.out_of_books(one, name) for name in names})
