"""What observers and events are told: raw model data as PHP writes it, not what REST answers.

Numbers and ids come as text, money with four decimals, nulls stay, addresses are one list. Before
the first save there are no ids at all.
"""

import json
from decimal import Decimal
from typing import Any

from sandbox.commerce.records import Columns, StoredOrder

NUMERIC = frozenset({"store_id", "customer_is_guest", "is_virtual"})
"""Left as numbers, as observed in webhook bodies."""
IDS = frozenset(
    {"entity_id", "item_id", "parent_id", "order_id", "parent_item_id", "billing_address_id"}
)


def php_json(value: Any) -> bytes:
    """JSON as PHP's `json_encode` writes it: slashes and everything beyond ASCII escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def raw(value: Any, key: str = "") -> Any:
    """Model data: every scalar as text, except the few that the models hold as numbers."""
    if isinstance(value, dict):
        return {name: raw(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [raw(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:.4f}"
    return str(value) if isinstance(value, int) and key not in NUMERIC else value


def raw_order(order: StoredOrder, *, saved: bool = True) -> Columns:
    """The order model. `saved`: whether its rows have ids yet."""
    items = [
        {key: value for key, value in item.items() if key != "extension_attributes"}
        for item in order.items
    ]
    addresses = [address for address in (order.billing, order.shipping) if address is not None]
    model = {
        **order.row,
        "shipping_method": order.shipping_method,
        "items": items,
        "addresses": [{**address, "street": "\n".join(address["street"])} for address in addresses],
        "payment": {**order.payment, "additional_data": None},
        "status_histories": order.comments,
        "gift_cards": "[]",
    }
    answer: Columns = raw(model if saved else _unsaved(model))
    return answer


def _unsaved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unsaved(item) for key, item in value.items() if key not in IDS}
    return [_unsaved(item) for item in value] if isinstance(value, list) else value


def raw_customer(customer: Columns) -> Columns:
    """The customer model: its columns, without addresses."""
    columns = {key: value for key, value in customer.items() if not isinstance(value, dict | list)}
    answer: Columns = raw({"entity_id": customer["id"], **columns})
    return answer


def cloud_event(
    event: str, value: Columns, *, identity: str, client_id: str, time: str
) -> dict[str, Any]:
    """An I/O Event as Adobe delivers it; `value` is cut to the fields that such subscriptions
    name."""
    fields = (
        "entity_id",
        "increment_id",
        "order_id",
        "state",
        "status",
        "store_id",
        "updated_at",
        "email",
    )
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "urn:uuid:fb58963f-d2e7-4ab4-83da-b6ff15b8ebc0",
        "type": f"com.adobe.commerce.observer.{event}",
        "datacontenttype": "application/json",
        "time": time,
        "eventid": identity,
        "event_id": identity,
        "recipientclientid": client_id,
        "recipient_client_id": client_id,
        "data": {
            "key": identity,
            "value": {name: value[name] for name in fields if name in value},
            "source": "sandbox.sandbox",
            "_metadata": {
                "commerceEdition": "Adobe Commerce",
                "commerceVersion": "2.4.8",
                "eventsClientVersion": "1.22.1",
            },
        },
    }
