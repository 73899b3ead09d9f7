"""`reconcile` against both systems behind real sockets. The tests share the shop."""

import csv
import io
import shlex
import zipfile
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from sync.reconcile.difference import COLUMNS
from tests.cli.running import MIXED, Line, Systems
from tests.cli.test_documented import NOT_RUN, in_blocks, words_of


@pytest.fixture
def shop(line: Line, systems: Systems) -> Line:
    line.configured(systems)
    return line


def mends(shop: Line, difference: dict[str, Any]) -> None:
    """Run the command that a difference names."""
    words = shlex.split(difference["command"])
    assert words[:3] == ["python", "-m", "sync"]
    assert shop(*words[3:], "--wait", "0").status == 0


def test_what_is_missing_is_listed_delivered_and_gone(shop: Line, systems: Systems) -> None:
    ran = shop("reconcile", "--json")
    *differences, closing = ran.documents
    assert ran.status == 1
    assert {one["key"].partition("@")[0] for one in differences} == {*systems.orders}
    assert all({*one} == {*COLUMNS} for one in differences)
    assert {(one["kind"], one["cause"], one["dynamics"]) for one in differences} == {
        ("orders", "missing", None)
    }
    assert closing["summary"]["causes"] == {"missing": len(systems.orders)}
    rows = [*csv.DictReader(io.StringIO(shop("reconcile", "--csv").out))]
    assert [row["key"] for row in rows] == [one["key"] for one in differences]
    ran = shop("reconcile", "--xlsx", "books.xlsx")
    assert ran.status == 1
    assert f"Differences: {len(systems.orders)} missing." in ran.out
    with zipfile.ZipFile(shop.folder / "books.xlsx") as book:
        sheets = [book.read(f"xl/worksheets/sheet{place}.xml").decode() for place in (1, 2)]
    assert all(one["key"] in sheets[1] for one in differences)
    assert f"<v>{Decimal(differences[0]['commerce']).normalize():f}</v>" in sheets[1]
    assert _shadow(shop) == {"not entered": len(systems.orders)}
    for one in differences:
        mends(shop, one)
    shop.deliver_everything()
    ran = shop("reconcile", "--json")
    (closing,) = ran.documents
    assert (ran.status, closing["summary"]["unexplained"]) == (0, 0)
    totals = {one["currency"]: one for one in closing["summary"]["totals"]}
    sums = [Decimal(one["commerce"]) for one in totals.values()]
    assert sum(one["commerce_count"] for one in totals.values()) == len(systems.orders)
    assert sum(sums) == sum(Decimal(one["commerce"]) for one in differences)
    assert all(one["difference"] == "0.00" for one in totals.values())
    assert "Both books agree." in shop("reconcile").out
    assert _shadow(shop) == {"equal": len(systems.orders)}
    other = shop("reconcile", "--store", "999", "--json").documents[-1]
    assert other["summary"]["totals"] == []


def _shadow(shop: Line) -> dict[str, int]:
    """How the orders come out of a shadow run: said to people, to programs and as CSV alike."""
    ran = shop("shadow", "--json")
    *orders, closing = ran.documents
    found: dict[str, int] = closing["summary"]["orders"]
    assert ran.status == (0 if set(found) == {"equal"} else 1)
    assert Counter(one["outcome"] for one in orders) == found
    assert all(f"{count} {outcome}" in shop("shadow").out for outcome, count in found.items())
    rows = [*csv.DictReader(io.StringIO(shop("shadow", "--csv").out))]
    assert [row["key"] for row in rows] == [one["key"] for one in orders]
    return found


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--kind", "refunds"), "nothing to reconcile as refunds"),
        (("--from", "2026-02-02", "--to", "2026-02-01"), "--to lies before --from"),
        (("--csv", "--json"), "Name one of them"),
    ],
)
def test_what_cannot_be_compared_is_refused(shop: Line, words: tuple[str, ...], what: str) -> None:
    ran = shop("reconcile", *words)
    assert ran.status == 2
    assert what in ran.err


def test_what_cannot_be_reached_is_no_difference(shop: Line, systems: Systems) -> None:
    path = shop.folder / "connections.toml"
    path.write_text(path.read_text().replace(systems.dynamics, "http://127.0.0.1:9"))
    assert shop("reconcile", "--json", "--tries", "1").status == 2


def test_the_commands_in_blocks_run_against_both_systems(shop: Line) -> None:
    (shop.folder / "exports").mkdir()
    for path in (shop.folder / "order.json", shop.folder / "exports" / "order.json"):
        path.write_bytes(MIXED.read_bytes())
    ran: dict[str, Any] = {}
    for text in dict.fromkeys(in_blocks()):
        words = words_of(text.replace("bikes-de", "shop").replace("payments", "orders"))
        if not {*NOT_RUN} & {*words}:
            ran[text] = shop(*words)
    assert len(ran) >= 8
    assert {text: one.err for text, one in ran.items() if one.status not in {0, 1}} == {}
