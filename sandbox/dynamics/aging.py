"""Aging snapshots: what customers owe by age, and what of their credit is left, as of when the
snapshot was taken.

F&O's sets show the last run of the aging job, not the balance of now; so do these.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING, remainder, transactions
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

DEFINITION: Final = "30_60_90_180"
LATEST_DAYS: Final = (0, 30, 60, 90, 180)
"""The last day past due of each period but the sixth, which has no end."""
LABELS: Final = ("Current", "1-30 days", "31-60 days", "61-90 days", "91-180 days", "Over 180 days")


def snapshot(env: Environment, company: str) -> None:
    """Take the snapshot of every customer of a company, in place of the one before."""
    with env.store.transaction():
        for table in ("CustAgedBalances", "CustAIAgedBalances"):
            for row in [
                row for row in env.store.table(table).oldest_first() if row[COMPANY] == company
            ]:
                env.store.delete(table, row)
        for customer in env.store.table("CustTable").oldest_first():
            if customer[COMPANY] == company:
                _age(env, customer)


def _age(env: Environment, customer: Record) -> None:
    company, account = customer[COMPANY], customer["CustomerAccount"]
    rows = transactions(env, company, account)
    opened = [row for row in rows if remainder(row)]
    periods = [NOTHING] * len(LABELS)
    for row in opened:
        late = (env.today() - row["DueDate"]).days
        place = next(
            (at for at, latest in enumerate(LATEST_DAYS) if late <= latest), len(LATEST_DAYS)
        )
        periods[place] += env.rounded_in_books(remainder(row), row["CurrencyCode"], company)
    paid = next((row for row in reversed(rows) if row.values.get("TransType") == "Payment"), None)
    shown: dict[str, Any] = {
        COMPANY: company,
        "AgingPeriodDefinition": DEFINITION,
        "CustAccount": account,
        "Company": company.upper(),
        "CustName": customer.values.get("OrganizationName", ""),
        "AgingDate": env.today(),
        "AgedBy": "DueDate",
        "MSTCurrency": env.books_of(company).currency,
        "NumOpenInvoices": sum(1 for row in opened if row["Invoice"]),
        "FirstNonzeroBalancePeriod": next(
            (place for place, amount in enumerate(periods, 1) if amount), 0
        ),
    }
    if paid is not None:
        shown |= {"LastPaymentDate": paid["TransDate"], "LastPaymentAmount": -paid["AmountMST"]}
    for place, (label, amount) in enumerate(zip(LABELS, periods, strict=True), 1):
        shown |= {f"AgingPeriodLabel{place}": label, f"AgingPeriod{place}": amount}
    due = sum(periods, NOTHING)
    env.store.insert("CustAgedBalances", {**shown, "SumOfAmountDueMst": due})
    env.store.insert(
        "CustAIAgedBalances", {**shown, **_credit(env, customer, due), "AmountDueMst": due}
    )


def _credit(env: Environment, customer: Record, due: Decimal) -> dict[str, Decimal]:
    """The credit limit less what is due, ordered and delivered; nothing remains of a limit that
    there is not."""
    limit: Decimal = customer.values.get("CreditLimit", NOTHING)
    orders = env.store.table("SalesTable").having(
        "InvoiceCustomerAccountNumber", (folded(customer["CustomerAccount"]),)
    )
    mine = [order for order in orders if order[COMPANY] == customer[COMPANY]]
    ordered = _worth(
        env, (order for order in mine if order.values.get("SalesOrderStatus") == "Backorder")
    )
    packed = _worth(
        env, (order for order in mine if order.values.get("SalesOrderStatus") == "Delivered")
    )
    rest = limit - due - ordered - packed if limit else NOTHING
    balances = {"OpenOrderBalanceMst": ordered, "PackingSlipBalanceMst": packed}
    return {"CreditLimitMst": limit, "CreditRemainingMst": rest, **balances}


def _worth(env: Environment, orders: Iterable[Record]) -> Decimal:
    amounts = [
        env.rounded_in_books(
            env.order_total(order[COMPANY], order["SalesOrderNumber"]),
            order["CurrencyCode"],
            order[COMPANY],
        )
        for order in orders
    ]
    return sum(amounts, NOTHING)
