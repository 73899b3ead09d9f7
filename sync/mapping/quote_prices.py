"""The prices that show an answer in Commerce, and the proof that the shop shows exactly what was
approved. Pure.

Commerce takes prices in its base currency: one per item, where that is exact, else one proposed
total that it spreads over the items. Whatever is written, nothing goes to the buyer before the
shop's own totals come to the approved sum.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sync.commerce.models.quote import Quote, ShownItem, ShownTotals
from sync.config.connections.quotes import Quotes
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.totals import Totals
from sync.mapping.quote_answer import Agreed, Answer

PROPOSED: Final = 3
"""Negotiated price types of Commerce: 1 percent, 2 amount off, 3 proposed price."""
TRIED: Final = (ZERO, CENT, -CENT)
"""How far a proposed total is moved where currency or tax keep the shop from the very cent."""


def changes(
    quote: Quote, answer: Answer, before: ShownTotals, settings: Quotes
) -> list[dict[str, Any]]:
    """What may be written so that the shop shows the answer, best first: prices of items where they
    are exact, then proposed totals."""
    rate = quote.currency.base_to_quote_rate or Decimal(1)
    found = list[dict[str, Any]]()
    prices = _item_prices(answer, settings) if settings.prices == "items" and rate == 1 else None
    if prices is not None:
        found.append(_change(quote, answer, None, prices))
    value = rounded(proposed(answer, before, settings) / rate)
    found += [_change(quote, answer, value + one, {}) for one in TRIED if value + one >= ZERO]
    return found


def _item_prices(answer: Answer, settings: Quotes) -> dict[int, Decimal] | None:
    """A price per piece of each item; None where one is no whole cent, or means something else in
    the shop."""
    if answer.is_gross is not (settings.amounts == "gross"):
        return None
    prices = {one.item.item_id or 0: one.amount / one.pieces for one in answer.lines}
    return prices if all(rounded(one) == one for one in prices.values()) else None


def proposed(answer: Answer, before: ShownTotals, settings: Quotes) -> Decimal:
    """The total to propose, in the quote's currency, with tax or without as the shop means it."""
    if answer.is_gross is (settings.amounts == "gross"):
        return answer.total
    rates = {one.item_id: 1 + Fraction(one.tax_percent) / 100 for one in before.items}
    found = Fraction(0)
    for one in answer.lines:
        rate = rates.get(one.item.item_id, Fraction(1))
        amount = Fraction(one.amount)
        found += amount / rate if answer.is_gross else amount * rate
    return rounded(Decimal(found.numerator) / Decimal(found.denominator))


def _change(
    quote: Quote, answer: Answer, value: Decimal | None, prices: Mapping[int, Decimal]
) -> dict[str, Any]:
    state: dict[str, Any] = {}
    if value is not None:
        state |= {"negotiated_price_type": PROPOSED, "negotiated_price_value": value}
    if answer.expires is not None:
        state["expiration_period"] = str(answer.expires)
    if answer.freight is not None:
        state["shipping_price"] = rounded(
            answer.freight / (quote.currency.base_to_quote_rate or Decimal(1))
        )
    items = [
        _item(one, prices.get(one.item.item_id or 0))
        for one in answer.lines
        if prices or one.pieces != one.item.qty
    ]
    body: dict[str, Any] = {"items": items} if items else {}
    return {**body, "extension_attributes": {"negotiable_quote": state}}


def _item(agreed: Agreed, price: Decimal | None) -> dict[str, Any]:
    item = agreed.item
    body: dict[str, Any] = {"item_id": item.item_id, "sku": item.sku, "qty": agreed.pieces}
    if item.product_option:
        body["product_option"] = item.product_option
    if price is not None:
        named = {"negotiated_price_type": PROPOSED, "negotiated_price_value": price}
        body["extension_attributes"] = {"negotiable_quote_item": {"extension_attributes": named}}
    return body


def shown_total(answer: Answer, shown: ShownTotals) -> Decimal:
    """What the shop shows of the goods, with tax or without as the answer is."""
    return shown_goods(shown, is_gross=answer.is_gross)


def shown_goods(shown: ShownTotals, *, is_gross: bool) -> Decimal:
    """The same, by what it is to be compared with."""
    return (shown.subtotal_incl_tax if is_gross else shown.subtotal) - abs(shown.discount_amount)


def proof(answer: Answer, shown: ShownTotals) -> Totals:
    """What the shop shows against what F&O approved."""
    return Totals(shown_total(answer, shown), answer.total, answer.currency)


def faults(answer: Answer, shown: ShownTotals, *, by_item: bool) -> list[str]:
    """What the shop shows otherwise than it was approved; nothing where all is proved: the sum,
    what the rows come to, their tax, pieces, freight, and with prices of items each row."""
    found = list[str]()
    rows = {one.item_id: one for one in shown.items}
    if shown.quote_currency_code != answer.currency:
        found.append(f"currency {shown.quote_currency_code or '(none)'}, not {answer.currency}")
    if (amount := shown_total(answer, shown)) != answer.total:
        found.append(f"goods {amount:.2f}, not {answer.total:.2f}")
    if (spread := total(one.row_total for one in shown.items)) != shown.subtotal:
        found.append(f"rows of {spread:.2f} in a subtotal of {shown.subtotal:.2f}")
    for one in answer.lines:
        row = rows.get(one.item.item_id)
        if row is None or row.qty != one.pieces:
            found.append(f"{one.item.sku[:64]}: {row.qty if row else 0:f} of {one.pieces:f} pieces")
        elif by_item and (row.row_total_incl_tax if answer.is_gross else row.row_total) != (
            one.amount
        ):
            found.append(f"{one.item.sku[:64]}: a row of {row.row_total:.2f}, not {one.amount:.2f}")
    moved = _tax_moved(answer, rows)
    if abs(moved) > CENT * len(answer.lines):
        than = "more" if moved > 0 else "less"
        found.append(f"tax of items at several rates is {abs(moved):.2f} {than} than approved")
    carried = shown.shipping_incl_tax if answer.is_gross else shown.shipping_amount
    if answer.freight is not None and carried != answer.freight:
        found.append(f"shipping {carried:.2f}, not {answer.freight:.2f}")
    return found


def _tax_moved(answer: Answer, rows: Mapping[int | None, ShownItem]) -> Decimal:
    """How much more tax the shop takes than there is on what was approved: a proposed total is
    spread by what items cost, whatever their rates. What rounding moves comes to a cent a line."""
    if len({one.tax_percent for one in rows.values()}) < 2:
        return ZERO
    moved = Fraction(0)
    for one in answer.lines:
        if row := rows.get(one.item.item_id):
            goods = row.row_total_incl_tax if answer.is_gross else row.row_total
            rate = Fraction(row.tax_percent)
            base = 100 + rate if answer.is_gross else 100
            moved += Fraction(goods - abs(row.discount_amount) - one.amount) * rate / base
    return rounded(Decimal(moved.numerator) / Decimal(moved.denominator))
