"""What the shop invoiced and refunded against what F&O holds of it, document by document and per
currency. Pure.

A document's money in F&O, by recipe: a payment is the money itself; a free text invoice is its
lines, plus the tax that the shop charged where they exclude it; a return order is its lines
likewise, less what went back to gift card, credit or points, which is no part of it. To the cent it
is the document's grand total, or something is off.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.invoicing_and_refunds import ONLINE
from sandbox.demo.reconciliation import Finding
from sync.core.money import ZERO, rounded, total

INVOICE, REFUND = "invoice", "credit memo"
REFERENCES: Final = {INVOICE: "INV-", REFUND: "CM-"}
"""What the configuration puts before a document's number, so that F&O's documents can be told apart
by eye."""

SETTLED: Final = 2


@dataclass(frozen=True)
class FinanceDocument:
    """An invoice or credit memo in the shop's books, in its order's currency. `reference`: how F&O
    is to name it."""

    kind: str
    increment_id: str
    currency: str
    grand_total: Decimal
    tax: Decimal
    paid: Decimal
    rma: str = ""

    @property
    def reference(self) -> str:
        """Its reference in F&O: that of the return, where it refunds one."""
        if self.rma:
            return f"R{self.rma}"
        return f"{REFERENCES[self.kind]}{self.increment_id}"

    @classmethod
    def of(cls, order: Mapping[str, Any]) -> list["FinanceDocument"]:
        """The settled documents of an entry of the shop's books. What was made of F&O's own has no
        document of its own there, where no gateway moved money."""
        return [
            cls(
                kind, str(document["increment_id"]), str(order["currency"]),
                Decimal(document["grand_total"]), Decimal(document["tax"]),
                Decimal(document["paid"]), str(document.get("rma") or ""),
            )
            for kind, name in ((INVOICE, "invoices"), (REFUND, "refunds"))
            for document in order[name]
            if document["state"] == SETTLED
            and (order["method"] in ONLINE or not document["of_dynamics"])
        ]  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A payment, free text invoice or return order in F&O, draft or posted. `amount` as its lines
    sum: positive is received.

    `number`: what a person looks for. `includes_tax`, `is_net`: whether tax is in the amount, and
    whether what was paid by gift card and the like is taken off it already.
    """

    reference: str
    number: str
    currency: str
    amount: Decimal
    includes_tax: bool
    is_net: bool = True

    def kind(self, document: FinanceDocument | None) -> str:
        """What it is: what it answers, else by its sign."""
        return document.kind if document else INVOICE if self.amount >= ZERO else REFUND

    def worth(self, document: FinanceDocument | None) -> Decimal:
        """What it comes to in the shop's terms, where invoices and credit memos are both
        positive."""
        amount = self.amount if self.kind(document) == INVOICE else -self.amount
        if document is None:
            return rounded(amount)
        return rounded(
            amount
            + (ZERO if self.includes_tax else document.tax)
            - (ZERO if self.is_net else document.paid)
        )


@dataclass(frozen=True)
class Side:
    """One system's documents in one currency."""

    invoices: int
    invoiced: Decimal
    refunds: int
    refunded: Decimal

    @property
    def net(self) -> Decimal:
        """Invoiced less refunded."""
        return self.invoiced - self.refunded

    def as_json(self) -> dict[str, Any]:
        """Amounts as text with two decimals."""
        money = {name: f"{getattr(self, name):.2f}" for name in ("invoiced", "refunded", "net")}
        return {"invoices": self.invoices, "refunds": self.refunds, **money}


@dataclass(frozen=True)
class CashRow:
    """One connection's receivables in one currency."""

    connection: str
    currency: str
    commerce: Side
    dynamics: Side

    @property
    def difference(self) -> Decimal:
        """Net of Commerce less net of Dynamics."""
        return self.commerce.net - self.dynamics.net

    def as_json(self) -> dict[str, Any]:
        """Both sides, and their difference as text with two decimals."""
        sides = {"commerce": self.commerce.as_json(), "dynamics": self.dynamics.as_json()}
        return {
            "connection": self.connection,
            "currency": self.currency,
            **sides,
            "difference": f"{self.difference:.2f}",
        }


def settled(
    connection: str, documents: Sequence[FinanceDocument], entries: Sequence[Entry]
) -> tuple[list[CashRow], list[Finding]]:
    """Compare the documents of both sides: rows by currency, and everything that is off by name."""
    by_reference: dict[str, list[Entry]] = {}
    for entry in entries:
        by_reference.setdefault(entry.reference, []).append(entry)
    known = {document.reference: document for document in documents}
    findings = [
        Finding(connection, f"{document.kind} {document.increment_id}", what)
        for document in documents
        for what in _wrong(document, by_reference.get(document.reference, []))
    ]
    findings += [
        Finding(
            connection,
            entry.number,
            f"answers no document of the shop: its reference is {entry.reference or 'empty'}",
        )
        for entry in entries
        if entry.reference not in known
    ]
    return list(_rows(connection, documents, entries, known)), findings


def _wrong(document: FinanceDocument, found: Sequence[Entry]) -> Iterable[str]:
    if not found and document.grand_total:
        yield f"is not in Dynamics: {document.grand_total:.2f} {document.currency}"
    elif len(found) > 1:
        yield (
            f"is in Dynamics {len(found)} times:"
            f" {', '.join(sorted(entry.number for entry in found))}"
        )
    for entry in found[:1]:
        worth = entry.worth(document)
        if entry.currency != document.currency:
            yield f"is in {document.currency}, {entry.number} in {entry.currency}"
        elif worth != rounded(document.grand_total):
            yield (
                f"comes to {document.grand_total:.2f} {document.currency}, {entry.number} to"
                f" {worth:.2f}: difference {rounded(document.grand_total) - worth:.2f}"
            )


def _rows(
    connection: str,
    documents: Sequence[FinanceDocument],
    entries: Sequence[Entry],
    known: Mapping[str, FinanceDocument],
) -> Iterable[CashRow]:
    for currency in sorted(
        {document.currency for document in documents} | {entry.currency for entry in entries}
    ):
        commerce = [
            (document.kind, rounded(document.grand_total))
            for document in documents
            if document.currency == currency
        ]
        answered = [
            (entry, known.get(entry.reference)) for entry in entries if entry.currency == currency
        ]
        dynamics = [(entry.kind(document), entry.worth(document)) for entry, document in answered]
        yield CashRow(connection, currency, _side(commerce), _side(dynamics))


def _side(documents: Sequence[tuple[str, Decimal]]) -> Side:
    """Counts leave out documents of nothing: there is no payment of nothing."""
    invoiced = [amount for kind, amount in documents if kind == INVOICE and amount]
    refunded = [amount for kind, amount in documents if kind == REFUND and amount]
    return Side(len(invoiced), total(invoiced), len(refunded), total(refunded))
