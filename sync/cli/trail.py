"""`trail`: one record's whole story, and with `--documents` what was read, sent and answered. An
order is shown with its slips, invoices and cancellations, both directions on one line of time."""

import asyncio
from typing import Annotated, Any

import typer

from sync.cli.command import context_of
from sync.cli.options import OneFlow
from sync.cli.output import json_line, line, note, pretty, table
from sync.operating.records import FULFILMENT, checked, is_called
from sync.operating.story import published_stories, story_of

NOTHING_KNOWN = 1
"""Exit status: no record of that key was ever worked on."""

LABELS = {
    "reason": "Reason",
    "remedy": "What to do",
    "delivered_with": "Delivered with",
    "lease_until": "Being worked on until",
}

Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        help="Increment id, full key (000000042@1), customer id, F&O number, SKU; or a beginning.",
    ),
]
Copies = Annotated[
    bool, typer.Option("--documents", help="Show the kept copies too, with names and addresses.")
]


def trail(ctx: typer.Context, key: Key, flow: OneFlow = "", documents: Copies = False) -> None:
    """Tell what happened to a record: its state now, then every try and outcome, oldest first. Of a
    SKU: what Commerce was shown in the last two weeks, when, and from which item of F&O.

    Exit status: 0 found, 1 nothing is known of it.

    For example:

    python -m sync trail 000000042

    python -m sync trail 000000042@1 --documents
    """
    context = context_of(ctx)
    found = asyncio.run(_stories(ctx, key, flow, documents=documents))
    if not found:
        note(f"Nothing is known of {key}: no notification of it came, or it waits in the queue.")
        note(f"What to do: fetch it with `backfill --flow FLOW --ids {key}`.")
        raise typer.Exit(NOTHING_KNOWN)
    is_joined = any(story["flow"] in FULFILMENT for story in found) and len(found) > 1
    for story in found:
        if context.as_json:
            json_line(story)
        elif "published" in story:
            _show_published(story)
        else:
            _show(story, is_joined=is_joined)
    if is_joined and not context.as_json:
        _show_together(found)


async def _stories(
    ctx: typer.Context, key: str, flow: str, *, documents: bool
) -> list[dict[str, Any]]:
    context = context_of(ctx)
    async with context.opened() as services:
        ledgers = checked(services, context.connection, flow)
        claims = await ledgers.find(key)
        if not any(is_called(claim.key, key) for claim in claims):
            claims = await ledgers.numbered(key) or claims
        claims += await ledgers.shipped(claims) if flow in ("", *FULFILMENT) else []
        stories = [await story_of(services, claim, documents=documents) for claim in claims]
        return [*stories, *await published_stories(services, context.connection, flow, key)]


def _show_together(stories: list[dict[str, Any]]) -> None:
    """The entries of all records in the order in which they happened."""
    rows = [
        (_row(entry)[0], story["flow"], story["key"], *_row(entry)[1:])
        for story in stories
        for entry in story["trail"]
    ]
    columns = ("when (UTC)", "flow", "key", "event", "origin", "try>", "number", "what")
    table(columns, sorted(rows, key=lambda row: str(row[0])))


def _show(story: dict[str, Any], *, is_joined: bool) -> None:
    targets = [f", {kind.replace('_', ' ')} {one}" for kind, one in story["documents"].items()]
    state = f"{story['state']}{''.join(targets)}"
    line(f"{story['flow']} {story['key']} ({story['connection']}): {state}")
    for name, label in LABELS.items():
        if story[name]:
            line(f"  {label}: {story[name]}")
    rows = [] if is_joined else [_row(entry) for entry in story["trail"]]
    table(("when (UTC)", "event", "origin", "try>", "number", "what"), rows)
    for entry in story["trail"]:
        for kind, copy in entry.get("documents", {}).items():
            line(f"{entry['at']:%Y-%m-%d %H:%M:%S} {kind}:")
            pretty(copy)
    line()


def _show_published(story: dict[str, Any]) -> None:
    line(f"{story['flow']} {story['key']} ({story['connection']}): shown in Commerce")
    rows = [
        (f"{one['at']:%Y-%m-%d %H:%M:%S}", scope, field, value, one["origin"])
        for one in story["published"]
        for scope, fields in (one["content"] or {"": {"": "nothing any more"}}).items()
        for field, value in fields.items()
    ]
    table(("when (UTC)", "scope", "field", "value>", "from"), rows)
    line()


def _row(entry: dict[str, Any]) -> tuple[Any, ...]:
    told = [entry[name] for name in ("event", "origin", "attempt", "number")]
    return (f"{entry['at']:%Y-%m-%d %H:%M:%S}", *told, _words(entry))


def _words(entry: dict[str, Any]) -> str:
    details = {k: v for k, v in entry["details"].items() if k != "digest" and v not in ("", {})}
    amounts = details.pop("amounts", {})
    parts = [entry[name] for name in ("reason", "remedy", "code")]
    parts += [f"{name} {value}" for name, value in (details | amounts).items()]
    return "; ".join(str(part) for part in parts if part)
