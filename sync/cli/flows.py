"""`flows`: what flows, from where notifications come and how often it is polled."""

import typer

from sync.cli.command import context_of
from sync.cli.output import json_line, table
from sync.engine.flow import AdobeEvents, Poll
from sync.flows import FLOWS


def flows(ctx: typer.Context) -> None:
    """List the flows: name, queue, poll schedule (NCRONTAB, UTC), webhook route, event types.

    For example:

    python -m sync flows --json
    """
    shown = [
        {
            "name": flow.name,
            "title": flow.title,
            "queue": flow.queue,
            "schedule": poll.schedule if (poll := flow.trigger(Poll)) else "",
            "route": f"POST /api/webhooks/{{connection}}/{flow.name}",
            "events": list(events.names) if (events := flow.trigger(AdobeEvents)) else [],
        }
        for flow in FLOWS
    ]
    if context_of(ctx).as_json:
        for flow in shown:
            json_line(flow)
        return
    table(
        ("name", "title", "queue", "schedule", "route", "events"),
        [(*list(flow.values())[:-1], "\n".join(flow["events"])) for flow in shown],
    )
