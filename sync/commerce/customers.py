"""What a shop is asked about its customers."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.filters import Op, of_any, where
from sync.commerce.models.customer import Customer
from sync.commerce.models.fields import whole_from
from sync.commerce.models.rows import columns_of
from sync.commerce.rest import BY_ID, RestClient
from sync.commerce.search import Node, Search

PATH: Final = "customers/search"
ALL: Final = "customers"
COLUMNS: Final[tuple[Node, ...]] = (
    *columns_of(Customer, "addresses", "custom_attributes"),
    ("extension_attributes", ("company_attributes",)),
)
"""All that the product reads of a customer: a change of any of it shows in a list, whatever its
stamp says."""


class Customers:
    """The customers of one shop, with addresses, as raw JSON. Errors as the client's."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._by_id = client.joined(self._by_ids)

    async def by_id(self, customer_id: int) -> dict[str, Any] | None:
        """The customer, or None when there is none (any more)."""
        return await self._by_id.get(customer_id)

    def changed(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        websites: Collection[int] | None = None,
        after: str = "",
    ) -> AsyncIterator[dict[str, Any]]:
        """`COLUMNS` of customers that changed, oldest first (`RestClient.changed`); of these
        websites where they are named."""
        only = of_any("website_id", websites)
        return self._client.changed(
            PATH, since, until, fields=COLUMNS, key="id", only=only, after=after
        )

    async def with_email(self, email: str, website: int) -> dict[str, Any] | None:
        """The customer of a website with this e-mail address; None where there is none. An address
        is unique in a website, or in the whole shop."""
        search = Search(sorts=BY_ID).having(where("email", Op.EQ, email))
        rows = await self._client.rows(PATH, search, key="id")
        here = (row for row in rows if whole_from(row.get("website_id")) == website)
        return next(here, None)

    async def create(self, customer: Mapping[str, Any], *, not_after: datetime) -> int:
        """Register a customer without a password, whom the shop mails; the id. Refused where the
        e-mail address is taken."""
        return await self._client.made(ALL, {"customer": dict(customer)}, not_after=not_after)

    async def save(
        self, customer_id: int, customer: Mapping[str, Any], *, not_after: datetime
    ) -> None:
        """Save a customer whole, as it was read with what is to be changed: addresses that are left
        out of the list are deleted. Safe to repeat."""
        path = path_of("customers", customer_id)
        await self._client.put(path, {"customer": dict(customer)}, not_after=not_after)

    async def _by_ids(self, ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        return await self._client.by_ids(PATH, ids, key="id")
