"""The ship-to of a sales order, as an address of that order alone. Pure."""

from typing import Final

from sync.commerce.models.order import Order
from sync.commerce.models.postal_address import Address
from sync.config.connections import Connection, Customers
from sync.core.errors import Never
from sync.mapping.addresses import country_region_id, state_id

INTANGIBLE = ("virtual", "downloadable")
"""Product types that are not shipped; others say so in `is_virtual`."""


COMPLETE: Final = (
    "Complete the shipping address of the order in Commerce (Sales > Orders > the order > Address"
    " Information); where it is whole there, look at what leaves it out of REST. Then replay the"
    " order."
)


def delivery_address(order: Order, connection: Connection) -> dict[str, str]:
    """The ship-to; nothing for an order without goods. Raises `Never` where goods have no address
    to go to.

    F&O ships an order without an address to the customer's own, in silence, wherever the shopper
    wanted it.
    """
    address, label = order.shipping.address, f"order {order.increment_id}: shipping address"
    missing = _missing(address)
    if missing and has_goods(order):
        why = f"{', '.join(missing)} is missing, and goods are to be shipped"
        raise Never(f"{label}: {why}", remedy=COMPLETE)
    if address is None or not (address.city or _street(address)):
        return {}
    return {
        "IsDeliveryAddressOrderSpecific": "Yes",
        "DeliveryAddressDescription": f"Web order {order.increment_id}",
        **_fields(address, connection.customers, label),
    }


def _fields(address: Address, settings: Customers, label: str) -> dict[str, str]:
    return {
        "DeliveryAddressName": _addressee(address),
        "DeliveryAddressStreet": _street(address),
        "DeliveryAddressCity": address.city,
        "DeliveryAddressZipCode": address.postcode,
        "DeliveryAddressStateId": state_id(address, settings),
        "DeliveryAddressCountryRegionId": country_region_id(address.country_id, settings, of=label),
    }


def has_goods(order: Order) -> bool:
    """Whether something is to be shipped: children stand for their parents, which are never shipped
    themselves."""
    parents = {item.parent_item_id for item in order.items}
    last = [item for item in order.items if item.item_id is None or item.item_id not in parents]
    return not order.is_virtual and any(
        not item.is_virtual and item.product_type not in INTANGIBLE for item in last
    )


def _missing(address: Address | None) -> list[str]:
    """What no parcel arrives without. Postcodes and states are not known in every country."""
    if address is None:
        return ["street", "city", "country_id"]
    needed = {"street": _street(address), "city": address.city, "country_id": address.country_id}
    return [name for name, value in needed.items() if not value]


def _street(address: Address) -> str:
    return "\n".join(line for line in address.street if line)


def _addressee(address: Address) -> str:
    names = [address.company, address.name] if address.name != address.company else [address.name]
    return ", ".join(name for name in names if name)
