"""What F&O holds of one customer account that the buyer may see: invoices and credit notes, the
transactions that say what is open of them, their lines, what settled them, and orders that were not
placed in a shop (reference 6.4, 6.5; second half 5.1).

A document is of an account where it is its order account or its invoice account. Cost is never
read.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from sync.config.connections import Dynamics
from sync.core.groups import in_groups
from sync.dynamics.buyer_fields import (
    ADDRESS_FIELDS,
    HEADER_NAMES,
    HEADERS,
    JOURNAL,
    JOURNAL_FIELDS,
    LINES,
    ORDER_FIELDS,
    SETTLEMENT_FIELDS,
    SETTLEMENTS,
    TRANSACTION_FIELDS,
    TRANSACTIONS,
)
from sync.dynamics.odata import Filter, instant_of
from sync.dynamics.odata_client import ODataClient

AT_ONCE: Final = 20
"""Values of one filter."""
NOT_CLOSED_BEFORE: Final = date(1901, 1, 1)
"""An open transaction is closed on 1900-01-01, which is F&O's empty date."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class InvoiceLine:
    """A line of an invoice: quantity in `unit`, amounts in the invoice's currency, without the tax
    unless prices include it. Tax groups and `lot` (`InventTransId`) are empty where the entity does
    not tell them."""

    number: int
    item: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    tax: Decimal
    tax_group: str = ""
    item_tax_group: str = ""
    lot: str = ""


class BuyerDocuments:
    """What one environment holds for its customers. Every method only reads."""

    def __init__(self, client: ODataClient, settings: Dynamics) -> None:
        self._client, self._orders = client, settings.order_headers

    async def invoices(
        self, journal: str, company: str, account: str, since: date
    ) -> list[dict[str, Any]]:
        """Invoices and credit notes of an account from a day on, in the journal's names."""
        if journal == JOURNAL:
            return await self._rows(
                JOURNAL, company, _either("OrderAccount", "InvoiceAccount", account)
                & Filter.ge("InvoiceDate", since), JOURNAL_FIELDS, ("dataAreaId", "SourceKey"),
            )  # fmt: skip
        where = Filter.eq("InvoiceCustomerAccountNumber", account)
        keys = ("dataAreaId", "InvoiceNumber", "InvoiceDate", "LedgerVoucher")
        where &= Filter.ge("InvoiceDate", since)
        rows = await self._rows(HEADERS, company, where, tuple(HEADER_NAMES), keys)
        return [_renamed(row, HEADER_NAMES) for row in rows]

    async def invoices_numbered(
        self, journal: str, company: str, account: str, numbers: Collection[str]
    ) -> list[dict[str, Any]]:
        """Those of an account with these numbers, whatever their day."""
        rows = await self._numbered(journal, company, numbers)
        return [row for row in rows if _is_of(row, account, "OrderAccount", "InvoiceAccount")]

    async def posted_since(
        self, journal: str, company: str, day: date, *, after: str = ""
    ) -> AsyncIterator[dict[str, Any]]:
        """Invoices and credit notes of a legal entity from a day on, in the order of their numbers,
        which is their position in this list. `after`: only those after that position."""
        is_copy = journal == JOURNAL
        field = "InvoiceId" if is_copy else "InvoiceNumber"
        where = Filter.eq("dataAreaId", company) & Filter.ge("InvoiceDate", day)
        if after:
            where &= Filter.gt(field, after)
        keys = ("dataAreaId", field) if is_copy else ("dataAreaId", field, "InvoiceDate")
        select = JOURNAL_FIELDS if is_copy else tuple(HEADER_NAMES)
        async for row in self._client.query(journal, where=where, select=select, order_by=keys):
            yield row if is_copy else _renamed(row, HEADER_NAMES)

    async def numbered(self, journal: str, company: str, number: str) -> list[dict[str, Any]]:
        """The documents of a legal entity with a number."""
        return await self._numbered(journal, company, [number])

    async def transactions(self, company: str, account: str, since: date) -> list[dict[str, Any]]:
        """The account's transactions from a day on, and those before it that are open."""
        late = Filter.ge("TransDate", since) | Filter.lt("Closed", NOT_CLOSED_BEFORE)
        where = _either("OrderAccount", "AccountNum", account) & late
        keys = ("dataAreaId", "SysRecId")
        return await self._rows(TRANSACTIONS, company, where, TRANSACTION_FIELDS, keys)

    async def transactions_numbered(
        self, company: str, account: str, numbers: Collection[str]
    ) -> list[dict[str, Any]]:
        """The account's transactions of invoices with these numbers, settled ones too."""
        rows = await self._client.find_by(
            TRANSACTIONS, "Invoice", *numbers, company=company, select=TRANSACTION_FIELDS
        )
        return [dict(row) for row in rows if _is_of(row, account, "OrderAccount", "AccountNum")]

    async def transactions_recorded(self, records: Collection[str]) -> list[dict[str, Any]]:
        """The transactions with these `SysRecId`, in whatever legal entity they are."""
        keys = ("dataAreaId", "SysRecId")
        return await self._by_record(TRANSACTIONS, "SysRecId", records, TRANSACTION_FIELDS, keys)

    async def lines(self, journal: str, company: str, number: str, day: date) -> list[InvoiceLine]:
        """The lines of an invoice, in their order."""
        entity_set, names = LINES[journal]
        field = next(theirs for theirs, ours in names.items() if ours == "InvoiceId")
        rows = await self._client.find_by(
            entity_set, field, number, company=company, select=tuple(names)
        )
        here = [_renamed(row, names) for row in rows if day_of(row["InvoiceDate"]) == day]
        return sorted(map(_line, here), key=lambda line: line.number)

    async def settlements(self, records: Collection[str]) -> list[dict[str, Any]]:
        """What settled these transactions (`SysRecId`), also with those of other legal entities."""
        keys = ("dataAreaId", "SourceKey")
        return await self._by_record(SETTLEMENTS, "TransRecId", records, SETTLEMENT_FIELDS, keys)

    async def settled_since(self, company: str, account: str, since: date) -> list[dict[str, Any]]:
        """What was settled of an account's transactions from a day on."""
        where = Filter.eq("AccountNum", account) & Filter.ge("TransDate", since)
        keys = ("dataAreaId", "SourceKey")
        rows = await self._found(SETTLEMENTS, where, SETTLEMENT_FIELDS, keys)
        return [row for row in rows if company_of(row) == company.casefold()]

    async def delivery_address(self, company: str, sales_order: str) -> list[str]:
        """Where the goods of a sales order go, in lines of text; none where it is not there."""
        rows = await self._client.find_by(
            self._orders, "SalesOrderNumber", sales_order, company=company, select=ADDRESS_FIELDS
        )
        names = ADDRESS_FIELDS
        groups = (names[:1], names[1:3], names[3:5], names[5:6], names[6:])
        found = [
            " ".join(text for name in group if (text := str(row.get(name) or "").strip()))
            for row in rows[:1]
            for group in groups
        ]
        return [line for line in found if line]

    async def other_orders(
        self, company: str, account: str, since: date, origins: Collection[str]
    ) -> list[dict[str, Any]]:
        """The account's sales orders from a day on whose origin is none of these."""
        where = Filter.eq("OrderingCustomerAccountNumber", account)
        where &= Filter.ge("OrderCreationDateTime", datetime.combine(since, time.min, UTC))
        keys = ("dataAreaId", "SalesOrderNumber")
        rows = await self._rows(self._orders, company, where, ORDER_FIELDS, keys)
        return [row for row in rows if str(row.get("SalesOrderOriginCode") or "") not in origins]

    async def _rows(
        self, entity_set: str, company: str, where: Filter, select: Sequence[str],
        keys: Sequence[str],
    ) -> list[dict[str, Any]]:  # fmt: skip
        where = Filter.eq("dataAreaId", company) & where
        return await self._found(entity_set, where, select, keys)

    async def _numbered(
        self, journal: str, company: str, numbers: Collection[str]
    ) -> list[dict[str, Any]]:
        is_copy = journal == JOURNAL
        rows = await self._client.find_by(
            journal,
            "InvoiceId" if is_copy else "InvoiceNumber",
            *numbers,
            company=company,
            select=JOURNAL_FIELDS if is_copy else tuple(HEADER_NAMES),
        )
        return rows if is_copy else [_renamed(row, HEADER_NAMES) for row in rows]

    async def _by_record(
        self, entity_set: str, field: str, records: Collection[str], select: Sequence[str],
        keys: Sequence[str],
    ) -> list[dict[str, Any]]:  # fmt: skip
        """By record ids, which are unique over all legal entities."""
        ids = sorted({int(one) for one in records})
        found: list[dict[str, Any]] = []
        for some in in_groups(ids, AT_ONCE):
            found += await self._found(entity_set, Filter.any_of(field, some), select, keys)
        return found

    async def _found(
        self, entity_set: str, where: Filter, select: Sequence[str], keys: Sequence[str]
    ) -> list[dict[str, Any]]:
        rows = self._client.query(entity_set, where=where, select=select, order_by=keys)
        return [row async for row in rows]


def day_of(value: Any) -> date | None:
    """The day of an X++ date, which stands for noon UTC; None for F&O's empty date."""
    moment = instant_of(str(value or ""))
    return moment.date() if moment and moment.date() >= NOT_CLOSED_BEFORE else None


def company_of(settlement: Row) -> str:
    """The legal entity of the transaction that was settled, in lower case."""
    return str(settlement.get("TransCompany") or settlement["dataAreaId"]).casefold()


def _is_of(row: Row, account: str, *names: str) -> bool:
    return account.casefold() in (str(row.get(name) or "").casefold() for name in names)


def _either(one: str, other: str, value: str) -> Filter:
    return Filter.eq(one, value) | Filter.eq(other, value)


def _renamed(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    return {ours: row.get(theirs) for theirs, ours in names.items()}


def _line(row: Row) -> InvoiceLine:
    quantity, price, amount, tax = (
        Decimal(row.get(name) or 0) for name in ("quantity", "price", "amount", "tax")
    )
    names = ("item", "name", "unit", "tax_group", "item_tax_group", "lot")
    item, name, unit, *more = (str(row.get(one) or "") for one in names)
    return InvoiceLine(int(row["number"]), item, name, quantity, unit, price, amount, tax, *more)
