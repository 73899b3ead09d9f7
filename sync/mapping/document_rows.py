"""The rows of an invoice or credit memo, each with what its order alone says of it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sync.commerce.models.invoice import DocumentItem, MoneyDocument
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.mapping.order_parts import row_tax_codes
from sync.mapping.order_rows import MoneyRow


@dataclass(frozen=True)
class DocumentRow:
    """A row that carries an amount. `net`: after discount, without tax; `tax` as Commerce charged
    it on the row."""

    reference: str
    sku: str
    text: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    tax_codes: tuple[str, ...] = ()
    before_discount: Decimal = ZERO
    order_item_id: int | None = None

    def amount(self, *, gross: bool) -> Decimal:
        """What its line comes to."""
        return self.net + self.tax if gross else self.net


def document_rows(
    document: MoneyDocument, items: Mapping[int, DocumentItem], order: Order
) -> Iterator[DocumentRow]:
    """The rows of `items`, by their place in the document. Raises `Never` for one without a
    quantity, for one that is not in the order, and for one with more pieces than the order has
    (bundles that are shipped separately count theirs twice: measured)."""
    ordered = {item.item_id: item for item in order.items}
    for place, item in items.items():
        if item.qty <= ZERO:
            what = f"items[{place}].qty of {item.sku[:64]} is {item.qty}"
            raise _unfit(document, what, "a row with an amount needs a quantity")
        origin = ordered.get(item.order_item_id) if item.order_item_id is not None else None
        if origin is None:
            row = f"items[{place}].order_item_id {item.order_item_id}"
            what = f"{row} is no row of order {order.increment_id}"
            raise _unfit(document, what, "nobody knows what was sold, nor how it is taxed")
        if item.qty > origin.qty_ordered and origin.product_type != "bundle":
            what = f"items[{place}].qty of {item.sku[:64]} is {item.qty}"
            raise _unfit(document, what, f"its order has {origin.qty_ordered}")
        yield _row(place, item, origin, order)


def _row(place: int, item: DocumentItem, origin: Item | None, order: Order) -> DocumentRow:
    return DocumentRow(
        reference=(
            str(item.order_item_id) if item.order_item_id is not None else f"row-{place + 1}"
        ),
        sku=_sold_sku(item, origin, order),
        text=item.name or item.sku,
        quantity=item.qty,
        net=item.row_total - item.discount_amount + item.discount_tax_compensation_amount,
        tax=item.tax_amount,
        tax_codes=row_tax_codes(order, MoneyRow(origin, ZERO, item.sku)) if origin else (),
        before_discount=item.row_total,
        order_item_id=item.order_item_id,
    )


def _unfit(document: MoneyDocument, what: str, why: str) -> Never:
    return Never(
        f"{document.label}: {what}; {why}",
        remedy=(
            "Compare the document with its order in Commerce and with the extension that writes it,"
            " then replay it."
        ),
    )


def _sold_sku(item: DocumentItem, origin: Item | None, order: Order) -> str:
    """A configurable's row carries the amount, its child the sku."""
    if origin is None:
        return item.sku
    if origin.product_type != "configurable":
        return item.sku or origin.sku
    return next(
        (
            child.sku
            for child in order.items
            if child.parent_item_id == origin.item_id and child.sku
        ),
        item.sku,
    )
