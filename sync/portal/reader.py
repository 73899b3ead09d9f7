"""What F&O holds of a buyer's accounts, read once for many pages. Every look starts from the
buyer's own accounts, so that nothing a caller sends can reach another's."""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sync.config.connections.portal import Portal
from sync.core.document_links import name_of
from sync.dynamics.buyer_documents import InvoiceLine, day_of
from sync.engine.systems import Systems
from sync.portal.documents import Document, Entry, documents_of, entries_of
from sync.portal.statements import crossings

FRESH_FOR: Final = timedelta(seconds=60)
MOST: Final = 500
"""Accounts that one process remembers at a time."""
DAYS_A_MONTH: Final = 31


@dataclass(frozen=True)
class Account:
    """One account's documents and movements, as F&O told them at `read_at`."""

    company: str
    number: str
    read_at: datetime
    documents: Sequence[Document]
    entries: Sequence[Entry]

    @property
    def owed(self) -> list[Entry]:
        """Its own transactions, without those of orders that another account is invoiced for."""
        return [one for one in self.entries if one.account.casefold() == self.number.casefold()]


@dataclass(frozen=True)
class Settlement:
    """What settled a part of a document: a payment or a credit note."""

    day: date | None
    amount: str
    kind: str
    number: str


class Reader:
    """The documents of one connection's buyers. `key`: of the ids that pages name them by."""

    def __init__(self, systems: Systems, portal: Portal, key: bytes) -> None:
        self._systems, self._portal, self._key = systems, portal, key
        self._known: OrderedDict[tuple[str, str], asyncio.Task[Account]] = OrderedDict()

    @property
    def since(self) -> date:
        """The first day that is shown; what is open is shown always."""
        return self.today - timedelta(days=self._portal.months * DAYS_A_MONTH)

    @property
    def today(self) -> date:
        """In the legal entity's time zone."""
        zone = self._systems.settings.time_zone(self._systems.settings.legal_entity)
        return self._systems.clock.now().astimezone(zone).date()

    async def accounts(self, owned: Sequence[tuple[str, str]]) -> list[Account]:
        """These accounts, a minute old at most. Raises as F&O's client does."""
        return [await self._account(*one) for one in owned]

    async def _account(self, company: str, number: str) -> Account:
        task = self._known.get((company, number))
        if task is None or (task.done() and not self._is_fresh(task)):
            task = asyncio.create_task(self._read(company, number))
            self._known[company, number] = task
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return await asyncio.shield(task)

    def _is_fresh(self, task: asyncio.Task[Account]) -> bool:
        if task.cancelled() or task.exception() is not None:
            return False
        return task.result().read_at + FRESH_FOR > self._systems.clock.now()

    async def _read(self, company: str, number: str) -> Account:
        books, journal, since = (
            self._systems.dynamics.buyer_documents,
            self._portal.journal,
            self.since,
        )
        read_at = self._systems.clock.now()
        rows, moved = await asyncio.gather(
            books.invoices(journal, company, number, since),
            books.transactions(company, number, since),
        )
        entries = entries_of(moved)
        older = sorted({one.number for one in entries if one.number and one.day < since})
        if older:
            rows += await books.invoices_numbered(journal, company, number, older)
            whole = await books.transactions_numbered(company, number, older)
            entries = entries_of({str(row["SysRecId"]): row for row in (*moved, *whole)}.values())
        return Account(company, number, read_at, documents_of(rows, entries), entries)

    def id_of(self, document: Document) -> str:
        """The name that pages have for a document: it tells nothing of F&O's keys."""
        return name_of(self._systems.name, document.key, self._key)

    def find(self, accounts: Sequence[Account], name: str) -> Document | None:
        """The document of that name among the accounts' own."""
        for account in accounts:
            for document in account.documents:
                if hmac.compare_digest(self.id_of(document).encode(), name.encode()):
                    return document
        return None

    async def lines(self, document: Document) -> list[InvoiceLine]:
        """Its lines."""
        return await self._systems.dynamics.buyer_documents.lines(
            self._portal.journal, document.company, document.number, document.day
        )

    async def settlements(
        self, document: Document, accounts: Sequence[Account]
    ) -> list[Settlement]:
        """What settled it, oldest first. What F&O does not let the app read is left out by
        `check`, not here."""
        records = [one.record for one in document.instalments]
        if not records:
            return []
        rows = await self._systems.dynamics.buyer_documents.settlements(records)
        entries = [one for account in accounts for one in account.entries]
        found = [_settlement(row, _offset(row, entries)) for row in rows]
        return sorted(found, key=lambda one: (one.day or date.min, one.number))

    async def movements(self, accounts: Sequence[Account], since: date) -> list[Entry]:
        """What moved the accounts, oldest first: their transactions, and what was settled since a
        day with another legal entity, currency or account."""
        found: list[Entry] = []
        for one in accounts:
            found += [*one.owed, *await self._crossings(one, since)]
        return sorted(found, key=lambda one: (one.day, one.record))

    async def _crossings(self, account: Account, since: date) -> list[Entry]:
        books = self._systems.dynamics.buyer_documents
        rows = await books.settled_since(account.company, account.number, since)
        known = {one.record for one in account.entries}
        named = {str(row.get(name) or 0) for row in rows for name in ("TransRecId", "OffsetRecid")}
        more = entries_of(await books.transactions_recorded(named - known - {"0"}))
        return crossings(rows, [*account.entries, *more])

    async def other_orders(self, accounts: Sequence[Account]) -> list[dict[str, Any]]:
        """Sales orders of the accounts that were not placed in the shop, latest first."""
        settings = self._systems.settings
        stores = (settings.store(name) for name in settings.stores)
        ours = {(store.origin or "") if store is not None else "" for store in stores}
        rows: list[dict[str, Any]] = []
        for one in accounts:
            rows += await self._systems.dynamics.buyer_documents.other_orders(
                one.company,
                one.number,
                self.since,
                ours,
            )
        return sorted(rows, key=lambda row: str(row["OrderCreationDateTime"]), reverse=True)


def _offset(row: dict[str, Any], entries: Sequence[Entry]) -> Entry | None:
    """The transaction on the other side: by its record, else by its voucher, which is of one legal
    entity alone."""
    if record := int(row.get("OffsetRecid") or 0):
        return next((one for one in entries if one.record == str(record)), None)
    company = str(row.get("OffsetCompany") or row["dataAreaId"]).casefold()
    voucher = str(row.get("OffsetTransVoucher") or "")
    named = (one for one in entries if voucher and one.voucher == voucher)
    return next((one for one in named if one.company.casefold() == company), None)


def _settlement(row: dict[str, Any], offset: Entry | None) -> Settlement:
    is_credit = offset is not None and offset.kind != "Payment" and offset.number != ""
    number = offset.number if offset is not None and is_credit else ""
    kind = "credit note" if is_credit else "payment"
    return Settlement(day_of(row.get("TransDate")), str(row["SettleAmountCur"]), kind, number)
