"""A delivery address of F&O as an address of a Commerce user, and back. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.customer import Customer, CustomerAddress
from sync.commerce.models.order import utc
from sync.commerce.models.region import Region, region_called
from sync.config.connections import Customers
from sync.core.errors import Never
from sync.dynamics.documents.account import Account, AccountContact
from sync.mapping.address_books import Content, Held
from sync.mapping.addresses import country_region_id, two_letters
from sync.mapping.shop_company import street_lines


def of_account(account: Account, settings: Customers) -> dict[str, Held]:
    """The account's delivery addresses by location. Raises `Never` for a strange country."""
    found: dict[str, Held] = {}
    for one in account.addresses:
        country = two_letters(
            one.country, settings, of=f"account {account.number}: address {one.location}"
        )
        state = one.state if country in settings.states_in else ""
        content = _content(one.street, one.city, one.postcode, state, country)
        found[one.location] = Held(content, one.changed_at, name=one.name)
    return found


def of_book(customer: Customer, settings: Customers) -> dict[int, Held]:
    """The addresses of a user's book by their ids. An address shows no time of change, so it is
    the user's."""
    changed_at = utc(customer.updated_at)
    return {
        one.id: _of_user(one, settings, changed_at)
        for one in customer.addresses
        if one.id is not None
    }


def _of_user(one: CustomerAddress, settings: Customers, changed_at: datetime | None) -> Held:
    country = one.country_id.upper()
    state = one.region_code if country in settings.states_in else ""
    content = _content(one.street, one.city, one.postcode, state, country)
    return Held(content, changed_at, one.default_billing or one.default_shipping)


def _content(street: Sequence[str], city: str, postcode: str, state: str, country: str) -> Content:
    lines = tuple(street_lines([text for line in street if (text := line.strip())]))
    return Content(lines, city.strip(), postcode.strip(), state.strip().upper(), country)


def shop_fields(content: Content, regions: Sequence[Region]) -> dict[str, Any]:
    """The part of an address of Commerce that is its content."""
    region = region_called(content.state, regions)
    named = {"region_code": region.code, "region": region.name}
    number = {"region_id": int(region.id)} if region.id.isdecimal() else {}
    return {
        "street": list(content.street), "city": content.city, "postcode": content.postcode,
        "country_id": content.country,
        **({"region": {**named, **number}, **number} if content.state else {}),
    }  # fmt: skip


def new_address(
    content: Content, regions: Sequence[Region], account: Account, contact: AccountContact
) -> dict[str, Any]:
    """A whole new address of a user. Raises `Never` where there is no telephone number."""
    telephone = contact.telephone or account.fields.get("PrimaryContactPhone", "")
    if not telephone:
        raise Never(
            f"account {account.number}: neither it nor contact {contact.number} has a telephone"
            " number, which addresses of Commerce need",
            remedy=f'Enter one in F&O, then run: replay "{account.number}" --flow accounts',
        )
    return {
        "firstname": contact.firstname or contact.lastname,
        "lastname": contact.lastname or contact.firstname, "telephone": telephone,
        "company": account.fields.get("OrganizationName", ""), **shop_fields(content, regions),
    }  # fmt: skip


def ledger_fields(content: Content, settings: Customers, *, of: str) -> dict[str, str]:
    """The content as F&O takes it. Raises `Never` for a strange country."""
    return {
        "AddressStreet": "\n".join(content.street),
        "AddressCity": content.city,
        "AddressZipCode": content.postcode,
        "AddressState": content.state,
        "AddressCountryRegionId": country_region_id(content.country, settings, of=of),
    }


def with_addresses(
    addresses: Sequence[Mapping[str, Any]],
    changed: Mapping[int, Mapping[str, Any]],
    removed: set[int],
    new: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """A user's whole list as it is saved: all ids stay, or those addresses are deleted."""
    kept = (dict(one) for one in addresses if one.get("id") not in removed)
    return [*({**one, **changed.get(one.get("id") or 0, {})} for one in kept), *map(dict, new)]
