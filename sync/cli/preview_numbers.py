"""What previews of records that people name by their numbers share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.previewing import Run
from sync.operating.problem import Problem
from sync.preview.as_it_stands import AsItStands
from sync.preview.previewed import Preview

Whole = Annotated[
    bool, typer.Option("--documents", help="Show the whole requests, with names and addresses.")
]
Numbers = list[str] | None


@dataclass(frozen=True)
class Numbered:
    """Records that people name. `noun`: what one is, for people; `example`: how one is named;
    `unknown` and `remedy`: what is said where none has the `{number}` in the legal entity
    `{company}`."""

    flow: str
    noun: str
    find: Callable[[str, AsItStands], Awaitable[list[Preview]]]
    example: str
    unknown: str
    remedy: str


def show_numbers(ctx: typer.Context, *asked: tuple[Numbered, Numbers], documents: bool) -> None:
    """Show a preview of each number; the exit status says whether some would wait for a person.

    Raises `Problem` where none is named, the flow is off, or a number is unknown.
    """
    if not any(numbers for _, numbers in asked):
        example = asked[0][0].example
        raise Problem("nothing is named", remedy=f"For example: {example}")
    run = Run(context_of(ctx), documents)
    for found, noun in asyncio.run(_previewed(run.context, asked)):
        run.show(found, noun)
    raise typer.Exit(run.status)


async def _previewed(
    context: CommandContext, asked: tuple[tuple[Numbered, Numbers], ...]
) -> list[tuple[Preview, str]]:
    found: list[tuple[Preview, str]] = []
    async with context.systems() as (services, systems):
        now = AsItStands(systems, services.ledger, services.documents)
        for of, number in ((of, one) for of, numbers in asked for one in numbers or ()):
            if of.flow not in systems.settings.flows:
                remedy = f'Add "{of.flow}" to flows in connections.toml.'
                raise Problem(f"{of.flow} is not on", remedy=remedy)
            of_number = await of.find(number, now)
            if not of_number:
                named = {"number": number, "company": systems.settings.legal_entity}
                raise Problem(of.unknown.format(**named), remedy=of.remedy.format(**named))
            found += [(one, of.noun) for one in of_number]
    return found
