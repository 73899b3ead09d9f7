"""Calculated lines -> the columns of `sales_order_item`, each amount in the order's and in the base
currency."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.commerce.amounts import Sum
from sandbox.commerce.lines import Line, Side
from sandbox.commerce.recipe import Recipe
from sandbox.commerce.records import Columns
from sandbox.commerce.shape import number
from sandbox.commerce.taxes import itemized
from sync.core.encoding import to_json
from sync.core.money import ZERO, stored

NOTHING_DONE = ("amount_refunded", "discount_invoiced", "row_invoiced", "tax_invoiced")
COUNTERS = ("qty_canceled", "qty_invoiced", "qty_refunded", "qty_shipped")


def item_columns(
    line: Line, sides: tuple[Side, Side], recipe: Recipe, *, parent: Line | None
) -> Columns:
    """One row; ids are numbers within the order until it is placed. `sides`: the order's currency,
    then the base."""
    row: Columns = {
        "item_id": line.number,
        "quote_item_id": line.number,
        "parent_item_id": line.parent,
        "sku": line.sku,
        "name": line.name,
        "product_id": line.product.product_id,
        "product_type": line.product.type,
        "store_id": recipe.store.id,
        "qty_ordered": line.qty,
        "is_qty_decimal": int(line.product.fractional),
        "is_virtual": int(line.product.type in {"virtual", "downloadable"}),
        "free_shipping": 0,
        "no_discount": 0,
        "discount_percent": recipe.rule.value
        if recipe.rule.kind == "percent" and line.paying
        else ZERO,
        "weight": line.product.weight or None,
        "row_weight": ZERO if parent else line.product.weight * line.qty,
        **dict.fromkeys(COUNTERS, ZERO),
    }
    for prefix, side in zip(("", "base_"), sides, strict=True):
        row.update(_money(prefix, side, line))
    if not line.paying and not line.summing:
        row["original_price"] = row["tax_percent"] = ZERO
    if line.paying and recipe.rule.kind != "none":
        row["applied_rule_ids"] = "3"
    if line.paying:
        row["tax_percent"] = recipe.place.percent(line.tax_class)
        row.update(_levy(line, sides, recipe))
    if line.choices is not None:
        row["product_option"] = {"extension_attributes": line.choices}
    row["extension_attributes"] = {"itemized_taxes": itemized(line, sides, recipe)}
    return row


def _money(prefix: str, side: Side, line: Line) -> Columns:
    done = {f"{prefix}{name}": ZERO for name in NOTHING_DONE}
    result = side.sums.get(line.number)
    if result is None:
        nothing = ("price", "row_total", "tax_amount", "discount_amount")
        return {**done, **{f"{prefix}{name}": ZERO for name in nothing}}
    columns: dict[str, Decimal | None] = {
        "original_price": stored(line.price * side.factor) if line.paying else result.price,
        "price": result.price,
        "price_incl_tax": result.price_incl,
        "row_total": result.row,
        "row_total_incl_tax": result.row_incl,
        "tax_amount": result.tax,
        "discount_amount": result.discount,
        "discount_tax_compensation_amount": None if line.summing else result.compensation,
    }
    return {**done, **{f"{prefix}{name}": value for name, value in columns.items()}}


def _levy(line: Line, sides: tuple[Side, Side], recipe: Recipe) -> Columns:
    """Fixed product tax: numbers in columns, and the same with its tax in a column that holds JSON
    text."""
    if recipe.scheme.levy == "none":
        return {}
    own, base = (side.sums[line.number] for side in sides)
    return {
        "weee_tax_applied": to_json(
            [_levy_entry(own, base)] if own.levy_row or base.levy_row else []
        ).decode(),
        "weee_tax_applied_amount": own.levy_piece,
        "base_weee_tax_applied_amount": base.levy_piece,
        "weee_tax_applied_row_amount": own.levy_row,
        "base_weee_tax_applied_row_amnt": base.levy_row,
        "weee_tax_disposition": ZERO,
        "base_weee_tax_disposition": ZERO,
        "weee_tax_row_disposition": ZERO,
        "base_weee_tax_row_disposition": ZERO,
    }


def _levy_entry(own: Sum, base: Sum) -> dict[str, Any]:
    amounts = {
        "base_amount": base.levy_piece,
        "amount": own.levy_piece,
        "row_amount": own.levy_row,
        "base_row_amount": base.levy_row,
        "base_amount_incl_tax": base.levy_piece_incl,
        "amount_incl_tax": own.levy_piece_incl,
        "row_amount_incl_tax": own.levy_row_incl,
        "base_row_amount_incl_tax": base.levy_row_incl,
    }
    entry: dict[str, Any] = {
        "title": "Eco fee",
        **{name: number(value) for name, value in amounts.items()},
    }
    return entry


def leaf_count(lines: Sequence[Line]) -> int:
    """`total_item_count`: measured to count rows without children."""
    parents = {line.parent for line in lines}
    return sum(1 for line in lines if line.number not in parents)
