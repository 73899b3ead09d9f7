"""What orders, invoices and credit memos have in common: an increment id, and being read whole or
not at all."""

import re
from typing import Any, ClassVar, Final, Self

from pydantic import Field, ValidationError, field_validator

from sync.commerce.models.faults import field_faults
from sync.commerce.models.fields import Code, Document, Whole, is_too_deep, text_from
from sync.core.errors import Never

NUMBER: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,50}")


class NumberedDocument(Document):
    """A document of Commerce. Identity: `entity_id` per installation, (`increment_id`, `store_id`)
    for people."""

    kind: ClassVar[str] = "document"
    """What people call it."""

    entity_id: Whole = None
    increment_id: Code
    store_id: Whole = None
    raw: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)
    """The document as received, for totals of extensions that only the configuration knows."""

    @field_validator("increment_id")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not NUMBER.fullmatch(value):
            raise ValueError("expected 1 to 50 printable characters")
        return value

    @classmethod
    def read(cls, document: Any) -> Self:
        """From parsed JSON. Raises `Never` that names every field that cannot be read (names, never
        contents)."""
        if not isinstance(document, dict):
            what = f"{cls.kind}: expected a JSON object, found {type(document).__name__}"
            raise Never(what, remedy="Ask Commerce for the document again.")
        what = f"{cls.kind} {number_of(document) or '(no increment_id)'}"
        cls._must_be_readable(document, what)
        try:
            return cls.model_validate({**document, "raw": document})
        except ValidationError as error:
            raise cls._unreadable(f"{what} cannot be read: {field_faults(error)}") from None

    @classmethod
    def _must_be_readable(cls, document: dict[str, Any], what: str) -> None:
        if is_too_deep(document):
            raise cls._unreadable(f"{what} cannot be read: it is nested deeper than any {cls.kind}")

    @classmethod
    def _unreadable(cls, reason: str) -> Never:
        remedy = (
            f"Look at these fields of the {cls.kind} in Commerce, among them its extension"
            " attributes, and at the extension that writes them."
        )
        return Never(reason, remedy=remedy)

    @property
    def key(self) -> str:
        """`<increment_id>@<store_id>`: increment ids are unique per store view only."""
        return f"{self.increment_id}@{self.store_id if self.store_id is not None else '?'}"

    @property
    def label(self) -> str:
        """For messages."""
        return f"{self.kind} {self.increment_id}"


def number_of(document: Any) -> str:
    """The increment id of a document that may be no order at all; empty when it has none that could
    be one."""
    try:
        text = text_from(document.get("increment_id")) if isinstance(document, dict) else ""
    except ValueError:
        text = ""
    return text if NUMBER.fullmatch(text) else ""
