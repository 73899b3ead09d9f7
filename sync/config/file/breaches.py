"""What the rules for `connections.toml` are made of: a breach, and what several of them look at."""

from collections.abc import Iterator, Mapping
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


def template_breaches(
    path: Path, template: str, known: tuple[str, ...], needed: str
) -> Iterator[Breach]:
    """What is wrong with a template for numbers: names in braces, of those `known`; `needed` tells
    records apart."""
    allowed = ", ".join(f"{{{name}}}" for name in known)
    try:
        parts = [
            (name, spec, turned)
            for _, name, spec, turned in Formatter().parse(template)
            if name is not None
        ]
    except ValueError:
        yield Breach(
            path,
            "the template has a brace without its partner",
            f"Write names in braces; known: {allowed}.",
        )
        return
    strange = [name for name, spec, turned in parts if name not in known or spec or turned]
    if strange:
        yield Breach(
            path,
            f"the template names {{{strange[0]}}}, which is not known here",
            f"Known: {allowed}.",
        )
    elif needed not in {name for name, _, _ in parts}:
        what = f"the template has no {{{needed}}}, so every record would get the same number"
        yield Breach(path, what, f"Add {{{needed}}} to it.")
