"""What building reports takes: very many order lines of two shops, three companies and three
currencies, all at once, and then those of a day. Records are made as they are asked for, and the
time that they take is left out.

python -m tests.benchmarks.reporting --lines 1000000
"""

import argparse
import asyncio
import resource
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sync.reporting import ledger_rows
from sync.reporting.building import Build
from sync.reporting.duck import opened
from sync.reporting.figures import Asked, answered
from sync.reporting.landed import Rows
from sync.reporting.order_rows import OrderRows
from sync.reporting.sources import Cursor, Step
from tests.reporting.years import COMPANIES, CONNECTION, RATES, REGIONS, TERMS, At, rate_row

LINES: Final = 3
"""Of each order."""
DAYS: Final = 365
BEGIN: Final = datetime(2025, 1, 1, tzinfo=UTC)
NET: Final = Decimal("19.99")
TAX: Final = Decimal("3.80")
COUNTRIES: Final = ("US", "DE", "FR")


@dataclass
class Drawn:
    """So many records, made one by one. `spent`: seconds that making them took."""

    name: str
    span: range
    makes: Callable[[int], Any]
    reads: Callable[[Any], Rows]

    async def read(self, cursor: Cursor) -> AsyncIterator[Step]:
        """Those behind the cursor."""
        done = len(range(self.span.start, int(cursor.at or 0), self.span.step))
        for number in self.span[done:]:
            yield Step(str(number + 1), self.reads(self.makes(number)), str(number))

    def made(self) -> None:
        """Make all records, and nothing else."""
        for number in self.span:
            self.makes(number)


def order(number: int, size: int) -> dict[str, Any]:
    """An order of three lines."""
    store = 1 + number % 3
    placed = BEGIN + timedelta(seconds=number * DAYS * 86400 // size)
    stamp = f"{placed:%Y-%m-%d %H:%M:%S}"
    items = [
        {
            "item_id": number * 10 + place, "sku": f"SKU-{(number + place) % 5000}",
            "product_type": "simple", "qty_ordered": 1, "price": NET, "qty_shipped": 1,
            "row_total_incl_tax": NET + TAX, "tax_amount": TAX, "discount_amount": 0,
            "applied_rule_ids": "3" if number % 4 == 0 else None,
        }
        for place in range(LINES)
    ]  # fmt: skip
    return {
        "entity_id": number + 1, "increment_id": f"{number:09d}", "store_id": store,
        "state": "complete", "status": "complete", "created_at": stamp, "updated_at": stamp,
        "subtotal": NET * LINES, "tax_amount": TAX * LINES, "grand_total": (NET + TAX) * LINES,
        "order_currency_code": COMPANIES[store][1], "items": items,
        "billing_address": {"country_id": COUNTRIES[number % 3]},
    }  # fmt: skip


def invoice(number: int, size: int) -> dict[str, Any]:
    """The invoice of the order."""
    day = (BEGIN + timedelta(seconds=number * DAYS * 86400 // size)).date()
    money = {"InvoiceAmount": (NET + TAX) * LINES, "SumTax": TAX * LINES}
    shop, store = ("east", "west")[number % 2], 1 + number % 3
    return {
        "SourceKey": number, "InvoiceId": f"I-{number}", "InvoiceDate": f"{day}T12:00:00Z",
        "SysModifiedDateTime": f"{day}T12:00:00Z", "InvoiceAccount": f"C-{number % 900}",
        "CurrencyCode": COMPANIES[store][1], "InclTax": "No", **money,
        **{f"{name}MST": value for name, value in money.items()},
        "owner": (shop, "orders", f"{number:09d}@{store}"),
    }  # fmt: skip


def invoice_line(number: int, size: int) -> dict[str, Any]:
    """A line of an invoice."""
    head = invoice(number // LINES, size)
    money = {"LineAmount": NET, "TaxAmount": TAX}
    return {
        **{name: head[name] for name in ("InvoiceId", "InvoiceDate", "SysModifiedDateTime")},
        "LineCreationSequenceNumber": number % LINES + 1, "InventTransId": f"LOT-{number}",
        "ItemId": f"SKU-{number % 5000}", "Qty": 1, **money,
        **{f"{name}MST": value for name, value in money.items()},
    }  # fmt: skip


def sources(span: range, size: int) -> Iterator[Drawn]:
    """Orders of both shops, and invoices with their lines in three companies."""
    for place, shop in enumerate(("east", "west")):
        own = range(span.start + (place - span.start) % 2, span.stop, 2)
        rows = OrderRows(shop, CONNECTION).rows
        yield Drawn(f"orders|{shop}|{span}", own, lambda n: order(n, size), rows)
    for store, (company, _) in COMPANIES.items():
        first = span.start + (store - 1 - span.start) % 3
        own = range(first, span.stop, 3)
        yield Drawn(f"invoices|{company}|{span}", own, lambda n: invoice(n, size), _owned(company))
        lines, reads = range(LINES * len(own)), _read(ledger_rows.INVOICE_LINES, company)
        makes = partial(_line_of, own, size)
        yield Drawn(f"invoice_lines|{company}|{span}", lines, makes, reads)
    rates = [{**rate_row(code), "StartDate": f"{BEGIN:%Y-%m-%d}T12:00:00Z"} for code in RATES]
    reads = _read(ledger_rows.RATES, "all")
    yield Drawn(f"rates|{span}", range(3), lambda n: rates[n], reads)


def _line_of(numbers: range, size: int, place: int) -> dict[str, Any]:
    return invoice_line(numbers[place // LINES] * LINES + place % LINES, size)


def _read(of: ledger_rows.LedgerSet, company: str) -> Callable[[Any], Rows]:
    return lambda row: of.rows(row, company, BEGIN)


def _owned(company: str) -> Callable[[Any], Rows]:
    def read(row: dict[str, Any]) -> Rows:
        (found,) = ledger_rows.INVOICES.rows(row, company, BEGIN)["invoices"]
        shop, kind, key = row["owner"]
        return {"invoices": [{**found, "shop": shop, "record_kind": kind, "record_key": key}]}

    return read


def measured(lines: int, folder: Path) -> Iterator[str]:
    """A whole build, a day more, and a figure, each with what it took."""
    size = lines // LINES
    yield _built("whole", range(size), size, folder)
    yield _built("a day more", range(size, size + size // DAYS), size, folder)
    began = perf_counter()
    with opened(folder / "spill") as duck:
        asked = Asked(
            "net", ("region", "month"), "group", (date(2024, 1, 1), date(2027, 1, 1)),
            date(2026, 1, 1), "USD",
        )  # fmt: skip
        rows = [*answered(duck, folder, asked).as_dicts()]
    took = perf_counter() - began
    told = {(row["region"], row["month"]): row["amount"] for row in rows}
    wanted = counted(size + size // DAYS, size)
    differing = len(told.items() ^ wanted.items())
    yield f"net by region and month: {len(rows)} rows, {took:.2f} s, {differing} differ"


def counted(orders: int, size: int) -> dict[tuple[str, str], Decimal]:
    """What net by region and month in the group's currency has to be, counted without the product:
    each line is converted, and rounded to the cent."""
    found: dict[tuple[str, str], Decimal] = {}
    cent = Decimal("0.01")
    for number in range(orders):
        day = BEGIN + timedelta(seconds=number * DAYS * 86400 // size)
        key = REGIONS[COUNTRIES[number % 3]], f"{day:%Y-%m}"
        rate = RATES[COMPANIES[1 + number % 3][1]]
        line = (NET * rate).quantize(cent, ROUND_HALF_UP)
        found[key] = found.get(key, Decimal(0)) + LINES * line
    return found


def _built(name: str, span: range, size: int, folder: Path) -> str:
    began, given = perf_counter(), [*sources(span, size)]
    for one in given:
        one.made()
    made, began = perf_counter() - began, perf_counter()
    built = asyncio.run(Build(folder, At(), "benchmark", TERMS).run(given))
    took, peak = perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    return (
        f"{name}: {built.records} records, {built.months} months, {took - made:.1f} s"
        f" ({made:.1f} s of making them left out), {peak.ru_utime:.1f} s of a processor so far,"
        f" peak {peak.ru_maxrss // 1024} MB"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reporting")
    parser.add_argument("--lines", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for line in measured(asked.lines, Path(folder)):
            print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
