"""`init`: a home directory with its vault, and a configuration to begin with. Safe to repeat:
nothing is overwritten."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from sync.app.settings import Settings
from sync.cli import check as checking
from sync.cli import init_asking as asking
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line
from sync.operating.problem import Problem

EXAMPLE = "connections.example.toml"
UNCHANGED = "was there already, nothing changed"
KEEP_KEY = "  Keep a copy of {} elsewhere: without it the vault cannot be opened."
NEXT = (
    "Next: describe your shop and legal entity there, store the secrets it names (`secrets set"
    " NAME`), then `check`."
)


Ask = Annotated[
    bool, typer.Option("--ask", help="Ask for both addresses, find out the rest, and check it.")
]


def init(ctx: typer.Context, *, ask: Ask = False) -> None:
    """Make the home directory with an encrypted vault, and an example connections.toml where there
    is none.

    With --ask it asks for the addresses and credentials of both systems, reads what they say of
    themselves and what recent orders need, writes connections.toml with a reason at each line, and
    ends with `check`. It writes to neither system.

    For example:

    python -m sync init --ask

    python -m sync init

    python -m sync --home /srv/sync --config /srv/connections.toml init
    """
    context = context_of(ctx)
    if ask:
        asking.ask(context)
        checking.report(context)
        return
    settings = context.settings()
    vault_is_new = not (settings.home / "vault.json").exists()
    context.vault()
    config_is_new = _written(settings.connections)
    _report(context, settings, vault_is_new=vault_is_new, config_is_new=config_is_new)


def example() -> str:
    """The example configuration, as it lies in the package."""
    return files("sync.cli").joinpath(EXAMPLE).read_text(encoding="utf-8")


def _written(path: Path) -> bool:
    """Write the example unless the file is there; whether it was written. Raises `Problem`."""
    if path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(example())
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise Problem(
            f"{path} cannot be written: {why}", remedy="Name another file with --config."
        ) from None
    return True


def _report(
    context: CommandContext, settings: Settings, *, vault_is_new: bool, config_is_new: bool
) -> None:
    home, config = settings.home, settings.connections
    if context.as_json:
        is_new = {"vault_is_new": vault_is_new, "config_is_new": config_is_new}
        json_line({"home": str(home), "config": str(config), **is_new})
        return
    line(f"{home}: {'made, with a new vault' if vault_is_new else UNCHANGED}")
    if vault_is_new and (home / "vault.key").exists():
        line(KEEP_KEY.format(home / "vault.key"))
    line(f"{config}: {'written from the example' if config_is_new else UNCHANGED}")
    line(NEXT)
