"""An environment: its rows, what its application user may do, and what people do in it."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sandbox.dataverse import sales
from sandbox.dataverse.refused import BAD, DENIED, EXISTS, Row, WebFault, absent
from sandbox.dataverse.tables import STATUSES, TABLES, Table

__all__ = ["BAD", "DataverseState", "Row", "WebFault", "absent"]


@dataclass
class DataverseState:
    """One environment. `denied`: privileges that the application user lacks (`prvCreateNote`).
    `keys`: alternate keys by table, each as its columns in order; a key that is not `Active` yet
    refuses nothing."""

    now: Callable[[], datetime]
    tables: dict[str, dict[str, Row]] = field(default_factory=lambda: {n: {} for n in TABLES})
    denied: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=lambda: {"sandbox"})
    requests: list[str] = field(default_factory=list)
    drawn: int = 0
    keys: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    key_status: str = "Active"

    def require(self, verb: str, table: Table) -> None:
        """Raise 403 where the user lacks the privilege."""
        name = f"prv{verb}{table.privilege}"
        if name in self.denied:
            who = "Principal user (Id=5d2f, type=8, roleCount=1)"
            raise WebFault(403, DENIED, f"{who} is missing {name} privilege (Id=1a2b) on OTC=112")

    def named(self, name: str, key: Mapping[str, Any]) -> str:
        """The id of the row with these values of a key; empty where there is none."""
        rows = self.tables[name].items()
        found = (
            row_id for row_id, row in rows
            if all(row.get(column) == value for column, value in key.items())
        )  # fmt: skip
        return next(found, "")

    def _must_be_unique(self, name: str, values: Mapping[str, Any]) -> None:
        for columns in self.keys.get(name, ()) if self.key_status == "Active" else ():
            key = {column: values.get(column) for column in columns}
            if all(key.values()) and self.named(name, key):
                raise WebFault(412, EXISTS, "A record with matching key values already exists.")

    def stamp(self) -> str:
        """Now, in whole seconds."""
        moment = self.now().astimezone(UTC).replace(microsecond=0)
        return moment.isoformat().replace("+00:00", "Z")

    def create(self, name: str, row_id: str | None, values: Mapping[str, Any]) -> Row:
        """A new row. Raises 412 for an id that is there, 400 for what it lacks."""
        table, rows = TABLES[name], self.tables[name]
        self.drawn += 1
        row_id = row_id or str(uuid5(NAMESPACE_OID, f"{name} {self.drawn}"))
        if row_id in rows:
            raise WebFault(412, EXISTS, "A record with matching key values already exists.")
        for group in table.needed:
            if not any(values.get(one) for one in group):
                raise WebFault(400, "0x80040203", f"You should specify {' or '.join(group)}.")
        self._must_be_unique(name, values)
        sales.must_be_editable(self, name, values)
        row: Row = {table.key: row_id, "createdon": self.stamp(), **values}
        if "statecode" in table.columns:
            row = {"statecode": 0, "statuscode": 1, **row}
        if name == "incidents":
            row.setdefault("ticketnumber", f"CAS-{self.drawn:05}-R5T4E3")
        if name == "quotes":
            row = {"quotenumber": f"QUO-{self.drawn:05}-K7M2", "revisionnumber": 0, **row}
        rows[row_id] = {**row, "modifiedon": self.stamp()}
        sales.calculate(self, name, rows[row_id])
        return rows[row_id]

    def remove(self, name: str, row_id: str) -> None:
        """A row goes. Raises 404."""
        row = self.tables[name].get(row_id)
        if row is None:
            raise absent(TABLES[name], row_id)
        sales.must_be_editable(self, name, row)
        del self.tables[name][row_id]
        sales.calculate(self, name, row)

    def change(self, name: str, row_id: str, values: Mapping[str, Any]) -> Row:
        """Columns of a row. Raises 404, and 400 for a case's state that is not changed so."""
        row = self.tables[name].get(row_id)
        if row is None:
            raise absent(TABLES[name], row_id)
        if (
            name == "incidents"
            and values.get("statecode", row["statecode"]) == 1 != row["statecode"]
        ):
            raise WebFault(400, "0x80045090", "Close a case by the action CloseIncident.")
        sales.must_be_editable(self, name, row)
        row.update(values, modifiedon=self.stamp())
        sales.calculate(self, name, row)
        return row

    def close_case(self, row_id: str, status: int) -> None:
        """What `CloseIncident` does. Raises 400 for a case that is not active."""
        row = self.tables["incidents"].get(row_id)
        if row is None:
            raise absent(TABLES["incidents"], row_id)
        if row["statecode"] != 0:
            raise WebFault(400, "0x80044f0e", "The incident has already been closed.")
        status = STATUSES[1][0] if status == -1 else status
        if status not in STATUSES[1]:
            raise WebFault(400, "0x80048408", f"{status} is not a valid status code of Resolved.")
        row.update(statecode=1, statuscode=status, modifiedon=self.stamp())

    def set_status(self, row_id: str, state: int, status: int) -> None:
        """A person gives a case another status."""
        row = self.tables["incidents"][row_id]
        row.update(statecode=state, statuscode=status, modifiedon=self.stamp())

    def notes_of(self, row_id: str) -> list[Row]:
        """The notes of a case, the oldest first."""
        rows = self.tables["annotations"].values()
        return [row for row in rows if row.get("objectid") == row_id]

    def kept(self) -> dict[str, dict[str, Row]]:
        """All rows as they are, to go back to when a changeset fails."""
        return deepcopy(self.tables)
