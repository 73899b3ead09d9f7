"""Who a case is for: the account of the order's customer in Dataverse, or their contact."""

from typing import Final

from sync.commerce.models.order import Order
from sync.core.errors import Missing, Never
from sync.dataverse.client import DataverseClient
from sync.dataverse.documents.case import Customer
from sync.engine.delivery import Delivery
from sync.flows.customers.order_accounts import account_for
from sync.mapping.cases import named

TABLE: Final = "cases.customers"
OTHERS: Final = "*"


async def customer_of(order: Order, dataverse: DataverseClient, delivery: Delivery) -> Customer:
    """The customer. Looked for by F&O's account, then by the e-mail address where that is wanted;
    nobody is created. Raises `Never` where nobody is found, or more than one."""
    settings = delivery.systems.settings.cases
    account = await account_for(order, delivery)
    if (customer := named(settings.customers, account)) is not None:
        return customer
    column = settings.account_column
    found = await dataverse.customers.accounts(column, account) if column else []
    email = order.customer_email.strip()
    if not found and settings.contacts == "email" and email:
        found = await dataverse.customers.contacts(email)
    if not found and (customer := named(settings.customers, OTHERS)) is not None:
        return customer
    return _only(found, order, account, column)


def _only(found: list[Customer], order: Order, account: str, column: str) -> Customer:
    if len(found) == 1:
        return found[0]
    ids = ", ".join(one.row_id for one in found)
    what = f"has several for {account} ({ids})" if found else f"has no account with {column} "
    raise Never(
        f"{order.label}: Dataverse {what}{'' if found else account}",
        remedy=(
            f'Write {TABLE} = {{ "{account}" = "<id of the account>" }} in connections.toml ("*"'
            " for all who are not found), or give the account its number in Dataverse; then replay."
        ),
        missing=(Missing(TABLE, account),),
    )
