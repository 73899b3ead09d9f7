"""Refunds that are made in the shop from outside."""

from datetime import datetime

from sync.commerce.address import path_of
from sync.commerce.models.refund import WantedRefund
from sync.commerce.rest import RestClient


class Refunds:
    """The refunds of one shop. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def make(self, wanted: WantedRefund, *, not_after: datetime) -> int:
        """Make it; the id of its credit memo. Not safe to repeat."""
        request = wanted.request()
        path = request.path.removeprefix("/V1/")
        return await self._client.made(path, request.body, not_after=not_after)

    async def comment(self, memo_id: int, text: str, *, not_after: datetime) -> None:
        """Add a hidden comment to a credit memo. Not safe to repeat."""
        line = {"comment": text, "parent_id": memo_id, "is_visible_on_front": 0}
        line["is_customer_notified"] = 0
        path = path_of("creditmemo", memo_id, "comments")
        await self._client.post(path, {"entity": line}, not_after=not_after)
