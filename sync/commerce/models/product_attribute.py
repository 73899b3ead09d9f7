"""A product attribute of a shop, and how its values compare."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

SELECTS: Final = frozenset({"select", "multiselect"})
"""Their values are ids of options; every other text would be refused."""


@dataclass(frozen=True)
class ShopAttribute:
    """`kind`: its input in the admin. `is_number`: stored as a decimal. `options`: ids by label
    without case and blanks around it, as the shop compares labels."""

    code: str
    number: int
    kind: str
    is_number: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_select(self) -> bool:
        """Whether it has options."""
        return self.kind in SELECTS

    def option(self, label: str) -> str | None:
        """The id of an option; None where there is none."""
        return self.options.get(folded_label(label))

    def comparable(self, value: Any) -> str | None:
        """A value as REST answers it, as contents have it; None for none."""
        if value is None or str(value) == "":
            return None
        return plain_number(str(value)) if self.is_number else str(value)


def folded_label(label: str) -> str:
    """A label as the shop compares it (measured)."""
    return label.strip().casefold()


def plain_number(text: str) -> str:
    """A number without zeros at its end; a text that is none stays."""
    try:
        return f"{Decimal(text).normalize():f}"
    except InvalidOperation:
        return text


def attribute_from(row: Mapping[str, Any]) -> ShopAttribute:
    """From a row of `products/attributes`. Of two options with one label, the older one counts."""
    options: dict[str, str] = {}
    for option in row.get("options") or []:
        label, number = str(option.get("label") or ""), str(option.get("value") or "")
        if number:
            key = folded_label(label)
            older = min(options.get(key, number), number, key=lambda one: (len(one), one))
            options[key] = older
    return ShopAttribute(
        str(row["attribute_code"]), int(row["attribute_id"]), str(row.get("frontend_input") or ""),
        row.get("backend_type") == "decimal", options,
    )  # fmt: skip
