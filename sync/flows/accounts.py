"""Whose account an order belongs to: known, matched, or created first. A company's orders are the company's, with the
buyer as contact."""

from dataclasses import dataclass, replace

from sync.commerce.models.order import Order
from sync.engine.plan import Delivered, Skipped, Waiting
from sync.errors import Later, Never
from sync.flows.companies import account_of_company
from sync.flows.contacts import Contact, contacts_are_wanted, kept_contact
from sync.flows.customers import read as read_customer
from sync.flows.sales_order_writes import KIND as SALES_ORDER
from sync.mapping.company_account import legal_entity
from sync.mapping.customer_account import Shopper, shopper_of_order
from sync.mapping.sales_order import order_store
from sync.mapping_tables.records import AccountKind
from sync.work import Work


@dataclass(frozen=True)
class Buyer:
    """Who an order is posted for. `contact`: the ContactPersonId of a company's buyer, else empty."""

    account: str
    contact: str = ""


async def buyer_of(order: Order, work: Work) -> Buyer:
    """The account and the contact. Who is known costs no request. Raises as the flows do that make what is missing.

    A company's order that was posted stays with those it was posted under, whatever has become of them since.
    """
    if order.company_id is None or "companies" not in work.desk.settings.flows:
        return Buyer(await _account(order, work))
    posted = await _posted_under(order, work)
    if posted is not None:
        return posted
    account = await _company_account(order.company_id, order, work)
    if order.customer_id is None or not contacts_are_wanted(work.desk.settings):
        return Buyer(account)
    buyer = Contact(
        legal_entity(work.desk.settings), account, order.customer_id, order.customer_firstname, order.customer_lastname,
        order.customer_email, is_snapshot=True,
    )  # fmt: skip
    return Buyer(account, await kept_contact(buyer, work))


async def account_for(order: Order, work: Work) -> str:
    """The account number of an order's documents. Raises as the flows do that make what is missing."""
    if order.company_id is None or "companies" not in work.desk.settings.flows:
        return await _account(order, work)
    posted = await _posted_under(order, work)
    return posted.account if posted is not None else await _company_account(order.company_id, order, work)


async def _posted_under(order: Order, work: Work) -> Buyer | None:
    """Account and contact of the sales order; None when there is none, or no copy of it is kept."""
    header = (await work.sent_for("orders", order.key, SALES_ORDER) or {}).get("header", {})
    account = str(header.get("OrderingCustomerAccountNumber") or "")
    return Buyer(account, str(header.get("ContactPersonId") or "")) if account else None


async def _company_account(company_id: int, order: Order, work: Work) -> str:
    """The company's account, which is delivered first where it is not known."""
    settings = work.desk.settings
    entity, home = order_store(order, settings).company or settings.dynamics.company, legal_entity(settings)
    if entity != home:
        raise Never(
            f"order {order.increment_id} of company {company_id} goes to legal entity {entity}, the company's account is in {home}",
            remedy="Let the stores that sell to companies and stores.default name the same company in connections.toml.",
        )
    found = await account_of_company(company_id, work)
    if not isinstance(found, Skipped):
        return found
    if isinstance(found, Waiting):
        raise Later(f"order {order.increment_id}: its company {company_id} is not approved yet")
    raise Never(
        f"order {order.increment_id}: its company {company_id} has no account: {found}",
        remedy=f"Approve the company in Commerce, or map it (map customers set company:{company_id} ACCOUNT); then replay.",
    )


async def _account(order: Order, work: Work) -> str:
    """The shopper's account; the company's where one is mapped by hand."""
    if order.company_id is not None:
        known = await work.desk.accounts.get("company", str(order.company_id))
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
    if isinstance(outcome, Delivered):
        return outcome.number
    raise Never(
        f"order {order.increment_id}: its customer was not delivered: {outcome}",
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
