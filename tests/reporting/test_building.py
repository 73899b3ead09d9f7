"""What the data set holds after anything: rows twice, in any order, changed, and builds that were
killed."""

import contextlib
import fcntl
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, starmap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.core.errors import Later, Never
from sync.core.money import total
from sync.reporting import building
from sync.reporting.duck import opened
from sync.reporting.lake import Lake
from sync.reporting.order_rows import OrderRows
from sync.reporting.schema import tables
from sync.reporting.sources import Cursor, Source
from sync.reporting.state import State
from tests.reporting.years import CONNECTION, Given, drawn, land, order_row


def contents(root: Path, name: str) -> list[tuple[Any, ...]]:
    with opened(root / "spill") as duck:
        names = ", ".join(tables()[name].all_columns)
        rows = Lake(root, duck).rows_of(name)
        return duck.execute(f"SELECT {names} FROM {rows} ORDER BY ALL").fetchall()


def orders_at(root: Path, rows: Sequence[dict[str, Any]], **more: Any) -> Source:
    return Given("orders|east", [*rows], OrderRows("east", CONNECTION).rows, **more)


def edited(row: dict[str, Any], version: int) -> dict[str, Any]:
    """A later version of an order, with fewer rows."""
    items = row["items"][: max(1, len(row["items"]) - version)]
    goods = total(one["price"] * one["qty_ordered"] for one in items)
    taken = total(one["discount_amount"] for one in items)
    sums = {"subtotal": goods, "discount_amount": -taken, "grand_total": goods}
    stamp = f"2027-01-{version:02d} 00:00:00"
    return {**row, **sums, "updated_at": stamp, "items": items, "coupon_code": f"V{version}"}


def test_versions_in_any_order_and_number_end_as_the_newest_one(tmp_path: Path) -> None:
    rng = random.Random(3)
    first = [order_row(rng, number) for number in range(1, 7)]
    versions = [edited(row, version) for row in first for version in range(1, 4)]
    rng.shuffle(versions)
    for part in (first, versions[:7], versions[5:12], versions):
        state = State.of(tmp_path)
        state.cursors.clear()
        state.save()
        land(tmp_path, [orders_at(tmp_path, part)])
    fresh = tmp_path / "fresh"
    newest = [edited(row, 3) for row in first]
    land(fresh, [orders_at(fresh, newest)])
    for name in ("orders", "order_lines", "promotion_uses"):
        assert contents(tmp_path, name) == contents(fresh, name)


def shipment(number: int, version: int) -> list[dict[str, Any]]:
    """A version of a shipment, with as many lines."""
    common = {
        "company": "usmf", "month": f"2026-0{1 + number % 2}", "shop": "east", "order_id": number,
        "shipment_id": number, "changed_at": datetime(2026, 1, version, tzinfo=UTC),
        "shipped_at": None, "day": None, "quantity": version,
    }  # fmt: skip
    return [{**common, "line": line} for line in range(version)]


@settings(max_examples=5)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 5)), min_size=1, max_size=9),
    st.integers(1, 3),
)
def test_restating_converges_whatever_came_when(
    versions: list[tuple[int, int]], parts: int
) -> None:
    """In drawn batches, twice and out of order."""
    with TemporaryDirectory() as folder, opened(Path(folder) / "spill") as duck:
        lake = Lake(Path(folder), duck)
        for part in range(parts):
            for batch in (versions[part::parts], versions[:part]):
                told = enumerate(starmap(shipment, batch))
                rows = ([{**row, "place": place} for row in rows] for place, rows in told)
                lake.land("shipments", chain.from_iterable(rows))
            lake.restate()
        count = "SELECT shipment_id, count(*), max(quantity)::INT FROM"
        found = duck.execute(f"{count} {lake.rows_of('shipments')} GROUP BY 1 ORDER BY 1")
        wanted = {number: max(v for n, v in versions if n == number) for number, _ in versions}
        assert found.fetchall() == [(one, last, last) for one, last in sorted(wanted.items())]


def test_a_build_that_is_killed_anywhere_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between records, between rows and cursor, and between two files of a month."""
    monkeypatch.setattr(building, "BATCH", 4)
    year = drawn(1, size=10)
    rows = year.orders["east"]
    deaths = [1, 5, 9]
    for place in deaths:
        with contextlib.suppress(KeyboardInterrupt):
            land(tmp_path, [orders_at(tmp_path, rows, dies_after=place)])
    assert State.of(tmp_path).cursor("orders|east").at == "8"
    whole = Lake._put
    for place in range(1, 4):
        left = [place]

        def dying(self: Lake, *given_: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            whole(self, *given_)

        monkeypatch.setattr(Lake, "_put", dying)
        with contextlib.suppress(KeyboardInterrupt):
            land(tmp_path, [orders_at(tmp_path, rows)])
    monkeypatch.setattr(Lake, "_put", whole)
    land(tmp_path, [orders_at(tmp_path, rows)])
    fresh = tmp_path / "fresh"
    land(fresh, [orders_at(fresh, rows)])
    for name in ("orders", "order_lines", "promotion_uses"):
        assert contents(tmp_path, name) == contents(fresh, name)


class Refused:
    name = "invoices|usmf"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def read(self, _: Cursor) -> Any:
        raise self.error
        yield


def test_what_cannot_be_read_is_told_and_stops_nothing_else(tmp_path: Path) -> None:
    rows = drawn(2, size=3).orders["east"]
    broken = {**rows[0], "grand_total": "much", "entity_id": 9, "increment_id": "9"}
    refused = Refused(Never("F&O refuses it", remedy="Give the right."))
    given_: list[Source] = [refused, orders_at(tmp_path, [*rows, broken])]
    built = land(tmp_path, given_)
    assert built.trouble["invoices|usmf"] == "F&O refuses it Give the right."
    (unread,) = [reason for name, reason in built.trouble.items() if name.startswith("orders")]
    assert "grand_total" in unread
    assert len(contents(tmp_path, "orders")) == 3
    refused.error = Later("away")
    with pytest.raises(Later):
        land(tmp_path, [refused])
    mended = Given("orders|east", [*rows, {**broken, "grand_total": 5}], given_[1].makes)  # type: ignore[attr-defined]
    state = State.of(tmp_path)
    state.cursors.clear()
    state.faults.clear()
    state.save()
    assert land(tmp_path, [mended]).trouble == {}


def test_other_settings_land_all_anew_but_the_stock_of_past_days(tmp_path: Path) -> None:
    rows = drawn(2, size=3).orders["east"]
    land(tmp_path, [orders_at(tmp_path, rows)])
    stock = tmp_path / "shared" / "stock_days" / "company=usmf"
    stock.mkdir(parents=True)
    building.cleared(tmp_path)
    assert stock.exists()
    assert contents(tmp_path, "orders") == []


def test_an_order_whose_rows_do_not_add_up_is_one_line_of_its_net() -> None:
    row = order_row(random.Random(1), 1)
    torn = {**row, "subtotal": row["subtotal"] + 1, "grand_total": row["grand_total"] + 1}
    (line,) = OrderRows("east", CONNECTION).rows(torn)["order_lines"]
    assert line["net"] == torn["grand_total"] - torn["tax_amount"]


def test_a_company_that_can_name_no_folder_is_refused(tmp_path: Path) -> None:
    row = OrderRows("east", CONNECTION).rows(order_row(random.Random(1), 1))["orders"][0]
    with opened(tmp_path / "spill") as duck, pytest.raises(Never, match="can name no folder"):
        Lake(tmp_path, duck).land("orders", [{**row, "company": "../up"}])


def test_text_and_money_come_back_as_they_were(tmp_path: Path) -> None:
    row = OrderRows("east", CONNECTION).rows(order_row(random.Random(1), 1))["orders"][0]
    odd = {"coupon": "a'b\"\n,;\x00\ud800é", "amount": Decimal("12345678901234567890.123456")}
    with opened(tmp_path / "spill") as duck:
        lake = Lake(tmp_path, duck)
        lake.land("orders", [{**row, **odd}])
        lake.restate()
        found = duck.execute(f"SELECT coupon, amount FROM {lake.rows_of('orders')}").fetchall()
    assert found == [("a'b\"\n,;\ufffd?é", odd["amount"])]


def test_two_builds_do_not_write_into_one_folder_at_once(tmp_path: Path) -> None:
    rows = drawn(2, size=3).orders["east"]
    seen = []

    class Looking(Given):
        async def read(self, cursor: Cursor) -> Any:
            with (tmp_path / "build.lock").open("ab") as other, pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            seen.append(cursor)
            async for step in super().read(cursor):
                yield step

    land(tmp_path, [Looking("orders|east", rows, OrderRows("east", CONNECTION).rows)])
    assert len(seen) == 1
