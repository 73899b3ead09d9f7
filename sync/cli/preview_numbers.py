"""What previews of records that people name by their numbers share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.previewing import Run
from sync.engine.copies import DocumentCopies
from sync.engine.ledger import Ledger
from sync.engine.systems import Systems
from sync.operating.problem import Problem
from sync.preview.previews import Preview

Previewed = Callable[[str, Systems, Ledger, DocumentCopies], Awaitable[list[Preview]]]


@dataclass(frozen=True)
class Numbered:
    """Records that people name. `noun`: what one is, for people; `unnamed` and `example`: what is
    said where none is named; `unknown` and `remedy`: where none has the `{number}` in the legal
    entity `{company}`."""

    flow: str
    noun: str
    find: Previewed
    unnamed: str
    example: str
    unknown: str
    remedy: str


def show_numbers(
    ctx: typer.Context, of: Numbered, numbers: list[str] | None, *, documents: bool
) -> None:
    """Show a preview of each; the exit status says whether some would wait for a person.

    Raises `Problem` where none is named, the flow is off, or a number is unknown.
    """
    if not numbers:
        raise Problem(of.unnamed, remedy=f"For example: {of.example}")
    run = Run(context_of(ctx), documents)
    for found in asyncio.run(_previewed(run.context, of, numbers)):
        run.show(found, of.noun)
    raise typer.Exit(run.status)


async def _previewed(context: CommandContext, of: Numbered, numbers: list[str]) -> list[Preview]:
    found: list[Preview] = []
    async with context.systems() as (services, systems):
        if of.flow not in systems.settings.flows:
            remedy = f'Add "{of.flow}" to flows in connections.toml.'
            raise Problem(f"{of.flow} is not on", remedy=remedy)
        for number in numbers:
            of_number = await of.find(number, systems, services.ledger, services.documents)
            if not of_number:
                named = {"number": number, "company": systems.settings.legal_entity}
                raise Problem(of.unknown.format(**named), remedy=of.remedy.format(**named))
            found += of_number
    return found
