"""What cannot be read in a document of Commerce: the fields by name and what was found, never their
contents."""

from typing import Any, Final

from pydantic import ValidationError

MOST_FAULTS: Final = 8
"""Fields named in one message; a document of another kind would name hundreds."""


def field_faults(error: ValidationError) -> str:
    """Every field that was refused, as `items[0].qty: expected an amount, found dict`; the first
    few of many."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    named = [f"{_path(fault['loc'])}: {_what(fault)}" for fault in faults[:MOST_FAULTS]]
    more = [f"and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
    return "; ".join([*named, *more])


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in location
    ).lstrip(".")


def _what(fault: Any) -> str:
    return (
        "is missing"
        if fault["type"] == "missing"
        else str(fault["msg"]).removeprefix("Value error, ")
    )
