"""`map companies`: which account of F&O a company of Commerce is."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import typer

from sync.cli.command import Command, context_of, group
from sync.cli.context import CommandContext
from sync.cli.map_files import Yes
from sync.cli.map_match import show_matches
from sync.cli.match_sources import OnPage
from sync.cli.output import progress
from sync.engine.systems import Systems
from sync.flows.customers.accounts import among, is_chosen
from sync.flows.customers.company_search import COLUMNS, REVIEWED, VALUES
from sync.mapping_tables.company_matching import Named, match_companies

app = group("companies", "Company of Commerce to customer account.")


@app.callback()
def companies() -> None:
    """Which account of F&O a company of Commerce is. One pair is mapped by `map customers set`."""


@app.command(cls=Command)
def match(ctx: typer.Context, yes: Yes = False) -> None:
    """Read the companies of Commerce that somebody has approved, and the accounts of F&O that go
    out, and match them by the connection's rules (accounts.match).

    For example:

    python -m sync map companies match --yes
    """
    asyncio.run(_matched(context_of(ctx), yes=yes))


async def _matched(context: CommandContext, *, yes: bool) -> None:
    async with context.systems(changes=yes) as (_, systems):
        with progress("Companies", None, as_json=context.as_json) as bar:
            ours = [one async for one in _companies(systems, bar.advance)]
            theirs = [one async for one in _accounts(systems, bar.advance)]
        found = match_companies(ours, theirs, systems.settings.accounts.match)
        entity = systems.settings.legal_entity
        matched = (replace(one, company=entity) for one in found.matched)
        compared = await systems.accounts.compare(matched)
        if yes:
            await systems.accounts.put_many(compared.new)
    rows = [(row.account, row.source_key, row.matched_by) for row in compared.new]
    show_matches(context, found, compared, rows, ("account", "company", "rule"), stored=yes)


async def _companies(systems: Systems, on_row: OnPage) -> AsyncIterator[Named]:
    async for row in systems.commerce.companies.every():
        on_row()
        if row.get("status") in REVIEWED:
            values = {rule: str(row.get(column) or "") for rule, column in COLUMNS.items()}
            yield Named(str(row["id"]), values)


async def _accounts(systems: Systems, on_row: OnPage) -> AsyncIterator[Named]:
    settings = systems.settings
    listed = systems.dynamics.accounts.chosen(
        settings.legal_entity, partial(is_chosen, settings=settings), among=among(settings),
        flag=settings.accounts.flag,
    )  # fmt: skip
    async for account in listed:
        on_row()
        values = {rule: account.fields.get(name, "") for rule, name in VALUES.items()}
        yield Named(account.number, {**values, "number": account.number})
