"""Invoices and credit memos under test: recorded ones with their orders, made ones, and previews of
them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import count
from typing import Any

from sync.config.connections import Connection
from sync.engine.systems import Systems
from sync.preview.input_files import Inputs, Kind
from sync.preview.previewed import Preview
from sync.preview.previews import preview
from sync.preview.unasked import Lookups
from tests.mapping.connection import connection, store
from tests.preview.lookups import EXAMPLE, systems_of

_ids = count(1)

RECIPES = {
    "free text, return": ("free-text-invoice", "return-order"),
    "both, free text credit": ("both", "free-text-credit"),
    "payment, return": ("payment-journal", "return-order"),
}
"""Each recipe of either kind at least once."""


def books(
    recipe: str = "free text, return",
    *,
    gross: bool = False,
    has_orders: bool = True,
    **sections: Mapping[str, Any],
) -> Connection:
    """The example connection with a pair of recipes; refunds are paid where the revenue is a
    payment too."""
    invoices, creditmemos = RECIPES[recipe]
    changes: dict[str, Mapping[str, Any]] = {
        "invoices": {"recipe": invoices, **sections.pop("invoices", {})},
        "creditmemos": {
            "recipe": creditmemos,
            "refund_payment": invoices != "free-text-invoice",
            **sections.pop("creditmemos", {}),
        },
        **sections,
    }
    made = connection(**({"stores": store(prices_include_tax=True)} if gross else {}), **changes)
    return made if has_orders else made.model_copy(update={"flows": ("invoices", "creditmemos")})


def orders_of(scenario: Mapping[str, Any]) -> dict[int, Any]:
    """The orders of a scenario by their id."""
    return {
        order["entity_id"]: order
        for order in [scenario["order"], *(scenario.get("previous_orders") or [])]
    }


def basis(settings: Connection, orders: Mapping[int, Any], lookups: Lookups = EXAMPLE) -> Systems:
    """What a document is previewed against."""
    return systems_of(settings, Inputs({Kind.ORDER: list(orders.values())}), lookups)


async def preview_invoice(document: Any, systems: Systems) -> Preview:
    """What would be booked for an invoice."""
    return await preview(Kind.INVOICE, document, systems)


async def preview_creditmemo(document: Any, systems: Systems) -> Preview:
    """What would be booked for a credit memo."""
    return await preview(Kind.CREDITMEMO, document, systems)


def documents_of(scenario: Mapping[str, Any]) -> Iterator[tuple[bool, Any]]:
    """(is a credit memo, document) of a scenario."""
    for invoice in scenario["invoices"]:
        yield False, invoice
    for memo in scenario["creditmemos"]:
        yield True, memo


async def booked(
    document: Any,
    order: Any,
    settings: Connection,
    *,
    is_memo: bool = False,
    lookups: Lookups = EXAMPLE,
) -> Preview:
    """What would be booked for a document of this order."""
    kind = Kind.CREDITMEMO if is_memo else Kind.INVOICE
    return await preview(kind, document, basis(settings, {order["entity_id"]: order}, lookups))


def invoice_of(order: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """An invoice of a whole made order, as REST answers it."""
    rows = [
        {
            "order_item_id": item["item_id"], "sku": item["sku"], "name": item["name"],
            "qty": item["qty_ordered"],
            "row_total": item["row_total_incl_tax"] + item["discount_amount"] - item["tax_amount"],
            "tax_amount": item["tax_amount"], "discount_amount": item["discount_amount"],
        }
        for item in order["items"]
    ]  # fmt: skip
    return {
        "entity_id": next(_ids), "increment_id": f"{next(_ids):09}", "order_id": order["entity_id"],
        "store_id": order["store_id"],
        "state": 2, "created_at": "2026-11-20 12:00:00",
        "order_currency_code": order["order_currency_code"],
        "subtotal": order["subtotal"], "shipping_amount": order["shipping_amount"],
        "tax_amount": order["tax_amount"],
        "discount_amount": -sum((row["discount_amount"] for row in rows), Decimal(0)),
        "grand_total": order["grand_total"], "items": rows, **fields,
    }  # fmt: skip


def memo_of(order: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A credit memo of a whole made order. `grand_total` goes with what other fields hold."""
    return {**invoice_of(order), "adjustment": Decimal(0), **fields}
