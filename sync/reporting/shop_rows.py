"""Other records of a shop as rows of the data set: invoices, credit memos, shipments, cart price
rules, store views. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sync.commerce.models.invoice import CANCELLED, CreditMemo, Invoice
from sync.commerce.models.order import utc
from sync.commerce.models.rma import Rma, RmaItem
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import rounded, stored, total
from sync.mapping.segments import segments_of
from sync.reporting.landed import Rows, placed
from sync.reporting.schema import ALWAYS


def money_document(
    shop: str, settings: Connection, raw: Mapping[str, Any], kind: str
) -> Rows:  # fmt: skip
    """An invoice or a credit memo. Raises `Never` where it cannot be read."""
    one = (Invoice if kind == "invoice" else CreditMemo).read(raw)
    made = utc(one.created_at)
    try:
        segments = [*segments_of(one, settings.orders)]
    except Never:
        segments = []
    paid = total(abs(part.amount) for part in segments if part.home.payment is not None)
    row = {
        **placed(settings, one.store_id, made, f"{kind} {one.key}"), "shop": shop, "kind": kind,
        "document_key": one.key, "order_id": one.order_id, "store": str(one.store_id),
        "made_at": made, "is_void": one.state == CANCELLED, "currency": one.order_currency_code,
        "amount": rounded(one.grand_total + paid), "tax": one.tax_amount,
        "changed_at": utc(one.updated_at) or made,
    }  # fmt: skip
    return {"shop_documents": [row]}


def shipment(shop: str, settings: Connection, raw: Mapping[str, Any]) -> Rows:
    """A shipment, line by line. Raises `Never` where it cannot be read."""
    store, made = raw.get("store_id"), utc(str(raw.get("created_at")))
    number = int(raw["entity_id"])
    common = {
        **placed(settings, None if store is None else int(store), made, f"shipment {number}"),
        "shop": shop, "shipment_id": number, "order_id": int(raw["order_id"]), "shipped_at": made,
        "changed_at": utc(str(raw.get("updated_at"))) or made,
    }  # fmt: skip
    pieces: dict[int, Any] = {}
    for item in raw.get("items") or []:
        line = int(item["order_item_id"])
        pieces[line] = pieces.get(line, 0) + stored(item.get("qty"))
    rows = [{**common, "line": line, "quantity": count} for line, count in pieces.items()]
    return {"shipments": rows}


def rma(shop: str, settings: Connection, raw: Mapping[str, Any], now: datetime) -> Rows:
    """An RMA, row by row; a row of nothing where it has none. Raises `Never` where it cannot be
    read."""
    one = Rma.read(raw)
    common = {
        **placed(settings, one.store_id, utc(one.date_requested), f"RMA {one.key}"), "shop": shop,
        "rma_id": one.entity_id, "rma_key": one.key, "order_id": one.order_id,
        "store": str(one.store_id), "status": one.status, "changed_at": now,
    }  # fmt: skip
    rows = [
        {
            **common, "line": item.entity_id or 0, "order_line": item.order_item_id,
            "row_status": item.status, "reason": item.reason, "resolution": item.resolution,
            "requested": item.qty_requested, "authorized": item.qty_authorized,
            "returned": item.qty_returned, "approved": item.qty_approved,
        }
        for item in one.items or [RmaItem()]
    ]  # fmt: skip
    return {"returns": rows}


def campaign(shop: str, settings: Connection, raw: Mapping[str, Any], now: datetime) -> Rows:
    """A cart price rule."""
    rule = int(raw["rule_id"])
    row = {
        **_always(settings), "shop": shop, "rule": rule, "name": str(raw.get("name") or ""),
        "is_active": bool(raw.get("is_active")), "first_day": _day(raw.get("from_date")),
        "last_day": _day(raw.get("to_date")), "changed_at": now,
    }  # fmt: skip
    return {"campaigns": [row]}


def store(shop: str, settings: Connection, view: Mapping[str, Any], now: datetime) -> Rows:
    """A store view."""
    number = str(view["id"])
    brands = settings.reporting.brands if settings.reporting is not None else {}
    row = {
        **_always(settings), "shop": shop, "store": number, "name": str(view.get("name") or number),
        "brand": brands.get(number, brands.get("default", "")), "changed_at": now,
    }  # fmt: skip
    return {"stores": [row]}


def _always(settings: Connection) -> dict[str, Any]:
    return {"company": settings.legal_entity.casefold(), "month": ALWAYS}


def _day(value: Any) -> date | None:
    moment = utc(str(value or ""))
    return moment.date() if moment is not None else None
