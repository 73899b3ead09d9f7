"""Totals beside goods and shipping: gift cards, wrapping, fees, and what extensions add. Each has a
home in D365. Pure.

Orders, invoices and credit memos hold them alike, so one reading serves them all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.fields import clean, number_from
from sync.commerce.models.invoice import MoneyDocument
from sync.commerce.models.order import Order
from sync.config.connections import Orders, SegmentHome
from sync.core.errors import Missing, Never
from sync.core.money import ZERO, stored, total

BUILT_IN_PAYMENTS: Final = {
    "gift_cards": "gift_cards_amount",
    "customer_balance": "customer_balance_amount",
    "reward_points": "reward_currency_amount",
}
"""Segments of Adobe Commerce that lower the grand total as payments do: tax is unaffected by
them."""


@dataclass(frozen=True)
class Segment:
    """A further total. `amount` as it changes the grand total (negative for what was paid with),
    `tax` on it.

    `tax_beside`: tax that stands beside the amount though no `tax_field` names it; it is the
    segment's where the header's tax has exactly that beyond what the other lines carry.
    """

    name: str
    amount: Decimal
    tax: Decimal
    home: SegmentHome
    tax_beside: Decimal = ZERO


def segments_of(document: Order | MoneyDocument, settings: Orders) -> Iterator[Segment]:
    """Every further total that the document holds. Raises `Never` for one without a home, or that
    is no number.

    A home with a `field` says itself where its amount stands, also where it has the name of a
    segment known here.
    """
    homes = settings.segments
    reported = {name: home for name, home in homes.items() if home.field}
    for name, field in BUILT_IN_PAYMENTS.items():
        amount = getattr(document.extension_attributes, field)
        if amount and name not in reported:
            yield Segment(name, -abs(amount), ZERO, homes.get(name) or SegmentHome(payment=name))
    if "gift_wrapping" not in reported:
        yield from _gift_wrapping(document, homes)
    if "custom_fees" not in reported:
        yield from _custom_fees(document, homes)
    for name, home in reported.items():
        yield from _reported(document, name, home)


def _gift_wrapping(
    document: Order | MoneyDocument, homes: Mapping[str, SegmentHome]
) -> Iterator[Segment]:
    extension, name = document.extension_attributes, "gift_wrapping"
    wrapping = extension.gw_price + extension.gw_items_price + extension.gw_card_price
    if wrapping:
        tax = extension.gw_tax_amount + extension.gw_items_tax_amount + extension.gw_card_tax_amount
        where = "extension_attributes.gw_price"
        home = homes.get(name) or _homeless(document, name, wrapping, where)
        yield Segment(name, wrapping, tax, home)


def _reported(document: Order | MoneyDocument, name: str, home: SegmentHome) -> Iterator[Segment]:
    """A total that stands where its home's `field` says."""
    amount = _at(document, document.raw, home.field or "")
    tax = _at(document, document.raw, home.tax_field) if home.tax_field else ZERO
    if amount or tax:
        beside = ZERO if home.tax_field else _tax_beside(document, home.field or "")
        if home.negative:
            amount, tax, beside = -abs(amount), -abs(tax), -abs(beside)
        yield Segment(name, amount, tax, home, beside)


def _custom_fees(
    document: Order | MoneyDocument, homes: Mapping[str, SegmentHome]
) -> Iterator[Segment]:
    where = "extension_attributes.custom_fees"
    extension = document.raw.get("extension_attributes")
    fees = extension.get("custom_fees") if isinstance(extension, dict) else None
    for place, fee in enumerate(fees if isinstance(fees, list) else []):
        at = f"{where}[{place}]"
        if not isinstance(fee, dict):
            raise _unreadable(document, at, f"expected an object, found {type(fee).__name__}")
        field = "amount" if fee.get("value") is None else "value"
        amount = _number(document, fee.get(field), f"{at}.{field}")
        segment = _fee_s_name(fee)
        if amount and not (segment in homes and homes[segment].field):
            home = homes.get(segment) or homes.get("custom_fees")
            home = home or _homeless(document, segment, amount, where)
            tax = _number(document, fee.get("tax_amount"), f"{at}.tax_amount")
            yield Segment(segment, amount, ZERO, home, tax)


def _fee_s_name(fee: Mapping[str, Any]) -> str:
    given = (name for name in (fee.get("code"), fee.get("id")) if isinstance(name, str | int))
    return next(filter(None, (clean(str(name)) for name in given)), "custom_fees")[:64]


def _tax_beside(document: Order | MoneyDocument, field: str) -> Decimal:
    """The amount of the field that is named as this one with `tax`: `cod_fee_tax` beside `cod_fee`,
    `fee_tax_amount` beside `fee_amount`. Zero where there is none, or it is no number."""
    parent, _, name = field.rpartition(".")
    inner: Any = document.raw
    for part in parent.split(".") if parent else ():
        inner = inner.get(part) if isinstance(inner, Mapping) else None
    if not isinstance(inner, Mapping):
        return ZERO
    wanted = [word for word in name.split("_") if word != "amount"]
    for key, value in inner.items():
        words = [word for word in str(key).split("_") if word != "amount"]
        if words in ([*wanted, "tax"], ["tax", *wanted]):
            return _number(document, value, f"{parent}.{key}")
    return ZERO


def _homeless(
    document: Order | MoneyDocument, segment: str, amount: Decimal, field: str
) -> SegmentHome:
    raise Never(
        f"{document.label}: {field} holds {amount} {document.order_currency_code} of {segment},"
        " which has no home in D365",
        remedy=(
            f'Add [connections.<name>.orders.segments.{segment}] with item = "<service item>" to'
            " connections.toml, then replay."
        ),
        missing=[Missing("orders.segments", segment)],
    )


def _number(document: Order | MoneyDocument, value: Any, path: str) -> Decimal:
    try:
        return stored(number_from(value))
    except ValueError as fault:
        raise _unreadable(document, path, str(fault)) from None


def _unreadable(document: Order | MoneyDocument, path: str, what: str) -> Never:
    return Never(
        f"{document.label} cannot be read: {path}: {what}",
        remedy=(
            "Look at this field of the document in Commerce and at the extension that writes it."
        ),
    )


def _at(document: Order | MoneyDocument, inner: Any, path: str, whole: str = "") -> Decimal:
    """The number at a dotted path; a list on the way is summed over. Absent is zero; raises `Never`
    for what is none."""
    if isinstance(inner, list):
        return total(_at(document, entry, path, whole) for entry in inner)
    if inner is None or inner == "":
        return ZERO
    if not path:
        return _number(document, inner, whole)
    if not isinstance(inner, Mapping):
        raise _unreadable(document, whole, f"expected an object, found {type(inner).__name__}")
    head, _, tail = path.partition(".")
    return _at(document, inner.get(head), tail, f"{whole}.{head}".lstrip("."))


def fields_holding(document: Any, amount: Decimal, path: str = "") -> list[str]:
    """Where in a document a number of this size stands: the first places to look for a total
    without a home."""
    if isinstance(document, Mapping):
        return [
            found
            for key, value in document.items()
            for found in fields_holding(value, amount, f"{path}.{key}".lstrip("."))
        ]
    if isinstance(document, list):
        return [
            found
            for i, value in enumerate(document)
            for found in fields_holding(value, amount, f"{path}[{i}]")
        ]
    return [path] if _is(document, amount) else []


def _is(value: Any, amount: Decimal) -> bool:
    try:
        return abs(stored(number_from(value))) == abs(amount)
    except ValueError:
        return False
