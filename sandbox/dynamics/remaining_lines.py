"""Sales lines as their table shows them (`SalesLineBiEntities`), with what remains of each.

`RemainSalesPhysical` is what was not delivered; `RemainSalesFinancial` what was delivered and not
invoiced. A line that is invoiced or cancelled has neither (inferred from the purchase side, whose
`RemainPurchFinancial` is what was received and not invoiced).
"""

from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.packing import shipped
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record

SET: Final = "SalesLineBiEntities"
OVER: Final = frozenset({"Invoiced", "Canceled"})


def refresh(env: Environment) -> None:
    """Work the rows of the set out again; a line that was deleted has none."""
    there = set[tuple[Any, ...]]()
    for line in env.store.table("SalesLine").oldest_first():
        header = env.order(line[COMPANY], line["SalesOrderNumber"])
        row = env.put(SET, **_row(env, line, header))
        there.add(tuple(row[name] for name in _KEY))
    for row in env.store.table(SET).oldest_first():
        if tuple(row[name] for name in _KEY) not in there:
            env.store.delete(SET, row)


_KEY: Final = (COMPANY, "SalesId", "LineCreationSequenceNumber")


def _row(env: Environment, line: Record, header: Record | None) -> dict[str, Any]:
    status = line.values.get("SalesOrderLineStatus", "Backorder")
    ordered: Decimal = line.values.get("OrderedSalesQuantity", NOTHING)
    out = shipped(env, line)
    is_over = status in OVER
    values = {} if header is None else header.values
    return {
        COMPANY: line[COMPANY], "SalesId": line["SalesOrderNumber"],
        "LineCreationSequenceNumber": line.values.get("LineCreationSequenceNumber", line.number),
        "CustAccount": values.get("OrderingCustomerAccountNumber", ""),
        "CurrencyCode": values.get("CurrencyCode", ""), "ItemId": line.values.get("ItemNumber", ""),
        "SalesType": "Sales", "SalesStatus": status, "SalesQty": ordered,
        "LineAmount": line.values.get("LineAmount", NOTHING),
        "RemainSalesPhysical": NOTHING if is_over else max(ordered - out, NOTHING),
        "RemainSalesFinancial": NOTHING if is_over else out,
    }  # fmt: skip
