"""Every statement of `docs/security.md` names a test, and every test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
NAMED: Final = re.compile(r"`(?:(tests/[\w/]+\.py)|(test_\w+))`")
"""A file, and the tests in it."""


def statements() -> list[str]:
    """The items of all lists."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return re.findall(r"^\* .*(?:\n  .*)*", text, re.MULTILINE)


@cache
def functions_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_there_are_statements() -> None:
    assert len(statements()) > 20


@pytest.mark.parametrize("statement", statements(), ids=lambda text: text[2:60])
def test_a_statement_names_tests_that_exist(statement: str) -> None:
    file, shown = "", 0
    for path, test in NAMED.findall(statement):
        file = path or file
        if test:
            assert test in functions_in(file), f"{file} has no {test}"
            shown += 1
    assert shown, "no test shows it"
