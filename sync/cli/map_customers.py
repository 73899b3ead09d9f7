"""`map customers`: which customer account a shopper is. E-mail addresses come in and never go
out."""

import asyncio
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from sync.cli.command import Command, context_of, group
from sync.cli.context import CommandContext
from sync.cli.map_files import DryRun, File, Yes, read_file, report_import, write_file
from sync.cli.map_match import show_matches
from sync.cli.match_sources import accounts, shoppers
from sync.cli.output import json_lines, progress, table
from sync.engine.systems import Systems
from sync.mapping_tables.csv_files import accounts_from_csv, accounts_to_csv
from sync.mapping_tables.customer_matching import Account, Shopper
from sync.mapping_tables.matching import Matches, match_customers
from sync.mapping_tables.records import AccountKind, AccountMapping
from sync.operating.problem import Problem

app = group("customers", "Shopper to customer account.")

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="Customer or company id in Commerce; for a guest the e-mail address."
    ),
]
Kind = Annotated[AccountKind, typer.Option(help="What SOURCE is.")]
Company = Annotated[
    str,
    typer.Option(
        metavar="ID",
        help="Legal entity (dataAreaId) of the account; without it, the connection's own.",
    ),
]


@app.command("list", cls=Command)
def list_customers(ctx: typer.Context) -> None:
    """List the stored mappings; guests by the digest of their e-mail address.

    For example:

    python -m sync map customers list
    """
    context = context_of(ctx)
    rows = asyncio.run(_all(context))
    if context.as_json:
        json_lines(asdict(row) for row in rows)
        return
    columns = ("kind", "source", "company", "account", "matched by")
    cells = [(row.kind, row.source_key, row.company, row.account, row.matched_by) for row in rows]
    table(columns, cells, title=f"Customers: {len(rows)}")


async def _all(context: CommandContext) -> list[AccountMapping]:
    async with context.systems() as (_, systems):
        return [mapping async for mapping in systems.accounts.all()]


@app.command("set", cls=Command)
def set_customer(
    ctx: typer.Context,
    source: Source,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Customer account in D365.")],
    kind: Kind = "customer",
    company: Company = "",
) -> None:
    """Map a customer, guest or company to an account, over an older mapping. Its account is left as
    it is from then on.

    For example:

    python -m sync map customers set 17 US-001

    python -m sync map customers set buyer@example.com US-WEB --kind guest

    python -m sync map customers set 17 DE-001 --company demf
    """
    context = context_of(ctx)
    mapping = asyncio.run(_stored(context, kind, source, account, company))
    what = f"{mapping.kind} {mapping.source_key} is account {mapping.account} of {mapping.company}."
    context.tell(asdict(mapping), what)


async def _stored(
    context: CommandContext, kind: AccountKind, source: str, account: str, company: str
) -> AccountMapping:
    async with context.systems(changes=True) as (_, systems):
        entity = _entity(systems, company)
        try:
            mapping = AccountMapping(
                kind, _source_key(systems, kind, source), account, "by hand", entity
            )
        except ValueError as refused:
            raise Problem(str(refused), remedy="See `map customers set --help`.") from None
        await systems.accounts.put(mapping)
        return mapping


def _source_key(systems: Systems, kind: AccountKind, source: str) -> str:
    return systems.digest_of(source) if kind == "guest" and "@" in source else source


def _entity(systems: Systems, company: str) -> str:
    """The legal entity named, or the connection's own. Raises `Problem` for one that the connection
    does not post into."""
    known = systems.settings.legal_entities
    entity = company.strip().lower() or known[0]
    if entity not in known:
        raise Problem(
            f'the connection does not post into a legal entity "{company}"',
            remedy=f"Name one of: {', '.join(known)}.",
        )
    return entity


@app.command(cls=Command)
def remove(
    ctx: typer.Context, source: Source, kind: Kind = "customer", company: Company = ""
) -> None:
    """Forget a mapping; the shopper is matched or created again at the next order.

    For example:

    python -m sync map customers remove 17
    """
    context = context_of(ctx)
    asyncio.run(_removed(context, kind, source, company))
    context.tell({"kind": kind, "removed": True}, f"The {kind} has no mapping any more.")


async def _removed(context: CommandContext, kind: AccountKind, source: str, company: str) -> None:
    async with context.systems(changes=True) as (_, systems):
        await systems.accounts.remove(
            kind, _source_key(systems, kind, source), _entity(systems, company)
        )


@app.command("import", cls=Command)
def import_customers(ctx: typer.Context, file: File, dry_run: DryRun = False) -> None:
    """Store the mappings of a CSV file: columns kind, source, account, and where wanted company and
    matched_by.

    A line without company is of the connection's own legal entity. All of it is stored or nothing.

    For example:

    python -m sync map customers import accounts.csv --dry-run
    """
    asyncio.run(_imported(context_of(ctx), read_file(file), is_dry=dry_run))


async def _imported(context: CommandContext, raw: bytes, *, is_dry: bool) -> None:
    async with context.systems(changes=not is_dry) as (_, systems):
        compared = await systems.accounts.compare(
            accounts_from_csv(raw, systems.digest_of, systems.settings.legal_entities)
        )
        if not is_dry:
            await systems.accounts.put_many([*compared.new, *compared.changed])
    report_import(context, compared, is_dry=is_dry)


@app.command(cls=Command)
def export(ctx: typer.Context, file: File) -> None:
    """Write the mappings as CSV, which `import` reads back the same; guests as digests.

    For example:

    python -m sync map customers export accounts.csv
    """
    write_file(file, accounts_to_csv(asyncio.run(_all(context_of(ctx)))))


@app.command(cls=Command)
def match(ctx: typer.Context, company: Company = "", yes: Yes = False) -> None:
    """Read the customers of both systems and match them by the connection's rules
    (customers.match).

    For example:

    python -m sync map customers match --yes
    """
    asyncio.run(_matched(context_of(ctx), company, yes=yes))


async def _matched(context: CommandContext, company: str, *, yes: bool) -> None:
    async with context.systems(changes=yes) as (_, systems):
        entity = _entity(systems, company)
        ours, theirs = await _both_sides(context, systems, entity)
        found: Matches[Any] = match_customers(ours, theirs, systems.settings.customers.match)
        matched = (replace(one, company=entity) for one in found.matched)
        compared = await systems.accounts.compare(matched)
        if yes:
            await systems.accounts.put_many(compared.new)
    rows = [(row.source_key, row.account, row.matched_by) for row in compared.new]
    show_matches(context, found, compared, rows, ("customer", "account", "rule"), stored=yes)


async def _both_sides(
    context: CommandContext, systems: Systems, entity: str
) -> tuple[list[Shopper], list[Account]]:
    with progress("Customers", None, as_json=context.as_json) as bar:
        websites = await systems.websites.ours()
        ours = shoppers(systems.commerce, systems.settings, websites, bar.advance)
        theirs = accounts(systems.dynamics, entity, bar.advance)
        return [one async for one in ours], [one async for one in theirs]
