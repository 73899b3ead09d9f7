"""`map units`: in which units the shop sells what F&O keeps, and which conversions F&O lacks."""

import asyncio
from dataclasses import dataclass
from fractions import Fraction

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import line, show_all
from sync.core.errors import Never
from sync.dynamics.on_hand import Units
from sync.engine.systems import Systems
from sync.flows.catalogue.pieces import pieces_of
from sync.mapping_tables.records import ItemMapping


@dataclass(frozen=True)
class Sold:
    """SKUs whose item is kept in one unit and sold in another. `pieces`: how many pieces of the
    shop one inventory unit is, as a fraction; empty where F&O has no conversion. `by`: whether the
    row of the item says the unit, or F&O's sales unit. `example`: one of them."""

    inventory_unit: str
    unit: str
    by: str
    pieces: str
    skus: int
    example: str


def units(ctx: typer.Context) -> None:
    """Show in which units the SKUs of Commerce are sold and their items are kept in F&O, how many
    pieces one inventory unit is, and which conversions F&O lacks. Nothing is written.

    For example:

    python -m sync map units
    """
    context = context_of(ctx)
    found = asyncio.run(_found(context))
    show_all(
        found,
        ("kept in", "sold in", "by", "pieces>", "SKUs>", "for example"),
        as_json=context.as_json,
    )
    if context.as_json:
        return
    for one in found:
        if not one.pieces:
            line(
                f"F&O has no conversion from {one.inventory_unit} to {one.unit}: add it"
                " (Organization administration > Units > Unit conversions), or write another unit"
                f" into the row of {one.example}: map items."
            )


async def _found(context: CommandContext) -> list[Sold]:
    async with context.systems() as (_, systems):
        return await sold(systems)


async def sold(systems: Systems) -> list[Sold]:
    """All combinations, those without a conversion first. Raises as both systems do."""
    known = await systems.dynamics.on_hand.units(systems.settings.legal_entity)
    conversions = await systems.dynamics.unit_conversions.all()
    counted: dict[tuple[str, str, str, str], list[str]] = {}
    skus = await systems.commerce.inventory.skus()
    async for sku, item in systems.items.every(skus):
        units_of = known.of(item.item_number)
        if units_of is not None:
            pieces = pieces_of(item, units_of, conversions)
            counted.setdefault(_combination(item, units_of, pieces), []).append(sku)
    found = [Sold(*key, skus=len(skus), example=min(skus)) for key, skus in counted.items()]
    return sorted(found, key=lambda one: (bool(one.pieces), -one.skus, one.unit))


def _combination(
    item: ItemMapping, units_of: Units, pieces: Fraction | Never
) -> tuple[str, str, str, str]:
    sold_in = item.unit or units_of.sales or units_of.inventory
    said = "" if isinstance(pieces, Never) else str(pieces)
    return units_of.inventory, sold_in, "row" if item.unit else "sales unit", said
