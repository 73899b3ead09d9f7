"""Which item a SKU is: those that records wait for first, then all rows a page at a time."""

from decimal import Decimal, InvalidOperation

from starlette.responses import Response

from sync.console.visit import PAGE, Visit, see
from sync.engine.refused_keys import key_fault
from sync.mapping_tables.records import ItemMapping, normal_sku
from sync.operating.causes import parked_of
from sync.operating.mapping_rows import accounts_of, items_of, suggested, unmatched_in
from sync.operating.problem import Problem
from sync.operating.records import require_known


async def show(visit: Visit) -> Response:
    """The page of a connection, from a SKU on."""
    name = _connection(visit)
    kind = "accounts" if visit.asked("kind") == "accounts" else "items"
    table = accounts_of(visit.services, name) if kind == "accounts" else None
    start = visit.asked("start")
    rows = await (
        table.some(start, PAGE + 1) if table is not None
        else items_of(visit.services, name).some(normal_sku(start), PAGE + 1)
    )  # fmt: skip
    parked, sku = await parked_of(visit.services, name), visit.asked("sku")
    is_asked = sku and visit.person.is_operator
    suggestion = await suggested(visit.services, name, sku) if is_asked else None
    return visit.page(
        "mappings.html", name=name, kind=kind, start=start, rows=rows[:PAGE],
        more=rows[PAGE].key if len(rows) > PAGE else "", sku=sku,
        suggestion=suggestion,
        unmatched=[one for one in unmatched_in(parked.records) if one.connection == name][:PAGE],
    )  # fmt: skip


async def put(visit: Visit) -> Response:
    """Store which item a SKU is, over whatever it was."""
    name, mapping = _connection(visit), _mapping(visit)
    systems = await visit.services.systems_pool.open(name)
    await systems.items.put(mapping)
    why = f"{mapping.item_number} {mapping.unit} x {mapping.factor}"
    await visit.note("map", connection=name, subject=mapping.sku, why=why)
    return see("/mappings", connection=name, start=mapping.sku)


async def remove(visit: Visit) -> Response:
    """Forget which item a SKU is."""
    name, sku = _connection(visit), visit.asked("sku")
    if key_fault(normal_sku(sku)):
        raise Problem("no SKU is named", remedy="Choose a row.")
    systems = await visit.services.systems_pool.open(name)
    await systems.items.remove(sku)
    await visit.note("unmap", connection=name, subject=sku)
    return see("/mappings", connection=name)


def _connection(visit: Visit) -> str:
    """The one that is meant, or the first. Raises `Problem`."""
    name = visit.asked("connection") or next(iter(visit.services.connections))
    require_known(visit.services, name, "")
    return name


def _mapping(visit: Visit) -> ItemMapping:
    """What the form says. Raises `Problem`, naming the field."""
    names = ("color", "size", "style", "configuration", "version", "unit")
    texts = {name: visit.asked(name) for name in names}
    try:
        factor = Decimal(visit.asked("factor") or "1")
        return ItemMapping(visit.asked("sku"), visit.asked("item_number"), **texts, factor=factor)
    except InvalidOperation:
        raise Problem("factor is no number", remedy="Write it as in 0.5 or 12.") from None
    except ValueError as fault:
        raise Problem(str(fault), remedy="Correct the field, and send the form again.") from None
