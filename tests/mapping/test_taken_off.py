"""Fixed product tax under two tax codes, a line of its own for each: what of a memo was taken off
its sales order, line by line."""

from decimal import Decimal
from typing import Any

import pytest

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.flows.orders.amendment_rules import never_more
from sync.mapping.order_before_refunds import without_refunds
from sync.mapping.receivable_lines import receivable_from
from sync.mapping.shares_off import Sale
from sync.mapping.taken_off import still_credited
from tests.mapping.connection import connection
from tests.mapping.made import made, row, with_extension
from tests.mapping.receiving import memo_of
from tests.mapping.test_order_left import planned, sales_order

FULL = {"group": "DE", "item_group": "FULL"}
TAXES = {"DE-19": FULL, "DE-7": {**FULL, "item_group": "RED"}, "none": {}}
BY_CODE = connection(orders={"taxes": TAXES})
PRICES = (("100", "DE-19", "0.19", "10"), ("50", "DE-7", "0.07", "4"), ("20", "", "0", "3"))
"""Price, tax code, rate, and fixed product tax of each row."""


def placed(*, shipped: tuple[int, ...]) -> dict[str, Any]:
    """An order of these rows, invoiced and refunded; those that were not shipped are taken off."""
    rows, told = list[dict[str, Any]](), list[dict[str, Any]]()
    for place, (price, code, rate, fixed) in enumerate(PRICES):
        levy = {"row_amount": fixed, "row_amount_incl_tax": Decimal(fixed) * (1 + Decimal(rate))}
        one = row(
            price=price, tax=str(Decimal(price) * Decimal(rate)), weee_tax_applied=[levy],
            weee_tax_applied_row_amount=fixed, qty_invoiced=1, qty_shipped=int(place in shipped),
        )  # fmt: skip
        one["row_total_incl_tax"] += levy["row_amount_incl_tax"]
        rows.append(one)
        of_item = {"associated_item_id": one["item_id"], "applied_taxes": [{"code": code}]}
        told += [{"type": kind, **of_item} for kind in ("product", "weee")]
    order = with_extension(made(*rows), item_applied_taxes=told)
    return with_levies(order, order["items"])


def with_levies(document: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    """The document with the fixed product tax of these rows in its totals."""
    levies = [item["weee_tax_applied"][0] for item in items]
    fixed = sum((Decimal(levy["row_amount"]) for levy in levies), Decimal(0))
    gross = sum((levy["row_amount_incl_tax"] for levy in levies), Decimal(0))
    return {
        **document,
        "subtotal": document["subtotal"] - gross,
        "tax_amount": document["tax_amount"] + gross - fixed,
    }


def memo_of_row(order: dict[str, Any], place: int) -> CreditMemo:
    item = order["items"][place]
    memo = memo_of(with_levies(made(item), [item]), entity_id=place + 1)
    memo["items"][0]["row_total"] = item["price"]
    return CreditMemo.read(memo)


def credited(order: dict[str, Any], place: int, earlier: tuple[int, ...] = ()) -> Decimal:
    """What is credited of the memo of a row, once its order was brought up to date."""
    for one in (place, *earlier):
        order["items"][one]["qty_refunded"] = 1
    memo, *before = (memo_of_row(order, one) for one in (place, *earlier))
    read = Order.read({**order, "total_refunded": memo.grand_total})
    held = planned(sales_order(read, BY_CODE))
    sale = Sale(sales_order(without_refunds(read), BY_CODE), held, before)
    receivable = receivable_from(memo, read, BY_CODE, gross=False)
    return still_credited(receivable, memo, read, sale, BY_CODE).totals.dynamics


@pytest.mark.parametrize(
    ("place", "shipped", "earlier", "wanted"),
    [
        pytest.param(1, (), (), "0", id="the second, taken off"),
        pytest.param(1, (), (0,), "0", id="the second, after the first"),
        pytest.param(0, (1,), (1,), "0", id="the first, after the shipped second"),
        pytest.param(2, (), (), "0", id="the untaxed one, taken off"),
        pytest.param(1, (1,), (), "57.78", id="the second, shipped"),
        pytest.param(1, (0, 1), (0,), "57.78", id="both shipped"),
    ],
)
def test_fixed_product_tax_is_credited_where_it_was_not_taken_off(
    place: int, shipped: tuple[int, ...], earlier: tuple[int, ...], wanted: str
) -> None:
    assert credited(placed(shipped=shipped), place, earlier) == Decimal(wanted)


def test_the_fixed_product_tax_of_a_shipped_row_is_credited_while_another_s_is_taken_off() -> None:
    order = placed(shipped=(1,))
    order["items"][0]["qty_refunded"] = 1
    assert credited(order, 1) == Decimal("57.78")


@pytest.mark.parametrize("name", ["fixed-product-tax", "fixed-product-tax-2"])
def test_fixed_product_tax_that_was_taken_off_stays_off(name: str) -> None:
    line = {"OrderedSalesQuantity": Decimal(1), "SalesPrice": Decimal(4)}
    more = {"lines": {name: {**line, "SalesPrice": Decimal(8)}}}
    assert never_more(more, {"lines": {name: line}}) == {"lines": {name: line}}
