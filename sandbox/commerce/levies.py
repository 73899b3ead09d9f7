"""Fixed product tax on documents. Its rows, its tax and what was invoiced and refunded stand in a
column of JSON text.

An invoice has no field for it at all: the header hides it. A credit memo shows it in its items.
"""

from decimal import Decimal
from typing import Any, Final, Literal

from sandbox.commerce.documents import SIDES, Deltas, Levy, Row, column
from sandbox.commerce.records import Columns, amount
from sandbox.commerce.shape import number
from sync.core.encoding import from_json, to_json
from sync.core.money import ZERO, rounded

Word = Literal["invoiced", "refunded"]
SHOWN: Final = (
    "weee_tax_applied_amount",
    "base_weee_tax_applied_amount",
    "base_weee_tax_applied_row_amnt",
    "weee_tax_disposition",
    "base_weee_tax_disposition",
)


def entries(item: Columns) -> list[dict[str, Any]]:
    """What stands in the column; nothing where there is no such tax."""
    found: list[dict[str, Any]] = from_json(item.get("weee_tax_applied") or "[]")
    return found


def levy_of(row: Row, side: str, deltas: Deltas, of: Word) -> Levy:
    """The share of a row. `of`: what it is a part of is what is not yet invoiced, or what is not
    yet refunded."""
    noted = entries(row.item)
    if not noted:
        return Levy(ZERO, ZERO, ZERO)
    whole = amount(row.item, column(side, "weee_tax_applied_row_amount"))
    gross = sum((amount(entry, f"{side}row_amount_incl_tax") for entry in noted), ZERO)
    part = row.qty / amount(row.item, "qty_ordered")
    net, shown = deltas.rounded(whole * part), deltas.rounded(gross * part)
    if not row.last:
        return Levy(net, shown - net, shown)
    done, done_tax = _counted(noted, side, of)
    if of == "refunded":
        whole, tax = _counted(noted, side, "invoiced")
        gross = whole + tax
    return Levy(whole - done, gross - whole - done_tax, shown)


def _counted(noted: list[dict[str, Any]], side: str, word: Word) -> tuple[Decimal, Decimal]:
    """Every entry repeats what is counted of the whole item."""
    return amount(noted[0], f"{side}weee_amount_{word}"), amount(
        noted[0], f"{side}weee_tax_amount_{word}"
    )


def count(item: Columns, levies: dict[str, Levy], word: Word) -> None:
    """Write down in the order's item what was invoiced or refunded; by side."""
    noted = entries(item)
    for side in SIDES:
        if noted and side in levies:
            done, done_tax = _counted(noted, side, word)
            for entry in noted:
                entry[f"{side}weee_amount_{word}"] = number(done + levies[side].net)
                entry[f"{side}weee_tax_amount_{word}"] = number(done_tax + levies[side].tax)
    item["weee_tax_applied"] = to_json(noted).decode()


def uncount(by_id: dict[int, Columns], document: Columns) -> None:
    """A cancelled invoice: what its items bore is open again. It has no field for it, so the share
    is computed again."""
    for line in document["items"]:
        item = by_id[line["order_item_id"]]
        noted, of = entries(item), amount(item, "qty_invoiced") + line["qty"]
        for side in SIDES if noted and of else ():
            for name in (f"{side}weee_amount_invoiced", f"{side}weee_tax_amount_invoiced"):
                left = rounded(amount(noted[0], name) * amount(item, "qty_invoiced") / of)
                for entry in noted:
                    entry[name] = number(left)
        item["weee_tax_applied"] = to_json(noted).decode()


def memo_columns(row: Row, levies: dict[str, Levy]) -> Columns:
    """What an item of a credit memo shows. Its base row is that of the whole order item, whatever
    the quantity."""
    item = row.item
    if not row.pays and item.get("weee_tax_applied_amount") is None:
        return {}
    found: Columns = {"weee_tax_row_disposition": ZERO, "base_weee_tax_row_disposition": ZERO}
    if item.get("weee_tax_applied_amount") is not None:
        found |= {name: item.get(name) for name in SHOWN}
    found["weee_tax_applied_row_amount"] = levies[""].net if "" in levies else ZERO
    found["weee_tax_applied"] = to_json(_scaled(row, levies)).decode()
    return found


def _scaled(row: Row, levies: dict[str, Levy]) -> list[dict[str, Any]]:
    """The entries for the row's quantity: rounded one by one, the last one takes the remainder."""
    noted = entries(row.item)
    for side in SIDES:
        left = levies[side].net if side in levies else ZERO
        gross = left + levies[side].tax if side in levies else ZERO
        part, deltas = row.qty / amount(row.item, "qty_ordered"), Deltas()
        for place, entry in enumerate(noted, 1):
            net = deltas.rounded(amount(entry, f"{side}row_amount") * part, "net")
            incl = deltas.rounded(amount(entry, f"{side}row_amount_incl_tax") * part, "gross")
            if place == len(noted):
                net, incl = left, gross
            left, gross = left - net, gross - incl
            entry[f"{side}row_amount"], entry[f"{side}row_amount_incl_tax"] = (
                number(net),
                number(incl),
            )
    return noted
