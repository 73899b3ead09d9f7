"""Who an order was posted for: its money goes there, also where its buyer has moved on."""

from dataclasses import dataclass

from sync.commerce.models.order import Order
from sync.engine.delivery import Delivery
from sync.engine.write import Result
from sync.flows.orders.sales_order_writes import KIND as SALES_ORDER
from sync.mapping.order_settings import order_store


@dataclass(frozen=True)
class Buyer:
    """Who an order is posted for. `contact`: the ContactPersonId of a company's buyer, else empty.
    `payer`: the account that its invoice goes to; empty where that is not known."""

    account: str
    contact: str
    payer: str


async def posted_under(order: Order, delivery: Delivery) -> Buyer | None:
    """Whom the sales order was posted for; None when there is none (any more), a person linked
    another one's, or no copy of it is kept.

    Where the buyer has another account by now, F&O tells whose the sales order is: a person may
    have moved it. The sales order itself stays compared with what was sent.
    """
    held = await _held(order, delivery)
    sent = await delivery.sent_for("orders", order.key, SALES_ORDER) if held else None
    if held is None or sent is None:
        return None
    header, entity = sent.get("header", {}), _entity(order, delivery)
    account = str(header.get("OrderingCustomerAccountNumber") or "")
    if not account or sent.get("company", entity) != entity:
        return None
    is_compared = delivery.message.flow == "orders" and held.digest
    if not is_compared and (not held.digest or account != await _known(order, delivery)):
        sales_orders = delivery.systems.dynamics.sales_orders
        there = await sales_orders.by_number(entity, held.number)
        moved = str(there.header.get("OrderingCustomerAccountNumber") or "") if there else ""
        if moved not in ("", account):
            return Buyer(moved, "", "") if held.digest else None
    payer = str(header.get("InvoiceCustomerAccountNumber") or account)
    return Buyer(account, str(header.get("ContactPersonId") or ""), payer)


async def is_a_guests(order: Order, account: str, delivery: Delivery) -> bool:
    """Whether it is the account of the order's guest, which this order may complete."""
    is_guest = order.customer_id is None and order.company_id is None
    if not is_guest or delivery.systems.settings.customers.guests == "collective":
        return False
    return bool(email_of(order)) and await _known(order, delivery) == account


def email_of(order: Order) -> str:
    """The address of a guest, in small letters; empty where there is none."""
    billing = order.billing_address.email if order.billing_address else ""
    return (order.customer_email or billing).lower()


async def _held(order: Order, delivery: Delivery) -> Result | None:
    if delivery.message.flow == "orders":
        return delivery.held(SALES_ORDER)
    claim = await delivery.ledger.claim(delivery.systems.name, "orders", order.key)
    return claim.delivered.get(SALES_ORDER)


async def _known(order: Order, delivery: Delivery) -> str:
    """The account of the order's buyer today; empty where none is known."""
    settings, accounts = delivery.systems.settings, delivery.systems.accounts
    entity = _entity(order, delivery)
    if order.company_id is not None:
        known = await accounts.get("company", str(order.company_id), entity)
        if known is not None or "companies" in settings.flows:
            return known.account if known else ""
    if order.customer_id is not None:
        known = await accounts.get("customer", str(order.customer_id), entity)
    elif settings.customers.guests == "collective":
        return order_store(order, settings).guest_account or ""
    else:
        known = await accounts.get("guest", delivery.systems.digest_of(email_of(order)), entity)
    return known.account if known else ""


def _entity(order: Order, delivery: Delivery) -> str:
    return delivery.systems.settings.legal_entity_of(order.store_id)
