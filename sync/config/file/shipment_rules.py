"""What must hold for `shipments`: orders that flow, and sources in a shop that has any."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections.shipments import Shipments
from sync.config.connections.stock import Stock
from sync.config.file.breaches import Breach, is_flowing, sound, template_breaches
from sync.config.file.toml_lines import Path


def shipment_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `shipments` of the connection at `path`."""
    shipments = sound(Shipments, written.get("shipments", {}))
    if shipments is None:
        return
    here = (*path, "shipments")
    if is_flowing(written, "shipments"):
        yield from _flowing(here, written, shipments)
    for table, names in (("sources", shipments.sources), ("carriers", shipments.carriers)):
        for name in names:
            if not name.strip():
                remedy = "Write the code that F&O has, or leave the line out."
                yield Breach((*here, table, name), "a name is empty", remedy)
    comment = shipments.substitute_comment
    yield from template_breaches((*here, "substitute_comment"), comment, ("sent", "ordered"))
    for warehouse, source in shipments.sources.items():
        if warehouse.strip() and not source.strip():
            remedy = "Write the code of the source in Commerce, or leave the line out."
            yield Breach((*here, "sources", warehouse), "the source is empty", remedy)


def _flowing(path: Path, written: Mapping[str, Any], shipments: Shipments) -> Iterator[Breach]:
    if not is_flowing(written, "orders"):
        what = 'the flow "shipments" is on, and "orders" is not'
        remedy = 'Add "orders" to flows: only orders that we have posted are shipped.'
        yield Breach(path, what, remedy)
    stock = sound(Stock, written.get("stock", {}))
    if stock and stock.inventory == "sources" and not (shipments.sources or stock.sources):
        what = 'the flow "shipments" is on, and "sources" names no warehouse'
        remedy = (
            'Write sources = { "13" = "default" }: warehouse in F&O, source in Commerce; or, for a'
            ' shop without Inventory Management, stock.inventory = "stock-items".'
        )
        yield Breach((*path, "sources"), what, remedy)
