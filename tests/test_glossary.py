"""The glossary says what the code says: its terms are used, and the words they replaced are not."""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.source import ROOT

GLOSSARY: Final = ROOT / "docs" / "glossary.md"
ROW: Final = re.compile(r"^\| `(\w+)` \| (.+) \| ([\w ,-]*) ?\|$", re.MULTILINE)
CODE: Final = ("sync", "sandbox", "tests")
FIELDS_WORDS: Final = frozenset({"get_type_hints"})
"""Identifiers of libraries."""
STORED: Final = "Names that are stored keep their old form"
"""Where the glossary names words that are stored: they are no terms."""


def terms() -> list[str]:
    return [name for name, _, _ in ROW.findall(GLOSSARY.read_text(encoding="utf-8"))]


def replaced() -> list[str]:
    rows = ROW.findall(GLOSSARY.read_text(encoding="utf-8"))
    return sorted(
        {word.strip() for _, _, words in rows for word in words.split(",") if word.strip()}
    )


def sources() -> Iterator[Path]:
    for folder in CODE:
        yield from (
            path
            for path in sorted((ROOT / folder).rglob("*.py"))
            if "node_modules" not in path.parts
        )


@cache
def identifiers() -> dict[str, Path]:
    """Every name in the code, with a file that has it."""
    found: dict[str, Path] = {}
    for path in sources():
        reader = io.StringIO(path.read_text(encoding="utf-8")).readline
        names = (token for token in tokenize.generate_tokens(reader) if token.type == tokenize.NAME)
        found |= dict.fromkeys((token.string for token in names), path)
    return found


def words_of(identifier: str) -> list[str]:
    """`DeadLetter` and `dead_letter` -> dead, letter."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower().split("_")


def documents() -> Iterator[tuple[Path, str]]:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = path.read_text(encoding="utf-8")
        yield path, text if path != GLOSSARY else ""


def test_the_glossary_lists_terms() -> None:
    assert len(terms()) > 30
    assert len(set(terms())) == len(terms())
    assert len(replaced()) > 5
    assert STORED in GLOSSARY.read_text(encoding="utf-8")


@cache
def code() -> str:
    """All of the code but this test."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in sources() if path != Path(__file__)
    )


@pytest.mark.parametrize("term", terms())
def test_a_term_is_in_use(term: str) -> None:
    assert re.search(rf"(?<![a-z]){term}s?(?![a-z])", code())


@pytest.mark.parametrize("word", replaced())
def test_a_replaced_word_is_no_name(word: str) -> None:
    parts = re.split(r"[ -]", word)
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for name, path in identifiers().items()
        if name not in FIELDS_WORDS
        and any(
            one_of(words_of(name)[at : at + len(parts)], parts) for at in range(len(words_of(name)))
        )
    ]
    assert not found


def one_of(words: list[str], parts: list[str]) -> bool:
    """The word itself, or its plural."""
    return words == parts or words == [*parts[:-1], f"{parts[-1]}s"]


@pytest.mark.parametrize("word", replaced())
def test_a_replaced_word_is_in_no_document(word: str) -> None:
    pattern = re.compile(rf"\b{re.escape(word)}s?\b", re.IGNORECASE)
    assert not [str(path) for path, text in documents() if pattern.search(text)]


ARCHAIC: Final = (
    "anew", "as though", "aught", "bear", "bearing", "bears", "befall", "befalls", "borne",
    "but for", "come about", "comes about", "for ever", "forthwith", "henceforth", "hitherto",
    "in vain", "is nobody to", "lest", "let in again", "naught", "nought", "suffice", "suffices",
    "thence", "thereof", "to be had", "unto", "what came of", "whence", "whoever", "whoever's",
    "whosoever",
)  # fmt: skip
"""Turns that a reader has to read twice. Plain ones: again, as if, carry, except, happen, forever,
zero, be enough, exist, result, who."""


def prose() -> Iterator[tuple[Path, str]]:
    """All that people read: documents, and the code with its docstrings, comments and messages."""
    yield from ((path, path.read_text(encoding="utf-8")) for path, _ in documents())
    for folder in ("sync", "sandbox"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".toml"}:
                yield path, path.read_text(encoding="utf-8")


def test_prose_is_plain() -> None:
    pattern = re.compile(rf"\b(?:{'|'.join(ARCHAIC)})\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path, text in prose()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_lines_of_documents_fit_a_screen() -> None:
    """Tables and commands cannot be wrapped."""
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path, text in documents()
        for line in re.sub(r"```.*?```", "", text, flags=re.DOTALL).split("\n")
        if len(line) > 100 and not line.startswith("|")
    ]
    assert not found, "\n".join(found)


def test_each_decision_is_listed() -> None:
    pages = {one.name for one in (ROOT / "docs" / "decisions").glob("*.md")} - {"README.md"}
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert {one for one in pages if f"({one})" not in listed} == set()
