"""Addresses as F&O spells them: country ids of three letters, states only where F&O keeps them."""

from functools import cache

from sync.commerce.models.postal_address import Address
from sync.config.connections import Customers
from sync.core.errors import Missing, Never


@cache
def _iso() -> dict[str, str]:
    import pycountry  # noqa: PLC0415 - reads a data file; not at import time

    return {country.alpha_2: country.alpha_3 for country in pycountry.countries}


def country_region_id(country: str, settings: Customers, *, of: str) -> str:
    """F&O's country id for Commerce's two letters: the mapping's, else ISO's three letters. Raises
    `Never`."""
    code = country.strip().upper()
    found = settings.countries.get(code) or _iso().get(code)
    if not found:
        raise Never(
            f"{of}: country_id is {code[:8] or 'empty'}, which is no ISO country",
            remedy=(
                "Correct the address in Commerce, or add the code under customers.countries in"
                " connections.toml."
            ),
            missing=[Missing("customers.countries", code)] if code else (),
        )
    return found


def state_id(address: Address, settings: Customers) -> str:
    """The state where F&O keeps states for the country (`customers.states_in`), else nothing: F&O
    refuses others."""
    if address.country_id.upper() not in settings.states_in:
        return ""
    return address.region_code if address.region_code and len(address.region_code) <= 10 else ""


def address_fields(
    address: Address | None, settings: Customers, *, of: str, description: str
) -> dict[str, str]:
    """The `Address...` fields of an account; nothing where there is no address. Raises `Never` for
    a strange country."""
    if address is None or not (address.city or address.street):
        return {}
    return without_empty(
        {
            "AddressDescription": description,
            "AddressStreet": "\n".join(line for line in address.street if line),
            "AddressCity": address.city,
            "AddressZipCode": address.postcode,
            "AddressState": state_id(address, settings),
            "AddressCountryRegionId": country_region_id(
                address.country_id, settings, of=f"{of}: address"
            ),
        }
    )


def without_empty(fields: dict[str, str]) -> dict[str, str]:
    """Only what is known: what is left out, F&O fills by its own rules."""
    return {name: value for name, value in fields.items() if value}
