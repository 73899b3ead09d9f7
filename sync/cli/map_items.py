"""`map items`: which item number (with dimensions and unit) a SKU is."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from sync.cli.command import Command, context_of, group
from sync.cli.context import CommandContext
from sync.cli.map_files import DryRun, File, Yes, read_file, report_import, write_file
from sync.cli.map_match import show_matches
from sync.cli.match_sources import OnPage, ordered_with_options, products, released_items
from sync.cli.output import json_lines, progress, table
from sync.engine.systems import Systems
from sync.mapping_tables.csv_files import items_from_csv, items_to_csv
from sync.mapping_tables.matching import (
    RULES,
    SEARCH_NAME,
    Matches,
    Rule,
    match_items,
    rewritten,
    unmatched_options,
)
from sync.mapping_tables.records import ItemMapping, normal_sku
from sync.operating.problem import Problem

app = group("items", "SKU to item number.")

COLUMNS = tuple(field.name for field in fields(ItemMapping))
Sku = Annotated[str, typer.Argument(metavar="SKU", help="As Commerce has it; case does not count.")]
ItemNumber = Annotated[str, typer.Argument(metavar="ITEM", help="Item number in D365.")]
Dimension = Annotated[str, typer.Option(help="Product dimension.")]
Unit = Annotated[str, typer.Option(help="Sales unit; empty: the connection's, else the item's.")]
Factor = Annotated[str, typer.Option(help="Sales units in D365 per piece in Commerce.")]
Barcode = Annotated[
    str, typer.Option(metavar="CODE", help="Product attribute in Commerce that holds the barcode.")
]
Rewrite = Annotated[
    tuple[str, str] | None,
    typer.Option(
        metavar="PATTERN NUMBER",
        help=r"Try this too: 'WEB-(.+)' '\1' takes WEB-1000 for item 1000.",
    ),
]
SearchName = Annotated[bool, typer.Option("--search-name", help="Try the items' search names too.")]


@app.command("list", cls=Command)
def list_items(ctx: typer.Context) -> None:
    """List the stored mappings; SKUs that items.rule maps by itself are not rows.

    For example:

    python -m sync map items list --json
    """
    context = context_of(ctx)
    rows = [asdict(mapping) for mapping in asyncio.run(_all(context))]
    if context.as_json:
        json_lines(rows)
        return
    table(COLUMNS, [tuple(row.values()) for row in rows], title=f"Items: {len(rows)}")


async def _all(context: CommandContext) -> list[ItemMapping]:
    async with context.systems() as (_, systems):
        return [mapping async for mapping in systems.items.all()]


@app.command("set", cls=Command)
def set_item(
    ctx: typer.Context,
    sku: Sku,
    item: ItemNumber,
    *,
    color: Dimension = "",
    size: Dimension = "",
    style: Dimension = "",
    configuration: Dimension = "",
    version: Dimension = "",
    unit: Unit = "",
    factor: Factor = "1",
) -> None:
    """Map a SKU, over an older mapping of it.

    For example:

    python -m sync map items set SHIRT-RED-M SHIRT --color Red --size M
    """
    context = context_of(ctx)
    with _refused():
        mapping = ItemMapping(
            sku, item, color, size, style, configuration, version, unit, Decimal(factor)
        )
    asyncio.run(_stored(context, [mapping]))
    context.tell(asdict(mapping), f"{mapping.sku} is item {mapping.item_number}.")


@contextmanager
def _refused() -> Iterator[None]:
    """Turn what a mapping cannot hold into a `Problem`."""
    try:
        yield
    except InvalidOperation:
        remedy = "Write it with a point, as in 0.5."
        raise Problem("--factor is not a number", remedy=remedy) from None
    except ValueError as refused:
        raise Problem(str(refused), remedy="See `map items set --help`.") from None


async def _stored(context: CommandContext, mappings: list[ItemMapping]) -> None:
    async with context.systems(changes=True) as (_, systems):
        await systems.items.put_many(mappings)


@app.command(cls=Command)
def remove(ctx: typer.Context, sku: Sku) -> None:
    """Forget a SKU's mapping; items.rule decides from then on.

    For example:

    python -m sync map items remove SHIRT-RED-M
    """
    context = context_of(ctx)
    asyncio.run(_removed(context, sku))
    context.tell({"sku": sku, "removed": True}, f"{sku} has no mapping any more.")


async def _removed(context: CommandContext, sku: str) -> None:
    async with context.systems(changes=True) as (_, systems):
        await systems.items.remove(sku)


@app.command("import", cls=Command)
def import_items(ctx: typer.Context, file: File, dry_run: DryRun = False) -> None:
    """Store the mappings of a CSV file: columns sku, item_number and any of the others. All of it
    or nothing.

    For example:

    python -m sync map items import items.csv --dry-run
    """
    asyncio.run(_imported(context_of(ctx), items_from_csv(read_file(file)), is_dry=dry_run))


async def _imported(context: CommandContext, mappings: list[ItemMapping], *, is_dry: bool) -> None:
    async with context.systems(changes=not is_dry) as (_, systems):
        compared = await systems.items.compare(mappings)
        if not is_dry:
            await systems.items.put_many([*compared.new, *compared.changed])
    report_import(context, compared, is_dry=is_dry)


@app.command(cls=Command)
def export(ctx: typer.Context, file: File) -> None:
    """Write the mappings as CSV, which `import` reads back the same.

    For example:

    python -m sync map items export items.csv
    """
    write_file(file, items_to_csv(asyncio.run(_all(context_of(ctx)))))


@app.command(cls=Command)
def match(
    ctx: typer.Context,
    *,
    barcode_attribute: Barcode = "",
    rewrite: Rewrite = None,
    search_name: SearchName = False,
    yes: Yes = False,
) -> None:
    """Read the products of both systems and match them by item number, variant number, barcode.

    What has a mapping keeps it. Ambiguous and unmatched SKUs are listed: `map items set` them, or
    import a CSV. So are the SKUs with custom options in the orders of the last 90 days.

    For example:

    python -m sync map items match --barcode-attribute ean

    python -m sync map items match --yes
    """
    rules = [*RULES, *_rewriting(rewrite), *([SEARCH_NAME] if search_name else [])]
    asyncio.run(_matched(context_of(ctx), barcode_attribute, rules, yes=yes))


async def _matched(
    context: CommandContext, barcode: str, rules: Sequence[Rule], *, yes: bool
) -> None:
    async with context.systems(changes=yes) as (_, systems):
        with progress("Products", None, as_json=context.as_json) as bar:
            found = await _matches(systems, barcode, rules, bar.advance)
        compared = await systems.items.compare(found.matched)
        if yes:
            await systems.items.put_many(compared.new)
    rows = [(m.sku, m.item_number, " ".join(filter(None, m.dimensions().values())))
            for m in compared.new]  # fmt: skip
    show_matches(context, found, compared, rows, ("sku", "item", "dimensions"), stored=yes)


async def _matches(
    systems: Systems, barcode: str, rules: Sequence[Rule], on_page: OnPage
) -> Matches[Any]:
    """What the rules match, and the SKUs with custom options that then still have no item."""
    commerce, settings = systems.commerce, systems.settings
    ours = [product async for product in products(commerce, barcode, on_page)]
    theirs = await released_items(systems.dynamics, settings.dynamics.company, on_page)
    ordered = await ordered_with_options(commerce, settings, on_page)
    found: Matches[Any] = match_items(ours, theirs, rules)
    by_rule = ours if settings.items.rule == "sku" else []
    stored = [mapping async for mapping in systems.items.all()]
    mapped = {normal_sku(one.sku) for one in (*found.matched, *stored, *by_rule)}
    by_base = settings.items.custom_options == "base"
    return found.with_unmatched(unmatched_options(ordered, ours, mapped, by_base=by_base))


def _rewriting(rewrite: tuple[str, str] | None) -> list[Rule]:
    if rewrite is None:
        return []
    try:
        re.sub(*rewrite, "")  # tells a reference to a group that the pattern does not have
        return [rewritten(*rewrite)]
    except re.error as fault:
        raise Problem(
            f"--rewrite cannot be read: {fault}", remedy="See `map items match --help`."
        ) from None
