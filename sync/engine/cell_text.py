"""Words as they fit into a table's cell, which holds 32 Ki characters: a reason may name every line
of a long order."""

from collections.abc import Mapping
from typing import Any, Final

from sync.core.encoding import to_json

MOST_TEXT: Final = 8_000
MOST_DETAILS: Final = 20_000
MOST_DETAIL: Final = 400
MOST_NAMES: Final = 40


def clipped(text: str) -> str:
    """A reason or a remedy, as much of it as anybody reads."""
    return text[:MOST_TEXT]


def clipped_details(details: Mapping[str, Any]) -> str:
    """As JSON; where it is too long for a cell, what is long is left out, and said to be."""
    text = to_json(dict(details)).decode()
    if len(text) <= MOST_DETAILS:
        return text
    short = {name: value for name, value in details.items() if len(to_json(value)) <= MOST_DETAIL}
    left_out = [name for name in details if name not in short]
    return to_json(
        {**dict(list(short.items())[:MOST_NAMES]), "left_out": left_out[:MOST_NAMES]}
    ).decode()
