"""What a shop is asked about its customers."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.filters import of_any
from sync.commerce.models.customer import Customer
from sync.commerce.models.rows import columns_of
from sync.commerce.rest import RestClient
from sync.commerce.search import Node

PATH: Final = "customers/search"
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

    async def _by_ids(self, ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        return await self._client.by_ids(PATH, ids, key="id")
