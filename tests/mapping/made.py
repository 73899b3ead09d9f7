"""Orders made by hand, as REST would answer them, with totals that add up unless a test says
otherwise."""

from decimal import Decimal
from itertools import count
from typing import Any

ADDRESS = {
    "firstname": "Jane", "lastname": "Roe", "street": ["221 Olive St", "Floor 2"],
    "city": "Mountain View", "postcode": "94086",
    "region": "California", "region_code": "CA", "country_id": "US", "telephone": "555-0100",
    "email": "jane@example.com",
}  # fmt: skip
_ids = count(1)


def row(
    sku: str = "BIKE", quantity: str = "1", price: str = "10.00", **fields: Any
) -> dict[str, Any]:
    """A simple row; `discount` and `tax` are of the whole row. Other fields go onto the item as
    they are."""
    discount, tax = Decimal(fields.pop("discount", "0")), Decimal(fields.pop("tax", "0"))
    total = Decimal(quantity) * Decimal(price)
    return {
        "item_id": next(_ids), "sku": sku, "name": f"A {sku}", "product_type": "simple",
        "qty_ordered": Decimal(quantity),
        "price": Decimal(price), "row_total_incl_tax": total - discount + tax,
        "discount_amount": discount, "tax_amount": tax,
        **fields,
    }  # fmt: skip


def made(
    *rows: dict[str, Any], shipping: str = "0", extra: str = "0", **fields: Any
) -> dict[str, Any]:
    """An order of these rows. `extra` is added to the grand total for what other fields hold."""
    items = list(rows) or [row()]
    tax = sum((Decimal(item["tax_amount"]) for item in items), Decimal(0))
    after = sum((Decimal(item["row_total_incl_tax"]) for item in items), Decimal(0))
    before = after - tax + sum((Decimal(item["discount_amount"]) for item in items), Decimal(0))
    extension = {
        "shipping_assignments": [
            {"shipping": {"address": {**ADDRESS}, "method": "flatrate_flatrate"}}
        ]
    }
    return {
        "entity_id": 42, "increment_id": "000000042", "store_id": 1, "state": "new",
        "status": "pending",
        "created_at": "2026-11-20 10:00:00", "updated_at": "2026-11-20 10:00:00",
        "customer_email": "jane@example.com",
        "customer_firstname": "Jane", "customer_lastname": "Roe", "customer_is_guest": 1,
        "order_currency_code": "USD",
        "subtotal": before, "shipping_amount": Decimal(shipping), "tax_amount": tax,
        "grand_total": after + Decimal(shipping) + Decimal(extra), "billing_address": {**ADDRESS},
        "payment": {"method": "checkmo"}, "items": items, "extension_attributes": extension,
        **fields,
    }  # fmt: skip


def with_extension(order: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The order with fields added to its extension attributes."""
    return {**order, "extension_attributes": {**order["extension_attributes"], **fields}}
