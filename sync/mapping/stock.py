"""On-hand quantities as stock of a shop.

A shop takes what its open orders have reserved off the quantity that it is shown, until it has
shipped them. F&O takes the same orders off what is available, from when it has them. So the
quantity shown is what F&O can promise, and what it has promised to orders that the shop has not
shipped: each order counts once. Without Inventory Management a shop lowers the quantity itself as
it sells: there it is what F&O can promise, less orders that F&O does not have.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import Any, Final

from sync.commerce.models.fields import flag_from
from sync.core.encoding import to_json
from sync.core.money import ZERO

IN_STOCK, OUT_OF_STOCK = 1, 0
COUNTS_ITS_VARIANT: Final = "configurable"
"""Its row counts what is shipped of the variant; the variant's own row never does (measured)."""
COMPOSITE: Final = frozenset({"bundle", COUNTS_ITS_VARIANT})
"""Types whose rows take nothing from stock themselves."""


def open_pieces(order: Mapping[str, Any]) -> dict[str, Decimal]:
    """Pieces by SKU that an order, as REST answers it, still has reserved: zero for what it waits
    for no more. Refunded pieces are those that were not shipped, first."""
    found: dict[str, Decimal] = {}
    for sku, row, above in _stocked(order):
        left = _number(row, "qty_ordered") - _number(row, _delivered(row))
        left -= _gone(row, above, "qty_canceled") + _gone(row, above, "qty_refunded")
        found[sku] = found.get(sku, ZERO) + max(left, ZERO)
    return found


def shipped_pieces(order: Mapping[str, Any]) -> dict[str, Decimal]:
    """Pieces by SKU of an order that have left the shop's sources."""
    found: dict[str, Decimal] = {}
    for sku, row, _ in _stocked(order):
        if out := _number(row, _delivered(row)):
            found[sku] = found.get(sku, ZERO) + out
    return found


def _stocked(
    order: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """(sku, the row that counts it, the row above it or nothing) of what an order takes from
    stock."""
    rows = {row.get("item_id"): row for row in order.get("items") or []}
    for row in rows.values():
        above = rows.get(row.get("parent_item_id"), {})
        counted = above if above.get("product_type") == COUNTS_ITS_VARIANT else row
        sku = str(row.get("sku") or "")
        if sku and row.get("product_type") not in COMPOSITE:
            yield sku, counted, above


def _gone(row: Mapping[str, Any], above: Mapping[str, Any], name: str) -> Decimal:
    """Of a bundle with a price of its own, the bundle's row alone counts what is cancelled and
    refunded."""
    own, whole = _number(row, name), _number(above, "qty_ordered")
    if above.get("product_type") != "bundle" or not whole:
        return own
    return max(own, _number(above, name) * _number(row, "qty_ordered") / whole)


def _delivered(row: Mapping[str, Any]) -> str:
    """What is not shipped leaves the stock when it is invoiced."""
    return "qty_invoiced" if flag_from(row.get("is_virtual")) else "qty_shipped"


def _number(row: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(row.get(name) or 0)


def in_pieces(quantity: Decimal, pieces: Fraction) -> Decimal:
    """A quantity of which one unit is so many pieces, to four decimals; the rest is cut off."""
    if pieces == 1 or not quantity:
        return quantity
    return Decimal(floor(Fraction(quantity) * pieces * 10_000)).scaleb(-4)


def pieces_to_show(
    free: Decimal, taken: Decimal, *, safety: int = 0, multiple: Decimal = ZERO, decimals: int = 0
) -> Decimal:
    """What a source is shown. `free`: pieces that F&O can promise. `taken`: pieces that it has
    promised to orders which the shop has not shipped. `multiple`: pieces that are sold together."""
    offered = max(free - safety, ZERO)
    if multiple > 0:
        offered = offered // multiple * multiple
    return (offered + taken).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_FLOOR)


def as_shown(pieces: Decimal, *, backorders: bool) -> dict[str, Any]:
    """Quantity and status, which is always said: the shop never derives it."""
    is_in_stock = pieces > 0 or backorders
    return {"quantity": pieces, "status": IN_STOCK if is_in_stock else OUT_OF_STOCK}


@lru_cache(maxsize=10_000)
def shown_of(
    free: Decimal, taken: Decimal, safety: int, multiple: Decimal, decimals: int, *,
    backorders: bool,
) -> tuple[dict[str, Any], bytes]:  # fmt: skip
    """`as_shown` of `pieces_to_show`, with its canonical JSON; rows that are alike share it, so
    nobody changes it."""
    pieces = pieces_to_show(free, taken, safety=safety, multiple=multiple, decimals=decimals)
    shown = as_shown(pieces, backorders=backorders)
    return shown, to_json(shown, sort=True)
