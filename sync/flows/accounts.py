"""The customer account that an order belongs to: known, matched, or created first."""

from dataclasses import replace

from sync.commerce.models.order import Order
from sync.errors import Never
from sync.flow import Receipt
from sync.flows.customers import read as read_customer
from sync.mapping.customer_account import Shopper, shopper_of_order
from sync.mapping.sales_order import order_store
from sync.mapping_records import AccountKind
from sync.work import Work


async def account_for(order: Order, work: Work) -> str:
    """The account number. A known shopper costs no request. Raises as the customers flow does when one must be made."""
    company = order.extension_attributes.company_order_attributes
    if company is not None and company.company_id is not None:
        known = await work.desk.accounts.get("company", str(company.company_id))
        if known is not None:
            return known.account
    is_guest = order.customer_id is None
    if is_guest and work.desk.settings.customers.guests == "collective":
        return _collective(order, work)
    kind: AccountKind = "guest" if is_guest else "customer"
    source_key = _guest_key(order, work) if is_guest else str(order.customer_id)
    known = await work.desk.accounts.get(kind, source_key)
    if known is not None:
        return known.account
    outcome = await work.require(
        "customers", _claim_key(kind, source_key), await _shopper(order, kind, source_key, work)
    )
    if isinstance(outcome, Receipt):
        return outcome.number
    raise Never(
        f"order {order.increment_id}: its customer was not delivered: {outcome.reason}",
        remedy="Map the customer to an account (map customers set), then replay the order.",
    )


def _claim_key(kind: AccountKind, source_key: str) -> str:
    return f"guest:{source_key}" if kind == "guest" else source_key


def _collective(order: Order, work: Work) -> str:
    store = order_store(order, work.desk.settings)
    if not store.guest_account:
        raise Never(
            f"order {order.increment_id}: guests of store {order.store_id} have no collective account",
            remedy=f'Set guest_account under [connections.<name>.stores.{order.store_id}], or customers.guests = "per_email".',
        )
    return store.guest_account


def _guest_key(order: Order, work: Work) -> str:
    email = (order.customer_email or (order.billing_address.email if order.billing_address else "")).lower()
    if not email:
        raise Never(
            f"order {order.increment_id}: a guest without customer_email",
            remedy='Enter the e-mail address in Commerce, or set customers.guests = "collective" with a guest_account.',
        )
    return work.desk.digest_of(email)


async def _shopper(order: Order, kind: AccountKind, source_key: str, work: Work) -> Shopper:
    """The customer as Commerce has it, else as the order knows it: a customer may have been deleted since."""
    found = await read_customer(source_key, work.desk) if kind == "customer" else None
    if found is None:
        return shopper_of_order(order, source_key, kind)
    return found if found.currency else replace(found, currency=order.order_currency_code)
