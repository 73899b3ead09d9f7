"""The tables of docs/cost.md, from the counts. `python -m tests.benchmarks.page` writes them into
the page."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from tests.benchmarks.operations import IDLE, Cost, costs
from tests.benchmarks.prices import PRICES, ROOT, VOLUMES, bill
from tests.benchmarks.slips import Costs, slip_costs

PAGE: Final = ROOT / "docs" / "cost.md"
ORDERS: Final = 5
SMALL, USUAL = 0.5, 2.0
"""GB of an instance, as `SYNC_INSTANCE_MEMORY_MB` says it."""
COLUMNS: Final = {
    "hooks": ("functions hooks",),
    "deliveries": ("functions deliveries",),
    "polls": ("functions polls",),
    "timers": ("functions timers",),
    "sent": ("bus messages sent",),
    "received, completed": ("bus receives", "bus completes"),
    "looks": ("bus looks",),
    "reads": ("tables reads", "tables pages"),
    "inserts": ("tables inserts",),
    "transactions": ("tables transactions", "tables deletes"),
    "Commerce": ("commerce reads", "commerce writes"),
    "F&O reads": ("dynamics reads",),
    "F&O writes": ("dynamics writes",),
    "lines": ("log lines",),
}

Kinds = dict[str, tuple[Cost, ...]]


def kinds() -> Kinds:
    """Counts as the page shows them, by who numbers."""
    return {numbers: costs(numbers, ORDERS) for numbers in ("ours", "theirs")}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown; what comes after the first column is numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def counts(found: Kinds) -> str:
    """One row a kind; where F&O numbers, the rows that differ."""
    rows = {cost.title: _row(cost) for cost in found["ours"]}
    theirs = {
        f"{cost.title}; F&O numbers": _row(cost)
        for cost in found["theirs"]
        if _row(cost) != rows[cost.title]
    }
    return table(["each", *COLUMNS], [[title, *cells] for title, cells in (rows | theirs).items()])


def _row(cost: Cost) -> list[str]:
    return [_number(sum(cost.each(name) for name in names)) for names in COLUMNS.values()]


def _number(count: float) -> str:
    return f"{round(count, 1):g}"


def sizes(found: Kinds) -> str:
    """Bytes kept in tables by one of each kind. How well copies are compressed differs a little
    between machines."""
    kept = [(cost.title, cost.each("stored bytes")) for cost in found["ours"] if cost.title != IDLE]
    return table(["each", "bytes"], [[title, f"{round(size, -2):,.0f}"] for title, size in kept])


def prices(_: Kinds) -> str:
    """The assumptions."""
    rows = [
        [price.what, f"{price.dollars:.6f}".rstrip("0").rstrip("."), price.unit, _many(price.free)]
        for price in PRICES.values()
    ]
    return table(["", "US dollars", "per", "free each month"], rows)


def _many(quantity: float) -> str:
    if quantity >= 1e9:
        return f"{quantity / 1e9:.1f} GB"
    if quantity >= 1e6:
        return f"{quantity / 1e6:.1f} million"
    return f"{quantity:,.0f}" if quantity else ""


def example(found: Kinds) -> str:
    """The bills of a month without orders, and of one with them, on both sizes of instance."""
    bills = [bill(found["ours"], volumes, gb) for volumes in ({}, VOLUMES) for gb in (SMALL, USUAL)]
    rows = [
        [PRICES[name].what, *(f"{lines[at][2]:.2f}" for lines in bills)]
        for at, (name, _, _) in enumerate(bills[0])
    ]
    sums = ["**together**", *(f"**{sum(line[2] for line in lines):.2f}**" for lines in bills)]
    heads = [f"{what}, {gb:g} GB" for what in ("idle", "10,000 orders") for gb in (SMALL, USUAL)]
    return table(["US dollars a month", *heads], [*rows, sums])


def slips(found: Costs) -> str:
    """One row a kind of slip, and how long a backlog of them takes to show."""
    names = ("commerce_writes", "commerce_reads", "dynamics_reads", "seconds")
    heads = ["each", "Commerce writes", "Commerce reads", "F&O reads", "seconds until all show"]
    rows = [
        [title, *(f"{round(each[name], 2):g}" for name in names)] for title, each in found.items()
    ]
    return table(heads, rows)


TABLES: Final[dict[str, Callable[[Kinds], str]]] = {
    "counts": counts, "sizes": sizes, "prices": prices, "example": example,
}  # fmt: skip


def shown(text: str, name: str) -> str:
    """The table of that name as it stands in the page."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert found is not None, f"the page has no table {name}"
    return found[1]


def renewed(text: str, found: Kinds, of_slips: Costs) -> str:
    """The page with all its tables made anew."""
    made = {name: make(found) for name, make in TABLES.items()} | {"slips": slips(of_slips)}
    for name, rows in made.items():
        mark = f"<!-- {name} -->\n"
        text = text.replace(mark + shown(text, name), f"{mark}{rows}\n")
    return text


if __name__ == "__main__":
    PAGE.write_text(
        renewed(PAGE.read_text(encoding="utf-8"), kinds(), slip_costs()), encoding="utf-8"
    )
