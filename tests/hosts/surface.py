"""The app's surface as text: every function, its trigger, its route, queue or schedule, and who may
call it.

`python -m tests.hosts.surface` writes it, to be read in the pull request that
changes it.
"""

import asyncio
from pathlib import Path

import azure.functions as func

from sync.hosts.azure import build_app
from sync.hosts.registered import (
    DeadLetterFunction,
    HttpFunction,
    QueueFunction,
    Registered,
    registered,
)
from sync.hosts.runtime import Runtime

GOLDEN = Path(__file__).with_name("surface.txt")


async def closed() -> Runtime:
    """A runtime that nobody opens."""
    await asyncio.sleep(0)
    raise AssertionError("building the app opened the runtime")


def app() -> func.FunctionApp:
    return build_app(closed)


def surface() -> str:
    rows = [_row(function) for function in registered(app())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _row(function: Registered) -> tuple[str, str, str, str]:
    if isinstance(function, HttpFunction):
        return (
            function.name,
            "http " + ",".join(function.methods),
            f"/api/{function.route}",
            function.level.value,
        )
    if isinstance(function, QueueFunction):
        return function.name, "queue", function.queue, ""
    if isinstance(function, DeadLetterFunction):
        return function.name, "dead letters", function.queue, ""
    return function.name, "timer", function.schedule, ""


if __name__ == "__main__":
    GOLDEN.write_text(surface(), encoding="utf-8")
