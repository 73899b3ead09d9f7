"""What F&O's people made of a quotation, as the answer to its quote: amounts of lines in the
quote's currency, a day of expiry, terms. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.quote import Quote, QuoteItem
from sync.config.connections import Connection
from sync.config.connections.quotes import Quotes, Text
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.core.money import ZERO, rounded, total
from sync.dynamics.documents.line_amount import sales_units
from sync.dynamics.documents.quotation import HeldQuotation, QuotationLine
from sync.mapping_tables.records import ItemMapping, normal_sku

PIECE: Final = Decimal("0.0001")
"""The finest quantity of Commerce."""


@dataclass(frozen=True)
class Agreed:
    """What F&O approved of an item: pieces, and what they come to in all."""

    item: QuoteItem
    pieces: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Answer:
    """What the buyer is to be shown. Amounts are in the quote's currency; `is_gross`: with tax.
    `freight` is None where F&O says nothing of it."""

    company: str
    number: str
    lines: tuple[Agreed, ...]
    currency: str
    is_gross: bool
    freight: Decimal | None
    expires: date | None
    comment: str

    @property
    def total(self) -> Decimal:
        """What all goods come to."""
        return total(one.amount for one in self.lines)

    @property
    def document(self) -> dict[str, Any]:
        """As it is kept and compared with later."""
        lines = {
            str(one.item.item_id): [str(one.pieces.normalize()), f"{one.amount:.2f}"]
            for one in self.lines
        }
        return {
            "quotation": self.number, "lines": lines, "currency": self.currency,
            "gross": self.is_gross, "freight": None if self.freight is None else str(self.freight),
            "expires": str(self.expires or ""), "comment": self.comment,
        }  # fmt: skip

    @property
    def digest(self) -> str:
        """Of all that the buyer is shown."""
        return digest(self.document)


def answer_from(
    quote: Quote,
    held: HeldQuotation,
    items: Mapping[str, ItemMapping],
    settings: Connection,
    *,
    today: date,
    version: str,
) -> Answer:
    """The answer that a quotation is. Raises `Never` for one that cannot be shown as it was
    approved."""
    _must_be_in_its_currency(quote, held)
    _must_not_be_expired(quote, held, today)
    goods, freight = _by_item(quote, held, settings)
    _must_be_priced(quote, held, [*goods.values()])
    shares = _without_discount(held, [goods[str(one.item_id)] for one in quote.items])
    again = f"{held.number} in {held.place}, and {held.again}"
    agreed = tuple(
        Agreed(one, _pieces(one, goods[str(one.item_id)], items, quote, again), share)
        for one, share in zip(quote.items, shares, strict=True)
    )
    terms = "".join(_terms(held, settings.quotes))
    comment = settings.quotes.text("answer").format(
        number=held.number, version=version, terms=terms
    )  # fmt: skip
    carried = held.carried_by(freight, total(shares)) if freight else held.carried
    answer = Answer(
        held.company, held.number, agreed, held.currency, held.is_gross, carried, held.expires,
        comment,
    )  # fmt: skip
    _must_sum_up(quote, held, answer)
    return answer


def decline_reason(held: HeldQuotation, settings: Quotes) -> str:
    """What the buyer reads of a quotation that was lost, cancelled, or ordered by its people."""
    if held.is_confirmed:
        name: Text = "ordered" if held.has_order else "won"
        return settings.text(name).format(number=held.number, order=held.order)
    own = settings.reasons.get(held.reason, settings.reasons.get("*", ""))
    text = settings.text("lost" if held.status.lower() == "lost" else "cancelled")
    return own or text.format(number=held.number)


def _terms(held: HeldQuotation, settings: Quotes) -> Iterator[str]:
    """Terms of payment and delivery, and the address of a document, in words for the buyer."""
    for name, code in zip(("Terms of payment", "Terms of delivery"), held.terms, strict=True):
        if code:
            yield f" {settings.terms.get(code) or f'{name}: {code}.'}"
    if settings.link and held.link.startswith(("https://", "http://")):
        yield f" {held.link}"


def _must_be_in_its_currency(quote: Quote, held: HeldQuotation) -> None:
    if held.currency != quote.currency.quote_currency_code:
        raise Never(
            f"{quote.label}: quotation {held.number} is in {held.currency or 'no currency'}, the"
            f" quote in {quote.currency.quote_currency_code}",
            remedy=(
                f"Give quotation {held.number} the quote's currency in {held.place}, and"
                f" {held.again}."
            ),
        )


def _must_not_be_expired(quote: Quote, held: HeldQuotation, today: date) -> None:
    if held.expires is not None and held.expires < today:
        raise Never(
            f"{quote.label}: quotation {held.number} expired on {held.expires}",
            remedy=(
                f"Give quotation {held.number} a later expiry date in {held.place}, or mark it as"
                " lost;"
                " either is noticed by itself."
            ),
        )


def _by_item(
    quote: Quote, held: HeldQuotation, settings: Connection
) -> tuple[dict[str, QuotationLine], list[QuotationLine]]:
    """Lines by the id of their item, and those of freight. Each item has one line."""
    ids = {str(one.item_id) for one in quote.items}
    freight = [one for one in held.lines if _is_freight(one, ids, settings)]
    goods = [one for one in held.lines if one not in freight]
    strange = [one.item for one in goods if one.reference not in ids]
    found = {one.reference: one for one in goods}
    lacking = [one.sku for one in quote.items if str(one.item_id) not in found]
    if strange or lacking or len(found) != len(goods):
        more = f"lines of no item of the quote ({', '.join(strange)})" if strange else ""
        less = f"no line for {', '.join(lacking)}" if lacking else ""
        raise Never(
            f"{quote.label}: quotation {held.number} has"
            f" {' and '.join(filter(None, (more, less))) or 'several lines of one item'}",
            remedy=(
                "An answer changes prices and quantities of the items that the buyer asked for."
                f" Bring the lines of quotation {held.number} in line in {held.place}"
                f" ({held.item_column} holds the item's id), or let the buyer ask for other items;"
                f" then {held.again}."
            ),
        )
    return found, freight


def _is_freight(line: QuotationLine, ids: set[str], settings: Connection) -> bool:
    item = settings.orders.freight_item
    return line.reference not in ids and line.item.casefold() == item.casefold()


def _must_be_priced(quote: Quote, held: HeldQuotation, lines: Sequence[QuotationLine]) -> None:
    bare = [one.item for one in lines if one.price == ZERO or one.amount < ZERO]
    if bare or not lines:
        raise Never(
            f"{quote.label}: quotation {held.number} has no price for {', '.join(bare) or 'it'}",
            remedy=(
                f"Enter the price in quotation {held.number} in {held.place} and {held.again}."
                " What is free has its price and a discount of 100 per cent."
            ),
        )


def _without_discount(held: HeldQuotation, lines: Sequence[QuotationLine]) -> list[Decimal]:
    """What each line comes to after the discount on the whole, which is shared by their amounts;
    the last cents go where the sum of the shares before them was rounded."""
    whole, off = held.lines_amount, held.discount
    if not off:
        return [one.amount for one in lines]
    if off > whole:
        raise Never(
            f"quotation {held.number}: {off:.2f} are taken off {whole:.2f}",
            remedy=f"Correct the discount in {held.place}, and {held.again}.",
        )
    found, passed, given = list[Decimal](), ZERO, ZERO
    for one in lines:
        passed += one.amount
        share = rounded(off * passed / whole) - given
        given += share
        found.append(one.amount - share)
    return found


def _pieces(
    item: QuoteItem, line: QuotationLine, items: Mapping[str, ItemMapping], quote: Quote,
    again: str,
) -> Decimal:  # fmt: skip
    """Pieces of Commerce; what was asked for where the quantity is that. Raises `Never` where the
    quantity is no number of pieces."""
    mapped = items.get(normal_sku(item.sku))
    factor = mapped.factor if mapped is not None else Decimal(1)
    if sales_units(item.qty, factor) == line.quantity:
        return item.qty
    pieces = (line.quantity / factor).quantize(PIECE)
    if pieces <= ZERO or sales_units(pieces, factor) != line.quantity:
        raise Never(
            f"{quote.label}: {line.quantity:f} {line.unit} of {line.item} are no number of pieces"
            f" of {item.sku[:64]}",
            remedy=f"Enter another quantity in quotation {again}.",
        )
    return pieces


def _must_sum_up(quote: Quote, held: HeldQuotation, answer: Answer) -> None:
    """Where F&O has computed its totals, they are what its lines come to: nothing was agreed that
    the quote cannot show, such as charges."""
    if held.sums is None:
        return
    goods, (*_, charges) = held.summed, held.sums
    shown = answer.total + (answer.freight or ZERO)
    if charges or goods != shown:
        raise Never(
            f"{quote.label}: quotation {held.number} comes to {goods:.2f} {held.currency} and"
            f" {charges:.2f} of charges; its lines come to {shown:.2f}",
            remedy=(
                f"{held.carrying}, recalculate the totals of quotation {held.number} in"
                f" {held.place}, and {held.again}."
            ),
        )
