"""Which fields of Commerce's documents tell what was paid by gift card, credit or the like: such
amounts lower a grand total, and no document of F&O."""

from collections.abc import Iterable, Mapping
from typing import Final

from sync.commerce.search import Node
from sync.config.connections import Orders
from sync.mapping.segments import BUILT_IN_PAYMENTS

EXTENSION: Final = "extension_attributes"

Tree = dict[str, "Tree"]


def ways_to_pay(settings: Orders, also: Iterable[str] = ()) -> tuple[Node, ...]:
    """The fields, and `also` others by their paths, as a list is asked for them."""
    paths = [f"{EXTENSION}.{field}" for field in BUILT_IN_PAYMENTS.values()] + [*also]
    homes = settings.segments.values()
    paths += [home.field for home in homes if home.field and home.payment is not None]
    tree: Tree = {}
    for path in paths:
        inner = tree
        for name in path.split("."):
            inner = inner.setdefault(name, {})
    return _nodes(tree)


def _nodes(tree: Mapping[str, Tree]) -> tuple[Node, ...]:
    return tuple((name, _nodes(inner)) if inner else name for name, inner in tree.items())
