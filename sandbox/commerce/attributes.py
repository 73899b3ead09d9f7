"""Product attributes of the shop and their options, as recorded on 2.4.7-p8.

Labels are compared without case and blanks around them; an option's id is a text. Adding two of one
label at a time makes two options, which nothing here does.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import Columns

EMPTY: Final = "The attribute option label is empty. Enter the value and try again."
TAKEN: Final = 'Admin store attribute option label "%1" is already exists.'
BACKEND: Final = {"select": "int", "boolean": "int", "price": "decimal", "date": "datetime"}


@dataclass
class Attribute:
    """An attribute. `options`: label by id."""

    code: str
    number: int
    kind: str = "text"
    options: dict[int, str] = field(default_factory=dict)

    def row(self) -> Columns:
        """As REST answers it; a select begins with an option that is none."""
        none = [{"label": " ", "value": ""}] if self.kind == "select" else []
        options = [{"label": label, "value": str(one)} for one, label in self.options.items()]
        return {
            "attribute_id": self.number, "attribute_code": self.code, "frontend_input": self.kind,
            "backend_type": BACKEND.get(self.kind, "varchar"), "is_user_defined": True,
            "options": none + options,
        }  # fmt: skip


@dataclass
class Attributes:
    """All of them, by code."""

    by_code: dict[str, Attribute] = field(default_factory=dict)
    last_option: int = 5

    def define(self, code: str, kind: str = "text", *labels: str) -> Attribute:
        """A new attribute with these options."""
        one = self.by_code[code] = Attribute(code, 130 + len(self.by_code), kind)
        for label in labels:
            self.add(one, label)
        return one

    def add(self, one: Attribute, label: str) -> int:
        """A new option; its id. Raises the shop's refusal."""
        if not label.strip():
            raise RestFault(400, EMPTY)
        if label.strip().casefold() in {known.strip().casefold() for known in one.options.values()}:
            raise RestFault(400, TAKEN, [label])
        self.last_option += 1
        one.options[self.last_option] = label
        return self.last_option


def stored(attributes: Attributes, code: str, value: Any) -> Any:
    """A value as it is stored. Raises the refusal of a text where an id is due."""
    one = attributes.by_code[code]
    if value is not None and one.kind in ("select", "boolean") and not str(value).isdecimal():
        said = f'Attribute "{code}" has invalid value. The "{value}" value\'s type is invalid.'
        raise RestFault(
            400,
            f'Error occurred during "custom_attributes" processing. {said} The "int" type was'
            " expected. Verify and try again.",
        )
    return f"{value}.000000" if one.kind == "price" and str(value).isdecimal() else value
