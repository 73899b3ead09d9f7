"""Packing slips as shipments: every slip sends what it completes, in whatever order slips come."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.dynamics.documents.packing_slip import PackingSlip, SlipLine
from sync.mapping.shipments import (
    factors_of,
    left_of,
    sent_by,
    shipped_rows,
    strange_lines,
)
from sync.mapping_tables.records import ItemMapping

ONE = Decimal(1)
NOBODY: frozenset[int] = frozenset()


def row(number: int, qty: Any, **columns: Any) -> dict[str, Any]:
    plain = {
        "item_id": number,
        "product_id": 100 + number,
        "sku": f"S-{number}",
        "price": 10,
        "product_type": "simple",
        "qty_ordered": qty,
        "row_total_incl_tax": 10 * int(qty),
    }
    return {**plain, **columns}  # fmt: skip


def order_of(*rows: dict[str, Any]) -> Order:
    return Order.read({
        "entity_id": 7, "increment_id": "000000007", "store_id": 1, "order_currency_code": "USD",
        "grand_total": 10, "subtotal": 10, "items": list(rows),
    })  # fmt: skip


def bundle(sets: int, per: tuple[int, int], *, fixed: bool = False) -> Order:
    """A bundle of two parts; `fixed`: its own row has the price."""
    parts = [
        row(2 + place, sets * each, parent_item_id=1, price=0 if fixed else 5,
            row_total_incl_tax=0 if fixed else 5 * sets * each)
        for place, each in enumerate(per)
    ]  # fmt: skip
    return order_of(row(1, sets, product_type="bundle", row_total_incl_tax=30 * fixed), *parts)


def slip_of(number: str, *rows: tuple[str, str, Any]) -> PackingSlip:
    """A slip among those of its order: (slip, reference, quantity) of each row; slips are posted in
    the order of their names."""
    lines = tuple(
        SlipLine(slip, reference, f"item {reference}", Decimal(quantity), "ea", slip)
        for slip, reference, quantity in rows
    )
    return PackingSlip("usmf", "SO-1", number, rows=lines)


def sent(
    slip: PackingSlip,
    order: Order,
    *,
    in_parts: frozenset[int] = NOBODY,
    factors: dict[int, Decimal] | None = None,
) -> dict[int, tuple[Any, Any]]:
    """(wanted, shown) by order item."""
    known = {item.item_id or 0: ONE for item in order.items} | (factors or {})
    found = sent_by(slip, shipped_rows(order, in_parts), known)
    return {one.row.item.item_id or 0: (one.wanted, one.shown) for one in found}


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ({}, 4),
        ({"qty_canceled": 1}, 3),
        ({"qty_refunded": 2}, 2),
        ({"qty_shipped": 3, "qty_refunded": 1}, 3),  # the one refunded was not shipped
        ({"qty_shipped": 4, "qty_refunded": 1}, 4),  # it came back
        ({"qty_ordered": 2}, 2),
    ],
)
def test_no_more_is_shown_than_was_ordered_and_kept(columns: dict[str, Any], shown: int) -> None:
    order = order_of(row(1, 4, **columns))
    slip = slip_of("A", ("A", "1", 5))
    assert sent(slip, order) == {1: (5, shown)}


def test_charges_are_no_goods_and_what_the_order_lacks_is_strange() -> None:
    order = order_of(row(1, 4), row(2, 1, is_virtual=1))
    slip = slip_of("A", ("A", "1", 1), ("A", "2", 1), ("A", "shipping", 1), ("A", "", 2),
                   ("A", "99", 3), ("A", "98", 0))  # fmt: skip
    assert sent(slip, order) == {1: (1, 1)}
    assert strange_lines(slip, order) == "2 of item item , 3 of item item 99"


def test_a_configurable_counts_by_its_own_row_and_takes_its_variant_from_stock() -> None:
    order = order_of(
        row(1, 2, product_type="configurable"), row(2, 2, parent_item_id=1, row_total_incl_tax=0)
    )
    (shipped,) = shipped_rows(order, NOBODY)
    assert (shipped.item.item_id, {**shipped.goods}) == (1, {102: ONE})


def test_a_bundle_is_sent_by_the_row_that_ships_it() -> None:
    half = [("A", "2", 4), ("A", "3", 1)]
    dynamic, fixed = bundle(3, (2, 1)), bundle(3, (2, 1), fixed=True)
    assert sent(slip_of("A", *half), dynamic) == {1: (1, 1)}
    assert sent(slip_of("A", *half), dynamic, in_parts=frozenset({101})) == {2: (4, 4), 3: (1, 1)}
    assert sent(slip_of("A", ("A", "1", 2)), fixed) == {1: (2, 2)}
    apart = sent(slip_of("A", ("A", "1", 2)), fixed, in_parts=frozenset({101}))
    assert apart == {2: (4, 4), 3: (2, 2)}
    (row_,) = shipped_rows(dynamic, NOBODY)
    assert dict(row_.goods) == {102: 2, 103: 1}


def test_what_was_shipped_without_a_slip_is_left_to_no_slip() -> None:
    rows = left_of(shipped_rows(order_of(row(1, 4)), NOBODY), {1: Decimal(3)})
    (one,) = sent_by(slip_of("A", ("A", "1", 4)), rows, {1: ONE})
    assert [one.wanted, one.shown] == [4, 1]


LINES = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.sampled_from("23"), st.integers(0, 5)), max_size=8
)


@given(LINES, st.sampled_from(["1", "2", "0.5"]), st.booleans())
def test_slips_come_to_what_they_would_in_one_and_later_ones_change_nothing(
    lines: list[tuple[str, str, int]], factor: str, is_apart: bool
) -> None:
    order = bundle(4, (2, 1))
    in_parts = frozenset({101}) if is_apart else NOBODY
    factors = {2: Decimal(factor), 3: Decimal(factor)}
    whole = slip_of("A", *[("A", reference, qty) for _, reference, qty in lines])
    total: dict[int, Decimal] = {}
    for name in "ABCD":
        known = slip_of(name, *lines)
        found = sent(known, order, in_parts=in_parts, factors=factors)
        until_now = replace(known, rows=tuple(r for r in known.rows if r.slip <= name))
        assert found == sent(until_now, order, in_parts=in_parts, factors=factors)
        for number, (_, shown) in found.items():
            total[number] = total.get(number, Decimal(0)) + shown
            assert shown >= 0
    at_once = sent(whole, order, in_parts=in_parts, factors=factors)
    assert {k: v for k, v in total.items() if v} == {k: s for k, (_, s) in at_once.items() if s}


def test_lines_are_counted_in_pieces_and_in_no_other_unit() -> None:
    order, slip = order_of(row(1, 4)), slip_of("A", ("A", "1", 4))
    items = {"s-1": ItemMapping("S-1", "ITEM", factor=Decimal(2))}
    assert factors_of(slip, order, items, "ea") == {1: 2}
    assert sent(slip, order, factors={1: Decimal(2)}) == {1: (2, 2)}
    for known, unit, said in (({}, "ea", "no item"), (items, "box", "counts S-1 in ea")):
        with pytest.raises(Never, match=said):
            factors_of(slip, order, known, unit)


def test_quantities_of_products_sold_by_measure_may_be_fractions() -> None:
    order = order_of(row(1, 4, is_qty_decimal=1), row(2, 4))
    slip = slip_of("A", ("A", "1", "1.25"), ("A", "2", "1.25"))
    assert sent(slip, order) == {1: (Decimal("1.25"), Decimal("1.25")), 2: (1, 1)}
