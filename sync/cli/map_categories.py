"""`map categories`: the categories of F&O and those of Commerce, and which belong together."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import show_all
from sync.operating.problem import Problem


@dataclass(frozen=True)
class Pair:
    """A category of F&O, by its record id, and one of Commerce. `why`: `settings`, the `name` that
    both have, or empty where none is alike, or several are."""

    record: str
    name: str
    category: int | None = None
    path: str = ""
    why: str = ""


def categories(
    ctx: typer.Context,
    hierarchy: Annotated[
        str, typer.Option("--hierarchy", help="The category hierarchy of F&O; else the settings'.")
    ] = "",
) -> None:
    """Show which category of Commerce each category of F&O is, by the settings, or else by an equal
    name, and the line that says so. Nothing is written.

    For example:

    python -m sync map categories --hierarchy "Web"
    """
    context = context_of(ctx)
    pairs = asyncio.run(_pairs(context, hierarchy))
    named = [f"{pair.record} = {pair.category}" for pair in pairs if pair.category]
    show_all(
        pairs,
        ("record id", "in F&O", "category>", "path", "by"),
        as_json=context.as_json,
        below=f"[products] categories = {{ {', '.join(named)} }}",
    )


async def _pairs(context: CommandContext, hierarchy: str) -> list[Pair]:
    async with context.systems() as (_, systems):
        wanted = hierarchy or systems.settings.products.category_hierarchy
        if not wanted:
            remedy = "Add --hierarchy, or write category_hierarchy into products."
            raise Problem("no category hierarchy is named", remedy=remedy)
        theirs = await systems.dynamics.product_categories.names(wanted)
        shop = await systems.commerce.categories.all()
        names = [(int(row["id"]), str(row["name"]), str(row.get("path") or "")) for row in shop]
        return list(matched(theirs, names, systems.settings.products.categories))


def matched(
    theirs: Mapping[str, str], shop: Sequence[tuple[int, str, str]], known: Mapping[str, int]
) -> Iterator[Pair]:
    """Each category of F&O (name by record id) with one of the shop (id, name, path)."""
    paths = {number: path for number, _, path in shop}
    for record, name in theirs.items():
        alike = [number for number, other, _ in shop if other.casefold() == name.casefold()]
        if record in known:
            yield Pair(record, name, known[record], paths.get(known[record], ""), "settings")
        elif len(alike) == 1:
            yield Pair(record, name, alike[0], paths[alike[0]], "name")
        else:
            yield Pair(record, name)
