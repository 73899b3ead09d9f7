"""`secrets`: the vault's entries. Values come in by prompt or standard input, and never go out."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from sync.adapters.key_files import new_key, read_key_file, replace_file
from sync.adapters.vault import Vault
from sync.cli.command import Command, context_of, group
from sync.cli.context import CommandContext
from sync.cli.output import json_line, json_lines, note, table
from sync.cli.serve import KEY_SECRET
from sync.config.file.reading import BadConfiguration
from sync.core.errors import Never
from sync.operating.problem import Problem

app = group("secrets", "Secrets of the encrypted vault: set, list, remove; its key: new, rotate.")

OWN = {
    "document-key": "encrypts copies of documents",
    "email-key": "stands behind every guest's number",
}
"""Secrets that the product makes for itself, and what is lost with them."""

WHERE_KEY_IS = {
    True: "SYNC_VAULT_KEY (or its file) must hold the new key from now on",
    False: "vault.key holds it",
}

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Letters, digits and hyphens, as connections.toml names it."
    ),
]


@app.command("set", cls=Command)
def set_secret(ctx: typer.Context, name: Name) -> None:
    """Store a secret, over an older one. The value is asked for, or read from standard input; one
    last line end is cut.

    For example:

    python -m sync secrets set shop-token

    python -m sync secrets set webhook-public-key < key.pem
    """
    context = context_of(ctx)
    value = _value(f"Value of {name}")
    _refuse_own(name, "Choose another name.")
    context.existing_home()
    try:
        context.vault().set(name, value)
    except ValueError as refused:
        raise Problem(str(refused), remedy="Key Vault takes no others either.") from None
    needs_restart = name.lower() == KEY_SECRET
    later = " A running `serve` takes it when it is started again." if needs_restart else ""
    context.tell(
        {"name": name, "stored": True, "needs_restart": needs_restart}, f"{name} is stored.{later}"
    )


def _refuse_own(name: str, remedy: str) -> None:
    if name.lower() in OWN:
        raise Problem(f"{name} is the product's own and {OWN[name.lower()]}", remedy=remedy)


def _value(prompt: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True))
    value = sys.stdin.read()
    return value[:-2] if value.endswith("\r\n") else value.removesuffix("\n")


@app.command("list", cls=Command)
def list_secrets(ctx: typer.Context) -> None:
    """List names, never values: what is stored, and what connections.toml needs and is missing.

    For example:

    python -m sync secrets list
    """
    context = context_of(ctx)
    context.existing_home()
    stored = set(context.vault().names())
    needed = _needed(context)
    rows = [
        (name, name in stored, needed.get(name, []), OWN.get(name, ""))
        for name in sorted(stored | needed.keys())
    ]
    if context.as_json:
        json_lines(
            dict(zip(("name", "stored", "needed_by", "own"), row, strict=True)) for row in rows
        )
        return
    cells = [
        (name, "yes" if known else "MISSING", own or ", ".join(by)) for name, known, by, own in rows
    ]
    table(("name", "stored", "needed by"), cells)


def _needed(context: CommandContext) -> dict[str, list[str]]:
    """Names in lower case, as the vault keeps them, with the connections that name them."""
    needed: dict[str, list[str]] = {}
    try:
        connections = context.connections().connections
    except BadConfiguration:
        note("connections.toml cannot be used, so what it needs is not shown; `check` shows why.")
        return needed
    for connection, settings in connections.items():
        for name in settings.secret_names:
            needed.setdefault(name.lower(), []).append(connection)
    return needed


@app.command(cls=Command)
def remove(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a secret.

    For example:

    python -m sync secrets remove old-token --yes
    """
    context = context_of(ctx)
    context.existing_home()
    _refuse_own(name, "Keep it.")
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Forget {name}?", err=True)):
        raise Problem("nothing was removed", remedy="Add --yes.")
    was_there = context.vault().delete(name)
    sentence = f"{name} is removed." if was_there else f"There was no {name}."
    context.tell({"name": name, "removed": was_there}, sentence)


@app.command("new-key", cls=Command)
def print_new_key(ctx: typer.Context) -> None:
    """Print a fresh key, for SYNC_VAULT_KEY or SYNC_HOST_KEY. It is stored nowhere.

    For example:

    (umask 077; python -m sync secrets new-key > vault.key)
    """
    if context_of(ctx).as_json:
        json_line({"key": new_key()})
    else:
        typer.echo(new_key())


@app.command("rotate-key", cls=Command)
def rotate_key(ctx: typer.Context) -> None:
    """Put the vault under a new key. With a key in the environment, the new one is read from
    standard input.

    Interrupted, it is simply run again. A running `serve` needs a restart afterwards: it knows the
    old key only.

    For example:

    python -m sync secrets rotate-key

    (umask 077; python -m sync secrets new-key > new.key)

    python -m sync secrets rotate-key < new.key
    """
    context = context_of(ctx)
    home, settings = context.existing_home(), context.settings()
    in_environment = settings.vault_key is not None or settings.vault_key_file is not None
    if in_environment:
        context.vault().rotate_key(_value("New key").strip())
    else:
        _rotated_with_file(home, context.vault, settings.vault_mark)
    context.tell(
        {"rotated": True, "key_in_environment": in_environment},
        f"The vault is under a new key; {WHERE_KEY_IS[in_environment]}. Restart `serve`.",
    )


def _rotated_with_file(home: Path, vault: Callable[[], Vault], mark: Path | None) -> None:
    """The new key is on the disk before the vault needs it, and takes the old one's place after."""
    coming = home / "vault.key.next"
    if not (coming.exists() and _opens(home / "vault.json", coming, mark)):
        key = new_key()
        replace_file(coming, f"{key}\n".encode())
        vault().rotate_key(key)
    coming.replace(home / "vault.key")


def _opens(vault: Path, key_file: Path, mark: Path | None) -> bool:
    """Whether an earlier, interrupted rotation had got as far as the vault."""
    try:
        Vault(vault, read_key_file(key_file), mark).names()
    except Never:
        return False
    return True
