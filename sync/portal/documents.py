"""A buyer's documents, what is open of them, and what an account comes to. Pure.

Amounts are in a document's own currency, with tax, and never added up over currencies. Positive is
what the buyer owes: credit notes and payments are negative.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from sync.core.document_links import document_key
from sync.core.money import ZERO, rounded, total, unit_of
from sync.dynamics.buyer_documents import day_of

Row = Mapping[str, Any]
BUCKETS: Final = (0, 30, 60, 90)
"""Days overdue after which the next part of the aging begins."""
TEXTS: Final = ("SalesId", "CustomerRef", "PurchaseOrder", "DeliveryName", "DlvMode", "DlvTerm")


class Status(StrEnum):
    """Where a document stands. `reversed`: it was cancelled by another one. `unknown`: F&O shows no
    transaction of it."""

    OPEN = "open"
    OVERDUE = "overdue"
    PARTLY_PAID = "partly paid"
    PAID = "paid"
    REVERSED = "reversed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Instalment:
    """A part of a document with a due date of its own. `record`: its transaction's, for looking
    up."""

    record: str
    due: date | None
    amount: Decimal
    open: Decimal


@dataclass(frozen=True)
class Document:
    """An invoice or a credit note. `open`: None where nobody knows. `voucher` and `record` name it
    in F&O and leave the product with nobody. `has_tax_within`: prices of its lines include the tax.
    `ship_to`, `mode` and `terms`: of its delivery."""

    company: str
    number: str
    voucher: str
    day: date
    currency: str
    amount: Decimal
    tax: Decimal
    order: str
    reference: str
    purchase_order: str
    is_reversed: bool
    has_tax_within: bool
    ship_to: str
    mode: str
    terms: str
    instalments: tuple[Instalment, ...]

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return document_key(self.company, self.number, self.day, self.voucher)

    @property
    def kind(self) -> str:
        """A credit note is a negative invoice."""
        return "credit note" if self.amount < ZERO else "invoice"

    @property
    def open(self) -> Decimal | None:
        """What of it is not settled."""
        return total(one.open for one in self.instalments) if self.instalments else None

    @property
    def due(self) -> date | None:
        """When the first part that is open is due; of a settled one, the last."""
        days = sorted(one.due for one in self.instalments if one.due and one.open)
        settled = sorted(one.due for one in self.instalments if one.due)
        return days[0] if days else settled[-1] if settled else None

    def status(self, today: date) -> Status:
        """Where it stands on a day."""
        if self.is_reversed:
            return Status.REVERSED
        rest = self.open
        if rest is None:
            return Status.UNKNOWN if self.amount else Status.PAID
        if not rest:
            return Status.PAID
        if any(one.open > ZERO and one.due and one.due < today for one in self.instalments):
            return Status.OVERDUE
        return Status.PARTLY_PAID if abs(rest) < abs(self.amount) else Status.OPEN


@dataclass(frozen=True)
class Entry:
    """A line of an account: an invoice, a payment or whatever else moved it. `account` owes it: the
    invoice account, not the one that ordered."""

    record: str
    company: str
    account: str
    kind: str
    day: date
    due: date | None
    currency: str
    amount: Decimal
    open: Decimal
    number: str
    voucher: str
    text: str


def entries_of(rows: Iterable[Row]) -> list[Entry]:
    """The account's transactions, oldest first."""
    found = [_entry(row) for row in rows if day_of(row["TransDate"])]
    return sorted(found, key=lambda one: (one.day, one.record))


def _entry(row: Row) -> Entry:
    amount, settled = (Decimal(row.get(name) or 0) for name in ("AmountCur", "SettleAmountCur"))
    day = day_of(row["TransDate"])
    if day is None:
        raise ValueError("a transaction without a day")
    texts = [str(row.get(name) or "") for name in ("Invoice", "Voucher", "Txt")]
    return Entry(
        str(row["SysRecId"]), str(row["dataAreaId"]), str(row.get("AccountNum") or ""),
        str(row.get("TransType") or ""), day,
        day_of(row.get("DueDate")), str(row["CurrencyCode"]), amount, amount - settled, *texts,
    )  # fmt: skip


def documents_of(rows: Iterable[Row], entries: Sequence[Entry]) -> list[Document]:
    """The documents with their instalments, latest first. A payment schedule divides an invoice
    into several transactions with its number and voucher."""
    parts: dict[tuple[str, str, str], list[Instalment]] = defaultdict(list)
    for one in entries:
        if one.number:
            place = (one.company.casefold(), one.number.casefold(), one.voucher.casefold())
            parts[place].append(Instalment(one.record, one.due or one.day, one.amount, one.open))
    found = {
        one.key: one
        for one in (_document(row, parts) for row in rows if row.get("Proforma") != "Yes")
    }
    return sorted(found.values(), key=lambda one: (one.day, one.number), reverse=True)


def _document(row: Row, parts: Mapping[tuple[str, str, str], Sequence[Instalment]]) -> Document:
    company, number = str(row["dataAreaId"]), str(row["InvoiceId"])
    voucher, day = str(row.get("LedgerVoucher") or ""), day_of(row["InvoiceDate"])
    order, reference, purchase_order, ship_to, mode, terms = (
        str(row.get(name) or "") for name in TEXTS
    )
    currency = str(row["CurrencyCode"])
    amount, tax = (
        rounded(Decimal(row.get(name) or 0), unit_of(currency))
        for name in ("InvoiceAmount", "SumTax")
    )
    mine = parts.get((company.casefold(), number.casefold(), voucher.casefold()), ())
    return Document(
        company, number, voucher, day or date.min, currency, amount, tax,
        order, reference, purchase_order, bool(int(row.get("ReversedRecId") or 0)),
        row.get("InclTax") == "Yes", ship_to, mode, terms,
        tuple(sorted(mine, key=lambda one: one.due or date.min)),
    )  # fmt: skip


@dataclass(frozen=True)
class Balance:
    """What an account comes to in a currency. `aging`: what is owed, by how long it is overdue;
    credits are taken off in `balance` alone."""

    currency: str
    balance: Decimal
    overdue: Decimal
    credits: Decimal
    aging: Mapping[str, Decimal]


def balances(entries: Iterable[Entry], today: date) -> list[Balance]:
    """What is open, per currency."""
    by_currency: dict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        if one.open:
            by_currency[one.currency].append(one)
    return [_balance(currency, mine, today) for currency, mine in sorted(by_currency.items())]


def _balance(currency: str, entries: Sequence[Entry], today: date) -> Balance:
    names = bucket_names()
    aging = dict.fromkeys(names, ZERO)
    for one in entries:
        if one.open > ZERO:
            late = (today - (one.due or one.day)).days
            aging[names[sum(late > days for days in BUCKETS)]] += one.open
    owed = total(aging.values())
    credit = total(one.open for one in entries if one.open < ZERO)
    return Balance(currency, owed + credit, owed - aging[names[0]], credit, aging)


def bucket_names() -> list[str]:
    """`not due`, `1-30`, `31-60`, `61-90`, `over 90`: days."""
    between = [f"{low + 1}-{high}" for low, high in pairwise(BUCKETS)]
    return ["not due", *between, f"over {BUCKETS[-1]}"]
