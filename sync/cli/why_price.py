"""`why-price`: which price a customer gets, and why each other one does not count."""

import asyncio
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, table
from sync.core.errors import Never
from sync.flows.catalogue.price_rows import Reading, priced_of, read_prices
from sync.mapping.price_reasons import Candidate, candidates
from sync.mapping.price_search import Audience, UnclearPrice
from sync.mapping.priced import Priced
from sync.mapping.prices import ALL, prices_to_show
from sync.operating.problem import Problem

UNKNOWN = 1
"""Exit status: no price can be told or shown."""


def why_price(
    ctx: typer.Context,
    sku: Annotated[str, typer.Argument(metavar="SKU", help="As Commerce has it.")],
    *,
    group: Annotated[
        str, typer.Option("--group", help="Price group or account in F&O, or customer group.")
    ] = "",
    quantity: Annotated[str, typer.Option("--quantity", help="Pieces that are bought.")] = "1",
) -> None:
    """Explain F&O's price of a SKU for a group and a quantity: every agreement and discount that
    might count, and why it does or does not. It reads F&O; nothing is sent.

    Exit status: 0 it can be shown, 1 it cannot.

    For example:

    python -m sync why-price SHIRT-RED-M --group RETAIL --quantity 10
    """
    context = context_of(ctx)
    found = asyncio.run(_explained(context, sku, group, _pieces(quantity)))
    _report(context, found)
    if found["parked"] is not None:
        raise typer.Exit(UNKNOWN)


def _pieces(quantity: str) -> Decimal:
    try:
        pieces = Decimal(quantity)
    except InvalidOperation:
        pieces = Decimal(0)
    if not (pieces.is_finite() and pieces > 0):
        raise Problem(f'"{quantity}" is no quantity', remedy="For example: --quantity 10")
    return pieces


async def _explained(
    context: CommandContext, sku: str, group: str, pieces: Decimal
) -> dict[str, Any]:
    async with context.systems() as (_, systems):
        item = await systems.items.get(sku)
        if item is None:
            raise Problem(f"{sku} has no item", remedy="Add its row: map items set.")
        reading = await read_prices(systems, item.item_number)
        priced = priced_of(systems, sku, item, reading)
        if priced is None:
            raise Problem(
                f"{sku}: F&O has no released item {item.item_number}",
                remedy="Release it in this legal entity, or correct its row: map items.",
            )
        return _facts(sku, group, pieces, priced, reading)


def _facts(
    sku: str, group: str, pieces: Decimal, priced: Priced | Never, reading: Reading
) -> dict[str, Any]:
    audience, rules = _audience(reading, group), reading.rules
    asked = {"sku": sku, "for": str(audience), "quantity": pieces}
    if isinstance(priced, Never):
        return {**asked, "price": None, "shown": None, "candidates": [], "parked": _parked(priced)}
    shown = prices_to_show(priced, rules)
    try:
        price = priced.price(rules, audience, pieces)
    except UnclearPrice:
        price = None
    return {
        **asked, "currency": priced.wanted.currency, "unit": priced.wanted.unit,
        "units_per_piece": priced.units, "day": priced.wanted.day.isoformat(), "price": price,
        "shown": None if isinstance(shown, Never) else shown,
        "candidates": candidates(priced, rules, audience, pieces),
        "parked": _parked(shown) if isinstance(shown, Never) else None,
    }  # fmt: skip


def _audience(reading: Reading, name: str) -> Audience:
    """Who is meant; a group that is not mapped may be asked for all the same."""
    if not name:
        return ALL
    known = name.casefold()
    for one in reading.rules.audiences:
        if known in (one.customer.casefold(), one.code.casefold()):
            return one
    groups = (one for one in reading.rules.audiences if not one.customer)
    return next((one for one in groups if one.group.casefold() == known), Audience(group=name))


def _parked(why: Never) -> dict[str, str]:
    return {"reason": why.reason, "remedy": why.remedy}


def _report(context: CommandContext, found: dict[str, Any]) -> None:
    rows: list[Candidate] = found["candidates"]
    if context.as_json:
        json_line({**found, "candidates": [asdict(one) for one in rows]})
        return
    table(
        ("candidate", "record", "whose", "value>", "counts", "why"),
        [
            (
                one.kind,
                one.record or "",
                one.whose,
                one.value,
                "yes" if one.counts else "no",
                one.why,
            )
            for one in rows
        ],
    )
    bought = f"{found['sku']} for {found['for']}, {found['quantity']:f} pieces"
    price = "nobody can tell" if found["price"] is None else f"{found['price']} {found['currency']}"
    line(f"{bought}: {price} a piece.")
    for scope, one in (found["shown"] or {}).items():
        line(f"Commerce is shown {scope}: {', '.join(str(value) for value in one.values())}.")
    if found["parked"] is not None:
        line(f"It would be parked: {found['parked']['reason']} {found['parked']['remedy']}")
