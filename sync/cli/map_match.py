"""What matching found, for people and for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, note, table
from sync.mapping_tables.matches import Matches
from sync.mapping_tables.table import Comparison

SHOWN = 50
"""Rows of a kind that people are shown; JSON has them all."""
COUNTED = (
    "Matched {matched} ({new} new, {same} mapped so already, {changed} mapped otherwise and left"
    " so), ambiguous {ambiguous}, unmatched {unmatched}."
)


def show_matches(
    context: CommandContext,
    found: Matches[Any],
    compared: Comparison[Any],
    new: Sequence[tuple[str, ...]],
    columns: tuple[str, ...],
    *,
    stored: bool,
) -> None:
    """New matches, those that a mapping contradicts, what is ambiguous and what is unmatched, and
    how many of each."""
    counts = {**found.counts(), **compared.counts(), "stored": len(compared.new) if stored else 0}
    if context.as_json:
        _as_json(found, compared)
        json_line({"kind": "counts", **counts, "by_rule": dict(found.by_rule)})
        return
    _table(columns, new, "Matched, new")
    _not_matched(found, columns[0])
    line(COUNTED.format_map(counts))
    if compared.new and not stored:
        note("Nothing was stored. Add --yes to store the new matches.")


def _not_matched(found: Matches[Any], key: str) -> None:
    ambiguous = [(a.key, a.rule, a.reason, ", ".join(a.candidates)) for a in found.ambiguous]
    _table((key, "rule", "why", "candidates"), ambiguous, "Ambiguous")
    _table((key, "why"), [(u.key, u.reason) for u in found.unmatched], "Unmatched")


def _as_json(found: Matches[Any], compared: Comparison[Any]) -> None:
    for kind, rows in (
        ("new", compared.new), ("mapped_otherwise", compared.changed),
        ("ambiguous", found.ambiguous), ("unmatched", found.unmatched),
    ):  # fmt: skip
        for row in rows:
            json_line({"kind": kind, **asdict(row)})


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]], kind: str) -> None:
    title = f"{kind}: {len(rows)}" + (f" (the first {SHOWN})" if len(rows) > SHOWN else "")
    table(columns, rows[:SHOWN], title=title)
