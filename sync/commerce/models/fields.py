"""Field types of Commerce documents. Null keys are left out of REST answers, so absent, null and ""
mean the same."""

import re
from decimal import Decimal
from itertools import chain
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

from sync.core.money import stored

MOST_AMOUNT: Final = Decimal(10) ** 15
"""Commerce stores decimal(20,4); F&O's real keeps 16 digits. Beyond this an amount is a reading
error."""

LARGEST_TEXT: Final = 10**50
"""Increment ids have 50 characters at most; a larger number stands for no text."""

DEEPEST: Final = 60
"""Levels of nesting; Commerce's deepest answer has about twelve."""

_NESTED: Final = (dict, list)
_AMOUNTS: Final = (Decimal, int)
"""As JSON is read; a bool, which is an int in Python, is none."""
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HALF_A_PAIR: Final = re.compile("[\ud800-\udfff]")


def number_from(value: Any) -> Decimal:
    """The number, also from text; absent, null and "" are zero. Raises `ValueError` that says what
    was found instead.

    Finite and below 10^15 in size. Text is digits with a point, as databases write it: no grouping,
    no NaN.
    """
    if value is None:
        return Decimal(0)
    if isinstance(value, str):
        value = value.strip() or "0"
        if not _NUMBER.fullmatch(value):
            raise ValueError("expected an amount, found other text")
    elif type(value) not in _AMOUNTS:
        raise ValueError(f"expected an amount, found {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= MOST_AMOUNT:
        raise ValueError("an amount that no shop has")
    return number


def _amount(value: Any) -> Decimal:
    return stored(number_from(value))


def clean(text: str) -> str:
    """Text without spaces around it and without what no document can hold: control characters but
    tabs and line ends are left out, half a surrogate pair becomes the replacement character."""
    return _HALF_A_PAIR.sub("\N{REPLACEMENT CHARACTER}", _UNPRINTABLE.sub("", text)).strip()


def text_from(value: Any) -> str:
    """Text, also from a number; absent and null are empty. Raises `ValueError` that says what was
    found."""
    if value is None:
        return ""
    return clean(value) if isinstance(value, str) else _digits(value)


def _digits(value: Any) -> str:
    """A number where text belongs, as exports write increment ids: 101 and 101.0 are "101", of any
    usual length."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"expected text, found {type(value).__name__}")  # noqa: TRY004
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= LARGEST_TEXT:
        raise ValueError("expected text, found a number that is none")
    return str(int(number)) if number == number.to_integral_value() else str(number)


def _code(value: Any) -> str:
    """What other systems know something by: nothing may be cleaned away from it."""
    if isinstance(value, str) and (
        _UNPRINTABLE.search(value) or _HALF_A_PAIR.search(value) or "\n" in value.strip()
    ):
        raise ValueError("expected printable characters")
    return text_from(value)


def whole_from(value: Any) -> int | None:
    """A whole number, also from text; absent, null, "" and false are none. Raises `ValueError`."""
    if value is None or value == "" or value is False:
        return None
    try:
        number = number_from(value)
    except ValueError:
        raise ValueError("expected a whole number") from None
    if number != number.to_integral_value():
        raise ValueError("expected a whole number")
    return int(number)


def flag_from(value: Any) -> bool:
    """Whether a flag is set, however it is written: `1`, `"1"`, `true`; `"0"` is not."""
    return value not in (None, "", 0, "0", False, "false", "No")


def _many(value: Any) -> Any:
    return [] if value is None or value == "" else value


def _one(value: Any) -> Any:
    return None if value in ("", [], {}) else value


def _some(value: Any) -> Any:
    return {} if value is None or value in ("", []) else value


Amount = Annotated[Decimal, BeforeValidator(_amount)]
Text = Annotated[str, BeforeValidator(text_from)]
Code = Annotated[str, BeforeValidator(_code)]
Whole = Annotated[int | None, BeforeValidator(whole_from)]
Flag = Annotated[bool, BeforeValidator(flag_from)]
Many = BeforeValidator(_many)
One = BeforeValidator(_one)
"""An object, or None where there is nothing: PHP writes an empty object as an empty list."""
Some = BeforeValidator(_some)
"""An object, empty where there is nothing."""


class Document(BaseModel):
    """Anything Commerce sends: unknown fields ignored, frozen after reading."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def is_too_deep(document: Any) -> bool:
    """Whether a parsed document is nested deeper than anything a shop answers. No recursion."""
    level: list[Any] = [[document]]
    depth = 0
    while level:
        depth += 1
        if depth > DEEPEST + 1:
            return True
        inside = (one.values() if isinstance(one, dict) else one for one in level)
        level = [one for one in chain.from_iterable(inside) if isinstance(one, _NESTED)]
    return False
