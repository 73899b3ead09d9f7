"""`erase`: forget what is kept here of a person's documents, or show it, as a person may ask. The
trail's numbers and the books stay."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final

import typer

from sync.app.services import Services
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.options import Unasked
from sync.cli.output import json_line, line, note, table
from sync.cli.person import Named, Records
from sync.engine.erasure import Record
from sync.engine.systems import Systems
from sync.flows.quotes.quotation_books import in_sales
from sync.flows.quotes.quote_records import QUOTES
from sync.flows.returns.rma_records import CASES
from sync.mapping_tables.records import AccountMapping
from sync.operating.activity import Activity
from sync.operating.forgetting_accounts import forget_accounts
from sync.operating.problem import Problem
from sync.operating.reports import forget_later
from sync.operating.story import story_of

NOTHING_KNOWN: Final = 1
"""Exit status: nothing of what was named is known in Commerce or here."""


Orders = Annotated[
    list[str] | None,
    typer.Argument(metavar="ORDER...", help="Order numbers, or full keys (000000042@1)."),
]
Customers = Annotated[
    list[int] | None,
    typer.Option("--customer", metavar="ID", help="A customer's id: the account and all orders."),
]
Companies = Annotated[
    list[int] | None,
    typer.Option(
        "--company", metavar="ID", help="A company's id: the account, contacts, their orders."
    ),
]
Show = Annotated[
    bool, typer.Option("--show", help="Erase nothing: print all that is kept, decrypted, as JSON.")
]


def erase(
    ctx: typer.Context,
    *,
    orders: Orders = None,
    customers: Customers = None,
    companies: Companies = None,
    show: Show = False,
    yes: Unasked = False,
) -> None:
    """Forget what is kept of orders, their invoices and credit memos, and of the customers and
    companies named: the encrypted copies, and all free text about them.

    What the trail holds then (numbers, amounts, outcomes) names no person and stays, and so do both
    systems' own records: erase those there, but afterwards, for what belongs to an order is looked
    up in Commerce. A later change of an erased order is written whole, as what was sent before is
    not known any more. On one machine the files are rewritten, so that nothing is left in them. The
    next `report build` takes their accounts out of the data set.
    Without --yes it lists the records and asks; where nobody can be asked, it only lists. With
    --show it prints what is kept of them instead, one JSON object per record.

    Exit status: 0 done, shown or listed, 1 nothing is known of what was named.

    For example:

    python -m sync erase --customer 17

    python -m sync erase --customer 17 --show > person.json

    python -m sync erase 000000042 000000043 --yes
    """
    named = Named(orders or (), customers or (), companies or ())
    if named == Named((), (), ()):
        raise Problem("name orders, --customer or --company", remedy="For example: erase 000000042")
    found = asyncio.run(_run(context_of(ctx), named, show=show, yes=yes))
    if not found:
        note(
            "Nothing is known of what was named: Commerce has no such order, customer or company,"
            " and nothing is kept here."
        )
        raise typer.Exit(NOTHING_KNOWN)


async def _run(context: CommandContext, named: Named, *, show: bool, yes: bool) -> int:
    async with context.systems(changes=not show) as (services, systems):
        records = await Records(services, systems).of(named)
        if show:
            await _show(services, systems, named, records)
        else:
            await _erase(context, services, named, systems, records, yes=yes)
    return len(records)


async def _show(
    services: Services, systems: Systems, named: Named, records: Sequence[Record]
) -> None:
    for flow, key in records:
        claim = await services.ledger.claim(systems.name, flow, key)
        json_line(await story_of(services, claim, documents=True))
    async for mapping in _accounts(systems, named, records):
        json_line({"connection": systems.name, "account": mapping.cells()})


async def _accounts(
    systems: Systems, named: Named, records: Sequence[Record]
) -> AsyncIterator[AccountMapping]:
    """Their accounts in F&O."""
    wanted = {("customer", str(one)) for one in named.customers}
    wanted |= {("company", str(one)) for one in named.companies}
    guests = (key.removeprefix("guest:") for flow, key in records if flow == "customers")
    wanted |= {("guest", key.partition("@")[0]) for key in guests}
    async for mapping in systems.accounts.all():
        if (mapping.kind, mapping.source_key) in wanted:
            yield mapping


async def _erase(
    context: CommandContext, services: Services, named: Named, systems: Systems,
    records: Sequence[Record], *, yes: bool,
) -> None:  # fmt: skip
    name = systems.name
    agreed = bool(records) and (yes or _asked(context, name, records))
    erased = services.erasure.erase(name, records if agreed else ())
    counts = {record: count async for record, count in erased}
    for flow, key in records if context.as_json else ():
        count = counts.get((flow, key))
        json_line({"connection": name, "flow": flow, "key": key, "erased": count})
    if agreed:
        await tell_of_dataverse(services, systems, records)
        await forget_accounts(services, name, named.customers, named.companies)
        parts = services.edition_parts
        if systems.settings.reporting is not None:
            async for one in _accounts(systems, named, records):
                company = one.company or systems.settings.legal_entity
                await forget_later(parts.tables, company, one.account)
        await Activity(parts.tables, parts.clock).erase(name, set(records))
        parts.compact()
        if not context.as_json:
            line(f"Erased: what was kept of {len(records)} records.")
    elif records:
        note("Nothing was erased. Add --yes to erase these.")


async def tell_of_dataverse(
    services: Services, systems: Systems, records: Sequence[Record]
) -> None:
    """Cases quote their customer, and stay in Dataverse; so do quotes that are kept there."""
    for flow in (CASES, *((QUOTES,) if in_sales(systems) else ())):
        mine = [one for one in records if one[0] == flow]
        claims = [await services.ledger.claim(systems.name, *one) for one in mine]
        if numbers := ", ".join(claim.number for claim in claims if claim.number):
            note(
                f"These {flow} stay in Dataverse, with what they say: {numbers}. Erase them there."
            )


def _asked(context: CommandContext, connection: str, records: Sequence[Record]) -> bool:
    if context.as_json:
        return False
    table(
        ("connection", "flow", "key"),
        [(connection, *record) for record in records],
        title="To be erased",
    )
    return sys.stdin.isatty() and typer.confirm("Erase them?", err=True)
