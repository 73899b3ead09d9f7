"""What must hold between the parts of the file: no store flows twice, no two orders can get the
same number.

Two connections that read the same store would post its orders twice; two shops that number into one
legal entity would take each other's orders for their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sync.config.connections import (
    Commerce,
    Companies,
    CreditMemos,
    Customers,
    Dynamics,
    Invoices,
    NumberMode,
    Orders,
    Store,
)
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.toml_lines import Path


@dataclass(frozen=True)
class _Facts:
    """What overlaps are looked for in; sections that are not sound in themselves are None. `b2b`:
    where companies flow; `invoices` and `memos` where theirs do."""

    path: Path
    commerce: Commerce | None
    dynamics: Dynamics | None
    orders: Orders | None
    customers: Customers | None
    b2b: Companies | None
    invoices: Invoices | None
    memos: CreditMemos | None
    stores: tuple[str, ...]
    companies: frozenset[str] = field(default_factory=frozenset)


def overlap_breaches(written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every overlap inside and between the connections as they stand in the file."""
    facts = [
        _facts(("connections", name), table)
        for name, table in written.items()
        if isinstance(table, Mapping)
    ]
    for one in facts:
        yield from _numbers_of_stores(one)
    for earlier, later in combinations(facts, 2):
        yield from _same_stores(earlier, later)
        yield from _same_numbers(earlier, later)


def _facts(path: Path, table: Mapping[str, Any]) -> _Facts:
    written = table.get("stores", {})
    tables = written if isinstance(written, Mapping) else {}
    dynamics = sound(Dynamics, table.get("dynamics"))
    stores = [store for entry in tables.values() if (store := sound(Store, entry))]
    named = {store.company for store in stores if store.company} | (
        {dynamics.company} if dynamics else set()
    )
    return _Facts(
        path,
        sound(Commerce, table.get("commerce")),
        dynamics,
        sound(Orders, table.get("orders", {})),
        sound(Customers, table.get("customers", {})),
        sound(Companies, table.get("companies", {})) if is_flowing(table, "companies") else None,
        sound(Invoices, table.get("invoices", {})) if is_flowing(table, "invoices") else None,
        (
            sound(CreditMemos, table.get("creditmemos", {}))
            if is_flowing(table, "creditmemos")
            else None
        ),
        tuple(tables),
        frozenset(named),
    )


def _numbers_of_stores(one: _Facts) -> Iterator[Breach]:
    """Increment ids are unique per store only."""
    if (
        one.orders is None
        or one.orders.numbers is not NumberMode.OURS
        or len(set(one.stores) - {"default"}) < 2
    ):
        return
    template = one.orders.number_template
    if "{store_id}" not in template and "{entity_id}" not in template:
        what = "the template has no {store_id}, and two stores may use the same increment id"
        yield Breach(
            (*one.path, "orders", "number_template"),
            what,
            'Write number_template = "{store_id}-{increment_id}".',
        )


def _same_stores(earlier: _Facts, later: _Facts) -> Iterator[Breach]:
    if (
        earlier.commerce is None
        or later.commerce is None
        or earlier.commerce.url != later.commerce.url
    ):
        return
    other = earlier.path[-1]
    for store in later.stores:
        if store in earlier.stores:
            what = (
                f'store "{store}" of this shop is in connection "{other}" as well, so its orders'
                " would be posted twice"
            )
            yield Breach(
                (*later.path, "stores", store),
                what,
                "Leave the store in one of the two connections.",
            )
    for one, two in ((earlier, later), (later, earlier)):
        if "default" in one.stores and "default" not in two.stores and two.stores:
            what = (
                '"default" takes every store of this shop, also those of connection'
                f' "{two.path[-1]}"'
            )
            yield Breach(
                (*one.path, "stores", "default"),
                what,
                "Name each store by its id where a shop has two connections.",
            )


def _same_numbers(earlier: _Facts, later: _Facts) -> Iterator[Breach]:
    """Two shops number their records alike: the first order is 000000001 in each."""
    if (
        earlier.commerce is None
        or later.commerce is None
        or earlier.commerce.url == later.commerce.url
    ):
        return
    if (
        earlier.dynamics is None
        or later.dynamics is None
        or earlier.dynamics.url != later.dynamics.url
    ):
        return
    if not earlier.companies & later.companies:
        return
    for section, name in _alike(earlier, later):
        what = (
            f'connection "{earlier.path[-1]}" has the same {name} for another shop of this legal'
            " entity"
        )
        remedy = (
            "Give each shop a prefix of its own in the template, so that no two records share a"
            " number."
        )
        yield Breach((*later.path, section, name), what, remedy)


def _alike(earlier: _Facts, later: _Facts) -> Iterator[tuple[str, str]]:
    if (
        earlier.orders
        and later.orders
        and earlier.orders.reference_template == later.orders.reference_template
    ):
        yield "orders", "reference_template"
    if (
        earlier.invoices
        and later.invoices
        and earlier.invoices.reference_template == later.invoices.reference_template
    ):
        yield "invoices", "reference_template"
    if (
        earlier.memos
        and later.memos
        and earlier.memos.reference_template == later.memos.reference_template
    ):
        yield "creditmemos", "reference_template"
    pairs = (
        ("orders", earlier.orders, later.orders),
        ("customers", earlier.customers, later.customers),
    )
    for section, one, two in pairs:
        ours = one and two and one.numbers is NumberMode.OURS and two.numbers is NumberMode.OURS
        if one and two and ours and one.number_template == two.number_template:
            yield section, "number_template"
    both_ours = all(
        one.customers and one.customers.numbers is NumberMode.OURS for one in (earlier, later)
    )
    if (
        both_ours
        and earlier.b2b
        and later.b2b
        and earlier.b2b.number_template == later.b2b.number_template
    ):
        yield "companies", "number_template"
