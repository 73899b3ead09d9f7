"""Options in the demo: the shops know few colors and sizes; F&O's variants need more, and new ones
while orders run. In the end each shop has what F&O has, once."""

from dataclasses import dataclass
from typing import Any, Final

from sandbox.demo.environment import PRODUCT_OPTIONS, PRODUCTS, Environment
from sandbox.demo.prices import FIRST, cost
from sandbox.demo.reconciliation import Finding
from sandbox.terms import KNOWN, SIZES, UNIT
from sync.dynamics.released_products import VARIANTS
from sync.mapping_tables.tables import ItemMapping

AXES: Final = {"color": "ProductColorId", "size": "ProductSizeId"}


@dataclass(frozen=True)
class Options:
    """How many all shops have."""

    options: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"options": self.options, "differences": len(self.findings)}


async def new_shade(environment: Environment, place: int) -> None:
    """F&O releases a hat of a color that nobody had yet; the shops are told of it."""
    item, color, size = f"HAT-{place:03}", f"Shade {place}", SIZES[place % len(SIZES)]
    released = {"names": {item: f"Hat {place}"}, "colors": [color], "sizes": [size]}
    rows = [
        ItemMapping(item, item, unit=UNIT),
        ItemMapping(f"{item}-1", item, unit=UNIT, color=color, size=size),
    ]
    for name, pair in environment.pairs.items():
        await pair.ledger.ask("POST", "/sandbox/masters", released)
        await cost(pair, [item], FIRST)
        await (await environment.engine.systems_pool.open(name)).items.put_many(rows)
    await environment.poll(PRODUCT_OPTIONS, PRODUCTS)


async def options_in_the_end(environment: Environment) -> Options:
    """What the shops have beyond what they knew, and F&O's variants, when all is published."""
    findings, count = list[Finding](), 0
    for name, pair in environment.pairs.items():
        systems = await environment.engine.systems_pool.open(name)
        shown = await systems.commerce.product_data.attributes([*AXES])
        rows = await pair.ledger.rows_of(VARIANTS, pair.token, *AXES.values())
        for code, column in AXES.items():
            wanted = sorted({*KNOWN[code], *(row[column] for row in rows)})
            has = sorted(label for label in shown[code].options if label.strip())
            count += len(has)
            if has != sorted(map(str.casefold, wanted)):
                findings.append(Finding(name, code, f"has {has}, F&O needs {wanted}"))
    return Options(count, tuple(findings))
