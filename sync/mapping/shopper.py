"""Who buys: a registered customer of Commerce, or a guest known by e-mail address only. Pure."""

from dataclasses import dataclass

from sync.commerce.models.customer import Customer, CustomerAddress
from sync.commerce.models.order import Order
from sync.commerce.models.postal_address import Address
from sync.config.connections import Connection
from sync.mapping_tables.records import AccountKind


@dataclass(frozen=True)
class Shopper:
    """Who buys. `kind` and `source_key` identify the mapping: customer + id, or guest + keyed
    digest of the e-mail."""

    kind: AccountKind
    source_key: str
    email: str
    firstname: str
    lastname: str
    currency: str
    store_id: int | None
    group_id: int | None = None
    suggested_account: str = ""
    tax_number: str = ""
    address: Address | None = None
    further: tuple[CustomerAddress, ...] = ()
    company_id: int | None = None
    website_id: int | None = None
    company: str = ""
    """The legal entity where the account is to be; empty for that of their store."""
    listed: str = ""
    """A digest of what a list says of the customer; empty for who is known by an order only."""

    @property
    def label(self) -> str:
        """For messages: an id or digest, never a name."""
        return (
            f"customer {self.source_key}"
            if self.kind == "customer"
            else f"guest {self.source_key[:12]}"
        )


def shopper_of_customer(
    customer: Customer, connection: Connection, currency: str, company: str = ""
) -> Shopper:
    """A registered customer, for an account in a legal entity (empty: that of their store)."""
    billing = customer.billing
    code = connection.customers.customer_number_attribute
    return Shopper(
        kind="customer", source_key=str(customer.id), email=customer.email.lower(),
        firstname=customer.firstname, lastname=customer.lastname, currency=currency,
        store_id=customer.store_id, group_id=customer.group_id,
        suggested_account=customer.attribute(code), address=billing,
        tax_number=customer.taxvat or (billing.vat_id if billing else ""),
        further=tuple(a for a in customer.addresses if billing is not None and a.id != billing.id),
        company_id=customer.company_id, website_id=customer.website_id, company=company,
        listed=customer.digest,
    )  # fmt: skip


def shopper_of_order(order: Order, source_key: str, kind: AccountKind) -> Shopper:
    """The person who placed an order, as the order knows them: guests, and customers that Commerce
    has deleted since."""
    billing = order.billing_address or Address()
    return Shopper(
        kind=kind, source_key=source_key, email=(order.customer_email or billing.email).lower(),
        firstname=order.customer_firstname or billing.firstname,
        lastname=order.customer_lastname or billing.lastname,
        currency=order.order_currency_code, store_id=order.store_id,
        group_id=order.customer_group_id,
        tax_number=order.customer_taxvat or billing.vat_id, address=order.billing_address,
    )  # fmt: skip
