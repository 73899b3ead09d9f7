"""Customer accounts in F&O: CustomersV3 with its primary address, CustomerPostalAddresses for the
others (4.1, 4.2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.dynamics.documents import requests
from sync.dynamics.odata import Filter, instant_of
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
ADDRESS_FIELDS = (
    "CustomerAccountNumber", "CustomerLegalEntityId", "AddressLocationId", "AddressDescription",
    "Effective", "Expiration",
)  # fmt: skip


class Customers:
    """The customer accounts of one environment."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def by_account(self, company: str, account: str) -> dict[str, Any] | None:
        """The account, or None."""
        return await self._client.get(SET, _key(company, account), select=FIELDS)

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
        self,
        company: str,
        account: str,
        wanted: Mapping[str, Mapping[str, Any]],
        *,
        not_after: datetime,
    ) -> None:
        """Make the account have these further addresses, by their description. Others are left
        alone. Safe to repeat."""
        existing = await self._addresses(company, account)
        writes: list[Write] = []
        for description, fields in wanted.items():
            found = existing.get(description)
            if found is None:
                owner = {
                    "dataAreaId": company,
                    "CustomerLegalEntityId": company,
                    "CustomerAccountNumber": account,
                }
                writes.append(Write("POST", ADDRESSES, None, {**owner, **fields}))
            elif any(
                found.get(name) != value
                for name, value in self._client.fitted(ADDRESSES, fields).items()
            ):
                key = {name: found[name] for name in ADDRESS_FIELDS[:3]}
                effective = instant_of(str(found["Effective"]))
                writes.append(
                    Write(
                        "PATCH",
                        ADDRESSES,
                        {"dataAreaId": company, **key, "Effective": effective},
                        dict(fields),
                    )
                )
        if writes:
            await self._client.changeset(writes, not_after=not_after)

    async def _addresses(self, company: str, account: str) -> dict[str, dict[str, Any]]:
        """The newest version of each address by description: an address change makes a new
        version."""
        where = Filter.eq("dataAreaId", company) & Filter.eq("CustomerAccountNumber", account)
        select: Sequence[str] = (
            *ADDRESS_FIELDS,
            "AddressStreet",
            "AddressCity",
            "AddressZipCode",
            "AddressState",
            "AddressCountryRegionId",
        )
        rows = [row async for row in self._client.query(ADDRESSES, where=where, select=select)]
        return {
            str(row["AddressDescription"]): row
            for row in sorted(rows, key=lambda row: str(row.get("Expiration", "")))
        }


def _key(company: str, account: str) -> dict[str, Any]:
    return {"dataAreaId": company, "CustomerAccount": account}
