"""The star model: facts and dimensions of the data set, as views of `sql/star.sql`, written as one
Parquet file each, which Power BI, Excel and the figures read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.reporting.duck import quoted
from sync.reporting.lake import CONFIDENTIAL, SHARED, Lake
from sync.reporting.schema import tables

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

STAR: Final = "star"
SHARED_STAR: Final = (
    "dim_date", "dim_item", "dim_account", "dim_store", "dim_region", "dim_company",
    "dim_campaign", "fact_orders", "fact_order_lines", "fact_promotion_uses", "fact_shipments",
    "fact_invoice_lines", "fact_receivables", "fact_stock_days", "fact_carts", "fact_quotes",
    "fact_returns",
)  # fmt: skip
CONFIDENTIAL_STAR: Final = ("fact_margins",)
DIGITS: Final = Decimal("1e-12")
"""Of a rate."""
BEGINNING: Final = date(1, 1, 1)


@dataclass(frozen=True)
class Terms:
    """What the settings say of the figures. `currencies`: company -> that of its books.
    `web_origins`: company and origin code of the shops' orders. `regions`: country -> region.
    `warehouses`: shop and store view -> the warehouse that its orders are posted to."""

    currencies: Mapping[str, str] = field(default_factory=dict)
    group_currency: str = ""
    rate_type: str = "Default"
    fiscal_start: int = 1
    web_origins: frozenset[tuple[str, str]] = frozenset()
    regions: Mapping[str, str] = field(default_factory=dict)
    warehouses: Mapping[tuple[str, str], str] = field(default_factory=dict)


def build_star(lake: Lake, terms: Terms) -> None:
    """Write all facts and dimensions again."""
    duck = lake.duck
    for name in tables():
        duck.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {lake.rows_of(name)}")
    _told(duck, terms)
    for statement in _sql("star").split(";\n"):
        duck.execute(statement)
    for name in SHARED_STAR:
        lake.write(f"SELECT * FROM {name}", star_file(lake.root, name))
    if any(lake.months("costs")):
        for name in CONFIDENTIAL_STAR:
            lake.write(f"SELECT * FROM {name}", star_file(lake.root, name))


def star_file(root: Path, name: str) -> Path:
    """Where a fact or dimension lies."""
    part = CONFIDENTIAL if name in CONFIDENTIAL_STAR else SHARED
    return root / part / STAR / f"{name}.parquet"


def star_views(duck: "Duck", root: Path) -> None:
    """Make what was written readable by name."""
    for name in (*SHARED_STAR, *CONFIDENTIAL_STAR):
        file = star_file(root, name)
        if file.exists():
            rows = f"SELECT * FROM read_parquet({quoted(file)})"
            duck.execute(f"CREATE OR REPLACE VIEW {name} AS {rows}")


def _sql(name: str) -> str:
    found = resources.files("sync.reporting").joinpath("sql", f"{name}.sql")
    return found.read_text(encoding="utf-8").rstrip().removesuffix(";")


def _told(duck: "Duck", terms: Terms) -> None:
    """The settings as tables."""
    duck.execute("CREATE OR REPLACE TABLE terms (group_currency VARCHAR, fiscal_start INT)")
    duck.execute("INSERT INTO terms VALUES (?, ?)", [terms.group_currency, terms.fiscal_start])
    companies = [(name.casefold(), code) for name, code in terms.currencies.items()]
    _table(duck, "company_terms", "company VARCHAR, currency VARCHAR", companies)
    _table(duck, "web_origins", "company VARCHAR, origin VARCHAR", sorted(terms.web_origins))
    _table(duck, "region_names", "country VARCHAR, region VARCHAR", terms.regions.items())
    stores = [(*store, warehouse) for store, warehouse in terms.warehouses.items()]
    _table(duck, "store_terms", "shop VARCHAR, store VARCHAR, warehouse VARCHAR", stores)
    columns = "source VARCHAR, target VARCHAR, day DATE, rate DECIMAL(38,12)"
    found = duck.execute(
        "SELECT source, target, day, rate FROM rates WHERE rate_type = ? ORDER BY day",
        [terms.rate_type],
    ).fetchall()
    _table(duck, "rate_days", columns, _rates(found, terms))


def _rates(
    found: Iterable[tuple[str, str, date, Decimal]], terms: Terms
) -> list[tuple[str, str, date, Decimal]]:
    """With each currency in itself, and what is quoted the other way round only."""
    rows = [row for row in found if row[3]]
    quotes = {(source, target) for source, target, _, _ in rows}
    turned = [
        (target, source, day, (1 / rate).quantize(DIGITS))
        for source, target, day, rate in rows
        if (target, source) not in quotes
    ]
    codes = {*terms.currencies.values(), terms.group_currency}
    codes |= {one for pair in quotes for one in pair}
    own = ((code, code, BEGINNING, Decimal(1)) for code in sorted(codes) if code)
    return [*rows, *turned, *own]


def _table(duck: "Duck", name: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    duck.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    values = [list(row) for row in rows]
    if values:
        marks = ", ".join("?" * len(values[0]))
        duck.executemany(f"INSERT INTO {name} VALUES ({marks})", values)
