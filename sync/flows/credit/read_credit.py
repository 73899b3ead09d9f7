"""Reads what both systems say of credit, in the order in which nothing can be missed.

First what the shop's books say is owed, then its open orders, then which of these F&O had, then
F&O. So an order that is placed or exported meanwhile is taken off once too often until the next
run, and never once too little.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from sync.commerce.company_credits import CompanyCredit
from sync.core.errors import Never
from sync.core.rates import Rates
from sync.dynamics.credit_book import CreditBook
from sync.dynamics.documents.credit_account import Check, Exposure
from sync.engine.ledger import Ledger
from sync.engine.systems import Systems
from sync.flows.credit.credit_reading import Reading, used_of
from sync.flows.credit.orders_on_account import read_orders
from sync.mapping.credit import Rules


async def read_all(systems: Systems, ledger: Ledger) -> Reading:
    """All companies that are accounts of F&O."""
    shown = {one.company_id: one async for one in systems.commerce.company_credits.every()}
    accounts = await _accounts(systems)
    return await _read(systems, ledger, shown, accounts, "")


async def read_one(company: int, systems: Systems, ledger: Ledger) -> Reading | None:
    """One company; None where it is no account of F&O, or gone."""
    known = await systems.accounts.get("company", str(company), systems.settings.legal_entity)
    credit = await systems.commerce.company_credits.of(company) if known is not None else None
    if known is None or credit is None:
        return None
    accounts = await _accounts(systems)
    return await _read_account(known.account, {company: credit}, accounts, systems, ledger)


async def read_account(account: str, systems: Systems, ledger: Ledger) -> Reading:
    """One account, with the companies that are mapped to it."""
    home, companies = systems.settings.legal_entity, systems.accounts.companies
    accounts = await companies.accounts_lately(home)
    mine = [int(one) for one in await companies.of(account, home)]
    found = [await systems.commerce.company_credits.of(company) for company in mine]
    shown = {one.company_id: one for one in found if one is not None}
    return await _read_account(account, shown, accounts, systems, ledger)


async def _accounts(systems: Systems) -> dict[int, str]:
    return await systems.accounts.companies.accounts(systems.settings.legal_entity)


async def _read_account(
    account: str,
    shown: Mapping[int, CompanyCredit],
    accounts: Mapping[int, str],
    systems: Systems,
    ledger: Ledger,
) -> Reading:
    """Where the account is in a credit group, all accounts are read."""
    reading = await _read(systems, ledger, shown, accounts, account)
    if reading.is_in_group(account):
        return await _read(systems, ledger, shown, accounts, "")
    return reading


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


async def _elsewhere(
    systems: Systems, book: CreditBook, rules: Rules
) -> Mapping[str, Exposure | Never]:
    """What members of credit groups have used in other legal entities, or why that is not known."""
    others: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for number, members in book.members.items():
        for one in members:
            if one.company.casefold() != book.company.casefold() and number in book.groups:
                others[one.company][number].append(one.account)
    found: dict[str, Exposure | Never] = {}
    for company, groups in others.items():
        try:
            local = replace(rules, rates=_rates_of(company, systems))
        except Never as unknown:
            found |= dict.fromkeys(groups, unknown)
            continue
        there = await _read_elsewhere(systems, company, rules.check)
        for number, accounts in groups.items():
            known, currency = found.get(number, Exposure()), book.groups[number].currency
            found[number] = used_of(there, accounts, local, currency, known)
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
