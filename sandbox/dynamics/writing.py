"""Create, change and remove rows as an X++ entity does. Each call is all or nothing.

Order of a create: read-only fields and foreign keys of what was sent, numbers, defaults, mandatory
fields, rules, key.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import (
    ODataFault,
    Refused,
    missing_for_update,
    must_be_filled,
    not_found,
)
from sandbox.dynamics.registry import rules_of
from sandbox.dynamics.ruling import Draft, Number, TableRules
from sandbox.dynamics.schema import COMPANY, DIMENSIONS, EntitySet, Kind
from sandbox.dynamics.store import Key, Record, key_of
from sandbox.dynamics.values import checked, folded


def create(state: Environment, entity: EntitySet, body: Any) -> Record:
    """Write a new row. Raises `ODataFault`."""
    values = checked(entity, body)
    _writable(entity)
    try:
        with state.store.transaction():
            return _created(state, entity, values)
    except Refused as refusal:
        raise refusal.on_writing(entity.entity) from None


def _created(state: Environment, entity: EntitySet, sent: dict[str, Any]) -> Record:
    rules = rules_of(entity.table)
    company = _company(state, entity, sent)
    numbered = {number.field for number in rules.numbers}
    _not_read_only(state, entity, sent, numbered)
    for name in state.settings.mandatory:
        owner, _, field = name.partition(".")
        if owner == entity.name and not sent.get(field):
            raise must_be_filled(entity.properties[field].label, field=field)
    draft = Draft(state, entity, company, {**rules.initial, **sent}, sent)
    if entity.per_company:
        draft.values[COMPANY] = company
    _related(rules, draft, sent)
    for number in rules.numbers:
        _numbered(draft, number)
    rules.defaults(draft)
    for name in dict.fromkeys((*entity.required, *entity.key)):
        known = entity.properties[name]
        empty = known.unset if name in entity.required and known.kind is not Kind.ENUM else ""
        if draft.get(name) == empty and name not in DIMENSIONS:
            raise must_be_filled(known.label, field=name)
    rules.validate(draft)
    _free(state, entity, rules, draft)
    record = state.store.insert(entity.table, draft.values)
    rules.written(draft, record)
    return state.store.find(entity.table, *key_of(entity, record.values)) or record


def change(state: Environment, entity: EntitySet, key: Key, body: Any, etag: str | None) -> Record:
    """Write some properties of a row that exists. Raises `ODataFault`; a stale `etag` is a 412."""
    sent = checked(entity, body)
    _writable(entity)
    before = _found(state, entity, key, etag)
    rules = rules_of(entity.table)
    changed = {
        name: value
        for name, value in sent.items()
        if before.values.get(name, _unset(entity, name)) != value
    }
    if not changed:
        return before
    try:
        _not_read_only(state, entity, changed, set())
        _not_fixed(entity, rules, changed, before)
        with state.store.transaction():
            draft = Draft(
                state,
                entity,
                before.values.get(COMPANY, ""),
                {**before.values, **changed},
                changed,
                before,
            )
            _related(rules, draft, changed)
            rules.defaults(draft)
            rules.validate(draft)
            record = state.store.update(entity.table, before, draft.values)
            rules.written(draft, record)
            return record
    except Refused as refusal:
        raise refusal.on_writing(entity.entity) from None


def remove(state: Environment, entity: EntitySet, key: Key, etag: str | None) -> None:
    """Remove a row that exists, with what its rules take along. Raises `ODataFault`."""
    _writable(entity)
    record = _found(state, entity, key, etag)
    try:
        with state.store.transaction():
            rules_of(entity.table).deleting(state, record)
            state.store.delete(entity.table, record)
    except Refused as refusal:
        raise refusal.on_writing(entity.entity) from None


def _writable(entity: EntitySet) -> None:
    if entity.read_only:
        raise ODataFault(400, f"The entity '{entity.entity}' is read-only.", in_batch=500)


def _unset(entity: EntitySet, name: str) -> Any:
    return entity.properties[name].unset


def _found(state: Environment, entity: EntitySet, key: Key, etag: str | None) -> Record:
    record = state.store.find(entity.table, *key)
    if record is None:
        raise missing_for_update()
    if etag is not None and etag not in {"*", record.etag}:
        raise ODataFault(412, "The record was changed by another user since it was read.")
    return record


def _company(state: Environment, entity: EntitySet, sent: Mapping[str, Any]) -> str:
    """The company a new row belongs to: the one in the body, else the user's default."""
    if not entity.per_company:
        return state.company
    company = str(sent.get(COMPANY) or state.company).lower()
    if state.store.find("Companies", company) is None:
        raise not_found(company, "Company", "Company accounts", field=COMPANY)
    return company


def _not_read_only(
    state: Environment, entity: EntitySet, sent: Mapping[str, Any], numbered: set[str]
) -> None:
    for name in sent:
        is_closed = f"{entity.name}.{name}" in state.settings.closed
        if is_closed or (entity.properties[name].read_only and name not in numbered):
            raise Refused(
                f"Update not allowed for field '{entity.properties[name].label}'.", field=name
            )


def _not_fixed(
    entity: EntitySet, rules: TableRules, changed: Mapping[str, Any], before: Record
) -> None:
    for name in (*entity.key, *rules.fixed):
        if name in changed and folded(changed[name]) != folded(before.values.get(name)):
            raise Refused(
                f"Update not allowed for field '{entity.properties[name].label}'.", field=name
            )


def _related(rules: TableRules, draft: Draft, sent: Mapping[str, Any]) -> None:
    for relation in rules.relations:
        if relation.field in sent:
            relation.check(draft)


def _numbered(draft: Draft, number: Number) -> None:
    """Assign a number, or take the caller's where the sequence is manual."""
    sent = draft.sent.get(number.field)
    manual = (number.drawn_as or number.field) in draft.state.settings.manual and not number.always
    if manual and not sent:
        raise must_be_filled(number.label, field=number.field)
    if sent and not manual:
        text = (
            f"The number sequence of field '{number.label}' is automatic: a value cannot be entered"
            " manually."
        )
        raise Refused(text, field=number.field)
    if sent and len(sent) > number.longest:
        text = (
            f"The value '{sent}' in field '{number.label}' is longer than {number.longest}"
            " characters."
        )
        raise Refused(text, field=number.field)
    if not sent:
        company = "" if number.shared else draft.company
        draft.values[number.field] = draft.state.next_number(
            number.sequence, number.template, company
        )


def _free(state: Environment, entity: EntitySet, rules: TableRules, draft: Draft) -> None:
    key = key_of(entity, draft.values)
    if state.store.find(entity.table, *key) is None:
        return
    last = entity.key[-1]
    text = (
        f"Cannot create a record in {rules.label} ({entity.table})."
        f" {entity.properties[last].label}: {draft.get(last)}."
    )
    raise Refused(f"{text}\nThe record already exists.")
