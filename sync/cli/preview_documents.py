"""`preview invoices`, `preview creditmemos` and `preview story`: the documents behind an order, and
what they come to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from sync.adapters.system_clock import SystemClock
from sync.cli.command import context_of
from sync.cli.input_files import inputs_of
from sync.cli.order_files import Unusable, files_in
from sync.cli.order_lookups import lookups_in
from sync.cli.previewing import (
    Files,
    Gross,
    Run,
    ShowDocuments,
    require_one_source,
    rules,
    wanted_ids,
)
from sync.commerce.filters import Op, where
from sync.commerce.search import Search
from sync.config.connections import Connection
from sync.engine.systems import Systems
from sync.preview.documents import Basis, preview_creditmemo, preview_invoice, readable_memos
from sync.preview.input_files import Inputs, Kind, id_of
from sync.preview.orders import Lookups, Preview
from sync.preview.story import NET, REPORTED, preview_story, stories_in

Show = Callable[[Iterable[Inputs], Basis], Awaitable[None]]
PREVIEWS: Final[Mapping[Kind, Callable[[Any, Basis], Awaitable[Preview]]]] = {
    Kind.INVOICE: preview_invoice,
    Kind.CREDITMEMO: preview_creditmemo,
}
PATHS: Final[Mapping[Kind, str]] = {Kind.INVOICE: "invoices", Kind.CREDITMEMO: "creditmemos"}
IdsHelp = typer.Option(metavar="A,B,C", help="Read these from Commerce, by increment id.")


def invoices(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[str, IdsHelp] = "",
    gross: Gross = None,
    documents: ShowDocuments = False,
) -> None:
    """Show what each invoice would become in D365 by the connection's recipe, and prove its total
    to the cent.

    A file holds an invoice as REST answers it, a list, a search answer, or an order together with
    its `invoices`. An invoice is booked with its order: where it is not in the same file, name the
    order's file as well.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview invoices invoice.json order.json

    python -m sync preview invoices --ids 000000007 --connection bikes-de
    """
    require_one_source(files, ids, "preview invoices invoice.json order.json")
    run = Run(context_of(ctx), documents)
    asyncio.run(_documents(Kind.INVOICE, files or [], ids, gross, run))
    raise typer.Exit(run.status)


def creditmemos(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[str, IdsHelp] = "",
    gross: Gross = None,
    documents: ShowDocuments = False,
) -> None:
    """Show what each credit memo would become in D365 by the connection's recipe, and prove its
    total to the cent.

    Files are as for `preview invoices`.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview creditmemos creditmemo.json order.json
    """
    require_one_source(files, ids, "preview creditmemos creditmemo.json order.json")
    run = Run(context_of(ctx), documents)
    asyncio.run(_documents(Kind.CREDITMEMO, files or [], ids, gross, run))
    raise typer.Exit(run.status)


def story(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[
        str, typer.Option(metavar="A,B,C", help="Read these orders with all their documents.")
    ] = "",
    gross: Gross = None,
    documents: ShowDocuments = False,
) -> None:
    """Show an order with its invoices and credit memos in order of time, and what they come to in
    the end.

    The last object has the key "net": invoices less credit memos, on both sides. An edited order
    and the one it replaces are one story.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview story order.json invoices.json creditmemos.json

    python -m sync preview story --ids 000000042 --connection bikes-de
    """
    require_one_source(files, ids, "preview story order.json invoices.json")
    run = Run(context_of(ctx), documents)
    asyncio.run(_stories(files or [], ids, gross, run))
    raise typer.Exit(run.status)


async def _documents(
    kind: Kind, files: Sequence[str], ids: str, gross: bool | None, run: Run
) -> None:
    async def show(found: Iterable[Inputs], basis: Basis) -> None:
        for inputs in found:
            for document in inputs.of(kind):
                run.show(await PREVIEWS[kind](document, basis), str(kind).capitalize())

    if not ids:
        await _from_files(files, (kind,), gross, run, show)
        return
    await _from_commerce(
        run, lambda systems: _documents_by_number(systems, kind, wanted_ids(ids), run), show
    )


async def _stories(files: Sequence[str], ids: str, gross: bool | None, run: Run) -> None:
    async def show(found: Iterable[Inputs], basis: Basis) -> None:
        for steps in stories_in(Inputs().join(found)):
            kinds = iter([str(step.kind).capitalize() for step in steps])
            async for preview in preview_story(steps, basis):
                run.show(preview, "The story's" if preview.key == NET else next(kinds))

    if not ids:
        await _from_files(files, REPORTED, gross, run, show)
        return
    await _from_commerce(
        run, lambda systems: _stories_by_number(systems, wanted_ids(ids), run), show
    )


async def _from_files(
    paths: Sequence[str], wanted: tuple[Kind, ...], gross: bool | None, run: Run, show: Show
) -> None:
    found = [inputs for _, inputs in inputs_of(files_in(paths, run.unusable), wanted, run.unusable)]
    async with rules(run.context, gross) as (connection, lookups):
        await show(found, _basis(Inputs().join(found), connection, lookups))


def _basis(inputs: Inputs, connection: Connection, lookups: Lookups) -> Basis:
    memos = readable_memos(inputs.of(Kind.CREDITMEMO))
    return Basis(inputs.orders(), connection, lookups, SystemClock().now(), memos)


async def _from_commerce(
    run: Run, read: Callable[[Systems], Awaitable[Inputs]], show: Show
) -> None:
    name, connection = run.context.one(run.context.connections())
    async with run.context.opened() as services:
        systems = await services.systems_pool.open(name)
        lookups = lookups_in(connection, systems.items, systems.accounts, systems.digest_of)
        inputs = await read(systems)
        await show([inputs], _basis(inputs, connection, lookups))


async def _documents_by_number(
    systems: Systems, kind: Kind, wanted: Sequence[str], run: Run
) -> Inputs:
    inputs = await _numbered(systems, PATHS[kind], kind, wanted, run)
    ids = {
        number
        for document in inputs.of(kind)
        if (number := id_of(document, "order_id")) is not None
    }
    for order in await systems.commerce.orders_by_ids(sorted(ids)) if ids else ():
        inputs.add(Kind.ORDER, order)
    return inputs


async def _stories_by_number(systems: Systems, wanted: Sequence[str], run: Run) -> Inputs:
    inputs = await _numbered(systems, "orders", Kind.ORDER, wanted, run)
    for number in inputs.orders():
        for kind, path in PATHS.items():
            search = Search(page_size=systems.settings.commerce.page_size).having(
                where("order_id", Op.EQ, number)
            )
            async for page in systems.commerce.pages(path, search):
                for document in page.items:
                    inputs.add(kind, document)
    return inputs


async def _numbered(
    systems: Systems, path: str, kind: Kind, wanted: Sequence[str], run: Run
) -> Inputs:
    """The documents of these numbers (`000000042`, or `000000042@1` for one store's), in that
    order."""
    found = await systems.commerce.by_increment(path, (one.partition("@")[0] for one in wanted))
    inputs = Inputs()
    for one in wanted:
        increment, _, store = one.partition("@")
        same = [row for row in found if str(row.get("increment_id")) == increment]
        ours = [row for row in same if store in ("", str(row.get("store_id")))]
        for document in ours:
            inputs.add(kind, document)
        if not ours:
            run.unusable(
                Unusable(
                    one, f"Commerce has no such {kind}", "Check the number and the connection."
                )
            )
    return inputs
