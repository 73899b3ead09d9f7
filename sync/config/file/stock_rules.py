"""What must hold for `stock`: sources for the flow, and one source where there are no others."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.stock import Stock
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.toml_lines import Path

DEFAULT_SOURCE = "default"


def stock_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `stock` of the connection at `path`."""
    stock = sound(Stock, written.get("stock", {}))
    if stock is None:
        return
    here = (*path, "stock")
    if is_flowing(written, "stock") and not stock.sources:
        what = 'the flow "stock" is on, and "sources" names no warehouse'
        remedy = 'Write sources = { "13" = "default" }: warehouse in F&O, source in Commerce.'
        yield Breach((*here, "sources"), what, remedy)
    for warehouse, source in stock.sources.items():
        if not warehouse.strip() or not source.strip():
            remedy = "Write both the warehouse and the source, or leave the line out."
            yield Breach((*here, "sources", warehouse), "a name is empty", remedy)
        elif stock.inventory == "stock-items" and source != DEFAULT_SOURCE:
            what = f'inventory "stock-items" knows no source "{source}"'
            yield Breach((*here, "sources", warehouse), what, f'Write "{DEFAULT_SOURCE}".')
    for sku, pieces in stock.safety.items():
        if pieces < 0:
            what = f"the safety stock of {sku} is below zero"
            yield Breach((*here, "safety", sku), what, "Write 0 or more pieces.")
