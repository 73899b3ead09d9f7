"""Contact persons in F&O: the people who buy for a company, associated with its party (entity
ContactPersons, 4.2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sync.dynamics.odata import Filter
from sync.dynamics.odata_client import ODataClient, Write

SET: Final = "ContactPersons"
FIELDS: Final = (
    "dataAreaId", "ContactPersonId", "AssociatedPartyNumber", "FirstName", "LastName",
    "PrimaryEmailAddress",
)  # fmt: skip


class ContactPersons:
    """The contact persons of one environment. Their numbers are F&O's own."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def is_there(self, company: str, number: str) -> bool:
        """Whether there is a contact of this number."""
        return await self._client.get(SET, _key(company, number), select=FIELDS[:2]) is not None

    async def find(self, company: str, party: str, email: str) -> str:
        """The contact of a party with this e-mail address, whatever its case, the oldest number;
        empty when none is."""
        where = (
            Filter.eq("dataAreaId", company)
            & Filter.eq("AssociatedPartyNumber", party)
            & Filter.eq("PrimaryEmailAddress", email)
        )
        rows = [
            row async for row in self._client.query(SET, where=where, select=FIELDS, unseen=True)
        ]
        return min((str(row["ContactPersonId"]) for row in rows), default="")

    async def are_there(self, company: str, email: str) -> bool:
        """Whether anybody's contact has this e-mail address, whatever its case."""
        where = Filter.eq("dataAreaId", company) & Filter.eq("PrimaryEmailAddress", email)
        rows = self._client.query(SET, where=where, select=FIELDS[:2], top=1, unseen=True)
        return any([True async for _ in rows])

    async def create(
        self, company: str, party: str, body: Mapping[str, Any], *, not_after: datetime
    ) -> str:
        """Post a contact of a party; returns its number."""
        owner = {"dataAreaId": company, "AssociatedPartyNumber": party}
        created = await self._client.create(SET, {**owner, **body}, not_after=not_after)
        return str(created["ContactPersonId"])

    async def update(
        self, company: str, number: str, changes: Mapping[str, Any], *, not_after: datetime
    ) -> None:
        """Patch a contact. Safe to repeat."""
        await self._client.changeset(
            [Write("PATCH", SET, _key(company, number), dict(changes))], not_after=not_after
        )


def _key(company: str, number: str) -> dict[str, Any]:
    return {"dataAreaId": company, "ContactPersonId": number}
