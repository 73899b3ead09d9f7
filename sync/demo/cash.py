"""What the shop invoiced and refunded against what F&O holds of it, document by document and per currency. Pure.

A document's money in F&O, by recipe: a payment is the money itself; a free text invoice is its lines, plus the tax that
the shop charged where they exclude it; a return order is its lines likewise, less what went back to gift card, credit
or points, which is no part of it. To the cent it is the document's grand total, or something is off.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.demo.reconciliation import Finding
from sync.money import ZERO, rounded, total

INVOICE, REFUND = "invoice", "credit memo"
REFERENCES: Final = {INVOICE: "INV-", REFUND: "CM-"}
"""What the configuration puts before a document's number, so that F&O's documents can be told apart by eye."""

SETTLED: Final = 2


@dataclass(frozen=True)
class Paper:
    """An invoice or credit memo in the shop's books, in its order's currency. `reference`: how F&O is to name it."""

    kind: str
    increment_id: str
    currency: str
    grand_total: Decimal
    tax: Decimal
    paid: Decimal

    @property
    def reference(self) -> str:
        """Its reference in F&O."""
        return f"{REFERENCES[self.kind]}{self.increment_id}"

    @classmethod
    def of(cls, order: Mapping[str, Any]) -> list["Paper"]:
        """The settled documents of an entry of the shop's books."""
        return [
            cls(
                kind, str(paper["increment_id"]), str(order["currency"]),
                *(Decimal(paper[name]) for name in ("grand_total", "tax", "paid")),
            )
            for kind, name in ((INVOICE, "invoices"), (REFUND, "refunds"))
            for paper in order[name]
            if paper["state"] == SETTLED
        ]  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A payment, free text invoice or return order in F&O, draft or posted. `amount` as its lines sum: positive is received.

    `number`: what a person looks for. `includes_tax`, `is_net`: whether tax is in the amount, and whether what was paid
    by gift card and the like is taken off it already.
    """

    reference: str
    number: str
    currency: str
    amount: Decimal
    includes_tax: bool
    is_net: bool = True

    def kind(self, paper: Paper | None) -> str:
        """What it is: what it answers, else by its sign."""
        return paper.kind if paper else INVOICE if self.amount >= ZERO else REFUND

    def worth(self, paper: Paper | None) -> Decimal:
        """What it comes to in the shop's terms, where invoices and credit memos are both positive."""
        amount = self.amount if self.kind(paper) == INVOICE else -self.amount
        if paper is None:
            return rounded(amount)
        return rounded(amount + (ZERO if self.includes_tax else paper.tax) - (ZERO if self.is_net else paper.paid))


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


def settled(connection: str, papers: Sequence[Paper], entries: Sequence[Entry]) -> tuple[list[CashRow], list[Finding]]:
    """Compare the documents of both sides: rows by currency, and everything that is off by name."""
    by_reference: dict[str, list[Entry]] = {}
    for entry in entries:
        by_reference.setdefault(entry.reference, []).append(entry)
    known = {paper.reference: paper for paper in papers}
    findings = [
        Finding(connection, f"{paper.kind} {paper.increment_id}", what)
        for paper in papers
        for what in _wrong(paper, by_reference.get(paper.reference, []))
    ]
    findings += [
        Finding(
            connection, entry.number, f"answers no document of the shop: its reference is {entry.reference or 'empty'}"
        )
        for entry in entries
        if entry.reference not in known
    ]
    return list(_rows(connection, papers, entries, known)), findings


def _wrong(paper: Paper, found: Sequence[Entry]) -> Iterable[str]:
    if not found and paper.grand_total:
        yield f"is not in Dynamics: {paper.grand_total:.2f} {paper.currency}"
    elif len(found) > 1:
        yield f"is in Dynamics {len(found)} times: {', '.join(sorted(entry.number for entry in found))}"
    for entry in found[:1]:
        worth = entry.worth(paper)
        if entry.currency != paper.currency:
            yield f"is in {paper.currency}, {entry.number} in {entry.currency}"
        elif worth != rounded(paper.grand_total):
            yield (
                f"comes to {paper.grand_total:.2f} {paper.currency}, {entry.number} to {worth:.2f}: "
                f"difference {rounded(paper.grand_total) - worth:.2f}"
            )


def _rows(
    connection: str, papers: Sequence[Paper], entries: Sequence[Entry], known: Mapping[str, Paper]
) -> Iterable[CashRow]:
    for currency in sorted({paper.currency for paper in papers} | {entry.currency for entry in entries}):
        commerce = [(paper.kind, rounded(paper.grand_total)) for paper in papers if paper.currency == currency]
        answered = [(entry, known.get(entry.reference)) for entry in entries if entry.currency == currency]
        dynamics = [(entry.kind(paper), entry.worth(paper)) for entry, paper in answered]
        yield CashRow(connection, currency, _side(commerce), _side(dynamics))


def _side(documents: Sequence[tuple[str, Decimal]]) -> Side:
    """Counts leave out documents of nothing: there is no payment of nothing."""
    invoiced = [amount for kind, amount in documents if kind == INVOICE and amount]
    refunded = [amount for kind, amount in documents if kind == REFUND and amount]
    return Side(len(invoiced), total(invoiced), len(refunded), total(refunded))
