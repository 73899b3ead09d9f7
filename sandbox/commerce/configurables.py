"""What configurable products offer, as recorded on 2.4.7-p8.

A list of links replaces the one before, and one that is not sent stays. An attribute that is there
keeps its id. A variant that is taken must have a value of each attribute (source 2.4.7, plugin
`ProductRepositorySave`). Two variants of one combination are taken; from then on none is let go.
"""

from typing import Any, Final

from sandbox.commerce.conditions import as_text
from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import Columns
from sandbox.commerce.state import CommerceState

LINKS: Final = "configurable_product_links"
OPTIONS: Final = "configurable_product_options"
LACKS: Final = 'Product with id "%1" does not contain required attribute "%2".'
ALIKE: Final = 'Products "%1" and "%2" have the same set of attribute values.'
UNKNOWN: Final = "The product was not found. Verify the product and try again."


def link(state: CommerceState, sku: str, sent: Columns) -> None:
    """Save what is sent of links and options. Raises the shop's refusals."""
    stored = state.products.links.setdefault(as_text(sku), {OPTIONS: [], LINKS: []})
    options: list[Columns] = sent.get(OPTIONS) or stored[OPTIONS]
    links: list[int] = stored[LINKS] if sent.get(LINKS) is None else sent[LINKS]
    codes = {str(one.number): code for code, one in state.products.attributes.by_code.items()}
    axes = [codes[str(one["attribute_id"])] for one in options]
    combinations = {one: tuple(_value(state, one, axis) for axis in axes) for one in links}
    for one in links:
        for axis, value in zip(axes, combinations[one], strict=True):
            if value is None:
                raise RestFault(400, LACKS, [str(one), axis])
    if set(stored[LINKS]) - set(links):
        _told_apart(combinations)
    known = {str(one["attribute_id"]): one["id"] for one in stored[OPTIONS]}
    stored[OPTIONS] = [
        {
            "id": known.get(str(one["attribute_id"]), place), "label": one.get("label"),
            "attribute_id": str(one["attribute_id"]), "position": one.get("position", 0),
            "values": [{"value_index": int(row[place - 1])} for row in combinations.values()],
        }
        for place, one in enumerate(options, start=1)
    ]  # fmt: skip
    stored[LINKS] = list(links)
    state.offer(sku, [state.catalogue.by_id[one].sku for one in links])


def _told_apart(combinations: dict[int, tuple[Any, ...]]) -> None:
    seen: dict[tuple[Any, ...], int] = {}
    for one, values in combinations.items():
        if seen.setdefault(values, one) != one:
            raise RestFault(400, ALIKE, [str(one), str(seen[values])])


def _value(state: CommerceState, number: int, code: str) -> Any:
    one = state.catalogue.by_id.get(number)
    if one is None:
        raise RestFault(400, UNKNOWN)
    return state.products.shown(one, "all").get(code)
