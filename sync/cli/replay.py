"""`replay`: deliver records again, after a person has mended what stopped them."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import partial
from typing import Annotated, Any, Final

import typer

from sync.cli.asking import PATIENCE, Asked, Asking, Outcomes, Patience, in_words, report_outcomes
from sync.cli.command import context_of
from sync.cli.context import CommandContext, Problem
from sync.cli.options import OneFlow, Unasked
from sync.cli.output import json_lines, line, note, table
from sync.cli.records import Ledgers, Letter, checked, is_called
from sync.core.message_queue import DeadLetter
from sync.flows.customers.customer_accounts import replayed_by

COLUMNS: Final = ("connection", "flow", "key", "outcome", "number", "reason", "what to do")


@dataclass(frozen=True)
class Again:
    """One record to deliver again; `letter` is the message that was set aside for it."""

    connection: str
    flow: str
    key: str
    state: str
    reason: str
    letter: DeadLetter | None = None


Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY...", help="As `trail` takes them.")]
Parked = Annotated[bool, typer.Option("--parked", help="Everything parked or set aside.")]
LeftOut = Annotated[
    bool, typer.Option("--left-out", help="Every account that goes without an address.")
]
Reason = Annotated[
    str,
    typer.Option(metavar="TEXT", help="With --parked: only those whose reason holds this text."),
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
        ledgers = checked(context, services, flow)
        wanted, outcomes = await chosen(ledgers), None
        if yes or not wanted or _asked(context, wanted):
            asking = await _enqueued(ledgers, wanted)
            outcomes = await report_outcomes(context, asking, wait)
        _report(context, wanted, outcomes)


async def _chosen(ledgers: Ledgers, keys: Sequence[str], reason: str) -> list[Again]:
    return await (_of_keys(ledgers, keys) if keys else _of_parked(ledgers, reason))


async def _of_keys(ledgers: Ledgers, keys: Sequence[str]) -> list[Again]:
    """Exact keys and numbers only: a beginning would replay what nobody named. Raises `Problem`."""
    letters = await ledgers.dead_letters()
    wanted: list[Again] = []
    for key in dict.fromkeys(keys):
        claims = [claim for claim in await ledgers.find(key) if is_called(claim.key, key)]
        found = [Again(c.connection, c.flow, c.key, str(c.state), c.reason) for c in claims]
        found += _set_aside(letters, key)
        if not found:
            remedy = f"Fetch it with: backfill --flow FLOW --ids {key}"
            raise Problem(f"nothing is known of {key}; nothing was replayed", remedy=remedy)
        wanted += found
    return wanted


def _set_aside(letters: Sequence[Letter], key: str | None = None) -> list[Again]:
    """Those of a key or number; all where none is named."""
    return [
        Again(message.connection, message.flow, message.key, "set aside", letter.reason, letter)
        for letter, message in letters
        if message is not None and (key is None or is_called(message.key, key))
    ]


async def _of_parked(ledgers: Ledgers, reason: str) -> list[Again]:
    claims = await ledgers.parked(reason)
    parked = [Again(c.connection, c.flow, c.key, str(c.state), c.reason) for c in claims]
    return parked + _set_aside(await ledgers.dead_letters(reason))


async def _of_left_out(ledgers: Ledgers) -> list[Again]:
    """The accounts themselves; a guest's by the record that last needed it, each once."""
    wanted = {}
    for claim in await ledgers.left_out():
        flow, key = replayed_by(claim)
        if key:
            again = Again(claim.connection, flow, key, "delivered", claim.reason)
            wanted[claim.connection, flow, key] = again
        else:
            note(f"{claim.flow} {claim.key} waits for the guest's next order.")
    return list(wanted.values())


async def _enqueued(ledgers: Ledgers, wanted: Sequence[Again]) -> Asking:
    """Notifications first; only then is a message that was set aside forgotten."""
    asking = Asking(ledgers.services, "replay")
    groups: dict[tuple[str, str], list[str]] = {}
    for one in wanted:
        groups.setdefault((one.connection, one.flow), []).append(one.key)
    for (connection, flow), keys in groups.items():
        await asking.ask(connection, flow, keys)
    for one in wanted:
        if one.letter is not None:
            await ledgers.services.edition_parts.queue.remove_dead_letter(one.letter)
    return asking


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
