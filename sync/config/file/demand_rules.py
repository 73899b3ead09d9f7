"""What must hold for `demand`: a forecast to write, a model to write into, and no two connections
that write the demand of one legal entity."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from sync.config.connections import Dynamics, Store
from sync.config.connections.demand import Demand
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.toml_lines import Path

FLOW = "demand"


def demand_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `demand` of the connection at `path`."""
    demand = sound(Demand, written.get(FLOW, {}))
    if demand is None or not is_flowing(written, FLOW):
        return
    if not demand.model.strip():
        what = 'the flow "demand" is on, and "model" names no forecast model'
        yield Breach((*path, FLOW, "model"), what, "Name a model of F&O that is for this alone.")
    if "reporting" not in written:
        what = 'the flow "demand" is on, and nothing is forecast: there is no "reporting"'
        yield Breach((*path, FLOW), what, f"Write [{'.'.join(map(str, path))}.reporting].")


def shared_demand(written: Mapping[str, Any]) -> Iterator[Breach]:
    """Connections that write the demand of one legal entity: it is that of all shops, whatever shop
    it came by."""
    found = [
        (name, dynamics.url, {dynamics.company, *_companies(table)})
        for name, table in written.items()
        if isinstance(table, Mapping) and is_flowing(table, FLOW)
        and (dynamics := sound(Dynamics, table.get("dynamics")))
    ]  # fmt: skip
    for (first, url, ours), (second, other, theirs) in combinations(found, 2):
        if url == other and (both := ours & theirs):
            what = f'"{first}" writes the demand of {", ".join(sorted(both))} as well, of all shops'
            remedy = 'Take "demand" out of flows of one of them: it would be counted twice.'
            yield Breach(("connections", second, "flows"), what, remedy)


def _companies(table: Mapping[str, Any]) -> Iterator[str]:
    stores = table.get("stores", {})
    for entry in stores.values() if isinstance(stores, Mapping) else ():
        if (store := sound(Store, entry)) and store.company:
            yield store.company
