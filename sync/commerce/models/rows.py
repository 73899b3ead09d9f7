"""What a list's row alone tells of a record: the columns that the product reads of it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.fields import Document
from sync.core.encoding import digest

_PLAIN: Final = (str, Decimal, bool, int, int | None)


def columns_of(model: type[Document], *more: str) -> tuple[str, ...]:
    """The fields of a model that lie in the record's own row, and `more` of them; nothing nested,
    so that a list of them stays short."""
    plain = (name for name, of in model.model_fields.items() if of.annotation in _PLAIN)
    return (*plain, *more)


def row_digest(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    """A digest of these columns: the same for a row of a list and for the whole document, as long
    as nothing of them has changed. REST leaves out what is null."""
    return digest({name: row[name] for name in columns if row.get(name) is not None})
