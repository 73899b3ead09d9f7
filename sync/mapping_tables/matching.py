"""The first filling of the mapping tables: match what both systems hold by rules, and list what is
left for a person.

Pure: the caller reads the systems. A rule decides only where it finds exactly one; where it
finds several, a person does. The first rule that finds anything is the last that is asked.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sync.mapping_tables.customer_matching import Account, Shopper, match_customers
from sync.mapping_tables.matches import Ambiguous, Matched, Matches, Unmatched, Verdict, collected
from sync.mapping_tables.records import ItemMapping, normal_sku

__all__ = [
    "BARCODE",
    "ITEM_NUMBER",
    "RULES",
    "SEARCH_NAME",
    "VARIANT_NUMBER",
    "Account",
    "Ambiguous",
    "Matches",
    "Product",
    "ReleasedItem",
    "Rule",
    "Shopper",
    "Unmatched",
    "match_customers",
    "match_items",
    "rewritten",
    "unmatched_options",
]

PARENTS: Final = frozenset({"configurable", "grouped"})
"""Product types that are never sold themselves: their children are."""


@dataclass(frozen=True)
class Product:
    """A product in Commerce. `barcode`: of the attribute that holds it. `is_dynamic`: a bundle
    that is sold as its parts. `identifier`: its id, zero where nobody asked for it."""

    sku: str
    type: str = "simple"
    name: str = ""
    barcode: str = ""
    is_dynamic: bool = False
    identifier: int = 0

    @property
    def is_sold(self) -> bool:
        """Whether an order names it as what is to be shipped."""
        return self.type not in PARENTS and not self.is_dynamic


@dataclass(frozen=True)
class ReleasedItem:
    """An item (`ReleasedProductsV2`), or one variant of it (`ReleasedProductVariantsV2`), in the
    legal entity.

    `is_master`: the item has variants, and so cannot be sold without its dimensions. `barcodes`: of
    `ProductNumberIdentifiedBarcodes`.
    """

    item_number: str
    variant_number: str = ""
    color: str = ""
    size: str = ""
    style: str = ""
    configuration: str = ""
    version: str = ""
    search_name: str = ""
    barcodes: tuple[str, ...] = ()
    is_master: bool = False

    @property
    def label(self) -> str:
        """Item number and dimensions, for people."""
        used = (self.color, self.size, self.style, self.configuration, self.version)
        return " ".join([self.item_number, *(dimension for dimension in used if dimension)])


@dataclass(frozen=True)
class Rule:
    """What of a product must equal what of an item; without case and spaces around, empty never
    matches."""

    name: str
    of_product: Callable[[Product], str]
    of_item: Callable[[ReleasedItem], Sequence[str]]


ITEM_NUMBER: Final = Rule(
    "item_number", lambda p: p.sku, lambda i: () if i.variant_number else (i.item_number,)
)
VARIANT_NUMBER: Final = Rule("variant_number", lambda p: p.sku, lambda i: (i.variant_number,))
BARCODE: Final = Rule("barcode", lambda p: p.barcode, lambda i: i.barcodes)
SEARCH_NAME: Final = Rule("search_name", lambda p: p.sku, lambda i: (i.search_name,))
RULES: Final = (ITEM_NUMBER, VARIANT_NUMBER, BARCODE)


def rewritten(pattern: str, replacement: str) -> Rule:
    r"""A rule for SKUs that differ by a system: the whole SKU matches `pattern` and becomes the
    item's number.

    `rewritten(r"WEB-(.+)", r"\1")` takes WEB-1000 for item or variant 1000. Raises `re.error` for a
    bad pattern.
    """
    shape = re.compile(pattern, re.IGNORECASE)

    def number(product: Product) -> str:
        found = shape.fullmatch(product.sku.strip())
        return found.expand(replacement) if found else ""

    return Rule("rewritten", number, lambda item: (item.variant_number or item.item_number,))


@dataclass(frozen=True)
class _Hit:
    """What the first rule that found anything found for one product."""

    strength: int
    rule: str
    items: tuple[ReleasedItem, ...]


def _merged(items: Iterable[ReleasedItem]) -> tuple[ReleasedItem, ...]:
    """Each item or variant once, with the barcodes of all rows that name it: two of its codes are
    no two items."""
    found: dict[ReleasedItem, dict[str, None]] = {}
    for item in items:
        found.setdefault(replace(item, barcodes=()), {}).update(dict.fromkeys(item.barcodes))
    return tuple(replace(item, barcodes=tuple(codes)) for item, codes in found.items())


def match_items(
    products: Iterable[Product], items: Iterable[ReleasedItem], rules: Sequence[Rule] = RULES
) -> Matches[ItemMapping]:
    """Find each product's item. Where several products lay hold of one item, the strongest rule has
    it, or nobody."""
    indexes = _indexes(_merged(items), rules)
    unique = {normal_sku(product.sku): product for product in products if product.sku.strip()}
    sold = {key: product for key, product in unique.items() if product.is_sold}
    hits = {key: _hit(product, indexes) for key, product in sold.items()}
    owners = _owners(hits)
    verdicts = (_verdict(product.sku, hits[key], owners) for key, product in sold.items())
    return collected(verdicts, not_sold=len(unique) - len(sold))


def unmatched_options(
    ordered: Mapping[str, int],
    products: Iterable[Product],
    mapped: Container[str],
    *,
    by_base: bool,
) -> list[Unmatched]:
    """The skus with custom options that were ordered and have no item. `ordered`: sku -> product
    id; `mapped`: the `normal_sku` of every mapping; `by_base`: whether they take their product's.
    """
    bases = {product.identifier: product.sku for product in products}
    found = []
    for sku, identifier in sorted(ordered.items()):
        base = bases.get(identifier, "")
        is_longer = bool(base) and normal_sku(sku).startswith(f"{normal_sku(base)}-")
        is_mapped = normal_sku(sku) in mapped or (by_base and normal_sku(base) in mapped)
        if is_longer and not is_mapped:
            own = f'map it, or let items.custom_options = "base" take the item of {base}'
            remedy = f"map {base}" if by_base else own
            found.append(Unmatched(sku, f"ordered with custom options of {base}: {remedy}"))
    return found


def _indexes(
    items: Sequence[ReleasedItem], rules: Sequence[Rule]
) -> list[tuple[Rule, dict[str, list[ReleasedItem]]]]:
    indexes = []
    for rule in rules:
        index: dict[str, list[ReleasedItem]] = defaultdict(list)
        for item in items:
            for text in {normal_sku(text) for text in rule.of_item(item)} - {""}:
                index[text].append(item)
        indexes.append((rule, dict(index)))
    return indexes


def _hit(
    product: Product, indexes: Sequence[tuple[Rule, Mapping[str, list[ReleasedItem]]]]
) -> _Hit:
    for strength, (rule, index) in enumerate(indexes):
        items = index.get(normal_sku(rule.of_product(product)))
        if items:
            return _Hit(strength, rule.name, tuple(items))
    return _Hit(len(indexes), "", ())


def _owners(hits: Mapping[str, _Hit]) -> dict[ReleasedItem, str]:
    """For each item the product that has it: the only one of the strongest rule. Missing where
    there is none such."""
    takers: dict[ReleasedItem, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key, hit in hits.items():
        if len(hit.items) == 1:
            takers[hit.items[0]][hit.strength].append(key)
    strongest = {item: by_strength[min(by_strength)] for item, by_strength in takers.items()}
    return {item: keys[0] for item, keys in strongest.items() if len(keys) == 1}


def _verdict(sku: str, hit: _Hit, owners: Mapping[ReleasedItem, str]) -> Verdict[ItemMapping]:
    if not hit.items:
        return Unmatched(sku, "no rule finds an item")
    candidates = tuple(item.label for item in hit.items)
    if len(hit.items) > 1:
        return Ambiguous(sku, hit.rule, candidates, "several items fit")
    item = hit.items[0]
    if item.is_master:
        what = f"item {item.item_number} has variants, so its dimensions must be named"
        return Unmatched(sku, what)
    if owners.get(item) != normal_sku(sku):
        return Ambiguous(sku, hit.rule, candidates, "another SKU fits this item as well or better")
    dimensions = (item.color, item.size, item.style, item.configuration, item.version)
    try:
        return Matched(hit.rule, ItemMapping(sku, item.item_number, *dimensions))
    except ValueError as fault:  # the table cannot hold it: a control character, for one
        return Unmatched(sku, str(fault))
