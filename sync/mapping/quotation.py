"""A negotiable quote as a sales quotation of F&O: its lines without prices, so that F&O's own price
search proposes them; what the buyer sees and asks travels as text. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from html import unescape
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.commerce.models.quote import Comment, Quote, QuoteItem, last_of_buyer
from sync.config.connections import Connection, NumberMode
from sync.core.errors import Missing, Never
from sync.core.money import ZERO
from sync.dynamics.documents.line_amount import sales_units
from sync.dynamics.documents.quotation import Quotation
from sync.mapping.addresses import without_empty
from sync.mapping.delivery_address import delivery_address
from sync.mapping.document_numbers import fitting_number
from sync.mapping.order_settings import order_store
from sync.mapping_tables.records import ItemMapping, normal_sku

ITEM: Final = "ItemNumber"
QUANTITY: Final = "RequestedSalesQuantity"


def as_order(quote: Quote) -> Order:
    """The quote as the order that it may become, for what depends on store, buyer and address."""
    customer, shipping = quote.customer, quote.shipping
    company = {"company_order_attributes": {"company_id": quote.company_id}}
    return Order(
        increment_id=f"of {quote.label}", store_id=quote.store_id,
        order_currency_code=quote.currency.quote_currency_code, grand_total=ZERO,
        customer_id=customer.id, customer_email=customer.email,
        customer_firstname=customer.firstname, customer_lastname=customer.lastname,
        is_virtual=quote.is_virtual, billing_address=quote.billing_address,
        extension_attributes={
            "shipping_assignments": [{"shipping": shipping.model_dump()}],
            **(company if quote.company_id is not None else {}),
        },
    )  # fmt: skip


def quotation_reference(quote_id: int, store_id: int | None, connection: Connection) -> str:
    """Our reference of the quotation of a quote."""
    return _filled(connection.quotes.reference_template, quote_id, store_id)


def _filled(template: str, quote_id: int, store_id: int | None) -> str:
    return template.format(quote_id=quote_id, store_id=0 if store_id is None else store_id)


def quotation_from(
    quote: Quote,
    comments: Sequence[Comment],
    connection: Connection,
    *,
    account: str,
    contact: str,
    payer: str,
    owner: str,
    items: Mapping[str, ItemMapping],
) -> Quotation:
    """Map a quote; `items` by normalised sku, `owner` the personnel number of its sales
    representative. Raises `Never` for an item that is not mapped."""
    order = as_order(quote)
    store = order_store(order, connection)
    company = store.company or connection.dynamics.company
    reference = quotation_reference(quote.id, quote.store_id, connection)
    header = {
        "dataAreaId": company,
        "SalesQuotationNumber": _number(quote, connection),
        "RequestingCustomerAccountNumber": account,
        "InvoiceCustomerAccountNumber": payer,
        "CurrencyCode": quote.currency.quote_currency_code,
        "CustomersReference": reference,
        "SalesQuotationName": name_of(quote, comments),
        "SalesQuotationExpiryDate": f"{day}T12:00:00Z" if (day := expiry_of(quote)) else "",
        "SkipOpportunityCreationPrompt": "Yes",
        "ContactPersonId": contact,
        "QuotationResponsiblePersonnelNumber": owner,
        "QuotationTakerPersonnelNumber": owner,
        "SalesOrderOriginCode": store.origin or "",
        "DefaultShippingSiteId": store.site or "",
        "DefaultShippingWarehouseId": store.warehouse or "",
        "LanguageId": store.language or "",
        "ArePricesIncludingSalesTax": "Yes" if store.prices_include_tax else "No",
        **_address(order, connection),
    }
    lines = {str(one.item_id): _line(one, quote, connection, items) for one in quote.items}
    number = str(header["SalesQuotationNumber"])
    return Quotation(company, number, reference, without_empty(header), lines)


def _number(quote: Quote, connection: Connection) -> str:
    if connection.quotes.numbers is NumberMode.THEIRS:
        return ""
    number = _filled(connection.quotes.number_template, quote.id, quote.store_id)
    return fitting_number(
        number, quote.label, "SalesQuotationNumber", "quotes.number_template"
    )  # fmt: skip


def expiry_of(quote: Quote) -> date | None:
    """The day on which the quote expires; None where the shop tells none."""
    try:
        return date.fromisoformat(quote.negotiation.expiration_period[:10])
    except ValueError:
        return None


def name_of(quote: Quote, comments: Sequence[Comment]) -> str:
    """The quote's name, and what the buyer said last. The number of that message tells a quote that
    was sent back from one that was not touched."""
    said = last_of_buyer(comments)
    if said is None:
        return quote.negotiation.quote_name
    texts = (quote.negotiation.quote_name, unescape(said.comment))
    return f"({said.entity_id}) {': '.join(filter(None, texts))}"


def _address(order: Order, connection: Connection) -> dict[str, str]:
    """The ship-to, where the buyer has chosen one."""
    address = order.shipping.address
    if address is None or not (address.city and address.country_id and address.street):
        return {}
    return delivery_address(order, connection)


def _line(
    item: QuoteItem, quote: Quote, connection: Connection, items: Mapping[str, ItemMapping]
) -> dict[str, Any]:
    mapped = items.get(normal_sku(item.sku))
    if mapped is None or item.item_id is None:
        raise without_item(item, quote)
    texts = {
        ITEM: mapped.item_number, **mapped.dimensions(),
        "SalesUnitSymbol": mapped.unit or connection.items.unit,
    }  # fmt: skip
    if connection.quotes.wish_field:
        texts[connection.quotes.wish_field] = wish_of(item, quote)
    return {**without_empty(texts), QUANTITY: sales_units(item.qty, mapped.factor)}


def without_item(item: QuoteItem, quote: Quote) -> Never:
    """What parks a quote with an item that is not mapped."""
    return Never(
        f"{quote.label}: items[].sku without an item in D365: {item.sku[:64] or '(empty)'}",
        remedy="Map the sku (`map items set SKU ITEM`, or `map items import FILE`), then replay.",
        missing=[Missing("items", item.sku)],
    )


def wish_of(item: QuoteItem, quote: Quote) -> str:
    """What the buyer sees and asks of an item."""
    price = f"{item.negotiated.original_price or item.price:.2f}"
    shown = f"shop price {price} {quote.currency.base_currency_code}"
    return "; ".join(filter(None, (item.name, shown, *item.notes_of_buyer)))


def differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], item: str, quantity: str
) -> list[str]:
    """What another version of a quote asks for, in words: quantities and items, never names of
    people. `item`, `quantity`: what the target calls them."""
    if before is None:
        return [f"{len(after['lines'])} items"]
    old, new = before.get("lines", {}), after["lines"]
    found = [
        f"{new[key][item]}: {old[key][quantity]} -> {new[key][quantity]}"
        for key in new.keys() & old.keys()
        if new[key][quantity] != old[key][quantity]
    ]
    found += [f"{new[key][item]} added" for key in new.keys() - old.keys()]
    found += [f"{old[key][item]} removed" for key in old.keys() - new.keys()]
    return [*sorted(found), *_changed(before.get("header", {}), after["header"])]


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = [name for name, value in after.items() if before.get(name) != value]
    return ["changed: " + ", ".join(names)] if names else []
