"""Whether both systems still have what the mapping uses, as it was: fields of F&O, attributes of
Commerce.

Looked at each day (`schema_watch`), because both change without us: an update of F&O, an extension
that goes, an attribute that somebody deletes. Then a person knows before a value is lost.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.checks.entities import field_finding, length_findings
from sync.checks.finding import Finding, Level, Probe, fault, ok
from sync.checks.products import product_places_are_there
from sync.checks.sent_fields import needed_fields
from sync.commerce.address import path_of
from sync.commerce.errors import NotThere
from sync.core.errors import Never
from sync.dynamics.metadata import Shape

CUSTOMER_ATTRIBUTES: Final = ("attributeMetadata", "customer", "attribute")
CHANGED: Final = "; it was "
TOLD_FOR: Final = timedelta(days=7)
"""How long a change of type is told of; then it is how things are."""


@dataclass(frozen=True)
class Known:
    """The type of a field or attribute: `now`, since when we see it, and what it was `before`;
    empty where it was never another."""

    now: str
    since: datetime
    before: str = ""

    def seen(self, type_: str, at: datetime) -> "Known":
        """After another look. What is again as it was, is no change."""
        if type_ == self.now:
            return self
        return Known(type_, at, "" if type_ == self.before else self.now)


Types = Mapping[str, Known]
"""By `EntitySet.Field`, or `attribute code`."""


async def looked_at(probe: Probe, known: Types) -> tuple[list[Finding], dict[str, Known]]:
    """What is missing or has changed, and the types as they are now. Raises `Later` where a system
    does not answer."""
    needed = needed_fields(probe.settings)
    shapes = await probe.dynamics.metadata_fields(*needed)
    fields = {name: frozenset(shape.fields) for name, shape in shapes.items()}
    found = [field_finding(name, names, fields) for name, names in needed.items()]
    found += length_findings(needed, shapes, probe.settings.dynamics.lengths)
    types = dict(_types(needed, shapes))
    for check in (product_places_are_there, customer_attribute_is_there):
        try:
            found += [one async for one in check(probe)]
        except Never as refusal:
            found.append(fault(refusal.reason, refusal.remedy))
    codes = probe.settings.products.attribute_codes if "products" in probe.settings.flows else ()
    kinds = await probe.commerce.product_data.attributes(codes)
    types |= {f"attribute {code}": one.kind for code, one in kinds.items()}
    now = probe.clock.now()
    seen = {
        name: known[name].seen(type_, now) if name in known else Known(type_, now)
        for name, type_ in types.items()
    }
    found += _changes(seen, now)
    return [one for one in found if one.level is not Level.OK], seen


def _types(
    needed: Mapping[str, tuple[str, ...]], shapes: Mapping[str, Shape]
) -> Iterator[tuple[str, str]]:
    for entity_set, names in needed.items():
        known = shapes[entity_set].fields if entity_set in shapes else {}
        yield from ((f"{entity_set}.{name}", known[name]) for name in names if name in known)


def _changes(types: Types, now: datetime) -> Iterator[Finding]:
    for name, one in types.items():
        if one.before and now - one.since < TOLD_FOR:
            yield fault(
                f"{name} is {one.now} since {one.since.date().isoformat()}{CHANGED}{one.before}",
                "Look at a record that has it: `preview` shows what would be sent. Where that is"
                f" right, this is over after {TOLD_FOR.days} days.",
            )


async def customer_attribute_is_there(probe: Probe) -> AsyncIterator[Finding]:
    """The attribute of customers by which accounts are found, where they are matched by it."""
    customers = probe.settings.customers
    if "customer_number" not in customers.match:
        return
    code = customers.customer_number_attribute
    try:
        await probe.commerce.get(path_of(*CUSTOMER_ATTRIBUTES, code))
    except NotThere:
        cure = "Correct customers.customer_number_attribute in connections.toml, or create it there"
        yield fault(
            f"the shop has no customer attribute {code}, so that no account is found by it",
            f"{cure} (Stores > Attributes > Customer).",
        )
    else:
        yield ok(f"customer attribute {code} is there")
