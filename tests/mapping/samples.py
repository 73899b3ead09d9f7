"""Orders of real shops: those recorded into the project, and those that may lie beside it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sync.core.encoding import NotJson, from_json
from sync.preview.input_files import orders_in
from tests.conftest import ABSENT, SHARED_SAMPLES

PAYLOADS = Path(__file__).parents[1] / "payloads"
FORMS = ("order", "order_as_placed")


@cache
def read(path: Path) -> Any:
    """A JSON file, read once."""
    return from_json(path.read_bytes())


def money(name: str) -> Any:
    """One recorded scenario: what the shop computed under its settings."""
    return read(PAYLOADS / "commerce_money" / f"{name}.json")


def money_names() -> list[str]:
    """The recorded scenarios of the project."""
    return sorted(path.stem for path in (PAYLOADS / "commerce_money").glob("*.json"))


def order(name: str) -> Any:
    """The order of a recorded scenario, as REST answers it now."""
    return money(name)["order"]


def beside(folder: str) -> list[Path]:
    """The files of a folder beside the project; skips the test where there are none."""
    found = sorted((SHARED_SAMPLES / folder).glob("*.json"))
    if not found:
        pytest.skip(ABSENT)
    return found


def scenarios(paths: list[Path]) -> Iterator[tuple[str, Any, Any]]:
    """(name, order, scenario) of both forms of the order in every file."""
    for path in paths:
        scenario = read(path)
        for form in FORMS:
            if form in scenario:
                yield f"{path.stem} {form}", scenario[form], scenario


def shared_orders(folder: str) -> Iterator[tuple[str, Any]]:
    """(file, order) of every order in the files of a folder, whatever envelope it lies in."""
    for path in beside(folder):
        try:
            document = from_json(path.read_bytes())
        except NotJson:
            continue
        for found in orders_in(document):
            yield path.name, found
