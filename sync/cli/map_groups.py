"""`map groups`: the price groups of F&O and the customer groups of Commerce, and which belong
together."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import typer

from sync.checks.shown_prices import GROUPS, PRICE_GROUPS
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.map_files import first_of
from sync.cli.output import show_all
from sync.commerce.search import LARGEST_PAGE, Search, Sort
from sync.dynamics.odata import Filter

NAME: Final = "GroupName"


@dataclass(frozen=True)
class Pair:
    """A price group and its customer group. `why`: `settings`, the `code` or `name` that is alike,
    or empty where none is."""

    group: str
    name: str
    customer_group: str = ""
    why: str = ""


def groups(ctx: typer.Context) -> None:
    """Show which customer group of Commerce is shown the prices of each price group of F&O, by the
    settings, or else by an alike code or name, and the line that says so. Nothing is written.

    For example:

    python -m sync map groups
    """
    context = context_of(ctx)
    pairs = asyncio.run(_pairs(context))
    named = [f'"{one.group}" = "{one.customer_group}"' for one in pairs if one.customer_group]
    show_all(
        pairs,
        ("price group", "name", "customer group", "by"),
        as_json=context.as_json,
        below=f"[prices] groups = {{ {', '.join(named)} }}",
    )


async def _pairs(context: CommandContext) -> list[Pair]:
    async with context.systems() as (_, systems):
        company = Filter.eq("dataAreaId", systems.settings.legal_entity)
        entity_set, code = PRICE_GROUPS
        rows = systems.dynamics.query(
            entity_set, where=company, select=(code, NAME), order_by=(code,)
        )
        theirs = [(str(row[code]), str(row.get(NAME) or "")) async for row in rows]
        search = Search(sorts=(Sort("code"),), page_size=LARGEST_PAGE, fields=("id", "code"))
        shop = await systems.commerce.rows(GROUPS, search, key="id")
        codes = [str(row["code"]) for row in shop]
        return list(matched(theirs, codes, systems.settings.prices.groups))


def matched(
    theirs: Sequence[tuple[str, str]], codes: Sequence[str], known: Mapping[str, str]
) -> Iterator[Pair]:
    """Each price group (code, name) with a customer group of these codes."""
    named = {group.casefold(): code for group, code in known.items()}
    alike = {code.casefold(): code for code in codes}
    for group, name in theirs:
        key, by_name = group.casefold(), alike.get(name.casefold())
        found = first_of(settings=named.get(key), code=alike.get(key), name=by_name)
        yield Pair(group, name, *found)
