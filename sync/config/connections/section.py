"""What every table of the file has in common: its types, and that unknown names are faults."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Strict,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

VAULT_NAME: Final = r"^[A-Za-z0-9-]{1,127}$"
COMPANY: Final = r"^[A-Za-z0-9]{1,4}$"
CURRENCY: Final = r"^[A-Z]{3}$"
CURRENCY_OR_NONE: Final = r"^([A-Z]{3})?$"
CONNECTION_NAME: Final = r"^[a-z0-9][a-z0-9-]{0,30}$"

SecretName = Annotated[str, StringConstraints(pattern=VAULT_NAME)]
"""The name of a secret in the vault or Key Vault: letters, digits and hyphens, as Key Vault
allows."""

Company = Annotated[str, StringConstraints(pattern=COMPANY, to_lower=True)]
"""A dataAreaId; F&O answers them in lower case."""

Currency = Annotated[str, StringConstraints(pattern=CURRENCY)]
CurrencyOrNone = Annotated[str, StringConstraints(pattern=CURRENCY_OR_NONE)]

Whole = Annotated[int, Strict()]
"""A whole number; text and true/false are not taken for one."""

YesNo = Annotated[bool, Strict()]
"""true or false; "yes" and 1 are not taken for them."""


def tidy_url(url: str) -> str:
    """The URL without slashes at its end, scheme and host in lower case: tokens are issued for that
    very spelling."""
    scheme, mark, rest = url.strip().rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash}{path}" if mark else scheme


Url = Annotated[str, AfterValidator(tidy_url)]


def _no_float(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("an amount is text or a whole number")  # noqa: TRY004 - pydantic reports ValueError only
    return value


Amount = Annotated[Decimal, BeforeValidator(_no_float)]
"""An amount, written as text or as a whole number."""


def _written_out(value: object) -> object:
    if not isinstance(value, datetime | str):
        raise PydanticCustomError("moment", "a moment is a date, a time and an offset")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""A moment with its offset from UTC, as in 2026-11-21T06:00:00Z."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (
        KeyError,
        ValueError,
        OSError,
    ):  # no such zone; a name that is no path; the name of a folder of zones
        raise PydanticCustomError("time_zone", "a time zone of the IANA database") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""A time zone by its name in the IANA database, as in Europe/Berlin."""


class Section(BaseModel):
    """A table of the file: unknown names are faults, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


DriftPolicy = dict[str, Literal["repair", "report", "adopt"]]
"""What `drift --repair` does where the shop shows another value of a field, `*` for all others.
`repair`: F&O's is sent again. `report`: it is listed alone. `adopt`: the shop's stays until F&O's
changes. Without a word: repair."""


class NumberMode(StrEnum):
    """Who chooses the document's number."""

    OURS = "ours"
    THEIRS = "theirs"
