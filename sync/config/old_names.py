"""Flows and sections that had another name in earlier releases.

A `connections.toml` may still use the old names; they are read as the present ones, and the log
asks for the change. What is stored under them is moved (`sync/engine/old_records.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

OLD_NAMES: Final[Mapping[str, str]] = {"posted_invoices": "postings", "write_back": "receipts"}
"""By the present name of a flow, and of its section."""
_PRESENT: Final = {old: present for present, old in OLD_NAMES.items()}


def present_name(flow: str) -> str:
    """What a flow is called now."""
    return _PRESENT.get(flow, flow)


def with_present_names(written: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A file's content with the present names, and what to write instead of old ones. A section
    that is there under both names stays as it is: reading refuses the old one."""
    connections = written.get("connections")
    if not isinstance(connections, Mapping):
        return dict(written), []
    tables = {
        name: _renamed(table) if isinstance(table, Mapping) else table
        for name, table in connections.items()
    }
    used = {old for table in connections.values() for old in _old_in(table)}
    remedies = [f"Write {present_name(old)} instead of {old}." for old in sorted(used)]
    return {**written, "connections": tables}, remedies


def _old_in(table: object) -> set[str]:
    if not isinstance(table, Mapping):
        return set()
    flows = table.get("flows")
    named = [name for name in flows if isinstance(name, str)] if isinstance(flows, list) else []
    return {*table, *named} & _PRESENT.keys()


def _renamed(table: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {
        name if present_name(name) in table else present_name(name): value
        for name, value in table.items()
    }
    if isinstance(flows := table.get("flows"), list):
        renamed["flows"] = [present_name(one) if isinstance(one, str) else one for one in flows]
    return renamed
