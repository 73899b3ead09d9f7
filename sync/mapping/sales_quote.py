"""A negotiable quote as a quote of Dynamics 365 Sales: each item a write-in product without a
price, which a seller enters; what the buyer sees and asks travels as text. Pure."""

from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from sync.commerce.models.quote import Comment, Quote, QuoteItem, last_of_buyer
from sync.config.connections import Connection
from sync.dataverse.documents.case import Customer
from sync.dataverse.documents.sales_quote import (
    ITEM,
    LONGEST,
    QUANTITY,
    SalesQuote,
    marked,
)
from sync.dynamics.documents.line_amount import sales_units
from sync.mapping.addresses import without_empty
from sync.mapping.cases import owner_path
from sync.mapping.quotation import expiry_of, name_of, quotation_reference, wish_of, without_item
from sync.mapping_tables.records import ItemMapping, normal_sku


def sales_quote_from(
    quote: Quote,
    comments: Sequence[Comment],
    connection: Connection,
    *,
    row_id: str,
    customer: Customer,
    currency_id: str,
    items: Mapping[str, ItemMapping],
) -> SalesQuote:
    """Map a quote; `items` by normalised sku, `currency_id` the row of its currency. Raises `Never`
    for an item that is not mapped."""
    said = last_of_buyer(comments)
    reference = quotation_reference(quote.id, quote.store_id, connection)
    header = {
        "name": f"{reference} {name_of(quote, comments)}",
        "description": "" if said is None else unescape(said.comment),
        "expireson": str(expiry_of(quote) or ""),
        **_ship_to(quote),
    }
    lines = {str(one.item_id): _line(one, quote, connection, items) for one in quote.items}
    return SalesQuote(
        row_id, connection.legal_entity_of(quote.store_id), reference,
        _fitting(without_empty(header)), _names(quote, connection, customer, currency_id), lines,
    )  # fmt: skip


def _names(
    quote: Quote, connection: Connection, customer: Customer, currency_id: str
) -> dict[str, str]:
    settings = connection.quotes.sales
    price_list = settings.price_lists.get(quote.currency.quote_currency_code, "")
    named = {
        "transactioncurrencyid": f"/transactioncurrencies({currency_id})",
        "pricelevelid": f"/pricelevels({price_list})" if price_list else "",
        "ownerid": owner_path(settings.owner) if settings.owner else "",
    }
    bound = {f"{name}@odata.bind": row for name, row in named.items() if row}
    return {**customer.binding, **bound}


def _ship_to(quote: Quote) -> dict[str, str]:
    """The address, where the buyer has chosen one."""
    address = quote.shipping.address
    if address is None or not (address.city and address.country_id and address.street):
        return {}
    return {
        "shipto_name": address.company or address.name,
        "shipto_line1": ", ".join(address.street), "shipto_city": address.city,
        "shipto_postalcode": address.postcode, "shipto_country": address.country_id,
        "shipto_stateorprovince": address.region_code,
    }  # fmt: skip


def _line(
    item: QuoteItem, quote: Quote, connection: Connection, items: Mapping[str, ItemMapping]
) -> dict[str, Any]:
    mapped = items.get(normal_sku(item.sku))
    if mapped is None or item.item_id is None:
        raise without_item(item, quote)
    text = f"{mapped.item_number} ({mapped.unit or connection.items.unit}) {item.name}"
    return {
        ITEM: marked(text, str(item.item_id)),
        **_fitting({"description": wish_of(item, quote)}),
        QUANTITY: sales_units(item.qty, mapped.factor),
    }


def _fitting(texts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value)[: LONGEST.get(name)].strip() for name, value in texts.items()}
