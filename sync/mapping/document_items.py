"""Which rows of an invoice or credit memo carry amounts: those that carry them in the order. Pure.

Rows without amounts are listed as well. Of a bundle either the parent counts or its children, never
both; a discount that only the parent of a dynamic bundle shows is spread over the children that the
document lists.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sync.commerce.models.invoice import CreditMemo, DocumentItem, Invoice
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.money import ZERO, rounded, total
from sync.mapping.bundles import spread
from sync.mapping.order_rows import money_ids
from sync.mapping.row_totals import half_cents


def carrying_items(document: Invoice | CreditMemo, order: Order) -> dict[int, DocumentItem]:
    """The rows that carry amounts, by their place in the document, each with its discount."""
    ordered = {item.item_id: item for item in order.items if item.item_id is not None}
    chosen = money_ids(order)
    found, beside = {}, []
    for place, item in enumerate(document.items):
        origin = ordered.get(item.order_item_id) if item.order_item_id is not None else None
        if origin is not None and origin.item_id not in chosen and _is_of_a_bundle(origin, ordered):
            beside.append(item)
        elif item.bears_money:
            found[place] = item
    for parent in beside:
        untold = -document.discount_amount - total(item.discount_amount for item in found.values())
        found = _discounted(found, _as_ordered(parent, untold, ordered), ordered)
    return found


def unrounded_rows(document: Invoice | CreditMemo, items: Mapping[int, DocumentItem]) -> Decimal:
    """What the subtotal has beyond rows that REST rounded to the cent; zero where that explains
    nothing."""
    difference = document.subtotal - total(item.row_total for item in items.values())
    return (
        difference if abs(difference) <= half_cents(item.qty for item in items.values()) else ZERO
    )


def _is_of_a_bundle(item: Item, ordered: Mapping[int, Item]) -> bool:
    parent = ordered.get(item.parent_item_id) if item.parent_item_id is not None else None
    return "bundle" in (item.product_type, parent.product_type if parent is not None else "")


def _as_ordered(parent: DocumentItem, untold: Decimal, ordered: Mapping[int, Item]) -> DocumentItem:
    """A bundle's parent with its share of the discount that it has in the order, where the document
    shows that in its header alone (`untold`)."""
    origin = ordered.get(parent.order_item_id) if parent.order_item_id is not None else None
    if origin is None or origin.product_type != "bundle" or not origin.qty_ordered:
        return parent
    share = parent.qty / origin.qty_ordered
    discount = rounded(origin.discount_amount * share)
    if parent.discount_amount or discount > untold:
        return parent
    back = rounded(origin.discount_tax_compensation_amount * share)
    told = {"discount_amount": discount, "discount_tax_compensation_amount": back}
    return parent.model_copy(update=told)


def _discounted(
    found: Mapping[int, DocumentItem], parent: DocumentItem, ordered: Mapping[int, Item]
) -> dict[int, DocumentItem]:
    """The rows, a bundle's children with the discount that only their parent shows."""
    bundle = parent.order_item_id
    places = [place for place, item in found.items() if _parent_of(item, ordered) == bundle]
    ours = [found[place] for place in places]
    if not parent.discount_amount or any(item.discount_amount for item in ours) or not _rows(ours):
        return dict(found)
    weights = [item.row_total for item in ours]
    discounts = spread(parent.discount_amount, weights)
    relieved = spread(parent.discount_tax_compensation_amount, weights)
    changed = dict(found)
    for place, less, back in zip(places, discounts, relieved, strict=True):
        amounts = {"discount_amount": less, "discount_tax_compensation_amount": back}
        changed[place] = found[place].model_copy(update=amounts)
    return changed


def _rows(items: Sequence[DocumentItem]) -> Decimal:
    return total(item.row_total for item in items)


def _parent_of(item: DocumentItem, ordered: Mapping[int, Item]) -> int | None:
    origin = ordered.get(item.order_item_id) if item.order_item_id is not None else None
    return origin.parent_item_id if origin is not None else None
