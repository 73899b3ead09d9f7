"""`map attributes`: the product attributes of F&O and those of Commerce, and which belong
together."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.map_files import first_of
from sync.cli.output import show_all
from sync.commerce.filters import Op, where
from sync.commerce.product_data import ATTRIBUTES
from sync.commerce.search import LARGEST_PAGE, Search, Sort
from sync.config.connections.products import ProductAttribute
from sync.engine.systems import Systems

IN_DYNAMICS: Final = ("ProductAttributes", ("AttributeName", "DataType"))
FIELDS: Final = ("attribute_id", "attribute_code", "default_frontend_label", "frontend_input")


@dataclass(frozen=True)
class Pair:
    """An attribute of F&O and one of Commerce. `why`: `settings`, the `code` or `label` that is
    alike, or empty where none is."""

    name: str
    data_type: str
    code: str = ""
    input: str = ""
    why: str = ""


def attributes(ctx: typer.Context) -> None:
    """Show which product attribute of Commerce shows each attribute of F&O, by the settings, or
    else by an alike code or label, and the line that says so. Nothing is written.

    For example:

    python -m sync map attributes
    """
    context = context_of(ctx)
    pairs = asyncio.run(_pairs(context))
    named = [f'{pair.code} = {{ name = "{pair.name}" }}' for pair in pairs if pair.code]
    show_all(
        pairs,
        ("in F&O", "type", "code", "input", "by"),
        as_json=context.as_json,
        below=f"[products] attributes = {{ {', '.join(named)} }}",
    )


async def _pairs(context: CommandContext) -> list[Pair]:
    async with context.systems() as (_, systems):
        entity_set, select = IN_DYNAMICS
        rows = systems.dynamics.query(entity_set, select=select, order_by=select[:1])
        theirs = [(str(row["AttributeName"]), str(row.get("DataType"))) async for row in rows]
        shop = await _of_shop(systems)
        return list(matched(theirs, shop, systems.settings.products.attributes))


async def _of_shop(systems: Systems) -> dict[str, tuple[str, str]]:
    """Label and input of the attributes that somebody added, by code."""
    search = Search(sorts=(Sort("attribute_code"),), page_size=LARGEST_PAGE, fields=FIELDS)
    search = search.having(where("is_user_defined", Op.EQ, 1))
    rows = await systems.commerce.rows(ATTRIBUTES, search, key="attribute_id")
    return {
        str(row["attribute_code"]): (
            str(row.get("default_frontend_label") or ""), str(row.get("frontend_input") or ""),
        )
        for row in rows
    }  # fmt: skip


def matched(
    theirs: Sequence[tuple[str, str]],
    shop: Mapping[str, tuple[str, str]],
    known: Mapping[str, ProductAttribute],
) -> Iterator[Pair]:
    """Each attribute of F&O (name, data type) with one of the shop (label and input by code)."""
    named = {one.name.casefold(): code for code, one in known.items()}
    by_code = {_folded(code): code for code in shop}
    by_label = {_folded(label): code for code, (label, _) in shop.items() if label}
    for name, data_type in dict(theirs).items():
        key = _folded(name)
        code, why = first_of(
            settings=named.get(name.casefold()), code=by_code.get(key), label=by_label.get(key)
        )
        yield Pair(name, data_type, code, shop.get(code, ("", ""))[1], why)


def _folded(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())
