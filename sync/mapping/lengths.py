"""How many characters F&O's text fields hold, and a document as it fits them. Pure; applied where
writes leave.

Numbers, references and codes are never cut: a cut one is another one, so the record is parked.
Names and texts are cut at a word; the whole text is in the kept copy. Control characters go, but
for the line ends of a street.

The lengths are those of the standard extended data types (X++). `$metadata` of F&O bears no lengths
(reference, 2.7), and an environment may have other ones: `dynamics.lengths` names them, and `check`
compares where metadata tells.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from sync.core.errors import Never

NUMBERS: Final[Mapping[str, int]] = {
    "SalesOrderNumber": 20, "ReturnOrderNumber": 20, "CustomerAccount": 20,
    "OrderingCustomerAccountNumber": 20,
    "InvoiceCustomerAccountNumber": 20, "CustomerAccountNumber": 20, "InvoiceAccount": 20,
    "ContactPersonId": 20,
    "ItemNumber": 20, "ExternalItemNumber": 20, "CustomersOrderReference": 60,
    "CustomerReference": 60,
    "CustomerRequisitionNumber": 20, "CustomerRequisition": 20, "PaymentReference": 20,
    "TaxExemptNumber": 20,
    "DeliveryAddressZipCode": 10, "DeliveryAddressStateId": 10, "AddressZipCode": 10,
    "AddressState": 10,
    "Email": 80, "PrimaryContactEmail": 255, "PrimaryEmailAddress": 255, "PrimaryContactPhone": 255,
}  # fmt: skip
"""Never cut, by field."""

TEXTS: Final[Mapping[str, int]] = {
    "SalesOrderName": 60, "URL": 255, "LineDescription": 1000, "TransactionText": 60,
    "OrganizationName": 100,
    "PersonFirstName": 25, "PersonLastName": 25, "FirstName": 25, "LastName": 25,
    "DeliveryAddressName": 60, "DeliveryAddressDescription": 60, "DeliveryAddressStreet": 250,
    "DeliveryAddressCity": 60,
    "AddressDescription": 60, "AddressStreet": 250, "AddressCity": 60,
    "FreeTextInvoiceLines.Description": 255, "CustomerPaymentJournalHeaders.Description": 60,
}  # fmt: skip
"""Cut at a word, by field, or by entity set and field."""

OF_LINES: Final = frozenset({"DeliveryAddressStreet", "AddressStreet", "LineDescription"})
"""Fields whose line ends mean something."""


def fitted(entity_set: str, body: Mapping[str, Any], lengths: Mapping[str, int]) -> dict[str, Any]:
    """The body as F&O can hold it. `lengths`: those of this environment by field. Raises `Never`
    for a number too long."""
    return {
        name: _fitted(entity_set, name, value, lengths) if isinstance(value, str) else value
        for name, value in body.items()
    }


def length_of(entity_set: str, field: str, lengths: Mapping[str, int]) -> int | None:
    """Characters that the field holds; None where that is not known, and F&O itself refuses what is
    too long."""
    known = TEXTS.get(f"{entity_set}.{field}", TEXTS.get(field, NUMBERS.get(field)))
    return lengths.get(field, known)


def _fitted(entity_set: str, field: str, value: str, lengths: Mapping[str, int]) -> str:
    text, longest = (
        _printable(value, has_lines=field in OF_LINES),
        length_of(entity_set, field, lengths),
    )
    if longest is None or _units(text) <= longest:
        return text
    if field in TEXTS or f"{entity_set}.{field}" in TEXTS:
        return _cut(text, longest)
    raise Never(
        f"{field} would have {_units(text)} characters, and F&O holds {longest}; numbers are never"
        f" cut: {text[:80]}",
        remedy=(
            "Shorten it in Commerce, or the template that makes it in connections.toml. If this"
            f" environment holds more, write {field} = <characters> under dynamics.lengths there."
            " Then replay."
        ),
    )


def _printable(text: str, *, has_lines: bool) -> str:
    """Without control characters; tabs and line ends part words."""
    if text.isprintable():
        return text
    kept = "".join(
        sign if sign == "\n" and has_lines else " " if sign in "\t\r\n" else sign
        for sign in text.replace("\r\n", "\n")
    )
    return "".join(
        sign for sign in kept if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs")
    ).strip()


def _units(text: str) -> int:
    """Characters as F&O's database counts them: those beyond the first 65,536 count twice."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def _cut(text: str, longest: int) -> str:
    """As many whole words as fit; a single word that is too long is cut inside."""
    end, units = 0, 0
    while units + _units(text[end]) <= longest:
        units += _units(text[end])
        end += 1
    head = text[:end]
    if not text[end].isspace():
        words = head.rsplit(maxsplit=1)
        head = words[0] if len(words) > 1 and head[-1:].strip() else head
    return head.rstrip(" ,;\n")
