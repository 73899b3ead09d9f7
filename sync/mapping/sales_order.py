"""A Commerce order as a D365 sales order: one header and its lines, with the totals proved before
anything is sent.

Pure: everything that must be looked up (item numbers, the account) is given. The document always
holds the order *as placed*; what was cancelled since is in `remaining`, applied after posting as
any later change is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from sync.commerce.models.order import Order
from sync.config.connections import Connection, NumberMode, Store
from sync.core.errors import Missing, Never
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.sales_order import SalesOrder, SalesOrderLine
from sync.dynamics.documents.totals import Totals, Unproved, proof
from sync.mapping.addresses import without_empty
from sync.mapping.delivery_address import delivery_address
from sync.mapping.document_numbers import fitting
from sync.mapping.order_left import parts_left
from sync.mapping.order_parts import OrderParts, order_parts
from sync.mapping.sales_order_lines import rounding_line, sales_order_lines, totals_left
from sync.mapping.soundness import must_be_sound
from sync.mapping.tax_groups import order_tax_group
from sync.mapping.tax_proof import prove_order_tax
from sync.mapping.unexplained import unexplained
from sync.mapping_tables.records import ItemMapping

T = TypeVar("T")


def order_store(order: Order, connection: Connection) -> Store:
    """The settings of the order's store view. Raises `Never` when the connection has none for
    it."""
    store = connection.store(order.store_id if order.store_id is not None else "default")
    if store is None:
        raise Never(
            f"order {order.increment_id}: store_id {order.store_id} belongs to no store of this"
            " connection",
            remedy=(
                f"Add [connections.<name>.stores.{order.store_id}] (or stores.default) to"
                " connections.toml, then replay."
            ),
        )
    return store


def order_items(order: Order, connection: Connection) -> list[str]:
    """The skus that need an item number. Raises `Never` for an order that cannot be, or that does
    not add up."""
    return [row.sku for row in _parts(order, connection).rows]


def sales_order_from(
    order: Order,
    connection: Connection,
    *,
    account: str,
    items: Mapping[str, ItemMapping],
    contact: str = "",
) -> SalesOrder:
    """Map an order; `items` by normalised sku, `contact` a ContactPersonId. Raises `Never` for what
    has no home or does not add up."""
    store = order_store(order, connection)
    parts = _parts(order, connection)
    gross = bool(store.prices_include_tax)
    left = parts_left(order, parts, connection.orders)
    lines = sales_order_lines(order, connection, parts, items, left=left, gross=gross)
    lines, totals = _proved(order, connection, parts, lines, gross=gross)
    company = store.company or connection.dynamics.company
    number = _number(order, connection)
    header = _header(
        order, connection, store, account=account, number=number, company=company, gross=gross
    )
    return SalesOrder(
        company=company,
        number=number,
        reference=_reference(order, connection),
        header={**header, **without_empty({"ContactPersonId": contact})},
        lines=tuple(lines),
        totals=totals,
        held=(
            totals_left(order, connection, left, lines, gross=gross)
            if left is not parts
            else totals
        ),
        paid=_paid_by_home(parts),
    )


def _parts(order: Order, connection: Connection) -> OrderParts:
    """The order's amounts, its tax proved line by line. Raises `Never`."""
    must_be_sound(order)
    parts = order_parts(order, connection.orders)
    prove_order_tax(order, parts)
    return parts


def _paid_by_home(parts: OrderParts) -> dict[str, Decimal]:
    homes = dict.fromkeys((paid.home for paid in parts.paid), ZERO)
    return {home: total(paid.amount for paid in parts.paid if paid.home == home) for home in homes}


def _proved(
    order: Order,
    connection: Connection,
    parts: OrderParts,
    lines: list[SalesOrderLine],
    *,
    gross: bool,
) -> tuple[list[SalesOrderLine], Totals]:
    """The lines, with a rounding line where one is needed, and the totals. Raises `Unproved`."""
    unit = connection.dynamics.rounding.get(order.order_currency_code, CENT)
    totals = _compared(order, parts, lines, gross=gross, unit=unit)
    rest, most = totals.difference, connection.orders.rounding_most
    dust = parts.dust(gross=gross) if unit == CENT else ZERO
    if rest and min(abs(rest), abs(rest - dust)) <= most:
        lines = [*lines, rounding_line(connection, rest, lines)]
        totals = replace(_compared(order, parts, lines, gross=gross, unit=unit), rounding=rest)
    if totals.difference:
        at_cents = _compared(order, parts, lines, gross=gross, unit=CENT)
        raise _unproved(
            order,
            totals,
            unit,
            len(lines),
            is_of_rounding=unit != CENT and abs(at_cents.difference) <= most,
        )
    return lines, totals


def _compared(
    order: Order, parts: OrderParts, lines: Sequence[SalesOrderLine], *, gross: bool, unit: Decimal
) -> Totals:
    paid = total(rounded(p.amount) for p in parts.paid)
    return proof(
        [line.price for line in lines], tax_on_top=ZERO if gross else parts.tax, paid=paid,
        grand_total=parts.grand_total, currency=order.order_currency_code, unit=unit,
    )  # fmt: skip


def _unproved(
    order: Order, totals: Totals, unit: Decimal, lines: int, *, is_of_rounding: bool
) -> Unproved:
    if is_of_rounding:
        return Unproved(
            f"order {order.increment_id}: grand_total {totals.commerce} {totals.currency} is made"
            f" of amounts that are no multiples of {unit}, F&O's rounding unit: rounded line by"
            f" line they come to {totals.dynamics}",
            remedy=(
                f"Set the rounding of {totals.currency} in F&O's Currencies to 0.01 (and"
                " dynamics.rounding here), or Commerce's prices to whole units."
            ),
            totals=totals,
        )
    return unexplained(order, totals, lines)


def _number(order: Order, connection: Connection) -> str:
    if connection.orders.numbers is NumberMode.THEIRS:
        return ""
    number = _filled(connection.orders.number_template, order)
    return fitting(
        number, f"order {order.increment_id}", "SalesOrderNumber", "orders.number_template"
    )


def _reference(order: Order, connection: Connection) -> str:
    return _filled(connection.orders.reference_template, order)


def _filled(template: str, order: Order) -> str:
    store_id = 0 if order.store_id is None else order.store_id
    return template.format(
        increment_id=order.increment_id, store_id=store_id, entity_id=order.entity_id or 0
    )


def _header(
    order: Order,
    connection: Connection,
    store: Store,
    *,
    account: str,
    number: str,
    company: str,
    gross: bool,
) -> dict[str, Any]:
    payment = mapped(
        connection.orders.payments, order.payment.method, order, "payment.method", "orders.payments"
    )
    delivery = mapped(
        connection.orders.deliveries,
        order.shipping.method,
        order,
        "shipping method",
        "orders.deliveries",
    )
    return without_empty(
        {
            "dataAreaId": company,
            "SalesOrderNumber": number,
            "OrderingCustomerAccountNumber": account,
            "InvoiceCustomerAccountNumber": account,
            "CurrencyCode": order.order_currency_code,
            **_texts(order, connection),
            "CustomersOrderReference": _reference(order, connection),
            "SalesOrderOriginCode": store.origin or "",
            "DefaultShippingSiteId": store.site or "",
            "DefaultShippingWarehouseId": store.warehouse or "",
            "LanguageId": store.language or "",
            "DeliveryModeCode": delivery or "",
            "CustomerPaymentMethodName": payment.method if payment else "",
            "PaymentTermsName": payment.terms if payment else "",
            "SalesTaxGroupCode": order_tax_group(order, connection.orders.taxes, order.tax_amount),
            "ArePricesIncludingSalesTax": "Yes" if gross else "No",
            "SkipCreateAutoCharges": "Yes",
            "Email": order.customer_email,
            **delivery_address(order, connection),
        }
    )


def _texts(order: Order, connection: Connection) -> dict[str, str]:
    texts: dict[str, str] = {}
    if connection.orders.po_field:
        texts[connection.orders.po_field] = order.payment.po_number
    if connection.orders.note_field:
        texts[connection.orders.note_field] = order.customer_note
    return texts


def mapped(table: Mapping[str, T], code: str, order: Order, what: str, where: str) -> T | None:
    """A code's mapping: its own row, else `*`; None when the table is empty or the order has no
    such code."""
    if not table or not code:
        return None
    found = table.get(code, table.get("*"))
    if found is None:
        raise Never(
            f"order {order.increment_id}: {what} {code[:64]} is not mapped",
            remedy=(
                f'Add it under {where} in connections.toml ("*" stands for all others), then replay'
                " the order."
            ),
            missing=[Missing(where, code)],
        )
    return found
