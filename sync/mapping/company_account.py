"""A B2B company of Commerce as a customer account of D365. Pure.

Always an organisation. Terms and limits are the ledger's own; a hold is set for a company that
Commerce blocks, and only a hold of ours is ever lifted, back to what was there before it.
"""

import re
from dataclasses import dataclass
from typing import Final

from sync.commerce.models.company import Company, CompanyStatus
from sync.config.connections import Connection, NumberMode
from sync.core.errors import Missing, Never
from sync.mapping.addresses import fitting, without_empty
from sync.mapping.customer_account import CustomerAccount, customer_group, sales_terms
from sync.mapping.document_numbers import fitting_number

LONGEST_ALIAS: Final = 20
"""NameAlias holds 20 characters."""

BARRED: Final = frozenset({CompanyStatus.REJECTED, CompanyStatus.BLOCKED})
"""Whose account is put on hold."""

ADD_REPRESENTATIVE: Final = (
    'Add it under companies.sales_representatives in connections.toml ("*" stands for all others),'
    " then replay."
)

OWNED: Final = {
    "name": ("OrganizationName", "NameAlias"),
    "email": ("PrimaryContactEmail",),
    "telephone": ("PrimaryContactPhone",),
    "tax_number": ("TaxExemptNumber",),
    "address": (
        "AddressDescription", "AddressStreet", "AddressCity", "AddressZipCode", "AddressState",
        "AddressCountryRegionId",
    ),
    "price_group": (), "sales_representative": ("EmployeeResponsibleNumber",), "status": (),
}  # fmt: skip
"""Fields of an account by what `accounts.fields` calls them."""

_MARK: Final = re.compile(r"held:(\w*):(\w*)")


@dataclass(frozen=True)
class Hold:
    """A hold that we set: `ours` is the OnHoldStatus we wrote, `before` the one it took the place
    of."""

    ours: str
    before: str

    @property
    def mark(self) -> str:
        """What claim and intent remember of it; copies of documents age out, a hold must not be
        forgotten."""
        return f"|held:{self.ours}:{self.before}"


def hold_in(text: str) -> Hold | None:
    """The hold whose `mark` is in a claim's digest or an intent; None when there is none."""
    marked = _MARK.search(text)
    return Hold(*marked.groups()) if marked else None


def wanted_hold(company: Company, connection: Connection) -> str:
    """The OnHoldStatus that the company's status asks for; empty when none, or when holds are the
    ledger's own."""
    setting = connection.companies.hold
    return setting if company.status in BARRED and setting != "keep" else ""


def owned_by_ledger(connection: Connection) -> frozenset[str]:
    """The fields of companies' accounts that F&O decides: they are sent with a new account, and
    never changed."""
    if "accounts" not in connection.flows:
        return frozenset()
    return frozenset(name for owned in connection.accounts.fields for name in OWNED[owned])


def company_account_from(
    company: Company, connection: Connection, *, region_code: str
) -> CustomerAccount:
    """Map a company. Raises `Never` for a group, currency or sales representative without a home;
    an address without one is left out."""
    entity, account = connection.legal_entity, company_number(company.id, connection)
    address = fitting(
        company.address(region_code), connection.customers, of=company.label,
        what="the legal address", description="Web company address"
    )  # fmt: skip
    numbers = {"dataAreaId": entity, "CustomerAccount": account}
    hold = {"OnHoldStatus": "All"} if company.status is CompanyStatus.PENDING else {}
    body = without_empty({**numbers, **_fields(company, connection), **address.fields, **hold})
    return CustomerAccount(entity, account, body, {}, address.left_out)


def _fields(company: Company, connection: Connection) -> dict[str, str]:
    group = customer_group(company.customer_group_id, connection, of=company.label)
    store, terms = connection.stores.get("default"), connection.companies.payment_terms
    return {
        "PartyType": "Organization",
        **_names(company),
        "OrganizationNumber": company.reseller_id,
        **sales_terms(store, group, _currency(company, connection), terms),
        "PrimaryContactEmail": company.email,
        "PrimaryContactPhone": company.telephone,
        "TaxExemptNumber": company.vat_tax_id if connection.customers.send_tax_numbers else "",
        "EmployeeResponsibleNumber": sales_representative(company, connection),
    }


def company_number(company_id: int, connection: Connection) -> str:
    """The account's number where numbers are ours, else empty: F&O chooses it. Raises `Never` for
    one too long."""
    if connection.customers.numbers is NumberMode.THEIRS:
        return ""
    number = connection.companies.number_template.format(company_id=company_id)
    template = "companies.number_template"
    return fitting_number(number, f"company {company_id}", "CustomerAccount", template)


def _names(company: Company) -> dict[str, str]:
    """The legal name, and the one it trades under where that is another and fits."""
    name = company.legal_name or company.company_name
    is_alias = company.company_name != name and len(company.company_name) <= LONGEST_ALIAS
    return {"OrganizationName": name, "NameAlias": company.company_name if is_alias else ""}


def _currency(company: Company, connection: Connection) -> str:
    currency = connection.companies.currency or connection.customers.currency
    if not currency:
        raise Never(
            f"{company.label}: no currency for the account",
            remedy=(
                "Set companies.currency (or customers.currency) in connections.toml, then replay."
            ),
        )
    return currency


def sales_representative(company: Company, connection: Connection) -> str:
    """The personnel number behind an admin user's id: its own row, else `*`; empty when the table
    is."""
    table, user = connection.companies.sales_representatives, company.sales_representative_id
    if not table or not user:
        return ""
    number = table.get(str(user), table.get("*"))
    if number is None:
        raise Never(
            f"{company.label}: sales_representative_id {user} is not mapped",
            remedy=ADD_REPRESENTATIVE,
            missing=[Missing("companies.sales_representatives", str(user))],
        )
    return number
