"""What the rules for `connections.toml` are made of: a breach, and what several of them look at."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from sync.config.file.toml_lines import Path

LONGEST_NUMBER: Final = 20
"""Characters of SalesOrderNumber and CustomerAccount."""

SHORTEST_INCREMENT: Final = 9
"""Digits of an increment id as Commerce pads it."""

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class Breach:
    """A rule that does not hold: where, what was found, and what to change."""

    path: Path
    what: str
    remedy: str


def is_flowing(written: Mapping[str, Any], flow: str) -> bool:
    """Whether a connection names the flow. Those that flow where none is named need nothing of each
    other."""
    flows = written.get("flows")
    return isinstance(flows, list | tuple) and flow in flows


def sound(section: type[S], written: object) -> S | None:
    """The section, when each of its values is fine."""
    try:
        return section.model_validate(written)
    except ValidationError:
        return None


def template_breaches(path: Path, template: str, known: tuple[str, ...]) -> Iterator[Breach]:
    """What is wrong with a template for numbers: names in braces, of those `known`; the first one
    tells records apart."""
    allowed, needed = ", ".join(f"{{{name}}}" for name in known), known[0]
    try:
        parts = [part for part in Formatter().parse(template) if part[1] is not None]
    except ValueError:
        remedy = f"Write names in braces; known: {allowed}."
        yield Breach(path, "the template has a brace without its partner", remedy)
        return
    strange = [name for _, name, spec, turned in parts if name not in known or spec or turned]
    if strange:
        what = f"the template names {{{strange[0]}}}, which is not known here"
        yield Breach(path, what, f"Known: {allowed}.")
    elif needed not in {part[1] for part in parts}:
        what = f"the template has no {{{needed}}}, so every record would get the same number"
        yield Breach(path, what, f"Add {{{needed}}} to it.")


def text_breaches(path: Path, text: str, known: Collection[str]) -> Iterator[Breach]:
    """Names in braces of a text for people that nothing fills; `known` are those that are."""
    try:
        named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        yield Breach(path, "the text has a brace without its partner", f"Known: {_braced(known)}.")
        return
    if strange := sorted(named - {*known}):
        what = f"the text names {{{strange[0]}}}, which is not known here"
        yield Breach(path, what, f"Known: {_braced(known)}.")


def fields_of(text: str) -> frozenset[str]:
    """The names in braces of one of our own texts."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _braced(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def missing_flow(
    path: Path, written: Mapping[str, Any], flow: str, needed: str, why: str
) -> Iterator[Breach]:
    """Where `flow` is on, and `needed`, without which it does nothing, is not."""
    if is_flowing(written, flow) and not is_flowing(written, needed):
        what = f'the flow "{flow}" is on, and "{needed}" is not'
        yield Breach(path, what, f'Add "{needed}" to flows: {why}.')


def too_long(path: Path, template: str, number: str) -> Iterator[Breach]:
    """Where `number`, made from a template for F&O's numbers, exceeds them even with the shortest
    increment id."""
    least = template.replace("{store_id}", "1")
    for name in ("{increment_id}", "{order_increment_id}"):
        least = least.replace(name, "0" * SHORTEST_INCREMENT)
    if len(least) > LONGEST_NUMBER:
        held = f"has {len(least)} characters or more; F&O holds {LONGEST_NUMBER}"
        remedy = "Shorten the fixed part of the template."
        yield Breach(path, f"{number} made from it {held}", remedy)
