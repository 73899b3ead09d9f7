"""`replay`: deliver records again, after a person has mended what stopped them."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, astuple
from functools import partial
from typing import Annotated, Any, Final

import typer

from sync.cli.asking import PATIENCE, Patience, report_outcomes
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.options import OneFlow, Unasked
from sync.cli.output import json_lines, line, note, table
from sync.cli.pausing import user_name
from sync.operating.asking import Asked, Outcomes, in_words
from sync.operating.problem import Problem
from sync.operating.records import Ledgers, checked
from sync.operating.replaying import Again, enqueued, of_keys, of_left_out, of_parked

COLUMNS: Final = ("connection", "flow", "key", "outcome", "number", "reason", "what to do")


Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY...", help="As `trail` takes them.")]
Parked = Annotated[
    bool, typer.Option("--parked", help="Everything parked or set aside; but see --reason.")
]
LeftOut = Annotated[
    bool, typer.Option("--left-out", help="Every account that goes without an address.")
]
Reason = Annotated[
    str,
    typer.Option(
        metavar="TEXT",
        help="With --parked: only those whose reason holds this text. Those of a payment gateway"
        " are left out without it.",
    ),
]


def replay(
    ctx: typer.Context,
    *,
    keys: Keys = None,
    parked: Parked = False,
    left_out: LeftOut = False,
    flow: OneFlow = "",
    reason: Reason = "",
    yes: Unasked = False,
    wait: Patience = PATIENCE,
) -> None:
    """Enqueue records again and tell what comes of each: posted, skipped, parked with the reason,
    or still waiting. What D365 holds already is found there, so nothing is posted twice.

    Without --yes it lists what would be replayed and asks; where nobody can be asked, it only
    lists.

    For example:

    python -m sync replay 000000042 --yes

    python -m sync replay --parked --reason "is not mapped"

    python -m sync replay --left-out --yes
    """
    if [bool(keys), parked, left_out].count(True) != 1:
        example = "For example: replay 000000042"
        raise Problem("name either keys or --parked or --left-out", remedy=example)
    if reason and not parked:
        raise Problem("--reason chooses among the parked", remedy="Use it with --parked.")
    wanted = _of_left_out if left_out else partial(_chosen, keys=keys or [], reason=reason)
    asyncio.run(_replay(context_of(ctx), flow, wanted, yes=yes, wait=wait))


async def _replay(
    context: CommandContext,
    flow: str,
    chosen: Callable[[Ledgers], Awaitable[list[Again]]],
    *,
    yes: bool,
    wait: int,
) -> None:
    async with context.opened(changes=True) as services:
        ledgers = checked(services, context.connection, flow)
        wanted, outcomes = await chosen(ledgers), None
        if yes or not wanted or _asked(context, wanted):
            asking = await enqueued(ledgers, wanted, by=user_name())
            outcomes = await report_outcomes(context, asking, wait)
        _report(context, wanted, outcomes)


async def _chosen(ledgers: Ledgers, keys: Sequence[str], reason: str) -> list[Again]:
    return await (of_keys(ledgers, keys) if keys else of_parked(ledgers, reason))


async def _of_left_out(ledgers: Ledgers) -> list[Again]:
    wanted, waiting = await of_left_out(ledgers)
    for claim in waiting:
        note(f"{claim.flow} {claim.key} waits for the guest's next order.")
    return wanted


def _asked(context: CommandContext, wanted: Sequence[Again]) -> bool:
    if context.as_json:
        return False
    rows = [(one.connection, one.flow, one.key, one.state, one.reason) for one in wanted]
    table(
        ("connection", "flow", "key", "state", "reason"),
        rows,
        title=f"To be replayed: {len(wanted)}",
    )
    return sys.stdin.isatty() and typer.confirm("Replay them?", err=True)


def _report(context: CommandContext, wanted: Sequence[Again], outcomes: Outcomes | None) -> None:
    """The outcome of each; `outcomes` is None where nothing was enqueued."""
    if context.as_json:
        json_lines(_rows(wanted, outcomes))
    elif not wanted:
        line("There is nothing to replay.")
    elif outcomes is not None:
        table(COLUMNS, [(*astuple(of), *astuple(came)) for of, came in outcomes.items()])
        line(f"Enqueued: {len(outcomes)}.{in_words(outcomes)} `trail KEY` tells more of each.")
    if wanted and outcomes is None:
        note("Nothing was enqueued. Add --yes to replay these.")


def _rows(wanted: Sequence[Again], outcomes: Outcomes | None) -> Iterator[dict[str, Any]]:
    for one in wanted:
        row = {
            "connection": one.connection, "flow": one.flow, "key": one.key, "state": one.state,
            "enqueued": outcomes is not None,
        }  # fmt: skip
        if outcomes is not None:
            row |= asdict(outcomes[Asked(one.connection, one.flow, one.key)])
        yield row
