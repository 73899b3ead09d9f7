"""F&O's side of a document, computed anew from the bodies of the requests alone, in exact
fractions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sync.core.request import Request
from sync.preview.previewed import Preview

CENTS = Fraction(1, 100)
AMOUNTS = ("SalesPrice", "LineDiscountAmount", "MultilineDiscountAmount")
TENDERS = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")


def half_up(value: Fraction, unit: Fraction = CENTS) -> Fraction:
    """To a multiple of `unit`, halves away from zero."""
    whole = (abs(value) / unit + Fraction(1, 2)).__floor__()
    return (whole if value >= 0 else -whole) * unit


def line_amount(body: Mapping[str, Any], unit: Fraction = CENTS) -> Fraction:
    """quantity x (price - discounts) / price quantity x (1 - percentage), rounded."""
    price = (
        Fraction(body["SalesPrice"])
        - Fraction(body["LineDiscountAmount"])
        - Fraction(body["MultilineDiscountAmount"])
    )
    share = (1 - Fraction(body["LineDiscountPercentage"]) / 100) * (
        1 - Fraction(body["MultilineDiscountPercentage"]) / 100
    )
    return half_up(
        Fraction(body["OrderedSalesQuantity"])
        * price
        / Fraction(body["SalesPriceQuantity"])
        * share,
        unit,
    )


def header_of(requests: Sequence[Request]) -> Mapping[str, Any]:
    """The one sales order header among the requests."""
    (header,) = (r.body for r in requests if "SalesOrderHeaders" in r.path and r.body is not None)
    return header


def lines_of(requests: Sequence[Request]) -> list[Mapping[str, Any]]:
    """The sales order lines among the requests."""
    return [r.body for r in requests if "SalesOrderLines" in r.path and r.body is not None]


def owed(requests: Sequence[Request], order: Mapping[str, Any]) -> Fraction:
    """What the customer owes by F&O's arithmetic: lines, the tax Commerce charged on top, less what
    was tendered."""
    lines = sum((line_amount(body) for body in lines_of(requests)), Fraction(0))
    is_gross = header_of(requests)["ArePricesIncludingSalesTax"] == "Yes"
    tax = Fraction(0) if is_gross else Fraction(str(order.get("tax_amount") or 0))
    extension = order.get("extension_attributes") or {}
    tendered = sum((abs(Fraction(str(extension.get(name) or 0))) for name in TENDERS), Fraction(0))
    return half_up(lines + tax - tendered)


def assert_exact(found: Preview, order: Mapping[str, Any]) -> None:
    """A preview that would be delivered comes to the order's grand total, and every line keeps the
    rules of a line."""
    assert found.outcome == "deliver", found.reason
    assert found.totals is not None
    assert found.totals.difference == 0
    assert owed(found.requests, order) == half_up(Fraction(str(order["grand_total"])))
    assert_well_formed(found)


def assert_well_formed(found: Preview) -> None:
    """Two decimals in prices, quantities above zero, an item on every line, and no reference
    twice."""
    lines = lines_of(found.requests)
    for body in lines:
        assert all(has_cents_at_most(body[name]) for name in AMOUNTS), body
        assert body["OrderedSalesQuantity"] > 0
        assert body["SalesPriceQuantity"] > 0
        assert body["ItemNumber"]
    references = [body["ExternalItemNumber"] for body in lines]
    assert len({reference.casefold() for reference in references}) == len(references), references
    assert all(0 < len(reference) <= 20 for reference in references), references
    number = header_of(found.requests).get("SalesOrderNumber", "")
    assert len(number) <= 20


def has_cents_at_most(value: Decimal) -> bool:
    """Whether an amount has two decimals or fewer, however it is written."""
    return Fraction(value) * 100 == int(Fraction(value) * 100)
