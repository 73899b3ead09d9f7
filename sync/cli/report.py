"""`report build`, `report status` and `report forget`: the data set of both systems."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sync.app.edition_parts import EditionParts
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, progress, table
from sync.cli.reported import Folder, folder_of, freshness, tell_missing
from sync.operating.problem import Problem
from sync.reporting.building import Built
from sync.reporting.containers import kept
from sync.reporting.duck import opened
from sync.reporting.forgetting import forget as forget_accounts
from sync.reporting.from_systems import Reported
from sync.reporting.job import build_all
from sync.reporting.lake import alone_in
from sync.reporting.state import State

INCOMPLETE: Final = 1
"""Exit status: something could not be read, and the figures lack it."""


def build(ctx: typer.Context, *, folder: Folder = None) -> None:
    """Read what is new or has changed in both systems, of all connections with a `reporting`
    section, and make the star model again. Reads only, after deliveries; beside a process that
    serves. Whatever stops it, the next one goes on.

    Exit status: 0 all was read, 1 something could not be, and `report status` says what.

    For example:

    python -m sync report build
    """
    context = context_of(ctx)
    with progress("Reading", None, as_json=context.as_json, counted=False) as bar:
        built = asyncio.run(
            _built(context, folder_of(context, folder), lambda name, n: bar.say(f"{name}: {n}"))
        )
    context.tell(
        {"records": built.records, "months": built.months, "trouble": built.trouble},
        f"Read {built.records} records, wrote {built.months} months.",
    )
    if not built.is_whole:
        tell_missing(built.trouble, context)
        raise typer.Exit(INCOMPLETE)


def status(ctx: typer.Context, *, folder: Folder = None) -> None:
    """How fresh the data set is, and what could not be read.

    Exit status: 0 nothing is missing, 1 something is.

    For example:

    python -m sync report status
    """
    context = context_of(ctx)
    state = State.of(folder_of(context, folder))
    trouble = dict(state.trouble)
    if context.as_json:
        json_line({"built_at": state.built_at, "read_at": state.read_at, "trouble": trouble})
    else:
        line(freshness(state))
        table(("source", "read to its end"), sorted(state.read_at.items()))
        tell_missing(trouble, context)
    if trouble:
        raise typer.Exit(INCOMPLETE)


def forget(
    ctx: typer.Context,
    accounts: Annotated[list[str], typer.Argument(metavar="ACCOUNT...", help="F&O's numbers.")],
    *,
    company: Annotated[str, typer.Option("--company", help="The legal entity.")],
    folder: Folder = None,
) -> None:
    """Take accounts out of the data set, because a person is to be erased. Their amounts stay and
    name nobody; later builds leave the accounts out.

    For example:

    python -m sync report forget --company usmf C-000017
    """
    context = context_of(ctx)
    root = folder_of(context, folder)
    with alone_in(root), opened(root / "spill") as duck:
        count = forget_accounts(duck, root, company, accounts)
    context.tell({"files": count}, f"Forgotten; {count} files were written again.")


async def _built(context: CommandContext, folder: Path, tell: Any) -> Built:
    async with _reported(context) as (reported, parts), kept(context.settings(), folder) as keeping:
        return await build_all(reported, parts, keeping, folder, tell)


@asynccontextmanager
async def _reported(context: CommandContext) -> AsyncIterator[tuple[list[Reported], EditionParts]]:
    """All connections that report, opened."""
    names = [
        name for name, one in context.connections().connections.items() if one.reporting is not None
    ]
    if not names:
        raise Problem(
            "no connection reports",
            remedy="Write [connections.NAME.reporting] into connections.toml.",
        )
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(context.opened())
        pool = services.systems_pool
        reported = [await Reported.of(await pool.open(name)) for name in names]
        yield reported, services.edition_parts
