"""What is landed: the tables of `schema.toml`, which the page of definitions lists too."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

TYPES: Final[Mapping[str, str]] = {
    "TEXT": "VARCHAR", "MONEY": "DECIMAL(38,6)", "DAY": "DATE", "MOMENT": "TIMESTAMPTZ",
    "NUMBER": "BIGINT", "YESNO": "BOOLEAN", "RATE": "DECIMAL(38,12)",
}  # fmt: skip
"""DuckDB's; amounts are never doubles."""
PARTS: Final = ("company", "month")
"""Columns that every table has: they name its folders, and stand in no file."""
ALWAYS: Final = "all"
"""The month of what belongs to none, and the company of what belongs to all."""


@dataclass(frozen=True)
class Table:
    """`columns`: name -> DuckDB's type. `words`: name -> what it says. `document`: columns of what
    is restated as one, `key`: of one row. `version`: the column that tells the newer of two."""

    name: str
    about: str
    columns: Mapping[str, str]
    words: Mapping[str, str]
    document: tuple[str, ...]
    key: tuple[str, ...]
    version: str
    is_confidential: bool = False

    @property
    def all_columns(self) -> Mapping[str, str]:
        """With those that name folders."""
        return {**dict.fromkeys(PARTS, "VARCHAR"), **self.columns}


@cache
def tables() -> Mapping[str, Table]:
    """All of them by name."""
    text = resources.files("sync.reporting").joinpath("schema.toml").read_text(encoding="utf-8")
    return {name: _table(name, one) for name, one in tomllib.loads(text).items()}


def _table(name: str, told: dict[str, Any]) -> Table:
    parted = {column: words.partition(" ") for column, words in told["columns"].items()}
    types = {column: TYPES[kind] for column, (kind, _, _) in parted.items()}
    words = {column: said for column, (_, _, said) in parted.items()}
    document, key = tuple(told["document"]), tuple(told["key"])
    is_confidential = bool(told.get("is_confidential"))
    return Table(name, told["about"], types, words, document, key, told["version"], is_confidential)
