from decimal import Decimal
from typing import Any

import pytest

from sandbox.demo.reconciliation import Booked, Comparison, Sold, compared

SOLD = Sold(
    "000000001",
    "USD",
    is_cancelled=False,
    grand_total=Decimal("10.83"),
    tax=Decimal("0.83"),
    paid=Decimal(0),
)
BOOKED = Booked(
    "1-000000001", "000000001", "USD", lines=2, amount=Decimal("10.00"), includes_tax=False
)


def sold(**changes: Any) -> Sold:
    return Sold(**{**SOLD.__dict__, **changes})


def booked(**changes: Any) -> Booked:
    return Booked(**{**BOOKED.__dict__, **changes})


def reported(comparison: Comparison) -> list[str]:
    return [f"{finding.record} {finding.what}" for finding in comparison.findings]


def test_books_that_agree_have_one_row_per_currency_and_nothing_is_off() -> None:
    euros = sold(
        increment_id="2000000001", currency="EUR", grand_total=Decimal("4.99"), tax=Decimal("0.80")
    )
    comparison = compared(
        "outdoor",
        [SOLD, sold(increment_id="000000002", is_cancelled=True), euros],
        [
            BOOKED,
            booked(
                number="2",
                reference="2000000001",
                currency="EUR",
                amount=Decimal("4.99"),
                includes_tax=True,
            ),
        ],
    )
    assert not comparison.findings
    assert [row.as_json() for row in comparison.rows] == [
        {
            "connection": "outdoor", "currency": "EUR", "orders": 1, "cancelled": 0,
            "sales_orders": 1, "lines": 2,
            "commerce": "4.99", "dynamics": "4.99", "difference": "0.00",
        },
        {
            "connection": "outdoor", "currency": "USD", "orders": 2, "cancelled": 1,
            "sales_orders": 1, "lines": 2,
            "commerce": "10.83", "dynamics": "10.83", "difference": "0.00",
        },
    ]  # fmt: skip


def test_what_was_paid_by_gift_card_is_on_no_sales_order() -> None:
    order = sold(grand_total=Decimal("5.83"), paid=Decimal("5.00"))
    assert not compared("outdoor", [order], [BOOKED]).findings


@pytest.mark.parametrize(
    ("orders", "sales_orders", "what"),
    [
        ([SOLD], [], "000000001 is not in Dynamics: 10.83 USD"),
        ([SOLD], [BOOKED, booked(number="7")], "000000001 is in Dynamics 2 times: 1-000000001, 7"),
        (
            [SOLD],
            [booked(lines=0, amount=Decimal(0))],
            "000000001 is half in Dynamics: sales order 1-000000001 has no lines",
        ),
        (
            [SOLD],
            [booked(amount=Decimal("9.99"))],
            "000000001 comes to 10.83 USD, sales order 1-000000001 to 10.82: difference 0.01",
        ),
        ([SOLD], [booked(currency="EUR")], "000000001 is in USD, sales order 1-000000001 in EUR"),
        (
            [sold(is_cancelled=True)],
            [BOOKED],
            "000000001 is cancelled, but sales order 1-000000001 stands",
        ),
        ([], [BOOKED], "1-000000001 answers no order of the shop: its reference is 000000001"),
    ],
)
def test_whatever_is_off_is_named(
    orders: list[Sold], sales_orders: list[Booked], what: str
) -> None:
    assert reported(compared("outdoor", orders, sales_orders)) == [what]


def test_an_order_that_waits_for_a_person_is_not_missing_but_its_money_is() -> None:
    comparison = compared("outdoor", [SOLD], [], parked=["000000001"])
    assert not comparison.findings
    assert comparison.rows[0].difference == Decimal("10.83")
