"""How many pieces of a row are still wanted, and what they come to. Pure.

Refunded pieces count as the unshipped ones first, as Commerce's own inventory counts them: of five
ordered, three shipped and two refunded nothing is left to be shipped. Pieces refunded after they
were shipped come back by a return.
"""

from decimal import Decimal
from typing import Final

from sync.commerce.models.item import FixedProductTax, Item
from sync.core.money import ZERO, stored
from sync.mapping.order_rows import MoneyRow

REFUNDED: Final = (
    "amount_refunded", "discount_refunded", "tax_refunded", "discount_tax_compensation_refunded",
)  # fmt: skip
"""What Commerce counts as refunded, in the order of the amounts of a row."""


def pieces_kept(item: Item) -> Decimal:
    """What was ordered and not cancelled."""
    return min(max(item.qty_ordered - item.qty_canceled, ZERO), item.qty_ordered)


def pieces_taken_off(item: Item) -> Decimal:
    """What was refunded before it was shipped."""
    return max(min(item.qty_refunded, pieces_kept(item) - item.qty_shipped), ZERO)


def pieces_wanted(item: Item) -> Decimal:
    """What has been shipped or is still to be."""
    return pieces_kept(item) - pieces_taken_off(item)


def row_left(row: MoneyRow) -> MoneyRow:
    """A row as if only what is still wanted had been ordered, with Commerce's own amounts where it
    tells them."""
    item = row.item
    wanted = pieces_wanted(item)
    if wanted == item.qty_ordered:
        return row
    left, discount, tax, compensation = (stored(amount) for amount in _amounts_wanted(row, wanted))
    share = wanted / item.qty_ordered
    changes = {
        "qty_ordered": wanted, "discount_amount": discount, "tax_amount": tax,
        "discount_tax_compensation_amount": compensation,
        "weee_tax_applied": tuple(_share_of(entry, share) for entry in item.weee_tax_applied),
        "weee_tax_applied_row_amount": stored(item.weee_tax_applied_row_amount * share),
    }  # fmt: skip
    return MoneyRow(item.model_copy(update=changes), left, row.sku)


def _share_of(entry: FixedProductTax, share: Decimal) -> FixedProductTax:
    amounts = {name: stored(getattr(entry, name) * share) for name in type(entry).model_fields}
    return entry.model_copy(update=amounts)


def _amounts_wanted(row: MoneyRow, wanted: Decimal) -> list[Decimal]:
    """(row, discount, tax, compensation) of what is still wanted: those kept less what was refunded
    of pieces taken off, by pieces where Commerce does not tell that."""
    item, kept = row.item, pieces_kept(row.item)
    if not wanted:
        return [ZERO] * 4
    amounts = _amounts_kept(row, kept)
    if not (off := pieces_taken_off(item)):
        return amounts
    back = [getattr(item, name) for name in REFUNDED]
    if not any(back):
        return [amount * wanted / kept for amount in amounts]
    share = off / item.qty_refunded
    return [amount - less * share for amount, less in zip(amounts, back, strict=True)]


def _amounts_kept(row: MoneyRow, kept: Decimal) -> list[Decimal]:
    """(row, discount, tax, compensation) of what was not cancelled: what was invoiced, where all of
    it has been."""
    item = row.item
    placed = [row.row, item.discount_amount, item.tax_amount, item.discount_tax_compensation_amount]
    if kept == item.qty_ordered:
        return placed
    invoiced = [
        item.row_invoiced,
        item.discount_invoiced,
        item.tax_invoiced,
        item.discount_tax_compensation_invoiced,
    ]
    if kept and item.qty_invoiced == kept and any(invoiced):
        return invoiced
    return [amount * kept / item.qty_ordered for amount in placed]
