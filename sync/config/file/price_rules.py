"""What must hold for `prices`: a currency for the flow, and the shop's own way to count tax."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.orders import Store
from sync.config.connections.prices import Prices
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.toml_lines import Path


def price_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `prices` of the connection at `path`."""
    prices = sound(Prices, written.get("prices", {}))
    if prices is None or not is_flowing(written, "prices"):
        return
    here = (*path, "prices")
    if not prices.currency:
        what = 'the flow "prices" is on, and "currency" is missing'
        remedy = 'Write currency = "EUR": the base currency of the shop and of the legal entity.'
        yield Breach((*here, "currency"), what, remedy)
    yield from _mapping_breaches(here, prices)
    tables = written.get("stores", {})
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        if prices.website and name not in ("default", str(prices.store_view)):
            continue  # it may be of another website
        store = sound(Store, table)
        if store and store.prices_include_tax not in (None, prices.tax_included):
            what = (
                f"the shop's prices in stores.{name} are"
                f" {'with' if store.prices_include_tax else 'without'} tax, F&O's are not so"
            )
            remedy = (
                "Keep prices in F&O as the shop does and write tax_included so, or take the store"
                " into a connection of its own."
            )
            yield Breach((*here, "tax_included"), what, remedy)


def _mapping_breaches(here: Path, prices: Prices) -> Iterator[Breach]:
    tables = {"groups": prices.groups, "customers": prices.customers}
    seen = dict[str, str]()
    for table, codes in tables.items():
        for name, code in codes.items():
            if not name.strip() or not code.strip():
                remedy = "Write both names, or leave the line out."
                yield Breach((*here, table, name), "a name is empty", remedy)
            elif code.casefold() in seen:
                what = f"the customer group {code} is that of {seen[code.casefold()]} already"
                remedy = "Give each a customer group of its own: a group has one price."
                yield Breach((*here, table, name), what, remedy)
            seen.setdefault(code.casefold(), name)
    for group in prices.discount_groups:
        if group not in prices.groups or not prices.line_discounts:
            remedy = "Write line_discounts = true, and the price group into groups; or take it out."
            yield Breach((*here, "discount_groups", group), "it changes no price", remedy)
    if bool(prices.website) != bool(prices.store_view):
        remedy = "Write the id of the website and of one of its store views, or neither."
        yield Breach((*here, "website"), "website and store_view go together", remedy)
