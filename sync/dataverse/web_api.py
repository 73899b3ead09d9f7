"""The Web API of Dataverse: how rows are addressed and asked for, and how a write is worded.

Logical names are in small letters; choices are whole numbers; a lookup is read as `_name_value` and
written as `name@odata.bind`. We choose the ids of the rows that we create: with `If-None-Match: *`
a create of one that is there already fails (412), with `If-Match: *` a change of one that is not
there (404). Source: Microsoft, "Update and delete table rows using the Web API".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from sync.core.request import Request
from sync.dynamics.odata import encoded, literal

ROOT: Final = "/api/data/v9.2"
OURS: Final = UUID("5b8f6c0e-3f0d-5c3a-9d38-6b1a2f7c4e19")
"""The namespace of the ids that we choose."""
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LAG: Final = timedelta(seconds=30)
"""A change has its stamp before it is committed."""
Only = Literal["", "new", "there"]


@dataclass(frozen=True)
class RowWrite(Request):
    """A write as it would be sent. `only`: where the row is new, or where it is there."""

    only: Only = ""

    @property
    def conditions(self) -> Mapping[str, str]:
        """The headers that say so."""
        return {"new": {"If-None-Match": "*"}, "there": {"If-Match": "*"}}.get(self.only, {})


def id_of(*parts: str) -> str:
    """The id that we choose for what these parts name: the same each time."""
    return str(uuid5(OURS, "\n".join(parts)))


def row_path(table: str, row_id: str) -> str:
    """`/incidents(<id>)`, below the root."""
    return f"/{_name(table)}({UUID(row_id)})"


def created(table: str, row_id: str, body: Mapping[str, Any]) -> RowWrite:
    """A row of ours, made once: a second one of the same id is refused."""
    return RowWrite("PATCH", row_path(table, row_id), body, "new")


def changed(table: str, row_id: str, body: Mapping[str, Any]) -> RowWrite:
    """Some columns of a row that is there. Writing them again changes nothing."""
    return RowWrite("PATCH", row_path(table, row_id), body, "there")


def removed(table: str, row_id: str) -> RowWrite:
    """A row that goes."""
    return RowWrite("DELETE", row_path(table, row_id), None)


def action(name: str, body: Mapping[str, Any]) -> RowWrite:
    """An action of the environment that belongs to no row."""
    return RowWrite("POST", f"/{_name(name)}", body)


def eq(column: str, value: str | int) -> str:
    """A column equals a value; ids are written bare."""
    bare = isinstance(value, str) and column.startswith("_") and column.endswith("_value")
    return f"{_name(column)} eq {UUID(str(value)) if bare else literal(value)}"


def since(column: str, at: datetime) -> str:
    """A column is at this moment or later, in whole seconds, as Dataverse keeps them."""
    return f"{_name(column)} ge {literal(at.replace(microsecond=0))}"


def query(
    *, select: Sequence[str], where: str = "", order_by: str = "", top: int | None = None
) -> str:
    """The part after `?`."""
    options = {
        "$select": ",".join(map(_name, select)), "$filter": encoded(where),
        "$orderby": encoded(order_by), "$top": str(top or ""),
    }  # fmt: skip
    return "&".join(f"{name}={value}" for name, value in options.items() if value)


def set_path(table: str) -> str:
    """`/incidents`, below the root."""
    return f"/{_name(table)}"


def _name(text: str) -> str:
    """A name of ours or of connections.toml, never of a shopper: anything odd is a bug."""
    if not NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name in Dataverse")
    return text
