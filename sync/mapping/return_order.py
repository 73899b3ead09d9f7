"""A credit memo as a return order of D365, which F&O invoices as the credit note. Pure.

What was given back to a gift card or as credit is no line, as it was none of the sales order: the
credit note is of the goods, and the totals are compared without it. Return orders do not say
whether their prices include tax: F&O takes the customer's own setting, so the receivable must be
mapped by that (`Receivable.is_gross`).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Missing, Never
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.line_amount import sales_units, shortest
from sync.dynamics.documents.return_order import ReturnOrder
from sync.mapping.addresses import without_empty
from sync.mapping.posting_target import PostingTarget
from sync.mapping.receivable_lines import Receivable, ReceivableLine, must_have_lines, proved
from sync.mapping.return_prices import split_by_price
from sync.mapping.sales_order_lines import unique_references
from sync.mapping_tables.records import ItemMapping, normal_sku

ONE: Final = Decimal(1)


def return_order_from(
    receivable: Receivable,
    order: Order,
    connection: Connection,
    target: PostingTarget,
    *,
    items: Mapping[str, ItemMapping],
    lots: Mapping[str, str],
) -> ReturnOrder:
    """Map a proved credit memo. `lots`: InventoryLotId of the original lines by our line reference,
    where known.

    Raises `Never` for a line without an item, and `Unproved` where F&O would come to another total.
    """
    wanted = [line for line in receivable.lines if line.amount and not line.is_payment]
    must_have_lines(receivable, wanted)
    label = receivable.label
    found = [pair for line in wanted for pair in _bodies(line, connection, items, lots, label)]
    names = unique_references([name for name, _ in found])
    lines = tuple({**body, "ExternalItemNumber": next(names)} for _, body in found)
    unit = connection.dynamics.rounding.get(receivable.totals.currency, CENT)
    tendered = [line.amount for line in receivable.lines if line.is_payment]
    amounts = [credited(body, unit) for body in lines]
    return ReturnOrder(
        target.company, target.account, target.reference,
        without_empty(_header(receivable, order, connection, target)), lines,
        proved(receivable, iter([*amounts, *tendered])), target.number, total(amounts),
    )  # fmt: skip


def _header(
    receivable: Receivable, order: Order, connection: Connection, target: PostingTarget
) -> dict[str, str]:
    return {
        "dataAreaId": target.company,
        "ReturnOrderNumber": target.number,
        "CustomerAccountNumber": target.account,
        "InvoiceCustomerAccountNumber": target.invoice_account,
        "CurrencyCode": receivable.totals.currency,
        "CustomersOrderReference": target.reference,
        "CustomerRequisitionNumber": order.increment_id,
        "CustomerReturnReasonCode": connection.creditmemos.reason,
        "DefaultReturnSiteId": target.store.site or "",
        "DefaultReturnWarehouseId": target.store.warehouse or "",
    }


def credited(body: Mapping[str, Any], unit: Decimal = CENT) -> Decimal:
    """What F&O credits for a line."""
    return rounded(-Decimal(body["ReturnSalesQuantity"]) * Decimal(body["SalesPrice"]), unit)


def _bodies(
    line: ReceivableLine,
    connection: Connection,
    items: Mapping[str, ItemMapping],
    lots: Mapping[str, str],
    label: str,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(reference, body) of each return line that a line becomes.

    Goods name the lot they were sold from, so that F&O takes them back at their cost. Charges do
    not: shipping may be given back in parts, and F&O lets no more come back from a lot than was
    sold.
    """
    item = items.get(normal_sku(line.sku)) if line.sku else None
    number = item.item_number if item else "" if line.is_goods else line.item
    if not number:
        raise _without_item(line, label)
    fields = {
        "ItemNumber": number,
        **(item.dimensions() if item else {}),
        "SalesUnitSymbol": (item.unit or connection.items.unit) if item else "",
        "ReturnDispositionCode": connection.creditmemos.disposition,
        "ReturningInventoryLotId": lots.get(line.reference, "") if line.is_goods else "",
    }
    split = split_by_price(_quantity(line, item, label), line.amount)
    for place, (pieces, price) in enumerate(split, start=1):
        name = line.reference if place == 1 else f"{line.reference}/{place}"
        amounts = {"ReturnSalesQuantity": -shortest(pieces), "SalesPrice": shortest(price)}
        yield name, {**without_empty(fields), **amounts}


def _without_item(line: ReceivableLine, label: str) -> Never:
    if line.is_goods:
        why = f"items[].sku without an item in D365: {line.sku[:64] or '(empty)'}"
        remedy = "Map the sku (`map items set SKU ITEM`, or `map items import FILE`), then replay."
        return Never(f"{label}: {why}", remedy=remedy, missing=[Missing("items", line.sku)])
    return Never(
        f"{label}: {line.segment} has no item for a return line",
        remedy=(
            f"Name a service item for {line.segment} under orders (or orders.segments) in"
            " connections.toml, then replay."
        ),
    )


def _quantity(line: ReceivableLine, item: ItemMapping | None, label: str) -> Decimal:
    quantity = sales_units(line.quantity, item.factor) if item else line.quantity
    if quantity <= ZERO:
        raise Never(
            f"{label}: items[].qty of {line.sku[:64]} is {line.quantity}; in sales units that is no"
            " quantity F&O can hold",
            remedy="Correct the factor of the sku (`map items set`), then replay.",
        )
    return quantity
