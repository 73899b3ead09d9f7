"""Orders of B2B companies: each is to stand on its company's account, whoever bought. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.demo.reconciliation import Finding, shop_number

Rows = Sequence[Mapping[str, Any]]


def on_company_accounts(
    connection: str, books: Rows, sales_orders: Rows, customers: Rows
) -> tuple[int, list[Finding]]:
    """How many company orders are in F&O, and those on an account that is not their company's.

    `books`: the shop's, `sales_orders` and `customers` F&O's rows. An account is a company's when
    it bears its name.
    """
    companies = {
        str(order["increment_id"]): str(order["company"]) for order in books if order["company"]
    }
    names = {row["CustomerAccount"]: row["OrganizationName"] for row in customers}
    found = [
        row for row in sales_orders if shop_number(row.get("CustomersOrderReference")) in companies
    ]
    return len(found), list(_misplaced(connection, companies, names, found))


def _misplaced(
    connection: str,
    companies: Mapping[str, str],
    names: Mapping[str, str],
    found: Iterable[Mapping[str, Any]],
) -> Iterable[Finding]:
    for row in found:
        reference, account = (
            shop_number(row["CustomersOrderReference"]),
            str(row["InvoiceCustomerAccountNumber"]),
        )
        if names.get(account) != companies[reference]:
            yield Finding(
                connection,
                reference,
                f"is {companies[reference]}'s, but account {account} is charged",
            )
