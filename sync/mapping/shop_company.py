"""A customer account of F&O as a B2B company of Commerce. Pure.

F&O decides the fields that `accounts.fields` names; of a company that is there, nothing else is
changed. A new one gets all that Commerce requires.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sync.commerce.models.company import CompanyStatus
from sync.commerce.models.region import Region, region_called
from sync.config.connections import Connection
from sync.core.errors import Missing, Never
from sync.dynamics.documents.account import Account
from sync.mapping.addresses import two_letters

PUBLIC_GROUP: Final = 1
"""The customer group of the default public catalogue."""
STREET_LINES: Final = 2
"""Lines of a street that Commerce takes."""
REQUIRED: Final = {
    "company_name": "name", "company_email": "primary e-mail address", "street": "street",
    "city": "city", "postcode": "ZIP/postal code", "telephone": "primary telephone number",
}  # fmt: skip
"""What Commerce requires of a company, by what F&O calls it."""

Fields = dict[str, Any]
Sections = Mapping[str, Callable[[Account, Connection], Fields]]


def owned_fields(
    account: Account, settings: Connection, regions: Sequence[Region], status: int
) -> Fields:
    """What the company must hold. `regions`: of the account's country; `status`: of the company as
    it is. A required field that F&O lacks is left as it is. Raises `Never` for a code without a
    home."""
    fields: Fields = {}
    for owned in settings.accounts.fields:
        if owned == "address":
            fields |= _address(account, settings, regions)
        elif owned == "status":
            fields["status"] = status_for(account, settings, status)
        else:
            fields |= _SECTIONS[owned](account, settings)
    return {name: value for name, value in fields.items() if value or name not in REQUIRED}


def new_company(account: Account, settings: Connection, regions: Sequence[Region]) -> Fields:
    """All of a company that is to be made. Raises `Never` where F&O lacks what Commerce
    requires."""
    fields: Fields = {"customer_group_id": PUBLIC_GROUP, "reseller_id": account.number}
    for section in _SECTIONS.values():
        fields |= section(account, settings)
    fields |= _address(account, settings, regions)
    fields["status"] = status_for(account, settings, CompanyStatus.APPROVED)
    lacking = [REQUIRED[name] for name in REQUIRED if not fields.get(name)]
    if lacking:
        raise Never(
            f"account {account.number} has no {', no '.join(lacking)}, which a company of Commerce"
            " needs",
            remedy=f'Enter it in F&O, then run: replay "{account.number}" --flow accounts',
        )
    return fields


def status_for(account: Account, settings: Connection, status: int) -> int:
    """The status that the account's group and hold ask for. A company that waits for approval, or
    was rejected, becomes approved with the first account that is on no hold."""
    rejected = settings.accounts.rejected_group.casefold()
    if rejected and account.fields.get("CustomerGroupId", "").casefold() == rejected:
        return CompanyStatus.REJECTED
    if account.hold == "No":
        return CompanyStatus.APPROVED
    return CompanyStatus.BLOCKED if status == CompanyStatus.APPROVED else status


def differing(company: Mapping[str, Any], wanted: Mapping[str, Any]) -> Fields:
    """Of what is wanted, the fields that a company does not hold. Null, absent and empty are the
    same; ids may be numbers or text."""
    return {
        name: value
        for name, value in wanted.items()
        if _comparable(company.get(name)) != _comparable(value)
    }


def _comparable(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [text for one in value if (text := str(one).strip())]
    return "" if value is None else str(value).strip()


def _name(account: Account, _: Connection) -> Fields:
    name = account.fields.get("OrganizationName", "")
    return {"company_name": name, "legal_name": name}


def _email(account: Account, _: Connection) -> Fields:
    return {"company_email": account.fields.get("PrimaryContactEmail", "")}


def _telephone(account: Account, _: Connection) -> Fields:
    return {"telephone": account.fields.get("PrimaryContactPhone", "")}


def _tax_number(account: Account, _: Connection) -> Fields:
    return {"vat_tax_id": account.fields.get("TaxExemptNumber", "")}


def _price_group(account: Account, settings: Connection) -> Fields:
    code = account.fields.get("DiscountPriceGroupId", "")
    group = _mapped(account, "price_groups", settings.accounts.price_groups, code)
    return {} if group is None else {"customer_group_id": group}


def _sales_representative(account: Account, settings: Connection) -> Fields:
    table = settings.accounts.sales_representatives
    code = account.fields.get("EmployeeResponsibleNumber", "")
    user = _mapped(account, "sales_representatives", table, code)
    return {} if user is None else {"sales_representative_id": user}


def _mapped(account: Account, name: str, table: Mapping[str, int], code: str) -> int | None:
    """The id that a code of F&O stands for; None for no code, or where nothing is mapped."""
    found = table.get(code, table.get("*"))
    if found is not None or not code or not table:
        return found
    raise Never(
        f"account {account.number}: {code} is not in accounts.{name}",
        remedy=(
            f'Add it under accounts.{name} in connections.toml ("*" stands for all others), then'
            " replay."
        ),
        missing=[Missing(f"accounts.{name}", code)],
    )


def _address(account: Account, settings: Connection, regions: Sequence[Region]) -> Fields:
    """The primary address; nothing where the account has none. Its region is left alone where F&O
    keeps no state."""
    fields = account.fields
    street = tuple(filter(None, map(str.strip, fields.get("AddressStreet", "").split("\n"))))
    if not (street or fields.get("AddressCity")):
        return {}
    state = fields.get("AddressState", "")
    region = region_called(state, regions)
    return {
        "street": street_lines(street), "city": fields.get("AddressCity", ""),
        "country_id": country_of(account, settings), "postcode": fields.get("AddressZipCode", ""),
        **({"region": region.name, "region_id": region.id} if state else {}),
    }  # fmt: skip


def street_lines(lines: Sequence[str]) -> list[str]:
    """A street in as many lines as Commerce takes."""
    last = STREET_LINES - 1
    return [*lines[:last], *([", ".join(lines[last:])] if lines[last:] else [])]


def country_of(account: Account, settings: Connection) -> str:
    """The country of the primary address; empty where there is none. Raises `Never` for a strange
    one."""
    fields = account.fields
    code = fields.get("AddressCountryRegionISOCode") or fields.get("AddressCountryRegionId", "")
    return two_letters(code, settings.customers, of=f"account {account.number}") if code else ""


_SECTIONS: Final[Sections] = {
    "name": _name,
    "email": _email,
    "telephone": _telephone,
    "tax_number": _tax_number,
    "price_group": _price_group,
    "sales_representative": _sales_representative,
}
