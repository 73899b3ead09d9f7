"""`preview stock`, `preview prices`, `preview products`, `preview demand`: which rows would be
published, and by which requests. Nothing is."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, table
from sync.core.request import Request
from sync.engine.differences import compared
from sync.engine.ledger import Ledger
from sync.engine.mirror import Mirrored, Shown
from sync.engine.publication import PublicationFlow
from sync.engine.systems import Systems
from sync.flows.catalogue.prices import prices as prices_flow
from sync.flows.catalogue.products import products as products_flow
from sync.flows.catalogue.stock import stock as stock_flow
from sync.flows.demand.demand import demand as demand_flow
from sync.operating.problem import Problem
from sync.operating.publications import OF_CATALOGUE, publication, published_by

MANY: Final = 10
"""So many rows are listed without what they are made of."""
PARKS = 1
"""Exit status: some row would be parked."""


@dataclass(frozen=True)
class PreviewedRow:
    """A row, and what would be sent for it alone, and why; nothing where the target shows it
    already."""

    flow: str
    row: Shown
    requests: Sequence[Request]
    why: str

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        fault = self.row.fault
        shown = {
            "flow": self.flow, "key": self.row.key, "why": self.why,
            "content": None if fault else self.row.content,
        }  # fmt: skip
        if fault is not None:
            return {**shown, "parked": {"reason": fault.reason, "remedy": fault.remedy}}
        sent = [{"method": r.method, "path": r.path, "body": r.body} for r in self.requests]
        return {**shown, "origin": self.row.origin, "requests": sent}


Skus = Annotated[
    list[str] | None, typer.Option("--sku", metavar="SKU", help="Only this one; repeatable.")
]
Changed = Annotated[bool, typer.Option("--changed", help="All that the next run would send.")]


def stock(ctx: typer.Context, *, skus: Skus = None, changed: Changed = False) -> None:
    """Show the stock that Commerce would be shown, and the requests that would do it.

    Exit status: 0 all could be shown, 1 some row would be parked.

    For example:

    python -m sync preview stock --sku SHIRT-RED-M

    python -m sync preview stock --changed --json
    """
    _preview(ctx, stock_flow, skus or [], changed=changed)


def prices(ctx: typer.Context, *, skus: Skus = None, changed: Changed = False) -> None:
    """Show the base price and the tiers that Commerce would be shown, and the requests that would
    do it.

    Exit status: 0 all could be shown, 1 some row would be parked.

    For example:

    python -m sync preview prices --sku SHIRT-RED-M

    python -m sync preview prices --changed --json
    """
    _preview(ctx, prices_flow, skus or [], changed=changed)


def products(ctx: typer.Context, *, skus: Skus = None, changed: Changed = False) -> None:
    """Show the fields of products that Commerce would be shown, and the requests that would do it.

    Exit status: 0 all could be shown, 1 some row would be parked.

    For example:

    python -m sync preview products --sku SHIRT-RED-M

    python -m sync preview products --changed --json
    """
    _preview(ctx, products_flow, skus or [], changed=changed)


def demand(ctx: typer.Context) -> None:
    """Show the entries of the forecast model that the next run would write into F&O.

    Exit status: 0 all could be written, 1 some row would be parked.

    For example:

    python -m sync preview demand
    """
    _preview(ctx, demand_flow, [], changed=True)


def catalogue(ctx: typer.Context, *, skus: Skus = None, changed: Changed = False) -> None:
    """Show what Commerce would be shown of products, prices and stock, the requests that would do
    it, and why: of every such flow that is on.

    Exit status: 0 all could be shown, 1 some row would be parked.

    For example:

    python -m sync preview catalogue --sku SHIRT-RED-M

    python -m sync preview catalogue --changed --json
    """
    _preview(ctx, None, skus or [], changed=changed)


def _preview(
    ctx: typer.Context, flow: PublicationFlow | None, skus: Sequence[str], *, changed: bool
) -> None:
    if bool(skus) == changed:
        raise Problem("name either --sku or --changed", remedy="For example: --changed")
    context = context_of(ctx)
    found = asyncio.run(_previewed(context, flow, skus))
    show_rows(context, found)
    if any(one.row.fault is not None for one in found):
        raise typer.Exit(PARKS)


async def _previewed(
    context: CommandContext, flow: PublicationFlow | None, skus: Sequence[str]
) -> list[PreviewedRow]:
    async with context.systems() as (services, systems):
        if flow is not None and flow.name not in systems.settings.flows:
            raise Problem(
                f"{flow.name} is not on", remedy=f'Add "{flow.name}" to flows in connections.toml.'
            )
        names = published_by(systems.settings, of_skus=bool(skus))
        found = list[PreviewedRow]()
        for one in (
            [flow] if flow else [publication(name) for name in names if name in OF_CATALOGUE]
        ):
            if not skus:
                found += await changed_rows(one, systems, services.ledger)
            found += [await _one(one, sku, systems, services.ledger) for sku in skus]
        return found


async def changed_rows(
    flow: PublicationFlow, systems: Systems, ledger: Ledger
) -> list[PreviewedRow]:
    """All that a run would publish now, and the rows that cannot be shown."""
    known = await ledger.mirror.whole(f"{systems.name}|{flow.name}")
    rows_now = flow.source.every(systems, ledger)
    found = await compared(rows_now, known, ledger.mirror, most=sys.maxsize)
    rows = [*found.changed.values(), *found.held_back]
    return [
        PreviewedRow(
            flow.name,
            row,
            _requests(flow, row, systems),
            _why(flow, ledger, known.of(row.key), row),
        )
        for row in rows
    ]


async def _one(flow: PublicationFlow, key: str, systems: Systems, ledger: Ledger) -> PreviewedRow:
    known = await ledger.mirror.of(f"{systems.name}|{flow.name}", [key])
    row = await flow.source.one(key, systems, ledger)
    was = known.of(key)
    sent = () if ledger.mirror.shows(was, row) else _requests(flow, row, systems)
    return PreviewedRow(flow.name, row, sent, _why(flow, ledger, was, row))


def _why(flow: PublicationFlow, ledger: Ledger, was: Mirrored, row: Shown) -> str:
    """Why a row would be sent, or is not."""
    where, source = ("F&O", "the forecast") if flow is demand_flow else ("Commerce", "F&O")
    if row.fault is not None:
        return "it cannot be shown"
    if ledger.mirror.shows(was, row):
        return f"{where} shows it already"
    if was.sent:
        return f"nobody knows what {where} shows of it"
    if not was.digest:
        return f"{where} was never shown it"
    if not row.content:
        return f"{source} has it no more"
    return f"it has changed since {where} was shown it"


def _requests(flow: PublicationFlow, row: Shown, systems: Systems) -> Sequence[Request]:
    return () if row.fault is not None else flow.target.requests([row], systems)


def show_rows(context: CommandContext, found: Sequence[PreviewedRow]) -> None:
    """One line per row for programs, one per part of the target for people."""
    if context.as_json:
        for one in found:
            json_line(one.as_json())
        return
    cells = [
        (one.row.key, scope, field, value, "yes" if one.requests else "no")
        for one in found
        for scope, fields in (() if one.row.fault else (one.row.content or {}).items())
        for field, value in fields.items()
    ]
    table(("sku", "scope", "field", "value>", "sent"), cells)
    for one in found:
        if one.row.fault is not None:
            line(f"{one.row.key} would be parked: {one.row.fault.reason} {one.row.fault.remedy}")
        elif one.row.content is None:
            line(f"{one.row.key}: nothing of it is shown; it has no item in F&O, or no such field.")
        elif one.row.origin and len(found) < MANY:
            line(f"{one.row.key} is of {one.row.origin}: {one.why}.")
    line(f"Rows: {len(found)}.")
