"""Carts and negotiable quotes of a shop as rows of the data set. Pure; of a buyer nothing is taken
over but whether it is a guest."""

from collections.abc import Mapping
from typing import Any, Final

from sync.commerce.models.order import utc
from sync.commerce.models.quote import Quote
from sync.commerce.search import Node
from sync.config.connections import Connection
from sync.core.money import total
from sync.reporting.landed import Rows, day, placed

FIELDS: Final[tuple[Node, ...]] = (
    "id", "created_at", "updated_at", "store_id", "is_active", "customer_is_guest",
    ("items", ("item_id", "sku", "qty", "price")), ("currency", ("quote_currency_code",)),
    ("extension_attributes", ("negotiable_quote",)),
)  # fmt: skip


def cart(shop: str, settings: Connection, raw: Mapping[str, Any]) -> Rows:
    """A cart as it stands, and its quote. The rows of a cart that is not active are not listed
    (Magento's `LoadHandler` loads none). Raises `Never` where it cannot be read."""
    one = Quote.read(raw)
    what, changed = f"cart {one.key}", utc(one.updated_at)
    seen = placed(settings, one.store_id, changed, what)
    began = utc(str(raw.get("created_at"))) or changed
    own = {"shop": shop, "cart_id": one.id, "store": str(one.store_id), "changed_at": changed}
    is_active = bool(raw.get("is_active"))
    goods = one.items if is_active else one.items or None
    row = {
        **seen, **own, "began_at": began, "is_active": is_active,
        "is_guest": bool(raw.get("customer_is_guest")), "is_quote": one.is_negotiated,
        "currency": one.currency.quote_currency_code,
        "pieces": None if goods is None else total(item.qty for item in goods),
        "worth": None if goods is None else total(item.qty * item.price for item in goods),
    }  # fmt: skip
    if not one.is_negotiated:
        return {"carts": [row]}
    state = {
        "status": one.status,
        "expires": day(one.negotiation.model_dump(), "expiration_period"),
    }
    return {
        "carts": [row],
        "quotes": [{**placed(settings, one.store_id, began, what), **own, **state}],
    }
