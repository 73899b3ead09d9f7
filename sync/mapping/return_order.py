"""A credit memo as a return order of D365, which F&O invoices as the credit note. Pure.

Return lines know neither a price unit nor a discount, only a price of two decimals and a negative quantity. An amount
that no such price expresses is split: some pieces at a cent more than the others, so the line amounts come out exactly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.connections import Connection, Store
from sync.encoding import digest
from sync.errors import Never
from sync.mapping.addresses import without_empty
from sync.mapping.line_amount import shortest
from sync.mapping.receivable_lines import Receivable, ReceivableLine
from sync.mapping.totals import Totals
from sync.mapping_records import ItemMapping, normal_sku
from sync.money import CENT, ZERO, rounded, total

FINEST = Decimal("0.000001")
"""F&O stores prices with six decimals; only quantities with a fraction need more than two."""


@dataclass(frozen=True)
class ReturnOrder:
    """A return order to be: header, and lines without its number."""

    company: str
    account: str
    reference: str
    header: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    totals: Totals

    @property
    def digest(self) -> str:
        """Of the whole document."""
        return digest({"header": dict(self.header), "lines": [dict(line) for line in self.lines]})


def return_order_from(
    receivable: Receivable, memo: CreditMemo, order: Order, connection: Connection, *,
    store: Store, company: str, account: str, reference: str, items: Mapping[str, ItemMapping], lots: Mapping[str, str],
) -> ReturnOrder:  # fmt: skip
    """Map a proved credit memo. `lots`: InventoryLotId of the original lines by our line reference, where known."""
    settings = connection.creditmemos
    header = without_empty(
        {
            "dataAreaId": company,
            "CustomerAccountNumber": account,
            "InvoiceCustomerAccountNumber": account,
            "CurrencyCode": memo.order_currency_code,
            "CustomersOrderReference": reference,
            "CustomerRequisitionNumber": order.increment_id,
            "CustomerReturnReasonCode": settings.reason,
            "DefaultReturnSiteId": store.site or "",
            "DefaultReturnWarehouseId": store.warehouse or "",
        }
    )
    lines = [
        body for line in receivable.lines if line.amount for body in _bodies(line, connection, items, lots, reference)
    ]
    return ReturnOrder(company, account, reference, header, tuple(lines), _totals(receivable, lines))


def _totals(receivable: Receivable, lines: list[dict[str, Any]]) -> Totals:
    booked = total(rounded(-body["ReturnSalesQuantity"] * body["SalesPrice"]) for body in lines)
    totals = receivable.totals
    return Totals(totals.commerce, rounded(booked + receivable.tax), totals.currency, totals.rounding)


def _bodies(
    line: ReceivableLine,
    connection: Connection,
    items: Mapping[str, ItemMapping],
    lots: Mapping[str, str],
    reference: str,
) -> Iterator[dict[str, Any]]:
    item = items.get(normal_sku(line.sku)) if line.sku else None
    number = item.item_number if item else line.item or connection.invoices.accounts.get(line.reference, "")
    if not number:
        raise Never(
            f"{reference}: {line.reference} ({line.text}) has no item for a return line",
            remedy="Map the sku, or name a service item for it under orders.segments in connections.toml; then replay.",
        )
    factor = item.factor if item else Decimal(1)
    fields = {
        "ItemNumber": number,
        **without_empty(item.dimensions() if item else {}),
        **without_empty(
            {"SalesUnitSymbol": (item.unit if item else "") or (connection.items.unit if line.sku else "")}
        ),
        "ReturnDispositionCode": connection.creditmemos.disposition,
        **without_empty({"ReturningInventoryLotId": lots.get(line.reference, "")}),
    }
    quantity = line.quantity * factor if line.quantity > ZERO else Decimal(1)
    for place, (pieces, price) in enumerate(_split(quantity, line.amount), start=1):
        own = line.reference if place == 1 else f"{line.reference}/{place}"
        yield {
            **fields,
            "ReturnSalesQuantity": -shortest(pieces),
            "SalesPrice": shortest(price),
            "ExternalItemNumber": own,
        }


def _split(quantity: Decimal, amount: Decimal) -> list[tuple[Decimal, Decimal]]:
    """(pieces, price of one) whose line amounts sum to `amount` exactly."""
    price = (amount / quantity).quantize(CENT, rounding=ROUND_FLOOR)
    if price * quantity == amount:
        return [(quantity, price)]
    if quantity != quantity.to_integral_value():
        finest = (amount / quantity).quantize(FINEST)
        return [(quantity, finest)] if rounded(finest * quantity) == amount else [(Decimal(1), amount)]
    dearer = (amount - price * quantity) / CENT
    return [(quantity - dearer, price), (dearer, price + CENT)]
