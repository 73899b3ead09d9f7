"""What messages and pages tell people to set or to run exists: keys of `connections.toml`, and
commands."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, get_args

import typer
from pydantic import BaseModel

from sync.cli.main import app
from sync.config.connections import Connection
from tests.cli.test_documented import wrong_options
from tests.source import ROOT, Module, log_calls, modules

KEY: Final = re.compile(r"(?<![\w./\[])([a-z]+(?:\.[a-z_]+)+)\b(?![(/])")
QUOTED: Final = re.compile(r"`([a-z]+(?:\.[a-z_]+)+)`")
COMMAND: Final = re.compile(r"`(?:python -m sync )?([a-z]+(?: [a-z]+)?)[^`]*`")
NO_SETTINGS: Final = {
    "commerce.accs",
    "invoices.json",
    "name.servicebus.windows.net",
    "reconcile.day",
    "reporting.txt",
    "shipments.py",
}
"""What is spelled like a key of a connection: a scope of Adobe's, files, a host, a line of the
log."""


@cache
def logged() -> Mapping[str, set[ast.AST]]:
    """By module, what is a part of a log line."""
    found: dict[str, set[ast.AST]] = defaultdict(set)
    for module, call in log_calls():
        found[module.name].update(ast.walk(call))
    return found


def prose_of(module: Module) -> Iterator[str]:
    """The strings of a module that are sentences for people: no docstrings, nothing that is
    logged."""
    skipped = logged()[module.name] | {
        node.value for node in module.nodes if isinstance(node, ast.Expr)
    }
    for node in module.nodes:
        if isinstance(node, ast.JoinedStr) and node not in skipped:
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )
        elif isinstance(node, ast.Constant) and node not in skipped and " " in str(node.value):
            yield str(node.value)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _exists(model: type[BaseModel], path: list[str]) -> bool:
    """Whether a path of names is a setting; what a table is keyed by may be any name."""
    if not path:
        return True
    field = model.model_fields.get(path[0])
    if field is None:
        return False
    inner = list(_models(field.annotation))
    is_table = "Mapping" in str(field.annotation) or "dict" in str(field.annotation)
    rests = [path[1:], path[2:]] if is_table else [path[1:]]
    return not path[1:] or is_table or any(_exists(one, rest) for one in inner for rest in rests)


def _keys_named() -> Iterator[tuple[str, str]]:
    for module in modules():
        if not module.name.startswith("sync."):
            continue
        for text in prose_of(module):
            for key in KEY.findall(text):
                section = key.partition(".")[0]
                if section in Connection.model_fields and key not in NO_SETTINGS:
                    yield module.name, key


def test_every_key_that_a_message_names_is_a_setting() -> None:
    named = set(_keys_named())
    assert len(named) > 50
    assert not sorted(
        (where, key) for where, key in named if not _exists(Connection, key.split("."))
    )


def test_every_key_that_a_page_names_is_a_setting() -> None:
    pages = {
        path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))
    }
    named = {
        (path.name, key)
        for path, text in pages.items()
        for key in QUOTED.findall(text)
        if key.partition(".")[0] in Connection.model_fields and key not in NO_SETTINGS
    }
    assert len(named) > 50
    assert not sorted(
        (where, key) for where, key in named if not _exists(Connection, key.split("."))
    )


def test_every_command_that_a_message_names_is_there() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    missing, seen = [], 0
    for module in modules():
        for text in prose_of(module) if module.name.startswith("sync.") else ():
            for words in COMMAND.findall(text):
                first, _, second = words.partition(" ")
                command = group.commands.get(first)
                seen += command is not None
                inner = getattr(command, "commands", None)
                if inner is not None and second and second not in inner:
                    missing.append((module.name, words))
    assert seen > 20
    assert not missing


def test_every_option_that_a_message_names_beside_its_command_is_there() -> None:
    own = (one for one in modules() if one.name.startswith("sync."))
    seen, wrong = wrong_options((one.name, text) for one in own for text in prose_of(one))
    assert seen > 25
    assert wrong == []
