"""What invoiced lines cost: inventory transactions of stocked items, by the lot of their line.

A sale is issued: quantity and cost are negative. What a credit note takes back is received. Posting
an invoice sets the cost; closing the inventory adjusts it and closes the transaction (Microsoft,
inventory-close.md).
"""

from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.schema import COMPANY, NO_DATE
from sandbox.dynamics.values import folded

ORIGINS: Final = "InventTransOriginBiEntities"
TRANSACTIONS: Final = "InventTransBiEntities"


def issue(env: Environment, invoice: Any, day: Any) -> None:
    """Post the cost of an invoice's lines whose item's cost is in the company's books."""
    costs = env.books_of(invoice.company).costs
    for line in invoice.lines:
        if line.lot and line.item in costs:
            _issue(env, invoice, day, line, costs[line.item])


def _issue(env: Environment, invoice: Any, day: Any, line: Any, unit: Decimal) -> None:
    company, is_sale = invoice.company, line.quantity > 0
    origin = env.store.find(ORIGINS, company, line.lot) or env.store.insert(ORIGINS, {
        COMPANY: company, "InventTransId": line.lot, "SourceKey": env.store.upcoming,
        "ItemId": line.item, "ReferenceCategory": "Sales", "ReferenceId": invoice.order,
    })  # fmt: skip
    cost = env.rounded_in_books(unit * line.quantity, env.books_of(company).currency, company)
    env.store.insert(TRANSACTIONS, {
        COMPANY: company, "SourceKey": env.store.upcoming, "ItemId": line.item,
        "InventTransOrigin": origin["SourceKey"], "InvoiceId": invoice.number,
        "Voucher": invoice.voucher, "DateFinancial": day, "Qty": -line.quantity,
        "StatusIssue": "Sold" if is_sale else "None",
        "StatusReceipt": "None" if is_sale else "Purchased",
        "CostAmountPosted": -cost, "ValueOpen": "Yes", "DateClosed": NO_DATE,
        "SysModifiedDateTime": env.now().replace(microsecond=0),
    })  # fmt: skip


def close(env: Environment, invoice: str, adjustment: Decimal) -> None:
    """Close the inventory over the transactions of an invoice; each is adjusted by an amount."""
    for row in env.store.table(TRANSACTIONS).having("InvoiceId", (folded(invoice),)):
        env.store.update(TRANSACTIONS, row, {
            "CostAmountAdjustment": adjustment, "ValueOpen": "No", "DateClosed": env.today(),
            "SysModifiedDateTime": env.now().replace(microsecond=0),
        })  # fmt: skip
