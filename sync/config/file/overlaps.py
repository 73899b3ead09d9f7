"""What must hold between the parts of the file: no store flows twice, no two orders can get the
same number.

Two connections that read the same store would post its orders twice; two shops that number into one
legal entity would take each other's orders for their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any, Final

from sync.config.connections import (
    Accounts,
    Commerce,
    Companies,
    CreditMemos,
    Customers,
    Dynamics,
    Invoices,
    NumberMode,
    Orders,
    Prices,
    Returns,
    Store,
)
from sync.config.connections.templates import (
    BEFORE,
    SUGGESTED,
    Place,
    parsed,
    tells_stores_apart,
    templates_in_use,
)
from sync.config.file.breaches import Breach, S, is_flowing, sound
from sync.config.file.demand_rules import shared_demand
from sync.config.file.toml_lines import Path

RUN_TOGETHER: Final = (
    "nothing shows where one number ends and the next begins, so two stores may come to the same"
)
GIVE_PREFIX: Final = (
    "Give each connection a prefix of its own in the template, so that no two records share a"
    " number."
)


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
    returns: Returns | None
    accounts: Accounts | None
    prices: Prices | None
    stores: tuple[str, ...]
    companies: frozenset[str] = field(default_factory=frozenset)

    def templates(self) -> dict[Place, str]:
        """What names documents in F&O, by section and key, of the flows that are on."""
        return templates_in_use(self.orders, self.invoices, self.memos, self.returns)


def overlap_breaches(written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every overlap inside and between the connections as they stand in the file."""
    facts = [
        _facts(("connections", name), table)
        for name, table in written.items()
        if isinstance(table, Mapping)
    ]
    for one in facts:
        yield from _numbers_of_stores(one)
    yield from shared_demand(written)
    for earlier, later in combinations(facts, 2):
        yield from _same_stores(earlier, later)
        yield from _same_numbers(earlier, later)
        yield from _same_accounts(earlier, later)
        yield from _same_prices(earlier, later)


def _facts(path: Path, table: Mapping[str, Any]) -> _Facts:
    written = table.get("stores", {})
    tables = written if isinstance(written, Mapping) else {}
    dynamics = sound(Dynamics, table.get("dynamics"))
    stores = [store for entry in tables.values() if (store := sound(Store, entry))]
    named = {store.company for store in stores} | {dynamics.company if dynamics else ""}
    return _Facts(
        path, sound(Commerce, table.get("commerce")), dynamics,
        sound(Orders, table.get("orders", {})), sound(Customers, table.get("customers", {})),
        _flowing(Companies, table, "companies"), _flowing(Invoices, table, "invoices"),
        _flowing(CreditMemos, table, "creditmemos"), _flowing(Returns, table, "returns"),
        _flowing(Accounts, table, "accounts"), _flowing(Prices, table, "prices"),
        tuple(tables),
        frozenset(company for company in named if company),
    )  # fmt: skip


def _flowing(section: type[S], table: Mapping[str, Any], flow: str) -> S | None:
    return sound(section, table.get(flow, {})) if is_flowing(table, flow) else None


def _numbers_of_stores(one: _Facts) -> Iterator[Breach]:
    """Increment ids are unique per store only, and a default store means that any store view may
    send."""
    if "default" not in one.stores and len(one.stores) < 2:
        return
    for (section, name), template in one.templates().items():
        if not tells_stores_apart(section, template):
            what = "the template has no {store_id}, and two stores may use the same increment id"
            remedy = f"Put {{store_id}} into it, as in {SUGGESTED[section]}. {BEFORE}"
            yield Breach((*one.path, section, name), what, remedy)
        elif _run_together(template):
            remedy = f"Part them by a sign, as in {SUGGESTED[section]}."
            yield Breach((*one.path, section, name), RUN_TOGETHER, remedy)


def _run_together(template: str) -> bool:
    return any(
        first and second and (between.isdigit() or not between)
        for (_, first), (between, second) in pairwise(parsed(template))
    )


def _same_stores(earlier: _Facts, later: _Facts) -> Iterator[Breach]:
    if not _of_one_host(earlier.commerce, later.commerce):
        return
    other = f'connection "{earlier.path[-1]}" as well, so its orders would be posted twice'
    for store in (store for store in later.stores if store in earlier.stores):
        remedy = "Leave the store in one of the two connections."
        place = (*later.path, "stores", store)
        yield Breach(place, f'store "{store}" of this shop is in {other}', remedy)
    for one, two in ((earlier, later), (later, earlier)):
        if "default" in one.stores and "default" not in two.stores and two.stores:
            others = f'also those of connection "{two.path[-1]}"'
            remedy = "Name each store by its id where a shop has two connections."
            place = (*one.path, "stores", "default")
            yield Breach(place, f'"default" takes every store of this shop, {others}', remedy)


def _of_one_host(one: Commerce | Dynamics | None, two: Commerce | Dynamics | None) -> bool:
    return one is not None and two is not None and one.url == two.url


def _same_numbers(earlier: _Facts, later: _Facts) -> Iterator[Breach]:
    """Two shops number their records alike: the first order is 000000001 in each. So do two stores
    of one shop."""
    if earlier.commerce is None or later.commerce is None:
        return
    if not earlier.companies & later.companies:
        return
    if not _of_one_host(earlier.dynamics, later.dynamics):
        return
    is_one_shop = _of_one_host(earlier.commerce, later.commerce)
    other = "other stores of this shop" if is_one_shop else "another shop of this legal entity"
    for section, name in _alike(earlier, later, is_one_shop=is_one_shop):
        what = f'connection "{earlier.path[-1]}" has the same {name} for {other}'
        yield Breach((*later.path, section, name), what, GIVE_PREFIX)


def _same_accounts(earlier: _Facts, later: _Facts) -> Iterator[Breach]:
    """Two connections would make two companies of one account."""
    is_one_shop = _of_one_host(earlier.commerce, later.commerce)
    is_one_ledger = _of_one_host(earlier.dynamics, later.dynamics)
    one, two = earlier.accounts, later.accounts
    if one is None or two is None or not (is_one_shop and is_one_ledger):
        return
    names = {*one.groups, *one.only} & {*two.groups, *two.only}
    if earlier.companies & later.companies and (names or one.flag == two.flag != ""):
        what = f'connection "{earlier.path[-1]}" sends the same accounts to this shop'
        remedy = "Let one connection send them: a company is of no single store view."
        yield Breach((*later.path, "accounts"), what, remedy)


def _same_prices(earlier: _Facts, later: _Facts) -> Iterator[Breach]:
    """Each would write its price over that of the other, which is known as shown there."""
    one, two = earlier.prices, later.prices
    if one is None or two is None or not _of_one_host(earlier.commerce, later.commerce):
        return
    if 0 in (one.website, two.website) or one.website == two.website:
        other = f'connection "{earlier.path[-1]}"'
        what = f"{other} shows its prices in the same website of this shop"
        remedy = 'Give each a website of its own, or take "prices" out of flows of one of them.'
        yield Breach((*later.path, "prices", "website"), what, remedy)


def _alike(earlier: _Facts, later: _Facts, *, is_one_shop: bool) -> Iterator[tuple[str, str]]:
    """Templates that make the same of two records. Within one shop the store tells them apart, and
    accounts have ids."""
    ours, theirs = earlier.templates(), later.templates()
    for place in ours.keys() & theirs.keys():
        if ours[place] == theirs[place] and not (is_one_shop and "{store_id}" in ours[place]):
            yield place
    if is_one_shop:
        return
    one, two = earlier.customers, later.customers
    if one and two and one.numbers is NumberMode.OURS and two.numbers is NumberMode.OURS:
        if one.number_template == two.number_template:
            yield "customers", "number_template"
        if earlier.b2b and later.b2b and earlier.b2b.number_template == later.b2b.number_template:
            yield "companies", "number_template"
