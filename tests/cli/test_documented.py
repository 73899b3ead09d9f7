"""Commands in the documents are commands of the product, with their options. Those in blocks are
run in `test_reconcile.py`, beside both systems."""

import re
import shlex
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from typer.core import TyperGroup

from sync.cli.main import app
from tests.cli.running import ROOT

PAGES: Final = (
    ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
)  # fmt: skip
SAYS: Final = re.compile(r"python3? -m sync +(?P<words>[a-z-][^`\n]*)")
SPAN: Final = re.compile(r"`([a-z][a-z-]*(?: [^`\n]*)? --[a-z][^`\n]*)`")
BROKEN: Final = re.compile(r"(?<!`)`[^`\n]+\n[^`\n]+`(?!`)")
"""A span that goes on in the next line."""
OPTION: Final = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
ENDS: Final = {*"|<>();&"}
"""What ends a command for a shell."""
SHELL: Final = re.compile(r'"?\$\([^)]*\)"?')
NAME: Final = re.compile("[a-z][a-z-]*")
BLOCK: Final = re.compile(r"^ *```\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
MAKE: Final = re.compile(r"`?\bmake ([a-z-]+)(?= *(?:`|#|$|[A-Z]+=))", re.MULTILINE)
USAGE: Final[tuple[type[Exception], ...]] = typer.BadParameter.__bases__
"""All that is wrong with the words of a command."""
NOT_RUN: Final = ("new-key", "--test", "--ask", "portal", "report")
"""What prints a key, asks or tells people outside, or needs a section that a small shop has not."""


@cache
def root() -> TyperGroup:
    found = typer.main.get_command(app)
    assert isinstance(found, TyperGroup)
    return found


def words_of(text: str) -> list[str]:
    """A command as a shell reads it; what the shell would put in is an address."""
    plain = SHELL.sub("https://app.example.com", text)
    plain = plain.rpartition('"')[0] if plain.count('"') % 2 else plain
    lexer = shlex.shlex(plain, posix=True, punctuation_chars="|<>();&")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words = [*takewhile(lambda word: word[:1] not in ENDS, iter(lexer))]
    while words and words[0].startswith("--") and words[0] != "--help":
        words = words[2:]
    return [word.rstrip(".,:") for word in words]


def pages() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        yield str(page.relative_to(ROOT)), BROKEN.sub(lambda one: " ".join(one[0].split()), text)


def written() -> Iterator[tuple[str, str]]:
    """Every command that is written out, with its page."""
    for page, text in pages():
        for found in SAYS.finditer(text):
            yield page, found["words"]


def in_blocks() -> Iterator[str]:
    for _, text in pages():
        for block in BLOCK.findall(text):
            for line in block.splitlines():
                if (found := SAYS.search(line)) and not line.startswith("{"):
                    yield found["words"]


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and what is left of them; None for no command."""
    command: Any = root()
    while isinstance(command, TyperGroup) and words:
        name, *words = words
        command = command.commands.get(name)
    return command, words


def parsed(words: list[str]) -> str:
    """What is wrong with a command; empty where nothing is. Files need not be there."""
    if words[:1] == ["--help"]:
        return ""
    command, rest = command_of(words)
    if command is None:
        return "no such command"
    if not rest or isinstance(command, TyperGroup):
        return ""
    try:
        command.make_context(command.name, list(rest))
    except USAGE as fault:
        return "" if "exist" in str(fault) else f"{type(fault).__name__} {fault}"
    return ""


def test_every_command_that_a_page_writes_out_is_taken() -> None:
    wrong = {f"{page}: {text}": parsed(words_of(text)) for page, text in written()}
    assert len(wrong) > 60
    assert {text: fault for text, fault in wrong.items() if fault} == {}


def wrong_options(said: Iterable[tuple[str, str]]) -> tuple[int, list[str]]:
    """How many commands are named in these texts, and options beside them that are not theirs."""
    seen, wrong = 0, list[str]()
    for place, text in said:
        for span in (*SPAN.findall(text), *(one["words"] for one in SAYS.finditer(text))):
            if span.split()[0] not in root().commands:
                continue
            seen += 1
            command, _ = command_of([*takewhile(NAME.fullmatch, span.split())])
            if command is None:
                wrong.append(f"{place}: {span}: no such command")
                continue
            params = [param for one in every(command) for param in one.params]
            known = {"--help", *(one for param in params for one in param.opts)}
            wrong += [f"{place}: {span}" for one in OPTION.findall(span) if one not in known]
    return seen, wrong


def test_every_option_that_a_page_names_beside_its_command_is_there() -> None:
    seen, wrong = wrong_options(pages())
    assert seen > 15
    assert wrong == []


def test_every_example_in_a_help_text_is_taken() -> None:
    wrong: dict[str, str] = {}
    for command in every(root()):
        for found in SAYS.finditer(command.help or ""):
            wrong[found["words"]] = parsed(words_of(found["words"]))
    assert len(wrong) > 40
    assert {text: fault for text, fault in wrong.items() if fault} == {}


def every(command: Any) -> Iterator[Any]:
    yield command
    for inner in command.commands.values() if isinstance(command, TyperGroup) else ():
        yield from every(inner)


def test_every_target_of_make_is_there() -> None:
    made = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for _, text in pages() for name in MAKE.findall(text)}
    assert len(named) > 5
    assert named - {*made} == set()


@pytest.mark.parametrize(
    "fault",
    [
        "reconcil",
        "reconcile --fron 2026-01-01",
        "trail a b",
        "replay --parked --reson X",
        "map item",
    ],
)
def test_a_command_that_is_none_is_told(fault: str) -> None:
    assert parsed(words_of(fault))


def test_pages_are_read() -> None:
    assert {Path(page).name for page, _ in pages()} >= {"README.md", "runbook.md", "connecting.md"}
