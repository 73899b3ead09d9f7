"""Field types of Commerce documents. Null keys are left out of REST answers, so absent, null and "" mean the same."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from sync.money import stored

MOST_AMOUNT = Decimal(10) ** 15
"""Commerce stores decimal(20,4); F&O's real keeps 16 digits. Beyond this an amount is a reading error."""


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool | float):
        raise ValueError(f"expected an amount, found {type(value).__name__}")  # noqa: TRY004 - pydantic reports ValueErrors
    if not isinstance(value, Decimal | int | str | None):
        raise ValueError(f"expected an amount, found {type(value).__name__}")  # noqa: TRY004
    try:
        number = Decimal(value.strip() or "0") if isinstance(value, str) else Decimal(value or 0)
    except InvalidOperation:
        raise ValueError("expected an amount, found other text") from None
    if not number.is_finite() or abs(number) >= MOST_AMOUNT:
        raise ValueError("an amount that no shop has")
    return stored(number)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        raise ValueError(f"expected text, found {type(value).__name__}")  # noqa: TRY004
    return str(value).strip()


def _whole(value: Any) -> int | None:
    if value is None or value == "" or value is False:
        return None
    if isinstance(value, bool):
        return 1
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("expected a whole number") from None
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError("expected a whole number")
    return int(number)


def _flag(value: Any) -> bool:
    return value not in (None, "", 0, "0", False, "false", "No")


def _many(value: Any) -> Any:
    return [] if value is None or value == "" else value


def _one(value: Any) -> Any:
    return None if value in ("", [], {}) else value


Amount = Annotated[Decimal, BeforeValidator(_amount)]
Text = Annotated[str, BeforeValidator(_text)]
Whole = Annotated[int | None, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Many = BeforeValidator(_many)
One = BeforeValidator(_one)


class Document(BaseModel):
    """Anything Commerce sends: unknown fields ignored, frozen after reading."""

    model_config = ConfigDict(extra="ignore", frozen=True)
