"""`hold`, `release`, `forget`, `adopt`, `relink`: correct what is known of one record.

Each shows what it would do and asks; the trail keeps who did it, when and why. None writes to a
system: what was corrected is delivered again, which looks into D365 or Commerce before it writes.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import typer

from sync.cli.asking import PATIENCE, Patience, report_outcomes
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.options import By, Unasked
from sync.cli.output import json_line, line, note
from sync.cli.pausing import user_name
from sync.engine.claim import Claim
from sync.engine.corrections import Corrections
from sync.operating.asking import Asking, Outcome
from sync.operating.deciding import corrections, kind_of, require_found_again, the_record
from sync.operating.problem import Problem
from sync.operating.records import Ledgers, checked

Flow = Annotated[str, typer.Argument(metavar="FLOW", help="For example: orders.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="As `parked` and `trail` show it.")]
Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Of the document, as the target has it.")
]
Why = Annotated[str, typer.Option(metavar="TEXT", help="Why; the trail keeps it.")]
Document = Annotated[
    str,
    typer.Option(metavar="KIND", help="Which document, where a record has several."),
]
BUSY: Final = "Somebody is at work on it, or a write of it may still commit. Try again in minutes."
Said = tuple[str, Callable[[Corrections, Claim], Awaitable[bool]]]
"""What would be done, in words; and how."""


def hold(
    ctx: typer.Context, *, flow: Flow, key: Key, why: Why, by: By = "", yes: Unasked = False
) -> None:
    """Let one record wait: nothing of it is delivered until `release`.

    What comes of it meanwhile is parked, with what needs it. What is under way is finished.

    For example:

    python -m sync hold orders 000000042@1 --why "the customer calls back"
    """

    async def said(_: Ledgers, claim: Claim) -> Said:
        if claim.on_hold:
            raise Problem(f"it is held already, by {claim.on_hold}", remedy="`trail` says why.")
        return "Nothing of it is delivered until it is released.", Corrections.hold

    correct(context_of(ctx), flow, key, said, Person(why, by, yes))


def release(
    ctx: typer.Context,
    *,
    flow: Flow,
    key: Key,
    why: Why,
    by: By = "",
    yes: Unasked = False,
    wait: Patience = PATIENCE,
) -> None:
    """Let a held record go on, and deliver it now.

    For example:

    python -m sync release orders 000000042@1 --why "the customer has confirmed"
    """

    async def said(_: Ledgers, claim: Claim) -> Said:
        if not claim.on_hold:
            raise Problem("nobody holds it", remedy="`parked` says what it waits for.")
        return f"It was held by {claim.on_hold}. It is delivered now.", Corrections.release

    correct(context_of(ctx), flow, key, said, Person(why, by, yes, wait))


def forget(
    ctx: typer.Context,
    *,
    flow: Flow,
    key: Key,
    why: Why,
    by: By = "",
    yes: Unasked = False,
    wait: Patience = PATIENCE,
) -> None:
    """Forget what the target was known to hold of a record, and deliver it again.

    The delivery looks for the document by its reference: one that is there is taken over, and only
    one that is not there is made. For a document that somebody deleted in D365. The trail stays.

    For example:

    python -m sync forget orders 000000042@1 --why "deleted in D365 by mistake"
    """

    async def said(ledgers: Ledgers, claim: Claim) -> Said:
        await require_found_again(ledgers, claim)
        known = ", ".join(f"{one.kind} {one.number}" for one in claim.delivered.values())
        text = f"Forgotten: {known or 'nothing is known'}. It is looked for, and made if missing."
        return text, Corrections.forget

    correct(context_of(ctx), flow, key, said, Person(why, by, yes, wait))


def adopt(
    ctx: typer.Context,
    *,
    flow: Flow,
    key: Key,
    number: Number,
    why: Why,
    document: Document = "",
    by: By = "",
    yes: Unasked = False,
    wait: Patience = PATIENCE,
) -> None:
    """Say that the target holds a record already, as a document that somebody entered by hand.

    It is compared with the record and brought up to date, and never made a second time. Where it
    may not be changed, as in journals, it parks if it differs.

    For example:

    python -m sync adopt orders 000000042@1 SO-000123 --why "entered by phone"
    """
    linked = _linked(number, document, is_adoption=True)
    correct(context_of(ctx), flow, key, linked, Person(why, by, yes, wait))


def relink(
    ctx: typer.Context,
    *,
    flow: Flow,
    key: Key,
    number: Number,
    why: Why,
    document: Document = "",
    by: By = "",
    yes: Unasked = False,
    wait: Patience = PATIENCE,
) -> None:
    """Link a record to another document of the target than the one that is known.

    The other document is not touched. The new one is compared with the record and brought up to
    date.

    For example:

    python -m sync relink orders 000000042@1 SO-000124 --why "entered twice; the first was deleted"
    """
    linked = _linked(number, document, is_adoption=False)
    correct(context_of(ctx), flow, key, linked, Person(why, by, yes, wait))


def _linked(
    number: str, document: str, *, is_adoption: bool
) -> Callable[[Ledgers, Claim], Awaitable[Said]]:
    async def said(ledgers: Ledgers, claim: Claim) -> Said:
        kind = await kind_of(ledgers, claim, document)
        held = claim.delivered.get(kind)
        if held is not None and is_adoption:
            remedy = f"Use relink, if it is to be {number}."
            raise Problem(f"its {kind} is {held.number} already", remedy=remedy)
        if held is None and not is_adoption:
            raise Problem(f"no {kind} of it is known", remedy="Use adopt.")
        text = f"Its {kind} is {number}" + (f", no more {held.number}" if held else "")
        return f"{text}. It is compared now.", lambda how, one: how.link(one, kind, number)

    return said


@dataclass(frozen=True)
class Person:
    """Who corrects, and why. `yes`: without being asked; `wait`: seconds for the next outcome, None
    where nothing is delivered."""

    why: str
    by: str
    yes: bool
    wait: int | None = None


def correct(
    context: CommandContext,
    flow: str,
    key: str,
    said: Callable[[Ledgers, Claim], Awaitable[Said]],
    person: Person,
) -> None:
    """Show, ask, correct; and deliver again. Raises `Problem`."""
    if not person.why.strip():
        raise Problem("--why is empty", remedy="Write down why.")
    asyncio.run(_corrected(context, flow, key, said, person))


async def _corrected(
    context: CommandContext,
    flow: str,
    key: str,
    said: Callable[[Ledgers, Claim], Awaitable[Said]],
    person: Person,
) -> None:
    async with context.opened(changes=True) as services:
        ledgers = checked(services, context.connection, flow)
        claim = await the_record(ledgers, flow, key)
        words, how = await said(ledgers, claim)
        place = {"connection": claim.connection, "flow": claim.flow, "key": claim.key}
        if not (person.yes or _agreed(context, f"{flow} {claim.key} ({claim.state}). {words}")):
            note("Nothing was changed. Add --yes to do it.")
            raise typer.Exit(1)
        by = corrections(ledgers, why=person.why.strip(), by=person.by or user_name())
        if not await how(by, claim):
            raise Problem(f"{flow} {claim.key} was left as it is", remedy=BUSY)
        outcome = None
        if person.wait is not None:
            asking = Asking(services, "replay")
            await asking.ask(claim.connection, claim.flow, [claim.key])
            (outcome,) = (await report_outcomes(context, asking, person.wait)).values()
        _tell(context, place, words, outcome)


def _agreed(context: CommandContext, question: str) -> bool:
    if context.as_json:
        return False
    line(question)
    return sys.stdin.isatty() and typer.confirm("Do it?", err=True)


def _tell(
    context: CommandContext, place: dict[str, str], words: str, outcome: Outcome | None
) -> None:
    if context.as_json:
        json_line({**place, "done": words, **(asdict(outcome) if outcome else {})})
        return
    line(f"Done. {words}")
    if outcome is not None:
        reason = f": {outcome.reason}" if outcome.reason else ""
        line(f"Outcome: {outcome.outcome} {outcome.number}".rstrip() + reason)
