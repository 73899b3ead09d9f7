"""Values on their way in (checked and normalised as F&O stores them) and out (JSON, one fragment
per property).

Decimals are kept to six places (the column's), dates at noon UTC, strings without trailing spaces.
Comparison ignores case, as the database's collation does.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.dynamics.faults import ODataFault, bad_request
from sandbox.dynamics.schema import NAMESPACE, SETS, EntitySet, Kind, Property

PLACES = Decimal("0.000001")
LIMITS: Mapping[Kind, int] = {Kind.INT: 2**31, Kind.LONG: 2**63}
LONGEST: Mapping[str, int] = {
    **dict.fromkeys(
        (
            "CustomersOrderReference",
            "CustomerReference",
            "DeliveryAddressName",
            "DeliveryAddressCity",
        ),
        60,
    ),
    **dict.fromkeys(
        ("AddressCity", "AddressDescription", "DeliveryAddressDescription", "TransactionText"), 60
    ),
    **dict.fromkeys(
        (
            "CustomerRequisitionNumber",
            "CustomerRequisition",
            "ExternalItemNumber",
            "PaymentReference",
        ),
        20,
    ),
    **dict.fromkeys(("PersonFirstName", "PersonLastName", "FirstName", "LastName"), 25),
    **dict.fromkeys(("AddressStreet", "DeliveryAddressStreet"), 250),
    **dict.fromkeys(
        ("AddressZipCode", "DeliveryAddressZipCode", "AddressState", "DeliveryAddressStateId"), 10
    ),
    "OrganizationName": 100,
    "LineDescription": 1000,
}
"""Characters of text columns. What is longer is refused here; which fields of F&O refuse and which
cut is not known, and being refused is what nobody overlooks. Lengths are those of the standard's
extended data types (inferred, not measured)."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def folded(value: Any) -> Any:
    """What equality and keys compare: text without case and without trailing spaces, anything else
    as it is."""
    return value.rstrip().casefold() if isinstance(value, str) else value


def checked(entity: EntitySet, body: Any) -> dict[str, Any]:
    """The properties of a request body, normalised. Raises a 400 for what the OData layer would not
    read."""
    if not isinstance(body, dict):
        raise bad_request("The request must contain a valid entity: an object was expected.")
    values: dict[str, Any] = {}
    properties = entity.properties
    for name, value in body.items():
        if name.startswith("@odata."):
            continue
        known = properties.get(name)
        if known is None:
            raise bad_request(
                f"The property '{name}' does not exist on type '{NAMESPACE}.{entity.type}'."
                " Make sure to only use property names that are defined by the type."
            )
        values[name] = CHECKS[known.kind](known, value)
    return values


def _unfit(known: Property, value: Any) -> ODataFault:
    got = "null" if value is None else f"a JSON {type(value).__name__}"
    return bad_request(
        f"Cannot convert {got} to the expected type '{known.edm}' of property '{known.name}'."
    )


def _string(known: Property, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _unfit(known, value)
    if len(value) > LONGEST.get(known.name, len(value)):
        raise bad_request(
            f"The value of field '{known.label}' is longer than {LONGEST[known.name]} characters."
        )
    if any(sign < " " and sign not in "\t\r\n" for sign in value):
        raise bad_request(
            f"The value of field '{known.label}' holds a character that XML does not allow."
        )
    return value.rstrip(" ")


def _decimal(known: Property, value: Any) -> Decimal:
    if isinstance(value, str):
        raise bad_request(
            "Cannot convert a value to target type 'Edm.Decimal' because of conflict between input"
            " format string/number and parameter 'IEEE754Compatible' false/true. Property"
            f" '{known.name}'."
        )
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _unfit(known, value)
    number = Decimal(value)
    if abs(number) >= Decimal(10) ** 22:
        raise bad_request(
            f"Value was either too large or too small for a Decimal: property '{known.name}'."
        )
    return number.quantize(PLACES, rounding=ROUND_HALF_UP).normalize() + 0


def _whole(known: Property, value: Any) -> int:
    limit = LIMITS[known.kind]
    if isinstance(value, bool) or not isinstance(value, int) or not -limit <= value < limit:
        raise _unfit(known, value)
    return value


def instant_from(text: str) -> datetime | None:
    """An ISO instant with its zone, in UTC and whole seconds; None when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(microsecond=0) if moment.tzinfo is not None else None


def _date(known: Property, value: Any) -> datetime:
    if isinstance(value, str):
        moment = instant_from(f"{value}T12:00:00Z" if DAY.fullmatch(value) else value)
        if moment is not None:
            return moment.replace(hour=12, minute=0, second=0)
    raise _unfit(known, value)


def _instant(known: Property, value: Any) -> datetime:
    moment = (
        instant_from(f"{value}T00:00:00Z" if DAY.fullmatch(value) else value)
        if isinstance(value, str)
        else None
    )
    if moment is None:
        raise _unfit(known, value)
    return moment


def _enum(known: Property, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _unfit(known, value)
    if value not in known.members:
        raise bad_request(
            f"Requested value '{value}' was not found: property '{known.name}' of type"
            f" '{known.edm}'."
        )
    return value


def _guid(known: Property, value: Any) -> str:
    if not isinstance(value, str) or GUID.fullmatch(value) is None:
        raise _unfit(known, value)
    return value.lower()


CHECKS: Mapping[Kind, Callable[[Property, Any], Any]] = {
    Kind.STRING: _string,
    Kind.DECIMAL: _decimal,
    Kind.INT: _whole,
    Kind.LONG: _whole,
    Kind.DATE: _date,
    Kind.INSTANT: _instant,
    Kind.GUID: _guid,
    Kind.BINARY: _string,
    Kind.ENUM: _enum,
}


def wire(value: Any) -> str:
    """One value as JSON: decimals with their digits and no exponent, instants with a Z."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return f'"{value:%Y-%m-%dT%H:%M:%SZ}"'
    return json.dumps(value, ensure_ascii=False)


BLANK: Mapping[str, Mapping[str, str]] = {
    entity.name: {
        name: f'"{name}":{wire(known.unset)}' for name, known in entity.properties.items()
    }
    for entity in SETS.values()
}
"""Per set, the fragments of a row nobody wrote to, in the order of its properties."""


def row_json(
    entity: EntitySet, values: Mapping[str, Any], etag: str, select: tuple[str, ...] | None
) -> str:
    """One row as a JSON object with its etag; `select` None means all properties."""
    blank = BLANK[entity.name]
    if select is not None:
        shown = [
            f'"{name}":{wire(values[name])}' if name in values else blank[name] for name in select
        ]
        return "{" + ",".join([f'"@odata.etag":{json.dumps(etag)}', *shown]) + "}"
    fragments = dict(blank)
    for name, value in values.items():
        if name in fragments:
            fragments[name] = f'"{name}":{wire(value)}'
    return "{" + ",".join([f'"@odata.etag":{json.dumps(etag)}', *fragments.values()]) + "}"
