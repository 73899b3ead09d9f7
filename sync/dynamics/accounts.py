"""Customer accounts of F&O with their addresses and contact persons, as they go out (4.1, 4.2).

CustomersV3 has no time of change, so a list reads them all. An address that changes is a new
version at the same location, and the old one ends.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from sync.dynamics.documents.account import Account, AccountAddress, AccountContact
from sync.dynamics.documents.requests import ADDRESSES, CUSTOMERS
from sync.dynamics.field_values import text_of
from sync.dynamics.odata import Filter, instant_of
from sync.dynamics.reader import ODataReader

CONTACTS: Final = "ContactPersons"
PAYER: Final = "InvoiceAccount"
ORGANISATION: Final = "Organization"
FIELDS: Final = (
    "PartyType", "PartyNumber", "OrganizationName", "CustomerGroupId", "PrimaryContactEmail",
    "PrimaryContactPhone", "TaxExemptNumber", "DiscountPriceGroupId", "PaymentTerms",
    "EmployeeResponsibleNumber", "OnHoldStatus", "ContactPersonId", "AddressStreet", "AddressCity",
    "AddressZipCode", "AddressState", "AddressCountryRegionISOCode", "AddressCountryRegionId",
    PAYER,
)  # fmt: skip
ADDRESS_FIELDS: Final = (
    "CustomerAccountNumber", "AddressLocationId", "Effective", "Expiration", "IsRoleDelivery",
    "AddressDescription", "AddressStreet", "AddressCity", "AddressZipCode", "AddressState",
    "AddressCountryRegionISOCode", "AddressCountryRegionId",
)  # fmt: skip
CONTACT_FIELDS: Final = (
    "AssociatedPartyNumber", "ContactPersonId", "FirstName", "LastName", "PrimaryEmailAddress",
    "PrimaryPhoneNumber", "EmploymentJobTitle", "IsDefaultContactPerson", "IsInactive",
)  # fmt: skip
YES: Final = "Yes"
NO_FIELD: Final = ("@", "dataAreaId")

Rows = Sequence[Mapping[str, Any]]
IsChosen = Callable[[Account], bool]


class Accounts:
    """The accounts of one environment. Raises as the client does. `flag`: a further field that is
    read of each, empty for none."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def get(self, company: str, number: str, *, flag: str = "") -> Account | None:
        """An account; None where there is none (any more)."""
        find, fields = self._client.find_by, _fields(flag)
        rows, addresses = await asyncio.gather(
            find(CUSTOMERS, "CustomerAccount", number, company=company, select=fields),
            find(
                ADDRESSES, "CustomerAccountNumber", number, company=company, select=ADDRESS_FIELDS
            ),
        )
        if not rows:
            return None
        party = text_of(rows[0], "PartyNumber")
        contacts = party and await find(
            CONTACTS, "AssociatedPartyNumber", party, company=company, select=CONTACT_FIELDS
        )
        return self._account(company, rows[0], addresses, contacts or ())

    async def chosen(
        self,
        company: str,
        is_chosen: IsChosen,
        *,
        among: Filter | None = None,
        flag: str = "",
        after: str = "",
    ) -> AsyncIterator[Account]:
        """The accounts that `is_chosen` takes, by number, with a greater one than `after`. `among`:
        only these are asked for; None: all."""
        where = Filter.eq("dataAreaId", company)
        if among is not None:
            where &= among
        if after:
            where &= Filter.gt("CustomerAccount", after)
        order, fields = ("dataAreaId", "CustomerAccount"), _fields(flag)
        listed = self._client.query(CUSTOMERS, where=where, select=fields, order_by=order)
        rows = [row async for row in listed if is_chosen(self._account(company, row, (), ()))]
        if rows:
            async for account in self._with_parts(company, rows):
                yield account

    async def _with_parts(self, company: str, rows: Rows) -> AsyncIterator[Account]:
        """Each with its addresses and contacts, which are read in one list for all."""
        addresses, contacts = await asyncio.gather(
            self._listed(company, ADDRESSES, ADDRESS_FIELDS, "CustomerAccount", rows),
            self._listed(company, CONTACTS, CONTACT_FIELDS, "PartyNumber", rows),
        )
        for row in rows:
            number, party = text_of(row, "CustomerAccount"), text_of(row, "PartyNumber")
            mine = addresses[number.casefold()], contacts[party.casefold()]
            yield self._account(company, row, *mine)

    async def _listed(
        self, company: str, name: str, fields: Sequence[str], owner: str, rows: Rows
    ) -> Mapping[str, list[Mapping[str, Any]]]:
        """The rows of a set by their owner: of those alone that `rows` name as `owner`."""
        wanted = {text_of(row, owner).casefold() for row in rows} - {""}
        found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        where = Filter.eq("dataAreaId", company)
        order = ("dataAreaId", *fields[:3]) if name == ADDRESSES else ("dataAreaId", fields[1])
        async for row in self._client.query(name, where=where, select=fields, order_by=order):
            if (key := text_of(row, fields[0]).casefold()) in wanted:
                found[key].append(row)
        return found

    def _account(
        self, company: str, row: Mapping[str, Any], addresses: Rows, contacts: Rows
    ) -> Account:
        now = self._client.now()
        valid = (one for one in addresses if (end := _moment(one, "Expiration")) and end > now)
        people = (one for one in contacts if text_of(one, "IsInactive") != YES)
        fields = {name: text_of(row, name) for name in sorted(row) if not name.startswith(NO_FIELD)}
        if not fields.get(PAYER):
            fields.pop(PAYER, None)  # as earlier releases knew the account, which never read it
        return Account(
            company, text_of(row, "CustomerAccount"), fields,
            tuple(sorted(map(_address, filter(_is_delivery, valid)), key=lambda a: a.location)),
            tuple(sorted(map(_contact, people), key=lambda contact: contact.number)),
        )  # fmt: skip


def _fields(flag: str) -> tuple[str, ...]:
    return ("CustomerAccount", *FIELDS, *((flag,) if flag and flag not in FIELDS else ()))


def _is_delivery(row: Mapping[str, Any]) -> bool:
    return text_of(row, "IsRoleDelivery") == YES


def _address(row: Mapping[str, Any]) -> AccountAddress:
    street = tuple(filter(None, map(str.strip, text_of(row, "AddressStreet").split("\n"))))
    return AccountAddress(
        text_of(row, "AddressLocationId"), _moment(row, "Effective"),
        text_of(row, "AddressDescription"), street, text_of(row, "AddressCity"),
        text_of(row, "AddressZipCode"), text_of(row, "AddressState"), country_of(row),
    )  # fmt: skip


def country_of(row: Mapping[str, Any]) -> str:
    """The country in two letters where F&O says them, else its id."""
    return text_of(row, "AddressCountryRegionISOCode") or text_of(row, "AddressCountryRegionId")


def _contact(row: Mapping[str, Any]) -> AccountContact:
    return AccountContact(
        text_of(row, "ContactPersonId"), text_of(row, "FirstName"), text_of(row, "LastName"),
        text_of(row, "PrimaryEmailAddress"), text_of(row, "PrimaryPhoneNumber"),
        text_of(row, "EmploymentJobTitle"), text_of(row, "IsDefaultContactPerson") == YES,
    )  # fmt: skip


def _moment(row: Mapping[str, Any], name: str) -> Any:
    return instant_of(text_of(row, name) or None)
