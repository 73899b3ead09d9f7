"""Customer accounts in F&O: CustomersV3 with its primary address, CustomerPostalAddresses for the
others (4.1, 4.2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sync.dynamics.documents import requests
from sync.dynamics.odata import Filter, moment_of
from sync.dynamics.odata_client import ODataClient, Write

SET, ADDRESSES = requests.CUSTOMERS, requests.ADDRESSES

FIELDS = (
    "dataAreaId",
    "CustomerAccount",
    "PartyType",
    "PartyNumber",
    "PrimaryContactEmail",
    "OnHoldStatus",
)
ADDRESS_KEY = ("CustomerAccountNumber", "CustomerLegalEntityId", "AddressLocationId")
ADDRESS_FIELDS = (
    *ADDRESS_KEY, "AddressDescription", "Effective", "Expiration", "AddressStreet", "AddressCity",
    "AddressZipCode", "AddressState", "AddressCountryRegionId",
)  # fmt: skip

Addresses = Mapping[str, Mapping[str, Any]]
"""Fields of addresses by their description."""


class Customers:
    """The customer accounts of one environment."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def by_account(self, company: str, account: str) -> dict[str, Any] | None:
        """The account, or None."""
        return await self._client.get(SET, _key(company, account), select=FIELDS)

    async def payer_of(self, company: str, account: str) -> str:
        """The account that the invoices of an account go to (`InvoiceAccount`, 4.1): itself where
        F&O names none, or does not have it. Concurrent calls are joined."""
        fields = ("CustomerAccount", "InvoiceAccount")
        rows = await self._client.find_by(
            SET, "CustomerAccount", account, company=company, select=fields
        )
        named = (str(row.get("InvoiceAccount") or "").strip() for row in rows)
        return next(filter(None, named), account)

    async def with_email(self, company: str, email: str, *, party_type: str = "") -> list[str]:
        """The accounts whose primary e-mail address this is, without regard to case; of one party
        type where named."""
        return await self._having("PrimaryContactEmail", company, email, party_type)

    async def with_tax_number(
        self, company: str, number: str, *, party_type: str = ""
    ) -> list[str]:
        """The accounts with this tax exempt number; of one party type where named."""
        return await self._having("TaxExemptNumber", company, number, party_type)

    async def _having(self, field: str, company: str, value: str, party_type: str) -> list[str]:
        """The party type is compared here: it is computed by the entity, and no filter is promised
        on such fields."""
        where = Filter.eq("dataAreaId", company) & Filter.eq(field, value)
        rows = [
            row async for row in self._client.query(SET, where=where, select=FIELDS, unseen=True)
        ]
        return sorted(
            {
                str(row["CustomerAccount"])
                for row in rows
                if party_type in ("", row.get("PartyType"))
            }
        )

    async def create(self, body: Mapping[str, Any], *, not_after: datetime) -> str:
        """Post an account; returns its number. Raises `AlreadyExists` when the number is taken."""
        created = await self._client.create(SET, dict(body), not_after=not_after)
        return str(created["CustomerAccount"])

    async def update(
        self, company: str, account: str, changes: Mapping[str, Any], *, not_after: datetime
    ) -> None:
        """Patch an account. A changed address ends the old one and begins a new one, as F&O does
        it."""
        await self._client.changeset(
            [Write("PATCH", SET, _key(company, account), dict(changes))], not_after=not_after
        )

    async def put_addresses(
        self, company: str, account: str, wanted: Addresses, *, not_after: datetime
    ) -> None:
        """Make the account have these further addresses, by their description. Others are left
        alone. Safe to repeat."""
        existing = await self._addresses(company, account)
        writes = [
            _address_write(company, account, existing.get(description), fields)
            for description, fields in wanted.items()
            if not self._holds(existing.get(description), fields)
        ]
        await self._client.changeset(writes, not_after=not_after)

    async def put_locations(
        self, company: str, account: str, wanted: Addresses, *, not_after: datetime
    ) -> None:
        """Change addresses that the account has, by their locations; those that have ended are left
        alone. Safe to repeat."""
        there = await self._addresses(company, account, by="AddressLocationId")
        writes = [
            _address_write(company, account, there[location], fields)
            for location, fields in wanted.items()
            if location in there and not self._holds(there[location], fields)
        ]
        await self._client.changeset(writes, not_after=not_after)

    def _holds(self, found: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> bool:
        """Whether an address is as wanted: as F&O's fields hold it."""
        sent = self._client.fitted(ADDRESSES, fields)
        return found is not None and all(found.get(name) == sent[name] for name in sent)

    async def _addresses(
        self, company: str, account: str, *, by: str = "AddressDescription"
    ) -> dict[str, dict[str, Any]]:
        """The newest version of each address by description: an address change makes a new
        version."""
        where = Filter.eq("dataAreaId", company) & Filter.eq("CustomerAccountNumber", account)
        query = self._client.query(ADDRESSES, where=where, select=ADDRESS_FIELDS)
        rows = [row async for row in query]
        return {
            str(row[by]): row
            for row in sorted(rows, key=lambda row: str(row.get("Expiration", "")))
        }


def _address_write(
    company: str, account: str, found: Mapping[str, Any] | None, fields: Mapping[str, Any]
) -> Write:
    """A new address, or a change of the one that was found, which may have begun in 1900: data that
    was imported does so."""
    if found is None:
        owner = {"CustomerLegalEntityId": company, "CustomerAccountNumber": account}
        return Write("POST", ADDRESSES, None, {"dataAreaId": company, **owner, **fields})
    key = {"dataAreaId": company, **{name: found[name] for name in ADDRESS_KEY}}
    begun = moment_of(str(found["Effective"]))
    return Write("PATCH", ADDRESSES, {**key, "Effective": begun}, dict(fields))


def _key(company: str, account: str) -> dict[str, Any]:
    return {"dataAreaId": company, "CustomerAccount": account}
