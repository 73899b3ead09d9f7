"""A shopper of Commerce as a customer account of D365. Pure.

A billing address with a company makes an organisation, otherwise it is a person. Limits and holds
are the ledger's own and never sent. Where the store's prices include tax, so do those of its
accounts: return orders have no field for it, F&O takes it from the customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sync.commerce.models.customer import CustomerAddress
from sync.config.connections import Connection, NumberMode, Store
from sync.core.encoding import digest
from sync.core.errors import Missing, Never
from sync.mapping.addresses import Fitting, LeftOut, fitting, without_empty
from sync.mapping.document_numbers import fitting_number
from sync.mapping.shopper import Shopper

NO_CURRENCY: Final = "no currency for the account"
SET_CURRENCY: Final = (
    "Set customers.currency in connections.toml: customers who register have not bought in any"
    " currency yet."
)
NO_NAME: Final = "neither firstname and lastname nor the billing address's hold a name"
ENTER_NAME: Final = (
    "Enter the name in Commerce, or map the shopper to an existing account (map customers set)."
)

FIXED: Final = frozenset(
    {
        "dataAreaId", "CustomerAccount", "PartyType", "CustomerGroupId", "SalesCurrencyCode",
        "PaymentTerms",
        "IsSalesTaxIncludedInPrices",
    }
)  # fmt: skip
"""Set at creation, then the ledger's own."""


@dataclass(frozen=True)
class CustomerAccount:
    """A customer account to be; `account` is empty when F&O chooses it. `left_out`: saved addresses
    that cannot be mapped; no document needs them, an order names its own."""

    company: str
    account: str
    body: Mapping[str, Any]
    addresses: Mapping[str, Mapping[str, Any]]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def digest(self) -> str:
        """Of everything we would send."""
        return digest(
            {
                "body": dict(self.body),
                "addresses": {key: dict(value) for key, value in self.addresses.items()},
            }
        )


def customer_account_from(shopper: Shopper, connection: Connection) -> CustomerAccount:
    """Map a shopper. Raises `Never` for a group without a home; an address without one is left
    out."""
    company = shopper.company or connection.legal_entity_of(shopper.store_id)
    account, fields = _account_number(shopper, connection), _fields(shopper, company, connection)
    billing = fitting(
        shopper.address, connection.customers, of=shopper.label, what=_billing_address(shopper),
        description="Web billing address"
    )  # fmt: skip
    numbers = {"dataAreaId": company, "CustomerAccount": account}
    body = without_empty({**numbers, **fields, **billing.fields})
    further = _further(shopper, connection)
    addresses = {name: one.fields for name, one in further.items() if one.fields}
    left_out = tuple(out for one in (billing, *further.values()) for out in one.left_out)
    return CustomerAccount(company, account, body, addresses, left_out)


def _fields(shopper: Shopper, company: str, connection: Connection) -> dict[str, str]:
    settings, store = connection.customers, connection.store_in(company, shopper.store_id)
    if not shopper.currency:
        missing = [Missing("customers.currency", "")]
        raise Never(f"{shopper.label}: {NO_CURRENCY}", remedy=SET_CURRENCY, missing=missing)
    group = customer_group(shopper.group_id, connection, of=shopper.label)
    return {
        **_names(shopper),
        **sales_terms(store, group, shopper.currency, settings.payment_terms),
        "PrimaryContactEmail": shopper.email,
        "PrimaryContactPhone": shopper.address.telephone if shopper.address else "",
        "TaxExemptNumber": shopper.tax_number if settings.send_tax_numbers else "",
    }


def sales_terms(
    store: Store | None, group: str, currency: str, payment_terms: str
) -> dict[str, str]:
    """What an account of this store buys under."""
    return {
        "CustomerGroupId": group,
        "SalesCurrencyCode": currency,
        "LanguageId": (store.language if store else None) or "",
        "PaymentTerms": payment_terms,
        "IsSalesTaxIncludedInPrices": "Yes" if store and store.prices_include_tax else "",
    }


def _billing_address(shopper: Shopper) -> str:
    saved = shopper.address.id if isinstance(shopper.address, CustomerAddress) else None
    return "the billing address" if saved is None else f"address {saved} (billing)"


def _further(shopper: Shopper, connection: Connection) -> dict[str, Fitting]:
    """The saved addresses beside the billing address, by the names they have in D365."""
    named = [
        (f"address {place + 1} of the list" if one.id is None else f"address {one.id}", one)
        for place, one in enumerate(shopper.further)
    ]
    return {f"Web {name}": _saved(one, name, shopper, connection) for name, one in named}


def _saved(
    address: CustomerAddress, name: str, shopper: Shopper, connection: Connection
) -> Fitting:
    """A saved address; left out where it cannot be told from others, or holds nothing."""
    if address.id is None:
        return _left_out(name, f"{shopper.label}: it has no id", "Save it again in Commerce.")
    if not (address.city or address.street):
        why = f"{shopper.label}: it has neither street nor city"
        return _left_out(name, why, "Complete it in Commerce.")
    return fitting(
        address, connection.customers, of=shopper.label, what=name, description=f"Web {name}"
    )


def _left_out(what: str, why: str, remedy: str) -> Fitting:
    return Fitting({}, (LeftOut(what, Never(why, remedy=remedy)),))


def _names(shopper: Shopper) -> dict[str, str]:
    company = shopper.address.company if shopper.address else ""
    if company:
        return {"PartyType": "Organization", "OrganizationName": company}
    first, last = shopper.firstname, shopper.lastname
    if not first and not last:
        raise Never(f"{shopper.label}: {NO_NAME}", remedy=ENTER_NAME)
    names = {"PersonFirstName": first or last, "PersonLastName": last if first else ""}
    return {"PartyType": "Person", **names}


def customer_group(group_id: int | None, connection: Connection, *, of: str) -> str:
    """The customer group in D365 of one of Commerce. Raises `Never` where none is configured."""
    group = connection.customers.groups.get(str(group_id), connection.customers.group)
    if not group:
        raise Never(
            f"{of}: customer group {group_id} of Commerce has no customer group in D365",
            remedy=(
                "Set customers.group (for all) or customers.groups in connections.toml, then"
                " replay."
            ),
            missing=[Missing("customers.groups", str(group_id))],
        )
    return group


def _account_number(shopper: Shopper, connection: Connection) -> str:
    settings = connection.customers
    if settings.numbers is NumberMode.THEIRS:
        return ""
    if shopper.kind == "guest":
        template = "guest_number_template"
        number = settings.guest_number_template.format(digest=shopper.source_key[:16].upper())
    else:
        template = "number_template"
        number = settings.number_template.format(customer_id=shopper.source_key)
    return fitting_number(number, shopper.label, "CustomerAccount", f"customers.{template}")
