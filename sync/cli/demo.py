"""`demo`: registered where the demo is installed, imported only when it is run: it brings both sandboxes along."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import typer

MODULE: Final = "sync.demo.command"
"""Its function `demo` is the command, with typer's annotations."""


def register(app: typer.Typer, module: str = MODULE) -> None:
    """Add the command, unless this installation leaves the demo out."""
    if find_spec(module.rpartition(".")[0]) is None or find_spec(module) is None:
        return

    def demo(ctx: typer.Context) -> None:
        """Run both systems as sandboxes on this machine and watch orders flow. `demo --help` tells more."""
        described = typer.Typer(add_completion=False, rich_markup_mode="rich")
        described.command()(import_module(module).demo)
        command: Any = typer.main.get_command(described)
        raise typer.Exit(command.main(args=ctx.args, prog_name="python -m sync demo", standalone_mode=False) or 0)

    everything = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(add_help_option=False, context_settings=everything)(demo)
