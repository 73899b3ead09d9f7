"""Whether packing slips can be shipped: slips that may be read, sources that are there, and
carriers that buyers know."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok, reading, warn
from sync.config.connections import Connection
from sync.dynamics.other_slips import (
    HEADER_FIELDS,
    SHIPMENT_FIELDS,
    SHIPMENT_LINE_FIELDS,
    SHIPMENT_LINES,
    SHIPMENTS,
)
from sync.dynamics.other_slips import LINE_FIELDS as ORDER_LINE_FIELDS
from sync.dynamics.packing_slips import (
    LINE_FIELDS,
    SLIP_FIELDS,
    SLIP_LINES,
    SLIPS,
    TRACKING,
    TRACKING_FIELDS,
)
from sync.dynamics.released_products import ALTERNATIVE_FIELDS, RELEASED

FLOW: Final = "shipments"
OTHER_SLIPS: Final = 'write slips = "warehouse" or "lines" under dynamics.'


def shipment_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that shipping slips reads."""
    if FLOW not in settings.flows:
        return {}
    wanted = dict(slip_fields(settings))
    if settings.shipments.substitutes:
        wanted[RELEASED] = ("dataAreaId", *ALTERNATIVE_FIELDS)
    return wanted


def slip_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """The same of slips and their tracking numbers, wherever slips are read."""
    dynamics = settings.dynamics
    read: Mapping[str, Mapping[str, tuple[str, ...]]] = {
        "journal": {SLIPS: SLIP_FIELDS, SLIP_LINES: LINE_FIELDS},
        "warehouse": {SHIPMENTS: SHIPMENT_FIELDS, SHIPMENT_LINES: SHIPMENT_LINE_FIELDS},
        "lines": {
            dynamics.order_headers: HEADER_FIELDS, dynamics.order_lines: ORDER_LINE_FIELDS,
        },
    }  # fmt: skip
    wanted = {**read[dynamics.slips], TRACKING: TRACKING_FIELDS}
    return {name: tuple(dict.fromkeys(("dataAreaId", *named))) for name, named in wanted.items()}


async def slips_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read slips, their lines and their tracking numbers: what the metadata lists, a
    role may be refused."""
    for name, fields in shipment_fields(probe.settings).items():
        time = "CreatedOn" if name == SLIPS else ""
        yield await reading(probe, name, fields, time=time, instead=OTHER_SLIPS)


async def shipping_sources_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every source that slips are shipped from is in the shop, and every store's warehouse is
    one."""
    settings = probe.settings
    if FLOW not in settings.flows or settings.stock.inventory != "sources":
        return
    known = {str(row["source_code"]) for row in await probe.commerce.inventory.sources()}
    for warehouse, source in settings.shipping_sources.items():
        if source in known:
            yield ok(f"warehouse {warehouse} ships from source {source}")
        else:
            cure = f"Correct shipments.sources in connections.toml; the shop has {_list(known)}."
            yield fault(f"the shop has no source {source}", cure)
    for name in settings.stores:
        store = settings.store(name)
        warehouse = (store.warehouse if store else "") or ""
        if not settings.source_of(warehouse):
            yield fault(
                f"stores.{name}: warehouse {warehouse or '(none)'} is no source, so its slips park",
                "Name it in shipments.sources.",
            )


async def carriers_are_mapped(probe: Probe) -> AsyncIterator[Finding]:
    """The modes of delivery that orders are given, each with a carrier that buyers know."""
    settings = probe.settings
    if FLOW not in settings.flows:
        return
    named = {name.casefold() for name in settings.shipments.carriers}
    modes = sorted({mode for mode in settings.orders.deliveries.values() if mode})
    unmapped = [] if "*" in named else [mode for mode in modes if mode.casefold() not in named]
    if unmapped:
        yield warn(
            f"no carrier is named for {_list(unmapped)}: buyers read that code beside the tracking"
            " number, unless the slip names a carrier",
            'Write it under [connections.<name>.shipments.carriers], or "*" for all others.',
        )
    else:
        yield ok("modes of delivery have carriers")


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
