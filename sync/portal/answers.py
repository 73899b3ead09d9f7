"""Documents as the portal's pages get them. Amounts are text with their currency's two or three
decimals, days are ISO."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sync.core.money import rounded, unit_of
from sync.dynamics.buyer_documents import InvoiceLine, day_of
from sync.portal.details import Delivery, taxes_of
from sync.portal.documents import Balance, Document, Entry
from sync.portal.reader import Settlement
from sync.portal.statements import Statement


def document_json(document: Document, name: str, today: date) -> dict[str, Any]:
    """One document in a list."""
    money = _in(document.currency)
    return {
        "id": name, "kind": document.kind, "number": document.number,
        "date": document.day.isoformat(), "due": _day(document.due),
        "currency": document.currency, "amount": money(document.amount),
        "tax": money(document.tax), "open": money(document.open),
        "status": str(document.status(today)), "order": document.order,
        "reference": document.reference, "purchase_order": document.purchase_order,
    }  # fmt: skip


def details_json(
    document: Document, lines: Sequence[InvoiceLine], settled: Iterable[Settlement],
    delivery: Delivery,
) -> dict[str, Any]:  # fmt: skip
    """What one document has besides."""
    money = _in(document.currency)
    return {
        "instalments": [
            {"due": _day(one.due), "amount": money(one.amount), "open": money(one.open)}
            for one in document.instalments
        ],
        "lines": [
            {"number": one.number, "item": one.item, "name": one.name,
             "quantity": f"{one.quantity:f}", "unit": one.unit, "price": f"{one.price:f}",
             "amount": money(one.amount), "tax": money(one.tax),
             "tax_group": one.tax_group, "item_tax_group": one.item_tax_group}
            for one in lines
        ],
        "taxes": [
            {"tax_group": one.group, "item_tax_group": one.item_group, "net": money(one.net),
             "tax": money(one.tax)}
            for one in taxes_of(document, lines)
        ],
        "delivery": {
            "name": document.ship_to, "mode": document.mode, "terms": document.terms,
            "address": list(delivery.address),
            "packing_slips": [
                {"number": one.number, "tracking": list(one.tracking)} for one in delivery.slips
            ],
        },
        "settled_by": [
            {"date": _day(one.day), "amount": money(Decimal(one.amount)), "kind": one.kind,
             "number": one.number}
            for one in settled
        ],
    }  # fmt: skip


def balance_json(one: Balance) -> dict[str, Any]:
    """What an account comes to in a currency."""
    money = _in(one.currency)
    return {
        "currency": one.currency, "balance": money(one.balance),
        "overdue": money(one.overdue), "credits": money(one.credits),
        "aging": {name: money(value) for name, value in one.aging.items()},
    }  # fmt: skip


def statement_json(one: Statement, since: date, until: date) -> dict[str, Any]:
    """The movements of a time."""
    money = _in(one.currency)
    return {
        "currency": one.currency, "from": since.isoformat(), "to": until.isoformat(),
        "opening": money(one.opening), "closing": money(one.closing),
        "lines": [_line(entry, owed) for entry, owed in one.lines],
    }  # fmt: skip


def place_of(row: Mapping[str, Any]) -> tuple[str, date | None]:
    """Currency and day of a sales order."""
    return str(row["CurrencyCode"]), day_of(row["OrderCreationDateTime"])


def order_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A sales order that was not placed in the shop."""
    return {
        "number": str(row["SalesOrderNumber"]),
        "date": _day(day_of(row["OrderCreationDateTime"])),
        "reference": str(row.get("CustomersOrderReference") or ""),
        "currency": str(row["CurrencyCode"]), "status": str(row["SalesOrderStatus"]),
    }  # fmt: skip


def page_of(items: Sequence[Any], page: int, size: int) -> Sequence[Any]:
    """The items of a page; pages are counted from 1."""
    return items[(page - 1) * size : page * size]


def _line(entry: Entry, owed: Decimal) -> dict[str, Any]:
    kinds = {"Sales": "invoice", "Cust": "invoice", "Payment": "payment"}
    kind, money = kinds.get(entry.kind, "other"), _in(entry.currency)
    return {
        "date": entry.day.isoformat(), "due": _day(entry.due),
        "kind": "credit note" if kind == "invoice" and entry.amount < 0 else kind,
        "number": entry.number, "text": entry.text, "amount": money(entry.amount),
        "owed": money(owed),
    }  # fmt: skip


def _in(currency: str) -> Callable[[Decimal | None], str | None]:
    """Writes amounts of a currency."""
    unit = unit_of(currency)
    return lambda amount: None if amount is None else f"{rounded(amount, unit):f}"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
