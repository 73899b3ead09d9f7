"""Whether stock can be published: sources and warehouses that are there, and orders whose warehouse
is shown."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.codes import codes_of
from sync.checks.finding import Finding, Level, Probe, fault, ok, warn
from sync.commerce.errors import NotAllowed, NotThere
from sync.config.connections import Connection
from sync.core.errors import Later, Never
from sync.dynamics.free_quantities import AVAILABLE, DIMENSIONS, PLACE, STATUS
from sync.dynamics.inventory_visibility import WAREHOUSES as SITES
from sync.dynamics.odata import Filter, Member
from sync.dynamics.on_hand import MULTIPLES, ON_ORDER, ORDER_SETTINGS, RELEASED, UNITS, set_of
from sync.dynamics.released_products import PRODUCTS
from sync.dynamics.unit_conversions import FACTORS, GENERAL, OF_PRODUCTS, PAIR

NO_BULK: Final = "00000000-0000-4000-8000-000000000000"
PER_VARIANT: Final = "IsProductVariantUnitConversionEnabled"
BY_FACTOR: Final = (
    "Where variants of a product convert units differently in F&O, write the inventory unit and the"
    " factor into their rows: map items."
)
SOFT: Final = "softreserv"
"""A part of the names of what is reserved in the service and not, or not yet, in F&O."""
WAREHOUSES, WAREHOUSE_ID = "Warehouses", "WarehouseId"


def stock_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that publishing stock reads."""
    if "stock" not in settings.flows:
        return {}
    stock = settings.stock
    status = (STATUS,) if stock.statuses else ()
    less = () if stock.reserved_on_arrival else ON_ORDER
    key = ("dataAreaId", "ItemNumber", *DIMENSIONS, *PLACE, *status)
    quantities = {set_of(stock.statuses): (*key, AVAILABLE, *less)}
    if settings.dynamics.visibility is not None:
        entity_set, *fields = SITES
        quantities = {entity_set: ("dataAreaId", *fields)}
    found = {
        **quantities,
        RELEASED: ("dataAreaId", *UNITS),
        GENERAL: (*PAIR, *FACTORS),
        OF_PRODUCTS: ("ProductNumber", *PAIR, *FACTORS),
    }
    return (
        found | {ORDER_SETTINGS: ("dataAreaId", "ItemNumber", MULTIPLES)}
        if stock.multiples
        else found
    )


async def sources_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every source that stock names is in the shop and enabled, or the shop has no sources at
    all."""
    stock, flows = probe.settings.stock, probe.settings.flows
    if "stock" not in flows:
        return
    inventory = probe.commerce.inventory
    try:
        rows = {str(row["source_code"]): row for row in await inventory.sources()}
    except NotAllowed:
        raise
    except Never as refusal:
        if stock.inventory == "sources":
            yield fault(
                f"the shop tells no sources: {refusal.reason}",
                f"{refusal.remedy} A shop without Inventory Management needs stock.inventory ="
                ' "stock-items".',
            )
        return
    if stock.inventory == "stock-items":
        yield fault(
            f"stock.inventory is stock-items, and the shop has sources ({', '.join(sorted(rows))})",
            'Write inventory = "sources": a stock item is the source "default" alone, and what is'
            " ordered is reserved beside it.",
        )
    for source in stock.source_codes:
        if source not in rows:
            listed = ", ".join(sorted(rows))
            cure = f"Correct stock.sources in connections.toml; the shop has {listed}."
            yield fault(f"the shop has no source {source}", cure)
        elif not rows[source].get("enabled", True):
            cure = "Enable it in Commerce (Stores > Inventory > Sources), or show another."
            yield warn(f"source {source} is disabled: what it is shown is not sold", cure)
        else:
            yield ok(f"source {source} is there")


async def visibility_has_measures(probe: Probe) -> AsyncIterator[Finding]:
    """Inventory Visibility lets us in, and has the measures that the settings name."""
    section, reader = probe.settings.dynamics.visibility, probe.dynamics.visibility
    if "stock" not in probe.settings.flows or section is None or reader is None:
        return
    company = probe.settings.legal_entity
    seen = await reader.measures(company, list(probe.settings.stock.sources))
    named = {one.lstrip("-").casefold() for one in (*section.available, *section.on_order)}
    if not seen:
        yield warn(
            "Inventory Visibility has no quantity of the first products in these warehouses",
            "See in its app that it is initialised for this legal entity.",
        )
    elif absent := sorted(named - seen.keys()):
        yield warn(
            f"Inventory Visibility does not answer {', '.join(absent)}; of the first products it"
            f" has {', '.join(sorted(seen))}",
            "Correct available and on_order in [connections.<name>.dynamics.visibility]. A measure"
            " that is zero for all of them may be left out.",
        )
    else:
        yield ok(f"Inventory Visibility answers {', '.join(sorted(named))}")
    if soft := sorted(one for one in seen.keys() - named if SOFT in one and seen[one]):
        yield warn(
            f"{', '.join(soft)} of Inventory Visibility is not taken off what is shown",
            "Add it with a minus to available in [connections.<name>.dynamics.visibility], unless"
            " these reservations are of the shop's own orders.",
        )


async def warehouses_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every warehouse that stock names is in the legal entity; those of the stores are among
    them."""
    stock = probe.settings.stock
    if "stock" not in probe.settings.flows:
        return
    company = probe.settings.legal_entity
    if company in probe.known.absent:
        return
    known = await codes_of(probe, (WAREHOUSES, WAREHOUSE_ID), company)
    shown = {warehouse.casefold() for warehouse in stock.sources}
    for warehouse in stock.sources:
        if warehouse.casefold() in known:
            yield ok(f"warehouse {warehouse} is there")
        else:
            cure = "Correct stock.sources in connections.toml."
            yield fault(f"{company} has no warehouse {warehouse}", cure)
    for name in probe.settings.stores:
        store = probe.settings.store(name)
        warehouse = store.warehouse or "" if store else ""
        if warehouse.casefold() not in shown:
            yield warn(
                f"stores.{name}: its orders are shipped from warehouse {warehouse or '(none)'},"
                " which stock.sources does not show: they take nothing off what is shown, and"
                " Commerce takes them off until it has shipped them",
                "Name the warehouse of the store in stock.sources, or leave it so.",
            )


async def variants_convert_alike(probe: Probe) -> AsyncIterator[Finding]:
    """No product has unit conversions of each variant: no public entity tells them, so those of the
    product would count."""
    if not {"stock", "prices", "products"} & set(probe.settings.flows):
        return
    where = Filter.eq(PER_VARIANT, Member("NoYes", "Yes"))
    rows = probe.dynamics.query(
        PRODUCTS, where=where, select=("ProductNumber",), order_by=("ProductNumber",), top=1
    )
    try:
        found = [str(row["ProductNumber"]) async for row in rows]
    except Never as refusal:
        yield warn(f"whether variants have conversions of their own: {refusal.reason}", BY_FACTOR)
        return
    if found:
        what = "unit conversions of single variants are not told by F&O: those of their product"
        yield Finding(Level.WARN, f"{what} count, as of {found[0]}", BY_FACTOR, 1, found[0])
    else:
        yield ok("unit conversions are those of products, not of single variants")


async def bulks_can_be_followed(probe: Probe) -> AsyncIterator[Finding]:
    """The integration may read how a bulk ended; asked of one that nobody has."""
    if not probe.settings.commerce.bulk_from:
        return
    try:
        await probe.commerce.get(f"bulk/{NO_BULK}/detailed-status")
    except NotThere:
        yield ok("bulks can be followed")
    except Later as refusal:
        yield fault(
            f"bulks cannot be followed: {refusal.reason}",
            "Give the integration the right to bulk operations (System > Action Logs > Bulk"
            " Operations), or set commerce.bulk_from to 0.",
        )
