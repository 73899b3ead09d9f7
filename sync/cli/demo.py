"""`demo`: registered where the demo is installed, imported only when it is run: it brings both sandboxes along."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import typer

MODULE = "sync.demo.command"


def register(app: typer.Typer) -> None:
    """Add the command, unless this installation leaves the demo out."""
    if find_spec("sync.demo") is None or find_spec(MODULE) is None:
        return
    everything = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(add_help_option=False, context_settings=everything)(demo)


def demo(ctx: typer.Context) -> None:
    """Run both systems as sandboxes on this machine and watch orders flow. `demo --help` tells more."""
    described = typer.Typer(add_completion=False, rich_markup_mode="rich")
    described.command()(import_module(MODULE).demo)
    command: Any = typer.main.get_command(described)
    raise typer.Exit(command.main(args=ctx.args, prog_name="python -m sync demo", standalone_mode=False) or 0)
