"""What adds up in invoices and credit memos as REST answers them: `commerce-money.md`, sections 8
and 9.

Written apart from the double's arithmetic: it reads only REST fields. It is run on made and on
recorded documents alike. `differences` names every identity that does not hold, with what is
missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.core.encoding import from_json
from tests.sandbox.commerce.identities import levy_of, levy_tax_of, money, paying_lines, rows_of

ZERO = Decimal(0)
DUST = Decimal("0.0001")
Rest = dict[str, Any]
MEANS = ("gift_cards_amount", "customer_balance_amount")


def total(documents: list[Rest], key: str) -> Decimal:
    return sum((money(document, key) for document in documents), ZERO)


@dataclass
class Books:
    """An order with its documents on one side (`""` or `"base_"`)."""

    order: Rest
    invoices: list[Rest]
    memos: list[Rest]
    side: str

    def __post_init__(self) -> None:
        self.extension: Rest = self.order["extension_attributes"]
        self.lines = {line["item_id"]: line for line in paying_lines(self.order)}
        self.levies = sum((levy_of(line, self.side) for line in self.lines.values()), ZERO)
        rows = rows_of(self.order, list(self.lines.values()), self.side, self.levies)
        over = self.of(self.order, "subtotal") - rows
        self.in_subtotal = bool(self.levies) and abs(over - self.levies) < abs(over)
        self.reward = self.of(self.extension, "reward_currency_amount")
        self.live = [invoice for invoice in self.invoices if invoice["state"] != 3]

    def of(self, source: Rest, name: str) -> Decimal:
        return money(source, f"{self.side}{name}")

    def compensation(self, source: Rest) -> Decimal:
        name = (
            "base_shipping_discount_tax_compensation_amnt"
            if self.side
            else "shipping_discount_tax_compensation_amount"
        )
        return money(source, name)

    def explained(self, document: Rest) -> Decimal:
        """What the fields of a document come to."""
        names = (
            "subtotal",
            "shipping_amount",
            "tax_amount",
            "discount_amount",
            "discount_tax_compensation_amount",
        )
        extension = document.get("extension_attributes", {})
        extra = self.of(extension, "payment_fee") + money(
            extension, "gw_base_price" if self.side else "gw_price"
        )
        paid = sum((self.of(extension, name) for name in MEANS), ZERO)
        return sum((self.of(document, name) for name in names), extra - paid)

    def extra_tax(self, document: Rest) -> Decimal:
        extension = document.get("extension_attributes", {})
        gift_wrap = money(extension, "gw_base_tax_amount" if self.side else "gw_tax_amount")
        return self.of(extension, "payment_fee_tax") + gift_wrap

    def items(self, document: Rest, name: str) -> Decimal:
        return sum((self.of(item, name) for item in document["items"]), ZERO)

    def all_invoiced(self) -> bool:
        return all(
            money(line, "qty_invoiced") == money(line, "qty_ordered")
            for line in self.lines.values()
        )

    def all_refunded(self) -> bool:
        return self.all_invoiced() and all(
            money(line, "qty_refunded") == money(line, "qty_ordered")
            for line in self.lines.values()
        )

    def fractional(self) -> bool:
        return any(money(line, "qty_ordered") % 1 for line in self.lines.values())


def differences(order: Rest, invoices: list[Rest], memos: list[Rest]) -> list[str]:
    """Every identity that does not hold; the documents are all those of the order."""
    found = []
    for side in ("", "base_"):
        books = Books(order, invoices, memos, side)
        for check in (_each_invoice, _all_invoices, _each_memo, _all_memos):
            found += [
                f"{side}{name}: {missing}"
                for name, missing, most in check(books)
                if abs(missing) > most
            ]
    return found


Found = Iterator[tuple[str, Decimal, Decimal]]
"""Name, what is missing, how much may be."""


def _each_invoice(books: Books) -> Found:
    carriers = [invoice for invoice in books.live if books.of(invoice, "shipping_amount")]
    yield "8.4 one invoice bears the shipping", Decimal(len(carriers) > 1), ZERO
    if len(books.live) == len(books.invoices):
        yield (
            "8.4 it is the first",
            Decimal(bool(carriers) and carriers[0] is not books.live[0]),
            ZERO,
        )
    dust = 3 * DUST if books.fractional() else ZERO
    levy_dust = Decimal("0.03") if books.levies else ZERO
    for invoice in books.live:
        name = invoice["increment_id"]
        levy = _share_of_levies(books, invoice)
        hidden = (
            books.of(invoice, "grand_total")
            - books.explained(invoice)
            - books.compensation(invoice)
        )
        most = dust + levy_dust
        if not books.reward:
            yield f"8.1 grand total of {name}", hidden - (ZERO if books.in_subtotal else levy), most
        subtotal = books.of(invoice, "subtotal") - books.items(invoice, "row_total")
        yield f"8.3 subtotal of {name}", subtotal - (levy if books.in_subtotal else ZERO), most
        tax = books.of(invoice, "tax_amount") - books.items(invoice, "tax_amount")
        tax -= books.of(invoice, "shipping_tax_amount") + books.extra_tax(invoice)
        yield f"8.3 tax of {name}", tax - _share_of_levies(books, invoice, tax=True), most
        off = books.of(invoice, "discount_amount") + books.items(invoice, "discount_amount")
        if books.of(invoice, "shipping_amount"):
            off += books.of(books.order, "shipping_discount_amount")
        yield f"8.3 discount of {name}", off, dust
        compensation = books.of(invoice, "discount_tax_compensation_amount")
        yield (
            f"8.3 compensation of {name}",
            compensation - books.items(invoice, "discount_tax_compensation_amount"),
            ZERO,
        )


def _share_of_levies(books: Books, document: Rest, *, tax: bool = False) -> Decimal:
    """Fixed product tax by quantity: to the cent only for all documents together."""
    share = ZERO
    for item in document["items"]:
        line = books.lines.get(item["order_item_id"])
        if line is not None:
            whole = levy_tax_of(line, books.side) if tax else levy_of(line, books.side)
            share += whole * money(item, "qty") / money(line, "qty_ordered")
    return share


def _all_invoices(books: Books) -> Found:
    dust = DUST * 3 if books.fractional() else ZERO
    names = (
        "subtotal",
        "tax_amount",
        "shipping_amount",
        "discount_amount",
        "discount_tax_compensation_amount",
    )
    for name in (*names, "grand_total"):
        whole = total(books.live, f"{books.side}{name}")
        counter = (
            "total_invoiced"
            if name == "grand_total"
            else f"{name.removesuffix('_amount')}_invoiced"
        )
        yield f"counted {counter}", books.of(books.order, counter) - whole, ZERO
        if books.all_invoiced():
            yield f"8.5 all invoices' {name}", books.of(books.order, name) - whole, dust
    paid = total(
        [invoice for invoice in books.live if invoice["state"] == 2], f"{books.side}grand_total"
    )
    yield "paid", books.of(books.order, "total_paid") - paid, ZERO
    due = books.of(books.order, "grand_total") - books.of(books.order, "total_paid")
    yield "due", books.of(books.order, "total_due") - due, ZERO
    for number, line in books.lines.items():
        mine = [
            item
            for invoice in books.live
            for item in invoice["items"]
            if item["order_item_id"] == number
        ]
        row = total(mine, f"{books.side}row_total")
        yield f"invoiced of item {number}", books.of(line, "row_invoiced") - row, ZERO
        yield f"pieces of item {number}", money(line, "qty_invoiced") - total(mine, "qty"), ZERO


def _each_memo(books: Books) -> Found:
    dust = (
        Decimal("0.0002")
        if books.of(books.order, "shipping_discount_amount") or books.fractional()
        else ZERO
    )
    for memo in books.memos:
        name = memo["increment_id"]
        levy, levy_tax = _levies_in(books, memo)
        adjustment = books.of(memo, "adjustment")
        back = books.explained(memo) + adjustment + (ZERO if books.in_subtotal else levy)
        if not books.reward:
            most = dust + (Decimal("0.01") if books.levies else ZERO)
            yield f"9.1 grand total of {name}", books.of(memo, "grand_total") - back, most
        parts = books.of(memo, "adjustment_positive") - books.of(memo, "adjustment_negative")
        yield f"9.2 adjustment of {name}", adjustment - parts, ZERO
        subtotal = (
            books.of(memo, "subtotal")
            - books.items(memo, "row_total")
            - (levy if books.in_subtotal else ZERO)
        )
        yield f"9.3 subtotal of {name}", subtotal, ZERO
        tax = books.of(memo, "tax_amount") - books.items(memo, "tax_amount") - levy_tax
        tax -= books.of(memo, "shipping_tax_amount") + books.extra_tax(memo)
        yield f"9.3 tax of {name}", tax, Decimal("0.02")
        share = -books.of(memo, "discount_amount") - books.items(memo, "discount_amount")
        yield f"9.4 share of the shipping's discount of {name}", *_share_missing(books, memo, share)
        for item in memo["items"]:
            line = books.lines.get(item["order_item_id"])
            if line is not None and books.side and "base_weee_tax_applied_row_amnt" in item:
                whole = levy_of(line, "base_")
                yield (
                    f"9.6 base levy of {name}",
                    money(item, "base_weee_tax_applied_row_amnt") - whole,
                    ZERO,
                )


def _levies_in(books: Books, memo: Rest) -> tuple[Decimal, Decimal]:
    """Fixed product tax and its tax, from the JSON in the items."""
    found = [e for item in memo["items"] for e in from_json(item.get("weee_tax_applied") or "[]")]
    net = sum((books.of(entry, "row_amount") for entry in found), ZERO)
    return net, sum((books.of(entry, "row_amount_incl_tax") for entry in found), ZERO) - net


def _share_missing(books: Books, memo: Rest, share: Decimal) -> tuple[Decimal, Decimal]:
    """Shipping refunded × discount / shipping; of none the wrong sign; of the rest it may be all of
    it once more."""
    discount, whole = (
        books.of(books.order, "shipping_discount_amount"),
        books.of(books.order, "shipping_amount"),
    )
    if not discount or not whole:
        return share, ZERO
    rate, taxes = discount / whole, books.of(books.order, "shipping_tax_amount")
    back, gross = books.of(memo, "shipping_amount"), books.of(books.order, "shipping_incl_tax")
    fits = [back * rate, (gross - taxes) * rate, -taxes * rate]
    return min((share - fit for fit in fits), key=abs), Decimal("0.01")


def _all_memos(books: Books) -> Found:
    order, side, memos = books.order, books.side, books.memos
    if not memos:
        return
    for name in (
        "subtotal",
        "tax_amount",
        "shipping_amount",
        "shipping_tax_amount",
        "discount_amount",
    ):
        counter = f"{name.removesuffix('_amount')}_refunded"
        yield (
            f"counted {counter}",
            books.of(order, counter) - total(memos, f"{side}{name}"),
            DUST * len(memos),
        )
    back = total(memos, f"{side}grand_total")
    rounded = Decimal("0.005") * len(memos)  # the order counts each memo, and rounds to the cent
    yield "total refunded", books.of(order, "total_refunded") - back, rounded
    if side:
        over = back - books.of(order, "total_paid")
        yield "9.7 no more than was paid", max(over, ZERO), rounded
    if books.all_refunded() and not books.of(order, "shipping_discount_amount"):
        yield (
            "9.10 all memos' subtotal",
            books.of(order, "subtotal") - total(memos, f"{side}subtotal"),
            DUST,
        )
        if books.of(order, "shipping_refunded") == books.of(order, "shipping_amount"):
            tax = books.of(order, "tax_amount") - total(memos, f"{side}tax_amount")
            yield "9.10 all memos' tax", tax, Decimal("0.01")
            off = books.of(order, "discount_amount") - total(memos, f"{side}discount_amount")
            yield "9.10 all memos' discount", off, DUST
            rest = books.of(order, "grand_total") - back + total(memos, f"{side}adjustment")
            yield "9.10 all memos' grand total", rest, Decimal("0.02")
