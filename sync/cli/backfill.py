"""`backfill`: enqueue records of a time or of given numbers, whatever notifications and polls have
done with them, and tell what comes of them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, astuple
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any

import typer

from sync.cli.asking import (
    PATIENCE,
    POSTED,
    Asked,
    Asking,
    Outcome,
    Patience,
    counted,
    in_words,
    report_outcomes,
)
from sync.cli.command import context_of
from sync.cli.context import CommandContext, Problem
from sync.cli.output import Bar, json_line, line, progress, table
from sync.cli.records import flow_called, full_key
from sync.engine.flow import DocumentFlow, Poll
from sync.engine.poll_run import PAGE
from sync.engine.results import Change
from sync.engine.systems import Systems

ORIGIN = "backfill"
SHOWN = 50
"""Records that people are shown one by one; programs get all."""
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def backfill(
    ctx: typer.Context,
    *,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=FORMATS, help="First change to take, in UTC."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", formats=FORMATS, help="Last one; a day counts whole. Default: now."),
    ] = None,
    ids: Annotated[
        str, typer.Option(metavar="A,B,C", help="These records instead: increment or customer ids.")
    ] = "",
    flow: Annotated[str, typer.Option(metavar="FLOW", help="The flow.")] = "orders",
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
        raise Problem(
            "name either --from (with --to) or --ids",
            remedy="For example: backfill --from 2026-01-01",
        )
    if since and until and until < since:
        raise Problem("--to lies before --from", remedy="Swap the two dates.")
    asyncio.run(_backfill(context_of(ctx), flow, ids, since=since, until=until, wait=wait))


async def _backfill(
    context: CommandContext,
    flow_name: str,
    ids: str,
    *,
    since: datetime | None,
    until: datetime | None,
    wait: int,
) -> None:
    name, settings = context.one(context.connections())
    async with context.opened(changes=True) as services:
        flow = flow_called(services, flow_name)
        if flow.name not in settings.flows:
            raise Problem(
                f"{flow.name} does not flow on {name}",
                remedy=f"Add it to flows of [connections.{name}].",
            )
        asking = Asking(services, ORIGIN)
        if since is None:
            keys = [full_key(flow, one.strip()) for one in ids.split(",") if one.strip()]
            await asking.ask(name, flow.name, keys)
        else:
            systems = await services.systems_pool.open(name)
            last = _end(until) if until else services.edition_parts.clock.now()
            await _ask_for_changes(context, asking, flow, systems, first=_utc(since), last=last)
        outcomes = await report_outcomes(context, asking, wait)
    _report(context, name, flow.name, outcomes)


async def _ask_for_changes(
    context: CommandContext,
    asking: Asking,
    flow: DocumentFlow[Any],
    systems: Systems,
    *,
    first: datetime,
    last: datetime,
) -> None:
    """Page by page, so that a long time may be asked for."""
    page: list[str] = []
    with progress(
        "Changes", (last - first).total_seconds(), as_json=context.as_json, counted=False
    ) as bar:
        async for change in _watched(flow, systems, first, last, bar):
            page.append(change.key)
            if len(page) == PAGE:
                await asking.ask(systems.name, flow.name, page)
                page = []
    await asking.ask(systems.name, flow.name, page)


def _report(
    context: CommandContext, name: str, flow: str, outcomes: Mapping[Asked, Outcome]
) -> None:
    """The counts, and each record that was not posted."""
    others = {asked: came for asked, came in outcomes.items() if came.outcome != POSTED}
    if context.as_json:
        records = [{"key": asked.key, **asdict(came)} for asked, came in others.items()]
        json_line(
            {
                "connection": name, "flow": flow, "enqueued": len(outcomes),
                "outcomes": counted(outcomes), "records": records,
            }
        )  # fmt: skip
        return
    table(
        ("key", "outcome", "number", "reason", "what to do"),
        [(asked.key, *astuple(came)) for asked, came in islice(others.items(), SHOWN)],
    )
    if len(others) > SHOWN:
        line(f"And {len(others) - SHOWN} more that were not posted.")
    line(f"Enqueued: {len(outcomes)} of {flow} on {name}.{in_words(outcomes)}")


async def _watched(
    flow: DocumentFlow[Any], systems: Systems, first: datetime, last: datetime, bar: Bar
) -> AsyncIterator[Change]:
    """The changes, oldest first; the bar shows how far into the time they have come."""
    poll = flow.trigger(Poll)
    if poll is None:
        raise Problem(
            f"{flow.name} has no poll to backfill from", remedy="Name the records: --ids."
        )
    async for change in poll.changed(systems, first, last):
        bar.reach((change.changed_at - first).total_seconds())
        yield change


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _end(moment: datetime) -> datetime:
    """A day without a time counts to its last second."""
    is_day = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return _utc(moment) + (timedelta(days=1, seconds=-1) if is_day else timedelta(0))
