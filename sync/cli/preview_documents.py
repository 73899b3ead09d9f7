"""Where `preview` takes documents from: files, or Commerce by their numbers."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sync.cli.input_files import inputs_of
from sync.cli.order_files import Unusable, files_in, orders_of
from sync.cli.output import progress
from sync.cli.previewing import Run
from sync.commerce.client import CommerceClient
from sync.commerce.sales_documents import SalesDocuments
from sync.engine.systems import Systems
from sync.preview.input_files import Inputs, Kind
from sync.preview.story import NET, REPORTED, preview_story, stories_in

NUMBERED: Final[Mapping[Kind, Callable[[CommerceClient], SalesDocuments]]] = {
    Kind.ORDER: lambda commerce: commerce.orders,
    Kind.INVOICE: lambda commerce: commerce.invoices,
    Kind.CREDITMEMO: lambda commerce: commerce.creditmemos,
}


async def preview_files(kind: Kind, files: Sequence[str], run: Run) -> None:
    """Every document of a kind in these files. Orders are previewed file by file; all else is read
    first, for an invoice may lie in another file than its order."""
    names = list(files_in(files, run.unusable))
    if kind is Kind.ORDER:
        await _preview_orders(names, run)
        return
    found = [inputs for _, inputs in inputs_of(names, (kind,), run.unusable)]
    async with run.given(Inputs().join(found)) as systems:
        for inputs in found:
            await run.preview(kind, inputs.of(kind), systems)


async def _preview_orders(names: Sequence[str], run: Run) -> None:
    async with run.given(Inputs()) as systems:
        with progress("Files", len(names), as_json=run.context.as_json or len(names) < 2) as bar:
            for name in names:
                try:
                    await run.preview(Kind.ORDER, orders_of(name), systems)
                except Unusable as problem:
                    run.unusable(problem)
                bar.advance()


async def preview_ids(kind: Kind, wanted: Sequence[str], run: Run) -> None:
    """The documents of a kind with these ids, as Commerce has them."""
    async with _commerce(run) as systems:
        if kind in NUMBERED:
            documents = await _numbered(systems, kind, wanted, run)
        else:
            documents = await _identified(systems, kind, wanted, run)
        await run.preview(kind, documents, systems)


async def story_files(files: Sequence[str], run: Run) -> None:
    """The stories that the documents in these files tell."""
    found = inputs_of(files_in(files, run.unusable), REPORTED, run.unusable)
    inputs = Inputs().join(inputs for _, inputs in found)
    async with run.given(inputs) as systems:
        await _stories(inputs, systems, run)


async def story_ids(wanted: Sequence[str], run: Run) -> None:
    """The stories of these orders, as Commerce tells them."""
    async with _commerce(run) as systems:
        inputs = Inputs()
        for order in await _numbered(systems, Kind.ORDER, wanted, run):
            inputs.add(Kind.ORDER, order)
        for number in inputs.orders():
            for kind in (Kind.INVOICE, Kind.CREDITMEMO):
                for document in await NUMBERED[kind](systems.commerce).of_order(number):
                    inputs.add(kind, document)
        await _stories(inputs, systems, run)


async def _stories(inputs: Inputs, systems: Systems, run: Run) -> None:
    for steps in stories_in(inputs):
        kinds = iter([str(step.kind).capitalize() for step in steps])
        async for preview in preview_story(steps, systems):
            run.show(preview, "The story's" if preview.key == NET else next(kinds))


@asynccontextmanager
async def _commerce(run: Run) -> AsyncIterator[Systems]:
    name, _ = run.context.one(run.context.connections())
    async with run.context.opened() as services:
        yield await services.systems_pool.open(name)


async def _numbered(
    systems: Systems, kind: Kind, wanted: Sequence[str], run: Run
) -> list[dict[str, Any]]:
    """The documents of these numbers (`000000042`, or `000000042@1` for one store's), in that
    order."""
    increments = (one.partition("@")[0] for one in wanted)
    found, documents = await NUMBERED[kind](systems.commerce).by_numbers(increments), []
    for one in wanted:
        increment, _, store = one.partition("@")
        same = [row for row in found if str(row.get("increment_id")) == increment]
        ours = [row for row in same if store in ("", str(row.get("store_id")))]
        documents += ours
        if not ours:
            run.unusable(_none_such(one, kind, "number"))
    return documents


async def _identified(
    systems: Systems, kind: Kind, wanted: Sequence[str], run: Run
) -> list[dict[str, Any]]:
    """The customers or companies with these ids."""
    of, documents = systems.commerce, []
    read = of.customers.by_id if kind is Kind.CUSTOMER else of.companies.by_id
    for one in wanted:
        document = await read(int(one)) if one.isascii() and one.isdigit() else None
        if document is None:
            run.unusable(_none_such(one, kind, "id"))
        else:
            documents.append(document)
    return documents


def _none_such(one: str, kind: Kind, what: str) -> Unusable:
    remedy = f"Check the {what} and the connection."
    return Unusable(one, f"Commerce has no such {kind}", remedy)
