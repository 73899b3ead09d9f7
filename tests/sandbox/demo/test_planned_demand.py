"""What the demo takes for forecast, and how it finds what F&O plans with otherwise."""

from datetime import date
from decimal import Decimal

from sandbox.demo.demand import better, differing
from sandbox.terms import SHELF, item_numbers

WEEK = date(2026, 6, 1)
SKU = SHELF[60].sku
PLACE = (item_numbers()[SKU], "2026-06-01")


def row(item: str, expected: str | None, mase: str | None, baseline: str) -> dict[str, object]:
    told = (Decimal(one) if one is not None else None for one in (expected, mase, baseline))
    return dict(zip(("expected", "mase", "baseline_mase"), told, strict=True)) | {
        "item": item, "week": WEEK,
    }  # fmt: skip


def test_what_is_no_better_nothing_not_shown_or_no_item_is_not_to_be_written() -> None:
    rows = [
        row(SKU, "2.50", "0.5", "0.9"), row(SKU, "3", "0.9", "0.9"), row(SKU, "3", None, "0.9"),
        row(SKU, None, "0.5", "0.9"), row(SKU, "0", "0.5", "0.9"), row("NONE", "3", "0.5", "0.9"),
    ]  # fmt: skip
    assert [*better(rows)] == [(PLACE, Decimal("2.50"))]


def test_an_entry_too_many_too_few_or_of_another_quantity_is_named() -> None:
    ours = {PLACE: Decimal("2.50")}
    assert [*differing(ours, {PLACE: Decimal("2.5")})] == []
    for held in ({}, {PLACE: Decimal(3)}):
        (off,) = differing(ours, held)
        assert off.startswith(f"{PLACE[0]} of 2026-06-01: F&O plans with {held.get(PLACE)}")
    assert len([*differing({}, ours)]) == 1
