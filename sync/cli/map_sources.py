"""`map sources`: the warehouses of F&O and the sources of Commerce, and which belong together."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.map_files import first_of
from sync.cli.output import show_all
from sync.dynamics.odata import Filter
from sync.engine.systems import Systems

WAREHOUSES = "Warehouses"
FIELDS = ("WarehouseId", "WarehouseName")


@dataclass(frozen=True)
class Pair:
    """A warehouse and its source. `why`: `settings`, the `code` or `name` that both have, or empty
    where none is alike."""

    warehouse: str
    name: str
    source: str = ""
    why: str = ""


def sources(ctx: typer.Context) -> None:
    """Show which source of Commerce each warehouse of F&O is, by the settings, or else by an equal
    code or name, and the line that says so. Nothing is written.

    For example:

    python -m sync map sources
    """
    context = context_of(ctx)
    pairs = asyncio.run(_pairs(context))
    named = [f'{_key(pair.warehouse)} = "{pair.source}"' for pair in pairs if pair.source]
    show_all(
        pairs,
        ("warehouse", "name", "source", "by"),
        as_json=context.as_json,
        below=f"[stock] sources = {{ {', '.join(named)} }}",
    )


async def _pairs(context: CommandContext) -> list[Pair]:
    async with context.systems() as (_, systems):
        rows = await _warehouses(systems)
        codes = {
            str(row["source_code"]): str(row.get("name") or "")
            for row in await systems.commerce.inventory.sources()
        }
        return list(matched(rows, codes, systems.settings.stock.sources))


async def _warehouses(systems: Systems) -> list[tuple[str, str]]:
    company = Filter.eq("dataAreaId", systems.settings.legal_entity)
    rows = systems.dynamics.query(
        WAREHOUSES, where=company, select=FIELDS, order_by=("WarehouseId",)
    )
    return [(str(row[FIELDS[0]]), str(row.get(FIELDS[1]) or "")) async for row in rows]


def matched(
    warehouses: Sequence[tuple[str, str]], codes: Mapping[str, str], known: Mapping[str, str]
) -> Iterator[Pair]:
    """Each warehouse (id, name) with its source. `codes`: names by source code."""
    named = {warehouse.casefold(): source for warehouse, source in known.items()}
    by_code = {code.casefold(): code for code in codes}
    by_name = {name.casefold(): code for code, name in codes.items() if name}
    for warehouse, name in warehouses:
        key, alike = warehouse.casefold(), by_name.get(name.casefold())
        found = first_of(settings=named.get(key), code=by_code.get(key), name=alike)
        yield Pair(warehouse, name, *found)


def _key(warehouse: str) -> str:
    return warehouse if warehouse.isalnum() and warehouse.isascii() else f'"{warehouse}"'
