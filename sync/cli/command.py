"""What every command has in common: the options it takes, and how it reports what stops it.

`Command` adds `--home`, `--config`, `--connection` and `--json` to a command, hands the command a
`CommandContext` (`context_of`), and turns the errors that people can act on into a sentence, a
remedy and an exit status. Anything else is a bug and keeps its traceback.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from sync.app.settings import SettingsMissing
from sync.cli.context import CommandContext
from sync.cli.output import error_lines
from sync.config.file.reading import BadConfiguration
from sync.core.errors import Later, Never
from sync.mapping_tables.csv_files import BadCsv
from sync.mapping_tables.records import is_plain
from sync.operating.problem import Problem

UNUSABLE: Final = 2
"""Exit status: the command could not do what it was asked."""

option = partial(typer.Option, rich_help_panel="Everywhere")
Home = Annotated[
    Path | None, option(metavar="DIR", help="Home directory. Default: SYNC_HOME, else .sync.")
]
Config = Annotated[
    Path | None,
    option(metavar="FILE", help="Configuration. Default: SYNC_CONNECTIONS, else connections.toml."),
]
Named = Annotated[str, option(metavar="NAME", help="Connection, where there are several.")]
AsJson = Annotated[bool, option("--json", help="Print JSON, one object per line.")]


def _everywhere(
    home: Home = None, config: Config = None, connection: Named = "", json: AsJson = False
) -> None:
    """Typer reads the shared options from this signature; it is never run."""


def _shared_options() -> list[Any]:
    described = typer.Typer(add_completion=False)
    described.command()(_everywhere)
    return list(typer.main.get_command(described).params)


SHARED: Final = _shared_options()


def context_of(ctx: typer.Context) -> CommandContext:
    """Where the command that is running works."""
    return ctx.obj if isinstance(ctx.obj, CommandContext) else CommandContext()


def _taken(ctx: Any) -> CommandContext:
    """The shared options of this level, over what was said before the command's name."""
    before = context_of(ctx)
    given = {option.name: ctx.params.pop(option.name) for option in SHARED}
    return CommandContext(
        home=Path(given["home"]) if given["home"] else before.home,
        config=Path(given["config"]) if given["config"] else before.config,
        connection=given["connection"] or before.connection,
        as_json=bool(given["json"]) or before.as_json,
    )


class Command(TyperCommand):
    """A command with the shared options. `ctx.obj` is its `CommandContext`."""

    def __init__(self, *args: Any, params: list[Any] | None = None, **options: Any) -> None:
        super().__init__(*args, params=[*(params or []), *SHARED], **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what a person can act on ends it with a sentence and status 2."""
        ctx.obj = _taken(ctx)
        try:
            _check_text(ctx.params)
            return super().invoke(ctx)
        except (Problem, Never, Later, SettingsMissing, BadConfiguration, BadCsv) as error:
            message, remedy = reported(error)
            error_lines(message, remedy, as_json=ctx.obj.as_json)
            raise typer.Exit(UNUSABLE) from None


class Root(TyperGroup):
    """The whole command line: takes the shared options before the command's name too."""

    def __init__(self, *args: Any, params: list[Any] | None = None, **options: Any) -> None:
        super().__init__(*args, params=[*(params or []), *SHARED], **options)

    def invoke(self, ctx: Any) -> Any:
        """Keep the shared options for the command, then run it."""
        ctx.obj = _taken(ctx)
        return super().invoke(ctx)


def _check_text(given: Mapping[str, Any]) -> None:
    """Raise `Problem` for text that no system has as a number or name, and no line should show."""
    for value in given.values():
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str) and not is_plain(text):
                raise Problem(
                    "an argument is not UTF-8, or holds a control character",
                    remedy="Write it again by hand; give a file with such a name another.",
                )


def reported(error: Exception) -> tuple[str, str]:
    """An error's sentence and remedy."""
    if isinstance(error, Problem):
        return error.message, error.remedy
    if isinstance(error, Never):
        return error.reason, error.remedy
    if isinstance(error, Later):
        return error.reason, "Wait for the system to answer again, then repeat the command."
    return str(error), ""


def group(name: str, summary: str) -> typer.Typer:
    """A group of commands that shows its help when nothing is named."""
    return typer.Typer(name=name, help=summary, no_args_is_help=True, rich_markup_mode="rich")
