"""The REST resources of shipments, as recorded on 2.4.7."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox.commerce import columns
from sandbox.commerce.faults import required, unsupported, wrong_type
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shape import plain

SHIPS: Final = "Magento_Sales::ship"
READS: Final = "Magento_Sales::shipment"
ITEM: Final = frozenset({"order_item_id", "qty", "extension_attributes"})


def ship(call: RestRequest) -> str:
    """`POST order/{id}/ship`: the id, as text."""
    order = call.state.order(call.whole("id"))
    arguments = call.body.get("arguments") or {}
    source = (arguments.get("extension_attributes") or {}).get("source_code") or ""
    shipment = call.state.ship(
        order, _quantities(call.body.get("items") or []), source=source,
        comment=call.body.get("comment"), tracks=call.body.get("tracks") or [],
    )  # fmt: skip
    return str(shipment["entity_id"])


def _quantities(items: list[Any]) -> dict[int, Decimal]:
    wanted: dict[int, Decimal] = {}
    for sent in items:
        for key in sent:
            if key not in ITEM:
                raise unsupported(key)
        if sent.get("order_item_id") is None:
            raise required("order_item_id")
        try:
            wanted[int(sent["order_item_id"])] = Decimal(str(sent.get("qty") or 0))
        except InvalidOperation:
            raise wrong_type(str(sent["qty"]), "float") from None
    return wanted


def shipments(call: RestRequest) -> Columns:
    """`GET shipments`; a search by comment or tracking number is an SQL error."""
    criteria = criteria_from(call.query)
    rows, total = found(list(call.state.shipments()), criteria, columns.DOCUMENT, dict.get)
    return listed([plain(row) for row in rows], criteria, total)


def shipment(call: RestRequest) -> Columns:
    """`GET shipment/{id}`."""
    answer: Columns = plain(call.state.shipment(call.whole("id")))
    return answer


def add_track(call: RestRequest) -> Columns:
    """`POST shipment/track`."""
    answer: Columns = plain(call.state.add_track(call.argument("entity")))
    return answer


def remove_track(call: RestRequest) -> bool:
    """`DELETE shipment/track/{id}`: true, also for one that is not there."""
    call.state.remove_track(call.whole("id"))
    return True


SHIPMENTS: Final = (
    Endpoint("POST", "order/{id}/ship", SHIPS, ship),
    Endpoint("GET", "shipments", READS, shipments),
    Endpoint("POST", "shipment/track", READS, add_track),
    Endpoint("DELETE", "shipment/track/{id}", READS, remove_track),
    Endpoint("GET", "shipment/{id}", READS, shipment),
)
"""Paths, the more particular before the general."""
