"""`flows`: what flows, from where notifications come and how often it is polled."""

from typing import Any

import typer

from sync.cli.command import context_of
from sync.cli.output import json_lines, table
from sync.engine.flow import AdobeEvents, DocumentFlow, Poll
from sync.flows import FLOWS


def flows(ctx: typer.Context) -> None:
    """List the flows: name, queue, whether it polls, webhook route, event types.

    For example:

    python -m sync flows --json
    """
    shown = [_as_row(flow) for flow in FLOWS]
    if context_of(ctx).as_json:
        json_lines(shown)
        return
    rows = [(*list(flow.values())[:-1], "\n".join(flow["events"])) for flow in shown]
    table(("name", "title", "queue", "polls", "route", "events"), rows)


def _as_row(flow: DocumentFlow[Any]) -> dict[str, Any]:
    events = flow.trigger(AdobeEvents)
    return {
        "name": flow.name, "title": flow.title, "queue": flow.priority.queue,
        "polls": flow.trigger(Poll) is not None,
        "route": f"POST /api/webhooks/{{connection}}/{flow.name}",
        "events": list(events.names) if events else [],
    }  # fmt: skip
