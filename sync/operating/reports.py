"""The figures of the last build, as pages show them: stored as they were worked out, so that nobody
who looks needs the data set. Nothing confidential is among them. And the accounts that the next
build is to forget."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.ports import Row, Tables
from sync.engine.report_builds import REPORTS

ALL: Final = "all"
PERIODS: Final = ("week", "month")
FORECASTS: Final = "forecasts"
REVENUE: Final = "revenue"
CASH: Final = "cash"
ERASED: Final = "erased"
MOST_ROWS: Final = 200
"""Of a figure; what is more is cut, and said."""


@dataclass(frozen=True)
class Told:
    """A figure. `by`: what its rows are told by. `rows`: texts, amounts with their cents.
    `missing`: sources and records that the build could not read."""

    figure: str
    by: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    at: datetime
    missing: int = 0
    is_cut: bool = False

    @property
    def is_forecast(self) -> bool:
        """Whether it is of weeks to come."""
        return "expected" in self.columns

    @property
    def amounts(self) -> dict[str, list[Decimal]]:
        """What a chart is of, a currency or a series that is forecast, -> its amounts, in the order
        of the rows. What is not shown is left out."""
        found: dict[str, list[Decimal]] = {}
        names = ["currency"]
        if self.is_forecast:
            names = list(takewhile(lambda name: name not in PERIODS, self.columns))
        of = [self.columns.index(name) for name in names]
        amount = self.columns.index("expected" if self.is_forecast else "amount")
        for row in self.rows:
            if row[amount]:
                name = " ".join(row[place] for place in of)
                found.setdefault(name, []).append(Decimal(row[amount]))
        return found


async def store(tables: Tables, told: Sequence[Told], part: str = ALL) -> None:
    """In place of those of the build before, or of the forecast of this `part`."""
    keys = set[str]()
    for place, one in enumerate(told):
        key = f"{place:02d}-{one.figure}-{one.by}"
        keys.add(key)
        rows = to_json([list(row) for row in one.rows[:MOST_ROWS]]).decode()
        cells: dict[str, Any] = {
            "figure": one.figure, "by": one.by, "columns": to_json(list(one.columns)).decode(),
            "rows": rows, "at": one.at, "missing": one.missing,
            "is_cut": one.is_cut or len(one.rows) > MOST_ROWS,
        }  # fmt: skip
        await tables.upsert(REPORTS, Row(part, key, cells))
    async for row in tables.query(REPORTS, part):
        if row.key not in keys:
            await tables.delete(REPORTS, part, row.key)


async def stored(tables: Tables) -> list[Told]:
    """All of them, forecasts last; none where nothing was built yet."""
    parts = (ALL, REVENUE, CASH, FORECASTS)
    return [_told(row) for part in parts async for row in tables.query(REPORTS, part)]


async def forget_later(tables: Tables, company: str, account: str) -> None:
    """Have the next build take an account of F&O out of the data set, which may be elsewhere."""
    cells: dict[str, Any] = {"company": company, "account": account}
    await tables.upsert(REPORTS, Row(ERASED, f"{company}|{account}", cells))


async def to_forget(tables: Tables) -> AsyncIterator[tuple[str, str]]:
    """Legal entity and account; each is off the list once the caller has gone on to the next."""
    async for row in tables.query(REPORTS, ERASED):
        yield str(row.values["company"]), str(row.values["account"])
        await tables.delete(REPORTS, ERASED, row.key)


def _told(row: Row) -> Told:
    cells = row.values
    at = cells.get("at")
    assert isinstance(at, datetime)
    return Told(
        str(cells["figure"]), str(cells["by"]), from_json(str(cells["columns"])),
        from_json(str(cells["rows"])), at, int(str(cells.get("missing") or 0)),
        bool(cells.get("is_cut")),
    )  # fmt: skip
