"""A Commerce order as a D365 sales order: one header and its lines, with the totals proved before
anything is sent.

Pure: everything that must be looked up (item numbers, the account) is given. The document always
holds the order *as placed*; what was cancelled since is in `remaining`, applied after posting as
any later change is.
"""

from collections.abc import Mapping
from decimal import Decimal

from sync.commerce.models.order import Order
from sync.config.connections import Connection, NumberMode, Orders, Store
from sync.core.money import ZERO, total
from sync.dynamics.documents.sales_order import SalesOrder
from sync.mapping.addresses import without_empty
from sync.mapping.delivery_address import delivery_address
from sync.mapping.document_numbers import fitting_number
from sync.mapping.order_left import parts_left
from sync.mapping.order_parts import OrderParts, order_parts
from sync.mapping.order_settings import mapped, order_store
from sync.mapping.sales_order_lines import sales_order_lines, totals_left
from sync.mapping.sales_order_totals import proved_lines
from sync.mapping.soundness import must_be_sound
from sync.mapping.tax_groups import order_tax_group
from sync.mapping.tax_proof import prove_order_tax
from sync.mapping_tables.records import ItemMapping


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
    payer: str = "",
    quotation: str = "",
) -> SalesOrder:
    """Map an order; `items` by normalised sku, `contact` a ContactPersonId, `payer` the account
    that its invoice goes to if it is another one, `quotation` the number of the one it comes from.
    Raises `Never` for what has no home or does not add up."""
    store = order_store(order, connection)
    parts = _parts(order, connection)
    gross = bool(store.prices_include_tax)
    left = parts_left(order, parts, connection.orders)
    lines = sales_order_lines(order, connection, parts, items, left=left, gross=gross)
    lines, totals = proved_lines(order, connection, parts, lines, gross=gross)
    held = totals
    if left is not parts:
        held = totals_left(order, connection, left, lines, gross=gross)
    company = store.company or connection.dynamics.company
    number, reference = _number(order, connection), reference_of(order, connection)
    field, asked = connection.quotes.order_field, dict[str, str]()
    if quotation and field:
        asked[field] = quotation
    header = {
        "dataAreaId": company, "SalesOrderNumber": number,
        "OrderingCustomerAccountNumber": account, "InvoiceCustomerAccountNumber": payer or account,
        **_header(order, connection, store), "ContactPersonId": contact,
        **asked,
    }  # fmt: skip
    return SalesOrder(
        company, number, reference, without_empty(header), tuple(lines), totals, held,
        paid=_paid_by_home(parts),
    )  # fmt: skip


def _parts(order: Order, connection: Connection) -> OrderParts:
    """The order's amounts, its tax proved line by line. Raises `Never`."""
    must_be_sound(order)
    parts = order_parts(order, connection.orders)
    prove_order_tax(order, parts)
    return parts


def _paid_by_home(parts: OrderParts) -> dict[str, Decimal]:
    homes = dict.fromkeys((paid.home for paid in parts.paid), ZERO)
    return {home: total(paid.amount for paid in parts.paid if paid.home == home) for home in homes}


def _number(order: Order, connection: Connection) -> str:
    if connection.orders.numbers is NumberMode.THEIRS:
        return ""
    number = _filled(connection.orders.number_template, order)
    label, template = f"order {order.increment_id}", "orders.number_template"
    return fitting_number(number, label, "SalesOrderNumber", template)


def reference_of(order: Order, connection: Connection) -> str:
    """Our reference of an order, by which it is found in D365."""
    return _filled(connection.orders.reference_template, order)


def _filled(template: str, order: Order) -> str:
    store_id = 0 if order.store_id is None else order.store_id
    return template.format(
        increment_id=order.increment_id, store_id=store_id, entity_id=order.entity_id or 0
    )


def _header(order: Order, connection: Connection, store: Store) -> dict[str, str]:
    return {
        "CurrencyCode": order.order_currency_code,
        **_texts(order, connection),
        "CustomersOrderReference": reference_of(order, connection),
        "SalesOrderOriginCode": store.origin or "",
        "DefaultShippingSiteId": store.site or "",
        "DefaultShippingWarehouseId": store.warehouse or "",
        "LanguageId": store.language or "",
        **_ways(order, connection.orders),
        "SalesTaxGroupCode": order_tax_group(order, connection.orders.taxes, order.tax_amount),
        "ArePricesIncludingSalesTax": "Yes" if store.prices_include_tax else "No",
        "SkipCreateAutoCharges": "Yes",
        "Email": order.customer_email,
        **delivery_address(order, connection),
    }


def _ways(order: Order, settings: Orders) -> dict[str, str]:
    """How it is delivered and paid. Raises `Never` for a code that is not mapped."""
    method, carrier = order.payment.method, order.shipping.method
    payment = mapped(settings.payments, method, order, "payment.method", "orders.payments")
    delivery = mapped(settings.deliveries, carrier, order, "shipping method", "orders.deliveries")
    return {
        "DeliveryModeCode": delivery or "",
        "CustomerPaymentMethodName": payment.method if payment else "",
        "PaymentTermsName": payment.terms if payment else "",
    }


def _texts(order: Order, connection: Connection) -> dict[str, str]:
    texts: dict[str, str] = {}
    if connection.orders.po_field:
        texts[connection.orders.po_field] = order.payment.po_number
    if connection.orders.note_field:
        texts[connection.orders.note_field] = order.customer_note
    return texts
