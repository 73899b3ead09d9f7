"""`report` against both systems behind real sockets, up to the files."""

import csv
import json
import zipfile
from decimal import Decimal
from pathlib import Path

from sync.reporting.duck import opened, quoted
from sync.reporting.forgetting import digest_of
from sync.reporting.lake import Lake
from sync.reporting.star import star_file
from tests.cli.running import Line, Systems

REPORTING = '\n[connections.shop.reporting]\nbrands = { default = "Acme" }\n'


def parquet(folder: Path, file: Path) -> list[tuple[object, ...]]:
    with opened(folder / "spill") as duck:
        return duck.execute(f"SELECT amount FROM {quoted(file)}").fetchall()  # noqa: S608


def test_a_report_is_built_shown_and_written(line: Line, systems: Systems) -> None:
    line.configured(systems, REPORTING)
    assert "Run: python -m sync report build" in line("report", "show", "net").err
    assert "Nothing was built yet" in line("report", "status").out
    ran = line("report", "build", "--json")
    assert ran.status == 0, ran.err
    assert ran.documents[0]["trouble"] == {}
    days = ("--from", "2000-01-01", "--to", "2100-01-01")
    rows = line("report", "show", "ordered", "--by", "brand", "--json", *days).documents
    assert {row["brand"] for row in rows} == {"Acme"}
    assert sum(row["documents"] for row in rows) == len(systems.orders)
    daily = line("report", "show", "ordered", "--by", "day", "--json", *days).documents
    assert {len(row["day"]) for row in daily} == {len("2026-01-01")}
    shown = line("report", "show", "ordered", "--by", "brand", *days).out
    assert f"{Decimal(str(rows[0]['amount'])):.2f}" in shown
    assert "Built " in shown
    wanted = {str(Decimal(str(row["amount"])).quantize(Decimal("0.01"))) for row in rows}
    for name in ("books.csv", "books.xlsx", "books.parquet"):
        file = line.folder / name
        ran = line("report", "export", "ordered", file, "--by", "brand", *days, "--json")
        assert ran.documents == [{"file": str(file), "rows": len(rows)}]
    text = (line.folder / "books.csv").read_text(encoding="utf-8-sig")
    told = csv.DictReader(text.splitlines())
    assert {row["amount"] for row in told} == wanted
    found = parquet(line.folder, line.folder / "books.parquet")
    assert {str(Decimal(str(one)).quantize(Decimal("0.01"))) for (one,) in found} == wanted
    with zipfile.ZipFile(line.folder / "books.xlsx") as book:
        assert "Acme" in book.read("xl/worksheets/sheet1.xml").decode()
    assert line("report", "export", "ordered", line.folder / "x.doc").status == 2
    for strange in (("show", "nothing"), ("show", "net", "--by", "colour"),
                    ("show", "shipped", "--currency", "group"), ("show", "margin", "--currency",
                     "books"), ("forecast", "--by", "colour")):  # fmt: skip
        assert line("report", *strange).status == 2
    assert line("report", "forecast", "--cash").status == 0
    assert line("report", "forecast-revenue", "--months", "2").status == 0
    assert line("report", "status", "--json").documents[0]["trouble"] == {}
    tells_what_is_owed_of_any_age(line)


def tells_what_is_owed_of_any_age(line: Line) -> None:
    (state,) = line.folder.rglob("state.json")
    owed = (
        "SELECT current_date - 1500 AS day, NULL::DATE AS due, 'V' AS voucher, 'C' AS account,"
        " 'usmf' AS company, 'USD' AS currency, 5.00 AS open"
    )
    with opened(state.parent / "spill") as duck:
        Lake(state.parent, duck).write(owed, star_file(state.parent, "fact_receivables"))
    (row,) = line("report", "show", "open", "--by", "company", "--json").documents
    assert Decimal(str(row["amount"])) == Decimal(5)


def test_a_forecast_adds_up_in_every_table_file_and_page(line: Line, systems: Systems) -> None:
    """Orders of the week before, as that of the shop's has not ended."""
    line.configured(systems, REPORTING)
    assert line("report", "build").status == 0
    (state,) = line.folder.rglob("state.json")
    folder = state.parent
    lines = star_file(folder, "fact_order_lines")
    earlier = f"SELECT * REPLACE (day - 8 AS day) FROM {quoted(lines)}"  # noqa: S608
    with opened(folder / "spill") as duck:
        Lake(folder, duck).write(earlier, lines)
    told = {
        by: line("report", "forecast", "--by", by, "--json", "--weeks", "2").documents
        for by in ("company", "item", "brand", "warehouse", "region")
    }
    assert {row["brand"] for row in told["brand"]} == {"Acme"}
    totals = {by: sum(Decimal(str(row["expected"])) for row in rows) for by, rows in told.items()}
    assert len({*totals.values()}) == 1
    assert totals["company"] > 0
    file = line.folder / "demand.csv"
    ran = line("report", "forecast", "--by", "item", "--file", file, "--weeks", "2", "--json")
    assert ran.documents == [{"file": str(file), "rows": len(told["item"])}]
    rows = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
    assert sum(Decimal(row["expected"]) for row in rows) == totals["company"]


def test_an_erased_person_is_out_of_the_data_set_with_the_next_build(
    line: Line, systems: Systems
) -> None:
    line.configured(systems, REPORTING)
    assert line("backfill", "--ids", ",".join(systems.orders)).status == 0
    line.deliver_everything()
    mapped = line("map", "customers", "list", "--json").documents
    person = next(one for one in mapped if one["kind"] == "customer")
    assert line("erase", "--customer", person["source_key"], "--yes").status == 0
    assert line("report", "build").status == 0
    (state,) = line.folder.rglob("state.json")
    wanted = digest_of(person["company"] or "usmf", person["account"])
    assert json.loads(state.read_text(encoding="utf-8"))["forgotten"] == [wanted]
