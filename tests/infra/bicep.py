"""Bicep files as the tests read them: parsed for their values, and as words for what refers to
what.

The parser takes names and text for the same kind of value, so who refers to whom is read from the
words. Property names are told by the colon that touches them, as Bicep's formatter writes it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pycep import BicepParser

INFRA: Final = Path(__file__).parents[2] / "infra"
FILES: Final = sorted(INFRA.rglob("*.bicep"))

DECLARES: Final = re.compile(r"^(param|var|resource|module|output) (\w+)", re.MULTILINE)
HEAD: Final = re.compile(r"^(param|output) \w+ \w+|^(var|resource|module) \w+")
LOOPS: Final = re.compile(r"\bfor \(?(\w+)(?:, (\w+)\))? in (\w+):")
TEXT: Final = re.compile(r"'''.*?'''|'(?:\\.|\$\{[^}]*\}|[^'\\])*'", re.DOTALL)
INSERTED: Final = re.compile(r"\$\{([^}]*)\}")
NAME: Final = re.compile(r"(?<![\w.@])([A-Za-z_]\w*)(?![\w(:])")
CALL: Final = re.compile(r"(?<![\w.@])([A-Za-z_]\w*)\(")
MEMBER: Final = re.compile(r"(?<![\w.])(\w+)!?\.outputs\.(\w+)")
WORDS: Final = frozenset({"for", "in", "if", "existing", "true", "false", "null"})
FUNCTIONS: Final = frozenset(
    {
        "empty",
        "environment",
        "guid",
        "loadJsonContent",
        "replace",
        "string",
        "subscription",
        "subscriptionResourceId",
        "union",
        "uniqueString",
    }
)


@dataclass(frozen=True)
class Bicep:
    """One file: `tree` as parsed, `words` without comments and text, but with what is inserted into
    text."""

    path: Path
    tree: Mapping[str, Any]
    source: str
    words: str

    @property
    def declared(self) -> set[str]:
        """Everything the file gives a name to, loop items included; outputs are no names to refer
        to."""
        found = {name for kind, name in DECLARES.findall(self.source) if kind != "output"}
        loops = LOOPS.findall(self.words)
        return found | {name for *names, _ in loops for name in names if name}

    @property
    def used(self) -> set[str]:
        """Every name that is referred to."""
        return {name for line in self._lines() for name in NAME.findall(line)} - WORDS

    @property
    def called(self) -> set[str]:
        """Every function that is called."""
        return {name for line in self._lines() for name in CALL.findall(line)} - WORDS

    @property
    def outputs_read(self) -> set[tuple[str, str]]:
        """(module, output) of everything that is read of modules."""
        return set(MEMBER.findall(self.words))

    def _lines(self) -> Iterator[str]:
        """What stands right of a declaration's head, and everything else but decorators."""
        for line in self.words.splitlines():
            if not line.startswith(("@", "targetScope")):
                yield re.sub(HEAD, "", LOOPS.sub(r" \3 ", line))

    def resources(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """(name, type, body) of what the file makes; a loop's or a condition's body stands for
        each."""
        for name, resource in self.tree.get("resources", {}).items():
            if not resource["existing"]:
                yield name, resource["type"], body_of(resource["config"])

    def body(self, name: str) -> Mapping[str, Any]:
        """The body of one resource."""
        return body_of(self.tree["resources"][name]["config"])


def body_of(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is between the braces, without the loop or the condition around it."""
    inner = config.get("config")
    return (
        body_of(inner)
        if isinstance(inner, Mapping) and ("loop_type" in config or "condition" in config)
        else config
    )


@cache
def bicep(name: str) -> Bicep:
    """A file by its name, without `.bicep`."""
    path = next(path for path in FILES if path.stem == name)
    source = re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return Bicep(path, _parser().parse(file_path=path), source, TEXT.sub(_inserted, source))


@cache
def _parser() -> BicepParser:
    """Made once: that takes longer than parsing does."""
    return BicepParser()


def every() -> list[Bicep]:
    """All files."""
    return [bicep(path.stem) for path in FILES]


def _inserted(text: re.Match[str]) -> str:
    return " " if text[0].startswith("'''") else " ".join(("", *INSERTED.findall(text[0]), ""))
