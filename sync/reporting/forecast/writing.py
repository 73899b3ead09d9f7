"""Forecasts as a table of the star, and as an answer that is shown or exported."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sync.reporting.duck import copied, fetched, quoted
from sync.reporting.figures import Answer
from sync.reporting.forecast.choosing import Guess
from sync.reporting.lake import Lake
from sync.reporting.star import star_file

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

AMOUNTS: Final = dict.fromkeys(("expected", "low", "high", "baseline"), "DECIMAL(38,2)")
WORTH: Final[Mapping[str, str]] = {
    "method": "VARCHAR", "mase": "DECIMAL(38,3)", "baseline_mase": "DECIMAL(38,3)",
    "bias": "DECIMAL(38,2)", "covered": "DECIMAL(38,3)",
}  # fmt: skip
"""What is beside a forecast, as `Guess` has it."""
Row = Sequence[Any]


def worth_of(guess: Guess, method: str) -> list[Any]:
    """The cells of `WORTH`."""
    told = (guess.mase, guess.baseline_mase, guess.bias, guess.covered)
    return [method, *(None if one is None else round(one, 3) for one in told)]


def cents(guess: float | None) -> Decimal | None:
    """With two decimals; None for none."""
    return None if guess is None else Decimal(guess).quantize(Decimal("0.01"))


def write(
    duck: "Duck", root: Path, name: str, columns: Mapping[str, str], rows: Iterable[Row]
) -> None:
    """In place of what was there."""
    spool = root / "spill" / f"{name}.json"
    spool.parent.mkdir(parents=True, exist_ok=True)
    with spool.open("w", encoding="ascii") as file:
        for row in rows:
            file.write(json.dumps(dict(zip(columns, row, strict=True)), default=str) + "\n")
    kinds = ", ".join(f"{name}: {quoted(kind)}" for name, kind in columns.items())
    told = f"read_json({quoted(spool)}, format = 'newline_delimited', columns = {{{kinds}}})"
    Lake(root, duck).write(f"SELECT * FROM {told}", star_file(root, name))
    spool.unlink()


def written(duck: "Duck", root: Path, name: str, columns: Iterable[str]) -> Answer:
    """What was written last, with these columns."""
    file = quoted(star_file(root, name))
    sql = f"SELECT {', '.join(columns)} FROM read_parquet({file}) ORDER BY ALL"
    found = duck.execute(sql)
    told = tuple(str(one[0]) for one in found.description or ())
    return Answer(told, fetched(found), partial(copied, duck, sql, {}))
