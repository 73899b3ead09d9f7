"""Whose account an order belongs to, and who pays for it: known, matched, or created first. A
company's orders are the company's, with the buyer as contact."""

from dataclasses import replace

from sync.commerce.models.order import Order
from sync.core.errors import Later, Never
from sync.core.skipped import Skipped, Waiting
from sync.engine.delivery import Delivery
from sync.engine.plan import Delivered
from sync.flows.customers.companies import account_of_company
from sync.flows.customers.contacts import Contact, contacts_are_wanted, kept_contact
from sync.flows.customers.customers import key_of
from sync.flows.customers.customers import read as read_customer
from sync.flows.customers.posted_buyer import Buyer, email_of, is_a_guests, posted_under
from sync.mapping.addresses import fitting
from sync.mapping.order_settings import order_store
from sync.mapping.shopper import Shopper, shopper_of_order
from sync.mapping_tables.records import AccountKind, set_command


async def buyer_of(order: Order, delivery: Delivery) -> Buyer:
    """The account, the contact and the account that pays. Who is known costs no request,
    except who pays. Raises as the flows do that make what is missing.

    An order that was posted stays with those it was posted under, whatever has become of them
    since: a guest may register on the success page, and Commerce then names them as its customer.
    """
    posted = await posted_under(order, delivery)
    account = await _account_for(order, posted, delivery)
    contact = posted.contact if posted else await _contact(order, account, delivery)
    return Buyer(account, contact, await _payer(order, account, posted, delivery))


async def account_for(order: Order, delivery: Delivery) -> str:
    """The account number of an order's documents. Raises as the flows do that make what is
    missing."""
    return await _account_for(order, await posted_under(order, delivery), delivery)


async def account_and_payer_for(order: Order, delivery: Delivery) -> tuple[str, str]:
    """The account number of an order's documents, and that of the invoice of its sales order, which
    pays for them. Raises as `account_for`."""
    posted = await posted_under(order, delivery)
    account = await _account_for(order, posted, delivery)
    return account, await _payer(order, account, posted, delivery)


def _is_a_companys(order: Order, delivery: Delivery) -> bool:
    return order.company_id is not None and "companies" in delivery.systems.settings.flows


async def _account_for(order: Order, posted: Buyer | None, delivery: Delivery) -> str:
    if posted is not None and not await is_a_guests(order, posted.account, delivery):
        return posted.account
    if order.company_id is None or not _is_a_companys(order, delivery):
        return await _account(order, delivery)
    return await _company_account(order.company_id, order, delivery)


async def _contact(order: Order, account: str, delivery: Delivery) -> str:
    settings = delivery.systems.settings
    is_wanted = _is_a_companys(order, delivery) and contacts_are_wanted(settings)
    if order.customer_id is None or not is_wanted:
        return ""
    entity = settings.legal_entity_of(order.store_id)
    person = (order.customer_firstname, order.customer_lastname, order.customer_email)
    buyer = Contact(entity, account, order.customer_id, *person, is_snapshot=True)
    return await kept_contact(buyer, delivery)


async def _payer(order: Order, account: str, posted: Buyer | None, delivery: Delivery) -> str:
    if posted is not None and posted.payer:
        return posted.payer
    entity = delivery.systems.settings.legal_entity_of(order.store_id)
    if not await _may_have_a_payer(order, entity, delivery):
        return account
    return await delivery.systems.dynamics.customers.payer_of(entity, account)


async def _may_have_a_payer(order: Order, entity: str, delivery: Delivery) -> bool:
    """Whether F&O is asked who pays: shoppers whom we made an account pay for themselves."""
    wanted = delivery.systems.settings.customers.invoice_accounts_of
    if wanted != "business" or order.company_id is not None:
        return wanted != "nobody"
    kind: AccountKind = "guest" if order.customer_id is None else "customer"
    key = str(order.customer_id or delivery.systems.digest_of(email_of(order)))
    known = await delivery.systems.accounts.get(kind, key, entity)
    return known is None or known.matched_by != "created"


async def _company_account(company_id: int, order: Order, delivery: Delivery) -> str:
    """The company's account, which is delivered first where it is not known."""
    entity = delivery.systems.settings.legal_entity_of(order.store_id)
    if entity != delivery.systems.settings.legal_entity:
        return await _elsewhere(company_id, order, entity, delivery)
    found = await account_of_company(company_id, delivery)
    if not isinstance(found, Skipped):
        return found
    if isinstance(found, Waiting):
        raise Later(f"order {order.increment_id}: its company {company_id} is not approved yet")
    command = set_command("company", str(company_id))
    raise Never(
        f"order {order.increment_id}: its company {company_id} has no account: {found}",
        remedy=f"Approve the company in Commerce, or map it ({command}); then replay.",
    )


async def _elsewhere(company_id: int, order: Order, entity: str, delivery: Delivery) -> str:
    """The account that a person has mapped a company to, in another legal entity than where
    companies have theirs."""
    known = await delivery.systems.accounts.get("company", str(company_id), entity)
    if known is not None:
        return known.account
    home = delivery.systems.settings.legal_entity
    raise Never(
        f"order {order.increment_id} of company {company_id} goes to legal entity {entity}, the"
        f" company's account is in {home}",
        remedy=(
            "Let the stores that sell to companies and stores.default name the same company in"
            " connections.toml, or map it there"
            f" ({set_command('company', str(company_id), entity)}); then replay."
        ),
    )


async def _account(order: Order, delivery: Delivery) -> str:
    """The shopper's account in the legal entity of the order's store; the company's where one is
    mapped by hand."""
    settings, accounts = delivery.systems.settings, delivery.systems.accounts
    entity = settings.legal_entity_of(order.store_id)
    if order.company_id is not None:
        known = await accounts.get("company", str(order.company_id), entity)
        if known is not None:
            return known.account
    if order.customer_id is not None:
        return await _shoppers(order, "customer", str(order.customer_id), entity, delivery)
    if settings.customers.guests == "collective":
        return _collective(order, delivery)
    return await _shoppers(order, "guest", _guest_key(order, delivery), entity, delivery)


async def _shoppers(
    order: Order, kind: AccountKind, source_key: str, entity: str, delivery: Delivery
) -> str:
    """The shopper's own account, delivered first where it is not known or can be completed."""
    known = await delivery.systems.accounts.get(kind, source_key, entity)
    key = key_of(kind, source_key, entity, delivery.systems.settings)
    if known is not None and not (kind == "guest" and await _completes(order, key, delivery)):
        return known.account
    shopper = await _shopper(order, kind, source_key, entity, delivery)
    outcome = await delivery.require("customers", key, shopper)
    if isinstance(outcome, Delivered):
        return outcome.number
    command = set_command(kind, source_key, entity)
    raise Never(
        f"order {order.increment_id}: its customer was not delivered: {outcome}",
        remedy=f"Map the customer to an account ({command}), then replay the order.",
    )


async def _completes(order: Order, guest: str, delivery: Delivery) -> bool:
    """Whether a guest's account goes without an address, and this order has one that fits. No
    notification of a guest ever comes, so their orders are the occasion."""
    billing = fitting(
        order.billing_address, delivery.systems.settings.customers, of=order.label, what="",
        description=""
    )  # fmt: skip
    return bool(billing.fields) and await delivery.lacks_something("customers", guest)


def _collective(order: Order, delivery: Delivery) -> str:
    store = order_store(order, delivery.systems.settings)
    if not store.guest_account:
        raise Never(
            f"order {order.increment_id}: guests of store {order.store_id} have no collective"
            " account",
            remedy=(
                f"Set guest_account under [connections.<name>.stores.{order.store_id}], or"
                ' customers.guests = "per_email".'
            ),
        )
    return store.guest_account


def _guest_key(order: Order, delivery: Delivery) -> str:
    email = email_of(order)
    if not email:
        raise Never(
            f"order {order.increment_id}: a guest without customer_email",
            remedy=(
                'Enter the e-mail address in Commerce, or set customers.guests = "collective" with'
                " a guest_account."
            ),
        )
    return delivery.systems.digest_of(email)


async def _shopper(
    order: Order, kind: AccountKind, source_key: str, entity: str, delivery: Delivery
) -> Shopper:
    """The customer as Commerce has it, else as the order knows it: a customer may have been deleted
    since."""
    found = await read_customer(source_key, delivery.systems) if kind == "customer" else None
    if found is None:
        return replace(shopper_of_order(order, source_key, kind), company=entity)
    return replace(found, company=entity, currency=found.currency or order.order_currency_code)
