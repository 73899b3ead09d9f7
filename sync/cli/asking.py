"""How commands wait for the outcomes of the records that they asked for."""

from datetime import timedelta
from typing import Annotated, Final

import typer

from sync.cli.context import CommandContext
from sync.cli.output import note, progress
from sync.operating.asking import Asking, Outcomes

PATIENCE: Final = 60
"""Seconds without any new outcome after which a command waits no longer."""
Patience = Annotated[
    int,
    typer.Option(
        min=0, metavar="SECONDS", help="Wait so long for the next outcome; 0: do not wait."
    ),
]


async def report_outcomes(context: CommandContext, asking: Asking, wait: int) -> Outcomes:
    """Wait with a bar. Where no process serves the directory there is nothing to wait for, and that
    is said."""
    if wait and asking.count and not context.is_served():
        note("No process serves this directory: what was enqueued waits for `serve`.")
        wait = 0
    with progress("Outcomes", asking.count, as_json=context.as_json) as bar:
        return await asking.outcomes(timedelta(seconds=wait), bar.reach)
