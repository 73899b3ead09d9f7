"""On-hand quantities: what came in, less what packing slips and invoices took out, and what open
sales lines hold of it.

Available is physical less reserved; total available adds what is ordered and takes off what is on
order (Microsoft, inventory-on-hand-list.md). Sales lines are on order until they are reserved;
where `reserves_on_arrival` is set, they reserve what is there, oldest first.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.remainders import shipped
from sandbox.dynamics.schema import COMPANY, DIMENSIONS
from sandbox.dynamics.store import Record

BY_WAREHOUSE: Final = "WarehousesOnHandV2"
BY_STATUS: Final = "WarehouseInventoryStatusesOnHandV2"
SETS: Final = frozenset({BY_WAREHOUSE, BY_STATUS})
SELLABLE: Final = "Available"
GONE: Final = frozenset({"Canceled"})

Place = tuple[str, ...]
"""Company, item, the five dimensions, warehouse."""
Held = defaultdict[Place, Decimal]


def receive(
    env: Environment,
    company: str,
    item: str,
    quantity: Decimal,
    *,
    warehouse: str = "13",
    status: str = SELLABLE,
    **dimensions: str,
) -> None:
    """Take goods in, or out where the quantity is negative, as a posted receipt or counting."""
    own = tuple(dimensions.get(name, "") for name in DIMENSIONS)
    env.received[(company.lower(), item, *own, warehouse), status] += quantity


def refresh(env: Environment) -> None:
    """Work the rows of both sets out again."""
    held, shipped_out = _of_sales_lines(env)
    by_place: dict[Place, dict[str, Decimal]] = defaultdict(dict)
    for (place, status), quantity in env.received.items():
        by_place[place][status] = quantity
    for place, statuses in by_place.items():
        total: dict[str, Decimal] = defaultdict(Decimal)
        for status, received in statuses.items():
            is_sold = status == SELLABLE
            physical = received - (shipped_out[place] if is_sold else NOTHING)
            amounts = _amounts(env, physical, held[place] if is_sold else NOTHING)
            for name, amount in amounts.items():
                total[name] += amount
            env.put(BY_STATUS, **_key(env, place), InventoryStatusId=status, **amounts)
        env.put(BY_WAREHOUSE, **_key(env, place), **total)


def _amounts(env: Environment, physical: Decimal, held: Decimal) -> dict[str, Decimal]:
    reserves = env.settings.reserves_on_arrival
    reserved = max(min(held, physical), NOTHING) if reserves else NOTHING
    on_order, available = held - reserved, physical - reserved
    return {
        "OnHandQuantity": physical, "ReservedOnHandQuantity": reserved,
        "AvailableOnHandQuantity": available, "OnOrderQuantity": on_order,
        "TotalAvailableQuantity": available - on_order,
    }  # fmt: skip


def _key(env: Environment, place: Place) -> dict[str, str]:
    company, item, *dimensions, warehouse = place
    row = env.store.find("Warehouses", company, warehouse)
    site = row["OperationalSiteId"] if row else ""
    return {
        COMPANY: company, "ItemNumber": item, "InventorySiteId": site,
        "InventoryWarehouseId": warehouse, **dict(zip(DIMENSIONS, dimensions, strict=True)),
    }  # fmt: skip


def _of_sales_lines(env: Environment) -> tuple[Held, Held]:
    """What open lines hold, and what left the warehouse, in inventory units."""
    held, gone = Held(Decimal), Held(Decimal)
    stocked = {place for place, _ in env.received}
    for line in env.store.table("SalesLine").records.values():
        own = (str(line.values.get(name) or "") for name in DIMENSIONS)
        warehouse = line.values.get("ShippingWarehouseId", "")
        place = (line[COMPANY], line["ItemNumber"], *own, warehouse)
        status = line.values.get("SalesOrderLineStatus")
        if place not in stocked or status in GONE:
            continue
        ordered, factor = line["OrderedSalesQuantity"], _inventory_units(env, line)
        out = ordered if status == "Invoiced" else shipped(env, line)
        gone[place] += out * factor
        held[place] += max(ordered - out, NOTHING) * factor
    return held, gone


def _inventory_units(env: Environment, line: Record) -> Decimal:
    """How many inventory units one sales unit of the line is."""
    item: Any = env.store.find("ReleasedProductsV2", line[COMPANY], line["ItemNumber"])
    pair = (line.values.get("SalesUnitSymbol", ""), item.values.get("InventoryUnitSymbol", ""))
    row = env.store.find("UnitOfMeasureConversions", *pair)
    if row is not None:
        return Decimal(row["Factor"] * row["Numerator"] / row["Denominator"])
    row = env.store.find("UnitOfMeasureConversions", *reversed(pair))
    return Decimal(1) if row is None else row["Denominator"] / (row["Factor"] * row["Numerator"])
