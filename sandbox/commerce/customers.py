"""Customer accounts and companies: how they are made, and the rules of saving one through REST."""

from copy import deepcopy
from typing import Any

from sandbox.commerce.catalogue import Place, Shopper, Store
from sandbox.commerce.faults import RestFault, unsupported
from sandbox.commerce.numbering import Sequences
from sandbox.commerce.records import Columns

KNOWN = frozenset(
    {
        *(
            "id",
            "group_id",
            "default_billing",
            "default_shipping",
            "confirmation",
            "created_at",
            "updated_at",
        ),
        *(
            "created_in",
            "dob",
            "email",
            "firstname",
            "lastname",
            "middlename",
            "prefix",
            "suffix",
            "gender",
        ),
        *(
            "store_id",
            "taxvat",
            "website_id",
            "addresses",
            "disable_auto_group_change",
            "extension_attributes",
        ),
        "custom_attributes",
    }
)
NEEDED = {"email": "Email", "firstname": "First Name", "lastname": "Last Name"}


def customer_columns(shopper: Shopper, place: Place, store: Store | None, now: str) -> Columns:
    """The account of a shopper with one address, as `GET /V1/customers/{id}` shows it."""
    return {
        "id": shopper.id,
        "group_id": shopper.group,
        "default_billing": str(shopper.id),
        "default_shipping": str(shopper.id),
        "created_at": now,
        "updated_at": now,
        "created_in": store.name if store else "Default Store View",
        "email": shopper.email,
        "firstname": shopper.firstname,
        "lastname": shopper.lastname,
        "store_id": store.id if store else 1,
        "taxvat": shopper.vat_id,
        "website_id": store.website if store else 1,
        "addresses": [_address(shopper, place)],
        "disable_auto_group_change": 0,
        "extension_attributes": {"is_subscribed": False, **_company_user(shopper)},
    }


def _address(shopper: Shopper, place: Place) -> Columns:
    region = {
        "region_code": place.region_code,
        "region": place.region,
        "region_id": place.region_id or 0,
    }
    return {
        "id": shopper.id,
        "customer_id": shopper.id,
        "region": region,
        "region_id": place.region_id or 0,
        "country_id": place.country,
        "street": list(place.street),
        "company": shopper.company,
        "telephone": "555-0100",
        "postcode": place.postcode,
        "city": place.city,
        "firstname": shopper.firstname,
        "lastname": shopper.lastname,
        "vat_id": shopper.vat_id,
        "default_shipping": True,
        "default_billing": True,
    }


def _company_user(shopper: Shopper) -> Columns:
    """Whom a shopper buys for; customers without a company have no such attribute."""
    if shopper.buys_for is None:
        return {}
    known = {
        "customer_id": shopper.id,
        "company_id": shopper.buys_for,
        "status": 1,
        "is_default": True,
    }
    return {"company_attributes": known}


def company_columns(shopper: Shopper, place: Place) -> Columns:
    """The approved company that a shopper administers. It names its region by id and name, never by
    code."""
    return {
        "id": shopper.id,
        "status": 1,
        "company_name": shopper.company,
        "legal_name": None,
        "company_email": f"office.{shopper.email}",
        "vat_tax_id": shopper.vat_id,
        "reseller_id": None,
        "comment": None,
        "street": list(place.street),
        "city": place.city,
        "country_id": place.country,
        "region": place.region,
        "region_id": None if place.region_id is None else str(place.region_id),
        "postcode": place.postcode,
        "telephone": "555-0100",
        "customer_group_id": shopper.group,
        "sales_representative_id": 1,
        "reject_reason": None,
        "rejected_at": None,
        "super_user_id": shopper.id,
        "extension_attributes": {
            "use_config_settings": 1,
            "quote_config": {"is_quote_enabled": False},
        },
    }


def merged(
    customer: Columns, sent: Columns, others: list[Columns], sequences: Sequences
) -> Columns:
    """The customer after a PUT. What is left out stays; addresses that are sent replace all there
    were, and those without an id are new. Raises `RestFault` for unknown properties, missing names
    and an e-mail that is taken in its website, as accounts are shared within one (Commerce's
    default)."""
    for key in sent:
        if key not in KNOWN:
            raise unsupported(key)
    result = {
        **deepcopy(customer),
        **{key: value for key, value in sent.items() if key not in {"addresses", "id"}},
    }
    result["created_at"] = customer["created_at"]
    _may_join(customer, result)
    missing = [
        RestFault(400, f'"{label}" is a required value.')
        for key, label in NEEDED.items()
        if not result.get(key)
    ]
    if missing:
        raise missing[0]
    if "@" not in str(result["email"]):
        raise RestFault(400, '"Email" is not a valid email address.')
    extra = (other for other in others if other["website_id"] == result["website_id"])
    if any(str(other["email"]).casefold() == str(result["email"]).casefold() for other in extra):
        raise RestFault(
            400, "A customer with the same email address already exists in an associated website."
        )
    if "custom_attributes" in sent:
        result["custom_attributes"] = _attributes(
            customer.get("custom_attributes", []), sent["custom_attributes"]
        )
    return _with_addresses(result, sent["addresses"], sequences) if "addresses" in sent else result


def _may_join(before: Columns, after: Columns) -> None:
    """Who becomes a user of a company needs a job title and a telephone number (user guide of
    companies)."""
    was, member = member_of(before), member_of(after)
    if member.get("company_id") and member["company_id"] != was.get("company_id"):
        for name in ("job_title", "telephone"):
            if not member.get(name):
                raise RestFault(400, f'"{name}" is a required value.')


def member_of(customer: Columns) -> Columns:
    """What a customer is in their company; empty for those of none."""
    found: Columns = (customer.get("extension_attributes") or {}).get("company_attributes") or {}
    return found


def _attributes(known: list[Columns], sent: list[Columns]) -> list[Columns]:
    """Custom attributes are set one by one; those not sent stay."""
    values = {entry["attribute_code"]: entry["value"] for entry in [*known, *sent]}
    return [
        {"attribute_code": code, "value": value}
        for code, value in values.items()
        if value is not None
    ]


def registered(
    sent: Columns, others: list[Columns], sequences: Sequences, number: int, now: str
) -> Columns:
    """A new customer of `POST customers`: the rules are those of saving one."""
    empty: Columns = {
        "id": number, "group_id": 1, "default_billing": None, "default_shipping": None,
        "created_at": now, "created_in": "Default Store View", "store_id": 1, "website_id": 1,
        "addresses": [], "disable_auto_group_change": 0,
        "extension_attributes": {"is_subscribed": False},
    }  # fmt: skip
    return merged(empty, sent, others, sequences)


def _with_addresses(customer: Columns, sent: list[Any], sequences: Sequences) -> Columns:
    addresses = []
    for address in sent:
        number = address.get("id") or sequences.next("customer_address")
        addresses.append({**address, "id": number, "customer_id": customer["id"]})
    customer["addresses"] = addresses
    for role in ("billing", "shipping"):
        chosen = next((entry["id"] for entry in addresses if entry.get(f"default_{role}")), None)
        customer[f"default_{role}"] = None if chosen is None else str(chosen)
    return customer
