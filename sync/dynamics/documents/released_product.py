"""Released products of a legal entity, with texts and order settings. Cost and margin are no part
of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sync.core.money import ZERO


@dataclass(frozen=True)
class ReleasedProduct:
    """A product in a legal entity. Weights are of one inventory unit. `sells_from`, `sells_until`:
    days in no time zone, both included; None for no limit."""

    item: str
    product: str
    is_service: bool
    is_master: bool
    group: str
    lifecycle: str
    tax_group: str
    net_weight: Decimal
    tare_weight: Decimal
    inventory_unit: str
    sales_unit: str
    sells_from: date | None
    sells_until: date | None


@dataclass(frozen=True)
class Variant:
    """A released variant of a product master: its own product number and lifecycle state."""

    product: str
    lifecycle: str


@dataclass(frozen=True)
class Texts:
    """Name and description, plain text."""

    name: str
    description: str


@dataclass(frozen=True)
class OrderSettings:
    """In inventory units; zero for no limit. `is_stopped`: it may not be sold."""

    minimum: Decimal = ZERO
    maximum: Decimal = ZERO
    multiple: Decimal = ZERO
    is_stopped: bool = False


TextsByLanguage = Mapping[tuple[str, str], Texts]
"""By product number and language, both without case; a product's own have the language ""."""
