"""`backfill`: enqueue records of a time or of given numbers, whatever notifications and polls have
done with them, and tell what comes of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, astuple
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any

import typer

from sync.cli.asking import PATIENCE, Patience, report_outcomes
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.options import listed
from sync.cli.output import Bar, json_line, line, progress, table
from sync.config.connections import Connection
from sync.core.errors import Later, Never
from sync.engine.flow import DocumentFlow, Poll
from sync.engine.poll_run import PAGE
from sync.engine.refused_keys import key_fault
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.operating.asking import POSTED, Asking, Outcomes, counted, in_words
from sync.operating.problem import Problem
from sync.operating.records import flow_called, full_key

AnyFlow = DocumentFlow[Any]
Span = tuple[datetime, datetime]
"""The first and the last change that are meant, in UTC."""
ORIGIN = "backfill"
SHOWN = 50
"""Records that people are shown one by one; programs get all."""
COLUMNS = ("key", "outcome", "number", "reason", "what to do")
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
From = Annotated[
    datetime | None, typer.Option("--from", formats=FORMATS, help="First change to take, in UTC.")
]
To = Annotated[
    datetime | None,
    typer.Option("--to", formats=FORMATS, help="Last one; a day counts whole. Default: now."),
]
Ids = Annotated[
    str, typer.Option(metavar="A,B,C", help="These records instead: increment or customer ids.")
]
Flow = Annotated[str, typer.Option(metavar="FLOW", help="The flow.")]


def backfill(
    ctx: typer.Context,
    *,
    since: From = None,
    until: To = None,
    ids: Ids = "",
    flow: Flow = "orders",
    wait: Patience = PATIENCE,
) -> None:
    """Enqueue what changed in Commerce in a time, or given records, and tell what comes of them.
    Works beside a running `serve`, which delivers.

    Safe to repeat: what D365 holds already is found there and left as it is.

    For example:

    python -m sync backfill --from 2026-01-01 --to 2026-01-31 --flow orders

    python -m sync backfill --ids 000000042,000000043
    """
    if bool(since) == bool(ids) or (ids and until):
        example = "For example: backfill --from 2026-01-01"
        raise Problem("name either --from (with --to) or --ids", remedy=example)
    if since and until and until < since:
        raise Problem("--to lies before --from", remedy="Swap the two dates.")
    asyncio.run(_backfill(context_of(ctx), flow, ids, since=since, until=until, wait=wait))


async def _backfill(
    context: CommandContext, flow_name: str, ids: str, *, since: From, until: To, wait: int
) -> None:
    name, settings = context.one(context.connections())
    async with context.opened(changes=True) as services:
        flow = _flowing(flow_called(services, flow_name), name, settings)
        asking = Asking(services, ORIGIN)
        systems = await services.systems_pool.open(name)
        if since is None:
            keys = [full_key(flow, one) for one in listed(ids)]
            await _require_there(flow, systems, keys)
            await asking.ask(name, flow.name, keys)
        else:
            last = _end(until) if until else services.edition_parts.clock.now()
            await _ask_for_changes(context, asking, flow, systems, (_utc(since), last))
        outcomes = await report_outcomes(context, asking, wait)
    _report(context, name, flow.name, outcomes)


def _flowing(flow: AnyFlow, name: str, settings: Connection) -> AnyFlow:
    """The flow. Raises `Problem` where the connection does not have it."""
    if flow.name not in settings.flows:
        remedy = f"Add it to flows of [connections.{name}]."
        raise Problem(f"{flow.name} does not flow on {name}", remedy=remedy)
    return flow


async def _require_there(flow: AnyFlow, systems: Systems, keys: Sequence[str]) -> None:
    """Raise `Problem` for records that their owner does not show, before anything is enqueued."""
    found = await asyncio.gather(*(_is_there(flow, systems, key) for key in keys))
    unknown = [key for key, is_there in zip(keys, found, strict=True) if not is_there]
    if unknown:
        named = ", ".join(key.removesuffix("@?") for key in unknown[:SHOWN])
        raise Problem(
            f"there is no record of {flow.name} called {named}: nothing was enqueued",
            remedy="Check the numbers, --flow and --connection.",
        )


async def _is_there(flow: AnyFlow, systems: Systems, key: str) -> bool:
    """What cannot be read now may be there: then the delivery says why."""
    if key_fault(key):  # told when it is asked for
        return True
    resolve = flow.source.resolve
    try:
        keys = await resolve(key, systems) if resolve is not None else None
        return bool(keys) if keys is not None else await flow.source.read(key, systems) is not None
    except (KeyError, ValueError):  # no key of this flow
        return False
    except (Later, Never):
        return True


async def _ask_for_changes(
    context: CommandContext, asking: Asking, flow: AnyFlow, systems: Systems, span: Span
) -> None:
    """Page by page, so that a long time may be asked for."""
    page: list[str] = []
    seconds = (span[1] - span[0]).total_seconds()
    with progress("Changes", seconds, as_json=context.as_json, counted=False) as bar:
        async for change in _watched(flow, systems, span, bar):
            page.append(change.key)
            if len(page) == PAGE:
                await asking.ask(systems.name, flow.name, page)
                page = []
    await asking.ask(systems.name, flow.name, page)


def _report(context: CommandContext, name: str, flow: str, outcomes: Outcomes) -> None:
    """The counts, and each record that was not posted."""
    others = {asked: came for asked, came in outcomes.items() if came.outcome != POSTED}
    if context.as_json:
        records = [{"key": asked.key, **asdict(came)} for asked, came in others.items()]
        json_line({
            "connection": name, "flow": flow, "enqueued": len(outcomes),
            "outcomes": counted(outcomes), "records": records,
        })  # fmt: skip
        return
    table(COLUMNS, [(of.key, *astuple(came)) for of, came in islice(others.items(), SHOWN)])
    if len(others) > SHOWN:
        line(f"And {len(others) - SHOWN} more that were not posted.")
    line(f"Enqueued: {len(outcomes)} of {flow} on {name}.{in_words(outcomes)}")


async def _watched(flow: AnyFlow, systems: Systems, span: Span, bar: Bar) -> AsyncIterator[Change]:
    """The changes, oldest first; the bar shows how far into the time they have come."""
    poll = flow.trigger(Poll)
    if poll is None:
        remedy = "Name the records: --ids."
        raise Problem(f"{flow.name} has no poll to backfill from", remedy=remedy)
    async for change in poll.changed(systems, *span):
        bar.reach((change.changed_at - span[0]).total_seconds())
        if not change.is_passed:
            yield change


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _end(moment: datetime) -> datetime:
    """A day without a time counts to its last second."""
    is_day = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return _utc(moment) + (timedelta(days=1, seconds=-1) if is_day else timedelta(0))
