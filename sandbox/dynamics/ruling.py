"""What a table's rules are made of, and the draft of a row that they see.

A module per business area declares a `TableRules` per table; `registry.py` lists them; `writing.py`
applies them in the order of X++: fields sent are validated, then defaults are filled in, then the
row is validated and written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, not_found
from sandbox.dynamics.schema import COMPANY, EntitySet
from sandbox.dynamics.store import Record


@dataclass
class Draft:
    """A row about to be written. `sent` is what the caller gave, `values` the row as it will be,
    `before` as it was."""

    state: Environment
    entity: EntitySet
    company: str
    values: dict[str, Any]
    sent: Mapping[str, Any]
    before: Record | None = None

    def get(self, name: str) -> Any:
        """A property's value; its type's unset value when nobody wrote it."""
        if name in self.values:
            return self.values[name]
        known = self.entity.properties.get(name)
        return known.unset if known is not None else ""

    def default(self, name: str, value: Any) -> None:
        """Fill a property that the caller did not send, or sent empty, when there is something to
        fill it with."""
        if self.sent.get(name) in {None, ""} and value not in {None, ""}:
            self.values[name] = value

    def changed(self, name: str) -> bool:
        """Whether this write gives the property another value."""
        return self.before is None or self.before.values.get(name) != self.values.get(name)


@dataclass(frozen=True)
class Number:
    """A key that a number sequence gives. `always`: no setting lets a caller choose it. `shared`:
    by all companies.

    `drawn_as`: the property whose setting tells whether the sequence is manual, where another table
    draws from it as well.
    """

    field: str
    label: str
    sequence: str
    template: str = "{company}-{number:06d}"
    always: bool = False
    shared: bool = False
    longest: int = 20
    drawn_as: str = ""


@dataclass(frozen=True)
class Relation:
    """A foreign key: what is not empty must be the key of a row of `table`, in the same company if
    it has one."""

    field: str
    table: str
    label: str
    related: str

    def check(self, draft: Draft) -> None:
        """Refuse a value without a row, in the words of F&O."""
        value = draft.values.get(self.field)
        if value in {None, ""}:
            return
        home = draft.state.store.table(self.table)
        key = (draft.company, value) if COMPANY in home.entity.key else (value,)
        if draft.state.store.find(self.table, *key) is None:
            raise not_found(value, self.label, self.related, field=self.field)


Hook = Callable[[Draft], None]


def nothing(_: Draft) -> None:
    """No rule."""


def after_nothing(_: Draft, __: Record) -> None:
    """No rule."""


def free_to_go(_: Environment, __: Record) -> None:
    """No rule."""


@dataclass(frozen=True)
class TableRules:
    """The rules of one table.

    `initial`: values of a new row before anything sent is looked at. `fixed`: properties that never
    change after creation. `defaults` fills in, `validate` refuses, both see creates and updates
    (`draft.before`); `written` follows up in other tables; `deleting` refuses or takes dependent
    rows along. Hooks raise `Refused`.
    """

    label: str
    numbers: tuple[Number, ...] = ()
    relations: tuple[Relation, ...] = ()
    initial: Mapping[str, Any] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    defaults: Hook = nothing
    validate: Hook = nothing
    written: Callable[[Draft, Record], None] = after_nothing
    deleting: Callable[[Environment, Record], None] = free_to_go


NO_RULES = TableRules("Records")


def country(draft: Draft, field_id: str, field_iso: str, label: str = "Country/region") -> None:
    """Resolve a country: the id has three letters; the two letters of ISO are only taken in their
    own field."""
    ids = draft.state.countries
    if draft.sent.get(field_iso) and not draft.sent.get(field_id):
        iso = draft.get(field_iso)
        found = next((three for three, two in ids.items() if two == iso.upper()), None)
        if found is None:
            raise not_found(iso, "ISO code", "Address country/region", field=field_iso)
        draft.values[field_id] = found
    value = draft.get(field_id)
    if value and value.upper() not in ids:
        raise not_found(value, label, "Address country/region", field=field_id)
    draft.values[field_iso] = ids.get(value.upper(), "")


def refuse_if(condition: object, text: str, *, field: str = "") -> None:
    """Refuse with one Infolog sentence when the condition holds."""
    if condition:
        raise Refused(text, field=field)
