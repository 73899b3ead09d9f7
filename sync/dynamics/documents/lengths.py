"""How many characters F&O's text fields hold, and a document as it fits them. Pure; applied where
writes leave.

Numbers, references and codes are never cut: a cut one is another one, so the record is parked.
Names and texts are cut at a word; the trail's copy `sent` holds the document as it was before, with
the whole text. Control characters are removed, except the line ends of a street.

The lengths are those of the standard extended data types (X++). `$metadata` of F&O has no lengths
(reference, 2.7), and an environment may have other ones: `dynamics.lengths` names them, and `check`
compares where metadata tells.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from sync.core.errors import Never

NUMBERS: Final[Mapping[str, int]] = {
    "SalesOrderNumber": 20, "ReturnOrderNumber": 20, "CustomerAccount": 20,
    "SalesQuotationNumber": 20, "CustomersReference": 60, "RequestingCustomerAccountNumber": 20,
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
    "SalesOrderName": 60, "SalesQuotationName": 60, "URL": 255,
    "LineDescription": 1000, "TransactionText": 60,
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

OURS: Final[Mapping[str, str]] = {
    "SalesOrderNumber": "Shorten orders.number_template in connections.toml.",
    "ReturnOrderNumber": "Shorten creditmemos.number_template in connections.toml.",
    "CustomersOrderReference": "Shorten orders.reference_template in connections.toml, or"
    " creditmemos.reference_template where it is a return order.",
    "SalesQuotationNumber": "Shorten quotes.number_template in connections.toml.",
    "CustomersReference": "Shorten quotes.reference_template in connections.toml.",
    "CustomerReference": "Shorten invoices.reference_template or creditmemos.reference_template in"
    " connections.toml.",
    "ItemNumber": "Map the SKU to the number that the product has in D365 (map items).",
}
"""What to do about the numbers that our templates and mappings make. These alone are quoted: the
others may be of persons."""

SOURCES: Final[Mapping[str, str]] = {
    "CustomerRequisitionNumber": "payment.po_number", "TaxExemptNumber": "taxvat (or vat_tax_id)",
    "DeliveryAddressZipCode": "postcode of the shipping address",
    "AddressZipCode": "postcode of the address",
    "DeliveryAddressStateId": "region_code of the shipping address",
    "AddressState": "region_code of the address", "Email": "customer_email",
    "PrimaryContactEmail": "email", "PrimaryEmailAddress": "email",
    "PrimaryContactPhone": "telephone",
}  # fmt: skip
"""What Commerce calls the others."""


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
    whole = f"{entity_set}.{field}"
    known = TEXTS.get(whole, TEXTS.get(field, NUMBERS.get(field)))
    return lengths.get(whole, lengths.get(field, known))


def _fitted(entity_set: str, field: str, value: str, lengths: Mapping[str, int]) -> str:
    longest = length_of(entity_set, field, lengths)
    text = _printable(value, "\t\r\n" if longest is None else "\n" if field in OF_LINES else "")
    if longest is None or _units(text) <= longest:
        return text
    if field in TEXTS or f"{entity_set}.{field}" in TEXTS:
        return _cut(text, longest)
    raise _too_long(field, text, longest)


def _too_long(field: str, text: str, longest: int) -> Never:
    quoted = f": {text[:80]}" if field in OURS else ""
    shorten = OURS.get(field, f"Shorten {SOURCES.get(field, 'it')} in Commerce.")
    return Never(
        f"{field} would have {_units(text)} characters, and F&O holds {longest}; numbers are never"
        f" cut{quoted}",
        remedy=(
            f"{shorten} If this environment holds more, write {field} = <characters> under"
            " dynamics.lengths in connections.toml. Then replay."
        ),
    )


def _printable(text: str, breaks: str) -> str:
    """Without control characters except `breaks`; other tabs and line ends part words."""
    if text.isprintable():
        return text
    if "\r" not in breaks:
        text = text.replace("\r\n", "\n")
    parted = "".join(" " if sign in "\t\r\n" and sign not in breaks else sign for sign in text)
    return "".join(
        sign for sign in parted if sign in breaks or unicodedata.category(sign) not in ("Cc", "Cs")
    ).strip()


def _units(text: str) -> int:
    """Characters as F&O's database counts them: those beyond the first 65,536 count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, longest: int) -> str:
    """As many whole words as fit; inside a word where half of the room would stay empty."""
    end, units = 0, 0
    while units + _units(text[end]) <= longest:
        units += _units(text[end])
        end += 1
    head = text[:end]
    if not text[end].isspace():
        at_word = head[: max(head.rfind(" "), head.rfind("\n")) + 1].rstrip()
        head = at_word if 2 * _units(at_word) >= longest else head
    return head.rstrip(" ,;\n")
