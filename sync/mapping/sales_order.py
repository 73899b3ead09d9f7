"""A Commerce order as a D365 sales order: one header and its lines, with the totals proved before anything is sent.

Pure: everything that must be looked up (item numbers, the account) is given. The document always holds the order *as
placed*; what was cancelled since is in `remaining`, applied after posting as any later change is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from sync.commerce.models.order import Address, Item, Order
from sync.connections import Connection, NumberMode, Store
from sync.encoding import digest
from sync.errors import Never
from sync.mapping.addresses import country_region_id, state_id, without_empty
from sync.mapping.line_amount import LinePrice, priced, shortest
from sync.mapping.order_parts import Charge, OrderParts, fields_holding, order_parts, row_tax_codes
from sync.mapping.order_rows import MoneyRow
from sync.mapping.totals import Totals, proof
from sync.mapping_records import ItemMapping, normal_sku
from sync.money import CENT, ZERO, rounded, total

T = TypeVar("T")

LONGEST_NUMBER = 20
"""SalesOrderNumber and CustomerAccount hold 20 characters."""


@dataclass(frozen=True)
class SalesOrderLine:
    """`reference` is our key of the line (`ExternalItemNumber`). `body` is what is sent, without the order's number.

    `remaining`: the quantity that is still wanted, in the line's unit; differs from the ordered one after a cancellation.
    """

    reference: str
    body: Mapping[str, Any]
    price: LinePrice
    remaining: Decimal


@dataclass(frozen=True)
class SalesOrder:
    """A sales order to be. `number` is empty when F&O chooses it."""

    company: str
    number: str
    reference: str
    header: Mapping[str, Any]
    lines: tuple[SalesOrderLine, ...]
    totals: Totals
    paid: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of the document as placed: what must be in D365 when it is first posted."""
        return digest({"header": dict(self.header), "lines": [dict(line.body) for line in self.lines]})

    @property
    def current_digest(self) -> str:
        """Of the document with what was cancelled since: what must be in D365 now."""
        remaining = {line.reference: line.remaining for line in self.lines}
        return digest({"placed": self.digest, "remaining": remaining})

    @property
    def is_reduced(self) -> bool:
        """Whether some pieces were cancelled after placing."""
        return any(line.remaining != line.price.quantity for line in self.lines)


def order_store(order: Order, connection: Connection) -> Store:
    """The settings of the order's store view. Raises `Never` when the connection has none for it."""
    store = connection.store(order.store_id if order.store_id is not None else "default")
    if store is None:
        raise Never(
            f"order {order.increment_id}: store_id {order.store_id} belongs to no store of this connection",
            remedy=f"Add [connections.<name>.stores.{order.store_id}] (or stores.default) to connections.toml, then replay.",
        )
    return store


def order_items(order: Order, connection: Connection) -> list[str]:
    """The skus that need an item number. Raises `Never` as `order_parts` does."""
    return [row.sku for row in order_parts(order, connection.orders).rows]


def sales_order_from(
    order: Order, connection: Connection, *, account: str, items: Mapping[str, ItemMapping]
) -> SalesOrder:
    """Map an order. `items` by normalised sku. Raises `Never` for whatever has no home or does not add up."""
    store = order_store(order, connection)
    parts = order_parts(order, connection.orders)
    _refuse_unknown_items(order, parts, items)
    gross = bool(store.prices_include_tax)
    unit = connection.dynamics.rounding.get(order.order_currency_code, CENT)
    lines = [_row_line(order, connection, row, items[normal_sku(row.sku)], gross=gross) for row in parts.rows]
    lines += [_charge_line(order, connection, charge, gross=gross) for charge in parts.charges]
    lines, totals = _proved(order, connection, parts, lines, gross=gross, unit=unit)
    company = store.company or connection.dynamics.company
    number = _number(order, connection)
    return SalesOrder(
        company=company, number=number, reference=_reference(order, connection),
        header=_header(order, connection, store, account=account, number=number, company=company, gross=gross),
        lines=tuple(lines), totals=totals, paid=_paid_by_home(parts),
    )  # fmt: skip


def _paid_by_home(parts: OrderParts) -> dict[str, Decimal]:
    homes = dict.fromkeys((paid.home for paid in parts.paid), ZERO)
    return {home: total(paid.amount for paid in parts.paid if paid.home == home) for home in homes}


def _refuse_unknown_items(order: Order, parts: OrderParts, items: Mapping[str, ItemMapping]) -> None:
    unknown = sorted({row.sku for row in parts.rows if normal_sku(row.sku) not in items})
    if unknown:
        named = ", ".join(sku[:64] or "(empty)" for sku in unknown)
        raise Never(
            f"order {order.increment_id}: items[].sku without an item in D365: {named}",
            remedy="Map the sku (`map items set SKU ITEM`, or `map items import FILE`), then replay the order.",
        )


def _row_line(order: Order, connection: Connection, row: MoneyRow, item: ItemMapping, *, gross: bool) -> SalesOrderLine:
    if row.item.qty_ordered <= ZERO:
        raise Never(
            f"order {order.increment_id}: items[].qty_ordered of {row.sku} is {row.item.qty_ordered}",
            remedy="Look at the order in Commerce: a row that bears money needs a quantity.",
        )
    quantity = shortest(row.item.qty_ordered * item.factor)
    amount = rounded(row.gross if gross else row.net)
    discount = (
        row.item.discount_amount if gross else row.item.discount_amount - row.item.discount_tax_compensation_amount
    )
    price = priced(quantity, amount, rounded(discount))
    reference = str(row.item.item_id) if row.item.item_id is not None else normal_sku(row.sku)
    body = {
        "ItemNumber": item.item_number,
        **without_empty(item.dimensions()),
        **without_empty(
            {"SalesUnitSymbol": item.unit or connection.items.unit, "LineDescription": _options_text(order, row.item)}
        ),
        **_tax_item_group(order, connection, row_tax_codes(order, row)),
    }
    remaining = shortest((row.item.qty_ordered - row.item.qty_canceled) * item.factor)
    return _line(reference, body, price, connection, remaining=remaining)


def _charge_line(order: Order, connection: Connection, charge: Charge, *, gross: bool) -> SalesOrderLine:
    amount = rounded(charge.net + charge.tax if gross else charge.net)
    price = priced(Decimal(1), amount, rounded(charge.discount))
    body = {"ItemNumber": charge.item, **_tax_item_group(order, connection, charge.tax_codes)}
    return _line(charge.reference, body, price, connection)


def _line(
    reference: str, body: dict[str, Any], price: LinePrice, connection: Connection, *, remaining: Decimal | None = None
) -> SalesOrderLine:
    locked = {"IsPriceLocked": "Yes"} if connection.orders.lock_prices else {}
    body = {**body, **price.fields(), **locked, "ExternalItemNumber": reference}
    return SalesOrderLine(reference, body, price, price.quantity if remaining is None else remaining)


def _proved(
    order: Order, connection: Connection, parts: OrderParts, lines: list[SalesOrderLine], *, gross: bool, unit: Decimal
) -> tuple[list[SalesOrderLine], Totals]:
    paid, tax = total(p.amount for p in parts.paid), ZERO if gross else parts.tax

    def compared(candidates: Iterable[SalesOrderLine]) -> Totals:
        return proof(
            [line.price for line in candidates], tax_on_top=tax, paid=paid, grand_total=parts.grand_total,
            currency=order.order_currency_code, unit=unit,
        )  # fmt: skip

    totals = compared(lines)
    rest = totals.difference
    if rest and abs(rest) <= connection.orders.rounding_most:
        line = _line("rounding", {"ItemNumber": connection.orders.rounding_item}, priced(Decimal(1), rest), connection)
        lines = [*lines, line]
        totals = compared(lines)
        totals = Totals(totals.commerce, totals.dynamics, totals.currency, rounding=rest)
    if totals.difference:
        raise _unproved(order, totals, unit)
    return lines, totals


class Unproved(Never):
    """The totals differ by more than rounding. `totals` has both sums."""

    def __init__(self, reason: str, *, remedy: str, totals: Totals) -> None:
        super().__init__(reason, remedy=remedy)
        self.totals = totals


def _unproved(order: Order, totals: Totals, unit: Decimal) -> Unproved:
    if unit != CENT and rounded(order.grand_total, unit) != rounded(order.grand_total):
        return Unproved(
            f"order {order.increment_id}: grand_total {order.grand_total} {totals.currency} is no multiple of {unit}, F&O's rounding unit",
            remedy=f"Set the rounding of {totals.currency} in F&O's Currencies to 0.01 (and dynamics.rounding here), or Commerce's prices to whole units.",
            totals=totals,
        )
    where = [path for path in fields_holding(order.raw, totals.difference) if not path.startswith("base_")][:3]
    hint = f" The same amount stands in {', '.join(where)}." if where else ""
    return Unproved(
        f"order {order.increment_id}: grand_total is {totals.commerce} {totals.currency}, its parts come to {totals.dynamics}, "
        f"unexplained {totals.difference}.{hint}",
        remedy="If an extension adds a total, give it a home: [connections.<name>.orders.segments.<total>] with field = "
        '"<path in the order>" and item = "<service item>". Then replay the order.',
        totals=totals,
    )


def _number(order: Order, connection: Connection) -> str:
    if connection.orders.numbers is NumberMode.THEIRS:
        return ""
    number = _filled(connection.orders.number_template, order)
    if len(number) > LONGEST_NUMBER:
        raise Never(
            f"order {order.increment_id}: SalesOrderNumber would be {number}, {len(number)} characters; F&O takes {LONGEST_NUMBER}",
            remedy="Shorten orders.number_template in connections.toml.",
        )
    return number


def _reference(order: Order, connection: Connection) -> str:
    return _filled(connection.orders.reference_template, order)


def _filled(template: str, order: Order) -> str:
    store_id = 0 if order.store_id is None else order.store_id
    return template.format(increment_id=order.increment_id, store_id=store_id, entity_id=order.entity_id or 0)


def _header(
    order: Order, connection: Connection, store: Store, *, account: str, number: str, company: str, gross: bool
) -> dict[str, Any]:
    payment = mapped(connection.orders.payments, order.payment.method, order, "payment.method", "orders.payments")
    delivery = mapped(
        connection.orders.deliveries, order.shipping.method, order, "shipping method", "orders.deliveries"
    )
    return without_empty(
        {
            "dataAreaId": company,
            "SalesOrderNumber": number,
            "OrderingCustomerAccountNumber": account,
            "InvoiceCustomerAccountNumber": account,
            "CurrencyCode": order.order_currency_code,
            "CustomersOrderReference": _reference(order, connection),
            "SalesOrderOriginCode": store.origin or "",
            "DefaultShippingSiteId": store.site or "",
            "DefaultShippingWarehouseId": store.warehouse or "",
            "LanguageId": store.language or "",
            "DeliveryModeCode": delivery or "",
            "CustomerPaymentMethodName": payment.method if payment else "",
            "PaymentTermsName": payment.terms if payment else "",
            "SalesTaxGroupCode": _tax_group(order, connection),
            "ArePricesIncludingSalesTax": "Yes" if gross else "No",
            "SkipCreateAutoCharges": "Yes",
            "Email": order.customer_email,
            **_texts(order, connection),
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


def delivery_address(order: Order, connection: Connection) -> dict[str, str]:
    """The ship-to as an address of this order only; nothing for virtual orders (F&O takes the customer's own)."""
    address = order.shipping.address
    if address is None or not (address.city or address.street):
        return {}
    return {
        "IsDeliveryAddressOrderSpecific": "Yes",
        "DeliveryAddressName": _addressee(address),
        "DeliveryAddressDescription": f"Web order {order.increment_id}",
        "DeliveryAddressStreet": "\n".join(line for line in address.street if line),
        "DeliveryAddressCity": address.city,
        "DeliveryAddressZipCode": address.postcode,
        "DeliveryAddressStateId": state_id(address, connection.customers),
        "DeliveryAddressCountryRegionId": country_region_id(
            address.country_id, connection.customers, of=f"order {order.increment_id}: shipping address"
        ),
    }


def _addressee(address: Address) -> str:
    return (
        ", ".join(part for part in (address.company, address.name) if part and part != address.company) or address.name
    )


def mapped(table: Mapping[str, T], code: str, order: Order, what: str, where: str) -> T | None:
    """A code's mapping: its own row, else `*`; None when the table is empty or the order has no such code."""
    if not table or not code:
        return None
    found = table.get(code, table.get("*"))
    if found is None:
        raise Never(
            f"order {order.increment_id}: {what} {code[:64]} is not mapped",
            remedy=f'Add it under {where} in connections.toml ("*" stands for all others), then replay the order.',
        )
    return found


def _tax_group(order: Order, connection: Connection) -> str:
    taxes = connection.orders.taxes
    if not taxes:
        return ""
    codes = sorted({tax.code for tax in order.extension_attributes.applied_taxes if tax.code})
    groups = sorted(
        {entry.group for entry in (_tax(order, connection, code) for code in codes or ["none"]) if entry.group}
    )
    if len(groups) > 1:
        raise Never(
            f"order {order.increment_id}: its tax codes {', '.join(codes)} belong to several sales tax groups: {', '.join(groups)}",
            remedy="Give the tax codes of one destination the same group under orders.taxes in connections.toml.",
        )
    return groups[0] if groups else ""


def _tax(order: Order, connection: Connection, code: str) -> Any:
    taxes = connection.orders.taxes
    found = taxes.get(code, taxes.get("*"))
    if found is None:
        raise Never(
            f"order {order.increment_id}: extension_attributes.applied_taxes[].code {code[:64]} is not mapped",
            remedy=f'Add [connections.<name>.orders.taxes."{code[:64]}"] with group and item_group, then replay the order.',
        )
    return found


def _tax_item_group(order: Order, connection: Connection, codes: tuple[str, ...]) -> dict[str, str]:
    if not connection.orders.taxes:
        return {}
    together = connection.orders.taxes.get("+".join(codes)) if codes else None
    found = together or _tax(order, connection, codes[0] if codes else "none")
    return without_empty({"SalesTaxItemGroupCode": found.item_group})


def _options_text(order: Order, item: Item) -> str:
    """A line's description where the shopper chose or typed something: otherwise F&O's own product name stands."""
    raw = next((r for r in order.raw.get("items", []) if isinstance(r, dict) and r.get("item_id") == item.item_id), {})
    option = raw.get("product_option") or {}
    chosen = (option.get("extension_attributes") or {}).get("custom_options") if isinstance(option, dict) else None
    texts = [f"{c.get('option_id')}={c.get('option_value')}" for c in chosen or [] if isinstance(c, dict)]
    return f"{item.name} [{', '.join(texts)}]" if texts else ""
