"""Addresses as F&O spells them: country ids of three letters, states only where F&O keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
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


def two_letters(country: str, settings: Customers, *, of: str) -> str:
    """Commerce's two letters for F&O's country id, or the two letters themselves. Raises
    `Never`."""
    code = country.strip().upper()
    named = {theirs.upper(): ours for ours, theirs in settings.countries.items()}
    found = named.get(code) or (code if code in _iso() else _two_by_three().get(code))
    if not found:
        raise Never(
            f"{of}: country {code[:10] or '(none)'} of F&O is no country of Commerce",
            remedy=(
                "Correct the address in F&O, or add the country under customers.countries in"
                " connections.toml."
            ),
        )
    return found


@cache
def _two_by_three() -> dict[str, str]:
    return {three: two for two, three in _iso().items()}


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


@dataclass(frozen=True)
class LeftOut:
    """An address that an account goes without. `what`: which one, by its id in Commerce; `error`:
    why, and what to do."""

    what: str
    error: Never


@dataclass(frozen=True)
class Fitting:
    """The `Address...` fields of an address, and why they are empty where it cannot be mapped."""

    fields: dict[str, str]
    left_out: tuple[LeftOut, ...] = ()


def fitting(
    address: Address | None, settings: Customers, *, of: str, what: str, description: str
) -> Fitting:
    """As `address_fields`, for an address that an account can be without: one that cannot be mapped
    is left out, and holds nobody up."""
    try:
        return Fitting(address_fields(address, settings, of=of, description=description))
    except Never as error:
        return Fitting({}, (LeftOut(what, error),))


def left_out_reason(left_out: Sequence[LeftOut]) -> str:
    """For people: each address that is not in D365, with its id and why; empty where none is."""
    told = [f"{one.what} is left out: {one.error.reason}" for one in left_out]
    return "; ".join(told)


def without_empty(fields: dict[str, str]) -> dict[str, str]:
    """Only what is known: what is left out, F&O fills by its own rules."""
    return {name: value for name, value in fields.items() if value}
