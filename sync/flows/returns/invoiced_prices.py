"""Whether F&O has invoiced what comes back as Commerce has charged it."""

from dataclasses import replace
from decimal import Decimal

from sync.commerce.models.refund import marker_of
from sync.core.errors import Never
from sync.core.money import CENT, ZERO
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.engine.delivery import Delivery
from sync.mapping.custom_options import with_custom_options
from sync.mapping.rma_return_order import RmaWithOrder, row_of
from sync.mapping.sales_order import order_items, sales_order_from
from sync.mapping.taken_off import orders_are_invoiced


async def must_be_invoiced_as_charged(
    found: RmaWithOrder, sold: ExistingSalesOrder | None, delivery: Delivery
) -> None:
    """Raises `Never` where F&O holds a line that comes back at less than Commerce charged. Its
    people may lower prices; a return order has those of Commerce, and would credit too much."""
    settings, order = delivery.systems.settings, found.order
    if sold is None or not orders_are_invoiced(settings):
        return
    items = await delivery.systems.items.of(
        order_items(order, settings), with_custom_options(order)
    )
    document = sales_order_from(order, settings, account="", items=items)
    unit = settings.dynamics.rounding.get(order.order_currency_code, CENT)
    allowed = max(unit, settings.orders.rounding_most)
    held = _held(sold)
    back = {str(one.row_id): one.row.sku[:64] for one in found.pieces}
    for line in document.lines:
        sku = back.get(row_of(line.reference))
        if sku is None or line.reference not in held:
            continue
        quantity, there = held[line.reference]
        pieces = replace(line.price, quantity=min(quantity, line.price.quantity))
        charged = min(line.worth_when_held(quantity, there, unit), pieces.amount(unit))
        if there < charged - allowed:
            sums = f"{quantity:f} {sku} at {there:.2f}, and Commerce charged {charged:.2f}"
            marker = marker_of(found.rma.increment_id, "NUMBER")
            raise Never(
                f"{found.rma.label}: F&O invoiced {sums}",
                remedy=(
                    "Enter the return in D365 by hand, at the price that was invoiced. Refund in"
                    f' Commerce what it credits, with the comment "{marker}" on the credit memo'
                    " (NUMBER: that of the credit note). Then run: skip returns"
                    f' {found.rma.key} --why "..."'
                ),
            )


def _held(sold: ExistingSalesOrder) -> dict[str, tuple[Decimal, Decimal]]:
    """Quantity and amount by our reference; people may split a line into several."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for row in sold.open_lines:
        reference = str(row.get("ExternalItemNumber") or "")
        quantity, amount = found.get(reference, (ZERO, ZERO))
        quantity += Decimal(row.get("OrderedSalesQuantity") or 0)
        found[reference] = quantity, amount + Decimal(row.get("LineAmount") or 0)
    return found
