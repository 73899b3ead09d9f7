"""The runbook has each alert and each kind of reason that there is, and none that is no more."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.source import ROOT, module, modules

PAGE: Final = Path(ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
PARKING: Final = ("Never", "Conflict")
OF_STORES: Final = (
    "sync.adapters.",
    "sync.config.",
    "sync.hosts.",
    "sync.alerts.",
    "sync.cli.",
    "sync.reconcile.",
    "sync.reporting.",
)
"""Where reasons concern our own stores and settings, or a command: nothing is parked."""


def rows(title: str) -> dict[str, list[str]]:
    """The words in the first cell of each row of a section's table, by the row."""
    section = PAGE.split(f"## {title}")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return {line: re.findall(r"`([^`]+)`", line.split(" | ")[0]) for line in lines}


def text_of(node: ast.AST) -> str:
    """What an expression says, with a space where a value goes."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            text_of(part) if isinstance(part, ast.Constant) else "X" for part in node.values
        )
    return ""


@cache
def reasons() -> tuple[str, ...]:
    """Every reason that is written where a record is parked."""
    calls = [
        node
        for one in modules()
        if one.name.startswith("sync.") and not one.name.startswith(OF_STORES)
        for node in one.nodes
        if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name)
    ]
    found = [text_of(call.args[0]) for call in calls if call.func.id in PARKING]  # type: ignore[attr-defined]
    return tuple(text for text in found if len(re.findall(r"[a-z]{3,}", text)) > 1)


def said_anywhere() -> str:
    """All the strings of the product."""
    return "\n".join(
        text_of(node)
        for one in modules()
        if one.name.startswith("sync.")
        for node in one.nodes
        if isinstance(node, ast.Constant | ast.JoinedStr)
    )


def test_every_alert_is_there_and_no_other() -> None:
    alerts = [
        node
        for name in ("conditions", "findings")
        for node in module(f"sync.alerts.{name}").nodes
        if isinstance(node, ast.Call) and "Alert" in ast.dump(node.func)
    ]
    causes = {text_of(call.args[0]).partition("|")[0] for call in alerts}
    assert causes == {word for words in rows("Alerts").values() for word in words}


def test_every_reason_is_of_a_kind_that_is_there() -> None:
    known = [word for words in rows("What parked records say").values() for word in words]
    assert len(reasons()) > 80
    missing = [one for one in reasons() if not any(word in one for word in known)]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("row", rows("What parked records say"), ids=lambda row: row[:40])
def test_what_is_there_is_still_said(row: str) -> None:
    said = said_anywhere()
    assert not [word for word in rows("What parked records say")[row] if word not in said]
