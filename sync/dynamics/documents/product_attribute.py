"""A value of a product attribute, and the barcodes of a product."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class AttributeValue:
    """`kind`: F&O's data type (`Text`, `Integer`, `Decimal`, `Currency`, `TrueFalse`, `DateTime`,
    `Reference`). `unit`: of a number, by its symbol."""

    kind: str
    value: str | int | Decimal | bool | datetime | None
    unit: str = ""


@dataclass(frozen=True)
class Barcode:
    """`is_default`: the one to be displayed. `unit`: what it is on, by its symbol."""

    code: str
    unit: str
    is_default: bool
