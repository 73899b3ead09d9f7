"""The rows of the credit publication: what each company's credit is to show, and the prepared rows
that a checkout reads."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sync.commerce.company_credits import CompanyCredit
from sync.commerce.company_methods import offered
from sync.core.errors import Never
from sync.credit.decisions import Decisions
from sync.credit.prepared import Prepared, PreparedCredit
from sync.credit.reservations import Reservations, Reserved
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.publication import EVERYTHING
from sync.engine.systems import Systems
from sync.flows.credit.credit_reading import Reading
from sync.flows.credit.read_credit import read_all, read_one
from sync.mapping.company_credit import Pending, Wanted, wanted_of
from sync.mapping.company_credit import Shown as ShopShows
from sync.mapping.credit import Standing

CREDIT, METHODS = "credit", "methods"
"""The two parts of a row: the limit, and whether ways to pay on account are withheld."""
NOBODY: Final = Prepared(0, "")
FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CreditRow(Shown):
    """A company's row, with what its prepared row is to hold. `credit`: as the shop shows it.
    `seen`: orders on account that count without being reserved."""

    prepared: Prepared = NOBODY
    credit: CompanyCredit | None = None
    seen: frozenset[str] = frozenset()
    at: datetime = FIRST


async def every(systems: Systems, ledger: Ledger) -> AsyncIterator[Shown]:
    """All companies that are accounts of F&O; others are left alone."""
    prepared = PreparedCredit(ledger.tables, systems.name)
    taken = {one.company: one.taken async for one in prepared.all()}
    reading = await read_all(systems, ledger)
    rows = _Rows(systems, ledger, reading, await _offers(systems), taken)
    for company, credit in sorted(reading.shown.items()):
        if company in reading.accounts:
            yield await rows.row(credit)


async def one(key: str, systems: Systems, ledger: Ledger) -> Shown:
    """One company; its content is None where it is no account of F&O, or gone."""
    reading = await read_one(int(key), systems, ledger) if key.isdecimal() else None
    if reading is None:
        return Shown(key, None)
    known = await PreparedCredit(ledger.tables, systems.name).of(int(key))
    taken = {int(key): known.taken} if known is not None else {}
    offers = await _offers(systems, int(key))
    return await _Rows(systems, ledger, reading, offers, taken).row(reading.shown[int(key)])


async def _offers(systems: Systems, company: int | None = None) -> Mapping[int, tuple[str, ...]]:
    """The ways to pay of each company, or of one; nothing where the settings name none."""
    methods, companies = systems.settings.credit.methods, systems.commerce.companies
    if not methods:
        return {}
    if company is None:
        found = systems.commerce.company_credits.methods_of_companies()
        return {int(row["id"]): offered(row, methods) async for row in found}
    row = await companies.by_id(company)
    return {company: offered(row, methods)} if row is not None else {}


@dataclass(frozen=True)
class _Rows:
    """Makes rows of what was read. `offers`: ways to pay by company; `taken`: those that an earlier
    run took."""

    systems: Systems
    ledger: Ledger
    reading: Reading
    offers: Mapping[int, tuple[str, ...]]
    taken: Mapping[int, tuple[str, ...]]

    async def row(self, credit: CompanyCredit) -> CreditRow:
        """The row of a company; with a fault where its figures cannot be known."""
        try:
            return await self._row(credit)
        except Never as fault:
            company, at = credit.company_id, self.reading.at
            prepared = Prepared(
                company, self.reading.accounts[company], credit.currency, fault=fault.reason,
                blocked=self.reading.blocked(company), taken=self.taken.get(company, ()),
            )  # fmt: skip
            key, content = str(company), {"fault": fault.reason}
            return CreditRow(key, content, fault, prepared=prepared, credit=credit, at=at)

    async def _row(self, credit: CompanyCredit) -> CreditRow:
        reading, company = self.reading, credit.company_id
        credit.must_be_told()
        standing = reading.standing(company)
        pending = reading.pending(standing, credit.currency)
        shows = ShopShows(credit.currency, credit.limit, credit.debt, credit.may_exceed)
        rules = reading.rules
        wanted = wanted_of(standing, shows, pending, rules.rates, rules.settings.tolerance)
        content, taken = self._content(company, standing, wanted)
        moved = await self._moved(str(company), content, credit)
        return CreditRow(
            str(company), content, None, moved, origin=f"account {standing.account}",
            prepared=self._prepared(credit, standing, wanted, pending, taken),
            credit=credit, seen=reading.seen(company), at=reading.at,
        )  # fmt: skip

    def _content(
        self, company: int, standing: Standing, wanted: Wanted
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What is shown, and the ways to pay that are taken, or given back again."""
        shown: dict[str, Any] = {CREDIT: {"limit": wanted.limit, "may_exceed": wanted.may_exceed}}
        on_account = self.systems.settings.credit.on_account
        offers = [one for one in self.offers.get(company, ()) if one in on_account]
        taken = tuple(dict.fromkeys([*self.taken.get(company, ()), *offers]))
        if company in self.offers and taken:
            shown[METHODS] = {"withheld": bool(standing.blocked)}
        before = self.taken.get(company, ())
        return shown, taken if standing.blocked else tuple(m for m in before if m not in offers)

    async def _moved(self, key: str, content: Mapping[str, Any], credit: CompanyCredit) -> str:
        """What somebody else made of a limit that the shop confirmed to us; empty where nobody
        did."""
        wanted = content[CREDIT]
        is_shown = (credit.limit, credit.may_exceed) == (wanted["limit"], wanted["may_exceed"])
        if is_shown:
            return ""
        partition = f"{self.systems.name}|credit"
        was = (await self.ledger.mirror.of(partition, [key])).of(key)
        is_ours = self.ledger.mirror.shows(was, Shown(key, content))
        return f"{credit.limit} {credit.may_exceed}" if is_ours else ""

    def _prepared(
        self,
        credit: CompanyCredit,
        standing: Standing,
        wanted: Wanted,
        pending: Pending,
        taken: tuple[str, ...],
    ) -> Prepared:
        rates, currency = self.reading.rules.rates, credit.currency
        limit = standing.limit
        return Prepared(
            credit.company_id, standing.account, currency, wanted.available,
            None if limit is None else rates.out_of_books(limit, currency),
            rates.out_of_books(standing.used, currency),
            pending.group if standing.group else pending.own,
            rates.out_of_books(standing.overdue, currency), standing.blocked,
            why=standing.why, taken=taken, group=standing.group, own_left=wanted.own_left,
            group_left=wanted.group_left,
        )  # fmt: skip


async def keep(key: str, rows: Sequence[Shown], systems: Systems, ledger: Ledger) -> None:
    """Store what a checkout reads, with the reserved orders that it counts. Only a run over all
    companies lets go of these: others may share the account or its credit group. Safe to repeat."""
    prepared, now = PreparedCredit(ledger.tables, systems.name), systems.clock.now()
    reservations = Reservations(ledger.tables, systems.name)
    held = await reservations.all(now)
    found = [_counting(row, held) for row in rows if isinstance(row, CreditRow)]
    if key != EVERYTHING:
        for row in found:
            await prepared.put(row.prepared, row.at)
        return
    at = min((row.at for row in found), default=now)
    await prepared.put_all([row.prepared for row in found], at)
    await _learn_buyers(prepared, systems)
    keep_days = systems.settings.credit.gate.keep_days
    await Decisions(ledger.tables, systems.name).tidy(now, keep_days)
    seen: dict[str, set[str]] = defaultdict(set)
    for row in found:
        seen[row.prepared.pool] |= row.seen
    await reservations.release(seen, now)


def _counting(row: CreditRow, held: Mapping[str, Reserved]) -> CreditRow:
    """With the reserved orders that its figures count."""
    there = held.get(row.prepared.pool)
    orders = {one.order for one in there.held} & row.seen if there else set[str]()
    return replace(row, prepared=replace(row.prepared, counted=tuple(sorted(orders))))


async def _learn_buyers(prepared: PreparedCredit, systems: Systems) -> None:
    """For which company each customer buys, as far as it changed."""
    since = await prepared.buyers_until() or FIRST
    until = await systems.commerce.settled("customers/search")
    client = systems.commerce.company_credits
    found = {
        buyer: company
        async for buyer, company in client.users_changed(since, until)
        if company is not None or since != FIRST
    }
    await prepared.learn(found)
    await prepared.buyers_read(until)
