"""`preview invoices`, `preview creditmemos` and `preview story`: the documents behind an order, and what they come to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from sync.adapters.system_clock import SystemClock
from sync.cli.command import place_of
from sync.cli.order_files import Unusable, files_in
from sync.cli.order_lookups import lookups_in
from sync.cli.paper_files import papers_of
from sync.cli.previewing import Documents, Files, Gross, Run, require_one_source, rules, wanted_ids
from sync.commerce.search import Op, Search, where
from sync.connections import Connection
from sync.desk import Desk
from sync.preview.documents import Basis, preview_creditmemo, preview_invoice, readable_memos
from sync.preview.orders import Lookups, Preview
from sync.preview.papers import Kind, Papers, id_of
from sync.preview.story import NET, TOLD, preview_story, stories_in

Show = Callable[[Iterable[Papers], Basis], Awaitable[None]]
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
    documents: Documents = False,
) -> None:
    """Show what each invoice would become in D365 by the connection's recipe, and prove its total to the cent.

    A file holds an invoice as REST answers it, a list, a search answer, or an order together with its `invoices`. An
    invoice is booked with its order: where it is not in the same file, name the order's file as well.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview invoices invoice.json order.json

    python -m sync preview invoices --ids 000000007 --connection bikes-de
    """
    require_one_source(files, ids, "preview invoices invoice.json order.json")
    run = Run(place_of(ctx), documents)
    asyncio.run(_documents(Kind.INVOICE, files or [], ids, gross, run))
    raise typer.Exit(run.status)


def creditmemos(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[str, IdsHelp] = "",
    gross: Gross = None,
    documents: Documents = False,
) -> None:
    """Show what each credit memo would become in D365 by the connection's recipe, and prove its total to the cent.

    Files are as for `preview invoices`.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview creditmemos creditmemo.json order.json
    """
    require_one_source(files, ids, "preview creditmemos creditmemo.json order.json")
    run = Run(place_of(ctx), documents)
    asyncio.run(_documents(Kind.CREDITMEMO, files or [], ids, gross, run))
    raise typer.Exit(run.status)


def story(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[str, typer.Option(metavar="A,B,C", help="Read these orders with all their documents.")] = "",
    gross: Gross = None,
    documents: Documents = False,
) -> None:
    """Show an order with its invoices and credit memos in order of time, and what they come to in the end.

    The last object has the key "net": invoices less credit memos, on both sides. An edited order and the one it
    replaces are one story.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview story order.json invoices.json creditmemos.json

    python -m sync preview story --ids 000000042 --connection bikes-de
    """
    require_one_source(files, ids, "preview story order.json invoices.json")
    run = Run(place_of(ctx), documents)
    asyncio.run(_stories(files or [], ids, gross, run))
    raise typer.Exit(run.status)


async def _documents(kind: Kind, files: Sequence[str], ids: str, gross: bool | None, run: Run) -> None:
    async def show(found: Iterable[Papers], basis: Basis) -> None:
        for papers in found:
            for document in papers.of(kind):
                run.show(await PREVIEWS[kind](document, basis), str(kind).capitalize())

    if not ids:
        await _from_files(files, (kind,), gross, run, show)
        return
    await _from_commerce(run, lambda desk: _documents_by_number(desk, kind, wanted_ids(ids), run), show)


async def _stories(files: Sequence[str], ids: str, gross: bool | None, run: Run) -> None:
    async def show(found: Iterable[Papers], basis: Basis) -> None:
        for chapters in stories_in(Papers().join(found)):
            kinds = iter([str(chapter.kind).capitalize() for chapter in chapters])
            async for preview in preview_story(chapters, basis):
                run.show(preview, "The story's" if preview.key == NET else next(kinds))

    if not ids:
        await _from_files(files, TOLD, gross, run, show)
        return
    await _from_commerce(run, lambda desk: _stories_by_number(desk, wanted_ids(ids), run), show)


async def _from_files(paths: Sequence[str], wanted: tuple[Kind, ...], gross: bool | None, run: Run, show: Show) -> None:
    found = [papers for _, papers in papers_of(files_in(paths, run.unusable), wanted, run.unusable)]
    async with rules(run.place, gross) as (connection, lookups):
        await show(found, _basis(Papers().join(found), connection, lookups))


def _basis(papers: Papers, connection: Connection, lookups: Lookups) -> Basis:
    memos = readable_memos(papers.of(Kind.CREDITMEMO))
    return Basis(papers.orders(), connection, lookups, SystemClock().now(), memos)


async def _from_commerce(run: Run, read: Callable[[Desk], Awaitable[Papers]], show: Show) -> None:
    name, connection = run.place.one(run.place.connections())
    async with run.place.opened() as services:
        desk = await services.desks.open(name)
        lookups = lookups_in(connection, desk.items, desk.accounts, desk.digest_of)
        papers = await read(desk)
        await show([papers], _basis(papers, connection, lookups))


async def _documents_by_number(desk: Desk, kind: Kind, wanted: Sequence[str], run: Run) -> Papers:
    papers = await _numbered(desk, PATHS[kind], kind, wanted, run)
    ids = {number for document in papers.of(kind) if (number := id_of(document, "order_id")) is not None}
    for order in await desk.commerce.orders_by_ids(sorted(ids)) if ids else ():
        papers.add(Kind.ORDER, order)
    return papers


async def _stories_by_number(desk: Desk, wanted: Sequence[str], run: Run) -> Papers:
    papers = await _numbered(desk, "orders", Kind.ORDER, wanted, run)
    for number in papers.orders():
        for kind, path in PATHS.items():
            search = Search(page_size=desk.settings.commerce.page_size).having(where("order_id", Op.EQ, number))
            async for page in desk.commerce.pages(path, search):
                for document in page.items:
                    papers.add(kind, document)
    return papers


async def _numbered(desk: Desk, path: str, kind: Kind, wanted: Sequence[str], run: Run) -> Papers:
    """The documents of these numbers (`000000042`, or `000000042@1` for one store's), in that order."""
    found = await desk.commerce.by_increment(path, (one.partition("@")[0] for one in wanted))
    papers = Papers()
    for one in wanted:
        increment, _, store = one.partition("@")
        same = [row for row in found if str(row.get("increment_id")) == increment]
        ours = [row for row in same if store in ("", str(row.get("store_id")))]
        for document in ours:
            papers.add(kind, document)
        if not ours:
            run.unusable(Unusable(one, f"Commerce has no such {kind}", "Check the number and the connection."))
    return papers
