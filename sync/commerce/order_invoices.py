"""Invoices of orders in a shop, and how one is made (reference 3.3 and 13).

`capture` has a gateway take the money; without it the invoice counts as paid, and nothing moves. An
invoice cannot be taken back once it is paid. Comments cannot be searched for (500), but a list by
order shows them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.models.invoice import Invoice
from sync.commerce.rest import BY_ID, RestClient
from sync.commerce.search import Search, split

INVOICES: Final = "invoices"


class OrderInvoices:
    """The invoices of one shop's orders. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._of_orders = client.joined(self._load)

    async def of_order(self, order_id: int) -> list[Invoice]:
        """All invoices of an order, the oldest first, cancelled ones as well."""
        return await self._of_orders.get(order_id) or []

    async def make(self, order_id: int, body: Mapping[str, Any], *, not_after: datetime) -> int:
        """Make an invoice; its id. Not safe to repeat."""
        path = path_of("order", order_id, "invoice")
        return await self._client.made(path, dict(body), not_after=not_after)

    async def _load(self, order_ids: Sequence[int]) -> Mapping[int, list[Invoice]]:
        base = Search(sorts=BY_ID, page_size=self._client.settings.page_size)
        found: dict[int, list[Invoice]] = {one: [] for one in order_ids}
        for search in split(base, "order_id", order_ids):
            for row in await self._client.rows(INVOICES, search):
                invoice = Invoice.read(row)
                found.setdefault(invoice.order_id, []).append(invoice)
        return found
