"""The REST resources of carts and negotiable quotes, by Adobe's specification and the carts of a
live 2.4.7."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.carts import is_active
from sandbox.commerce.conditions import Kind
from sandbox.commerce.faults import RestFault, unsupported
from sandbox.commerce.maker import address
from sandbox.commerce.quote_messages import comments, contents, decline, recalculate, submit
from sandbox.commerce.quote_prices import Item, Negotiated, cost_of
from sandbox.commerce.quotes import StoredQuote
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, leave_out, listed
from sandbox.commerce.search import criteria_from, found
from sync.core.money import ZERO

CARTS: Final = "Magento_Cart::manage"
RIGHT: Final = "Magento_NegotiableQuote::manage"
COLUMNS: Final[dict[str, Kind]] = {
    **dict.fromkeys(
        ("entity_id", "store_id", "customer_id", "customer_is_guest", "is_active", "items_count"),
        "number",
    ),
    **dict.fromkeys(("updated_at", "created_at"), "date"),
}  # fmt: skip
IN_QUOTE: Final = frozenset({"id", "items", "extension_attributes"})
IN_STATE: Final = frozenset({
    "negotiated_price_type", "negotiated_price_value", "shipping_price", "expiration_period",
    "quote_name",
})  # fmt: skip
IN_ITEM: Final = frozenset(
    {"item_id", "sku", "qty", "product_option", "quote_id", "extension_attributes"}
)
IN_PRICE: Final = frozenset(
    {"negotiated_price_type", "negotiated_price_value", "is_discounting_locked"}
)


def carts(call: RestRequest) -> Columns:
    """`GET carts/search`: filters take columns of the cart alone."""
    criteria = criteria_from(call.query)
    rows, total = found(list(call.state.quotes.values()), criteria, COLUMNS, _column)
    shown = [_cart(call, row) for row in rows]
    leave_out(call, shown)
    return listed(shown, criteria, total)


def _column(quote: StoredQuote, name: str) -> Any:
    values = {
        "entity_id": quote.id, "store_id": quote.store.id, "customer_id": quote.shopper.id,
        "customer_is_guest": int(quote.shopper.id is None),
        "is_active": int(is_active(quote)),
        "items_count": len(quote.items), "updated_at": quote.updated_at,
        "created_at": quote.created_at,
    }  # fmt: skip
    return values[name]


def cart(call: RestRequest) -> Columns:
    """`GET carts/{id}`."""
    return _cart(call, call.state.quote(call.whole("id")))


def _cart(call: RestRequest, quote: StoredQuote) -> Columns:
    order = call.state.cooked_quote(quote)
    place = call.state.catalogue.places[quote.shopper.place]
    where = address(quote.shopper, place, "shipping")
    ships = {"address": where, "method": "flatrate_flatrate"} if quote.has_address else {}
    state = {"negotiable_quote": _state(quote)} if quote.is_regular else {}
    rows = zip(quote.items, order.items, strict=True)
    items = {"items": [_item(quote, *one) for one in rows]} if is_active(quote) else {}
    company = {"company_id": quote.shopper.buys_for} if quote.shopper.buys_for else None
    buyer = {"company_attributes": company} if company else {}
    return {
        "id": quote.id, "created_at": quote.created_at, "updated_at": quote.updated_at,
        "is_active": is_active(quote), "is_virtual": False, **items,
        "customer": {
            "id": quote.shopper.id, "email": quote.shopper.email, "store_id": quote.store.id,
            "firstname": quote.shopper.firstname, "lastname": quote.shopper.lastname,
            "extension_attributes": {"is_subscribed": False, **buyer},
        },
        "billing_address": where, "orig_order_id": 0,
        "currency": {
            "global_currency_code": order.row["base_currency_code"],
            "base_currency_code": order.row["base_currency_code"],
            "store_currency_code": order.row["base_currency_code"],
            "quote_currency_code": quote.store.currency, "base_to_quote_rate": quote.store.rate,
        },
        "customer_is_guest": quote.shopper.id is None, "store_id": quote.store.id,
        "extension_attributes": {
            "shipping_assignments": [{"shipping": ships, "items": []}], **state, **quote.consent,
        },
    }  # fmt: skip


def _state(quote: StoredQuote) -> Columns:
    kind, value = quote.negotiated or (None, None)
    return {
        "quote_id": quote.id, "is_regular_quote": True, "status": quote.status,
        "negotiated_price_type": kind, "negotiated_price_value": value,
        "shipping_price": quote.shipping, "quote_name": quote.name,
        "expiration_period": str(quote.expires), "creator_id": quote.shopper.id, "creator_type": 3,
    }  # fmt: skip


def _item(quote: StoredQuote, item: Item, row: Mapping[str, Any]) -> Columns:
    negotiated: Columns = {"item_id": item.id, "original_price": item.product.price}
    if item.negotiated is not None:
        kind, value = item.negotiated
        named = {"negotiated_price_type": kind, "negotiated_price_value": value}
        negotiated["extension_attributes"] = named
    return {
        "item_id": item.id, "sku": item.product.sku, "qty": item.qty, "name": item.product.name,
        "price": row["price"], "product_type": item.product.type, "quote_id": str(quote.id),
        "extension_attributes": {"negotiable_quote_item": negotiated},
    }  # fmt: skip


def totals(call: RestRequest) -> Columns:
    """`GET carts/{id}/totals`: cost is shown to integrations."""
    quote = call.state.quote(call.whole("id"))
    order = call.state.cooked_quote(quote)
    row, names = order.row, ("qty", "row_total", "row_total_incl_tax", "tax_percent")
    items = [
        {
            "item_id": one.id, **{name: line.get(name, one.qty) for name in names},
            "discount_amount": ZERO, "name": one.product.name, "price": line["price"],
            "extension_attributes": {
                "negotiable_quote_item_totals": {"cost": cost_of(one), "cart_price": line["price"]}
            },
        }
        for one, line in zip(quote.items, order.items, strict=True)
    ]  # fmt: skip
    cost = sum((cost_of(one) * one.qty for one in quote.items), ZERO)
    return {
        "grand_total": row["grand_total"], "subtotal": row["subtotal"],
        "subtotal_incl_tax": row["subtotal_incl_tax"], "discount_amount": ZERO,
        "shipping_amount": row["shipping_amount"], "shipping_incl_tax": row["shipping_incl_tax"],
        "tax_amount": row["tax_amount"], "base_currency_code": row["base_currency_code"],
        "quote_currency_code": quote.store.currency, "items": items,
        "extension_attributes": {
            "negotiable_quote_totals": {"quote_status": quote.status, "cost_total": cost}
        },
    }  # fmt: skip


def save(call: RestRequest) -> list[Any]:
    """`PUT negotiableQuote/{id}`: what is named is written, by the seller in their turn alone."""
    quote = call.state.seller_quote(call.whole("id"), "edited")
    sent = _known(call.argument("quote"), IN_QUOTE)
    state = _known(
        (sent.get("extension_attributes") or {}).get("negotiable_quote") or {}, IN_STATE
    )  # fmt: skip
    if state.get("shipping_price") is not None and not quote.has_address:
        raise RestFault(400, "A shipping price needs a shipping address and method.")
    changed = [_changed(call, quote, one) for one in sent.get("items") or ()]
    by_id = {one.id: one for one in changed}
    quote.items = [by_id.get(one.id, one) for one in quote.items]
    if "negotiated_price_value" in state:
        kind, value = _negotiated(state)
        quote.negotiated = (kind, value)
        for one in quote.items:
            one.negotiated = None
    if "shipping_price" in state:
        quote.shipping = state["shipping_price"]
    if state.get("expiration_period"):
        quote.expires = date.fromisoformat(state["expiration_period"])
    call.state.touch_quote(quote)
    return []


def _changed(call: RestRequest, quote: StoredQuote, sent: Columns) -> Item:
    _known(sent, IN_ITEM)
    item = next((one for one in quote.items if one.product.sku == sent.get("sku")), None)
    if item is None or sent.get("qty") is None or Decimal(sent["qty"]) <= 0:
        raise RestFault(400, "Product is not available, or its quantity is not valid.")
    named = (sent.get("extension_attributes") or {}).get("negotiable_quote_item") or {}
    price = named.get("extension_attributes") or {}
    if price and not call.state.per_item_prices:
        raise unsupported(next(iter(price)))
    _known(price, IN_PRICE)
    negotiated = _negotiated(price) if price else item.negotiated
    return Item(item.id, item.product, Decimal(sent["qty"]), negotiated)


def _negotiated(sent: Columns) -> Negotiated:
    kind = sent.get("negotiated_price_type")
    if kind not in {1, 2, 3}:
        raise RestFault(400, "Invalid negotiated price type.")
    return kind, Decimal(sent["negotiated_price_value"])


def _known(sent: Columns, names: frozenset[str]) -> Columns:
    for name in sent:
        if name not in names:
            raise unsupported(name)
    return sent


QUOTES: Final = (
    Endpoint("GET", "carts/search", CARTS, carts),
    Endpoint("GET", "carts/{id}", CARTS, cart),
    Endpoint("GET", "carts/{id}/totals", CARTS, totals),
    Endpoint("PUT", "negotiableQuote/{id}", RIGHT, save),
    Endpoint("POST", "negotiableQuote/submitToCustomer", RIGHT, submit),
    Endpoint("POST", "negotiableQuote/decline", RIGHT, decline),
    Endpoint("POST", "negotiableQuote/pricesUpdated", RIGHT, recalculate),
    Endpoint("GET", "negotiableQuote/attachmentContent", RIGHT, contents),
    Endpoint("GET", "negotiableQuote/{id}/comments", RIGHT, comments),
)
