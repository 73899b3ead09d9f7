"""RMAs of a shop (Adobe Commerce).

Lists may answer `items`, `comments` and `tracks` as null (magento2 issue 4373): that is "not
loaded", so such an RMA is read by its id. An RMA has no time of change, only the day it was
requested. A PUT takes the whole RMA. No mail follows what is written here (issue 33957).
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.errors import NotThere
from sync.commerce.filters import Op, of_any, where
from sync.commerce.models.rma import OVER
from sync.commerce.rest import BY_ID, RestClient
from sync.commerce.search import Search, split
from sync.core.request import Request

RETURNS: Final = "returns"
QUANTITIES: Final = ("qty_authorized", "qty_returned", "qty_approved")
LOADED: Final = ("items", "comments", "tracks")


def saved(rma: Mapping[str, Any]) -> Request:
    """A whole RMA as it is to be. Writing it again changes nothing. Quantities that nobody has
    entered are null, whether or not the shop named them: it wants every field (issue 33957)."""
    items = [{**dict.fromkeys(QUANTITIES), **item} for item in rma.get("items") or ()]
    body = {"rmaDataObject": {**rma, "items": items}}
    return Request("PUT", f"/V1/{path_of(RETURNS, rma['entity_id'])}", body)


def comment(rma_id: int, text: str, status: str, *, is_visible: bool = True) -> Request:
    """A comment, which the customer sees or staff alone. Each call adds one."""
    line = {
        "comment": text, "rma_entity_id": rma_id, "status": status, "admin": True,
        "visible_on_front": is_visible, "customer_notified": False,
    }  # fmt: skip
    return Request("POST", f"/V1/{path_of(RETURNS, rma_id, 'comments')}", {"data": line})


def track(rma_id: int, number: str, title: str, carrier: str) -> Request:
    """A tracking number. Each call adds one."""
    line = {
        "rma_entity_id": rma_id, "track_number": number, "carrier_title": title,
        "carrier_code": carrier,
    }  # fmt: skip
    return Request("POST", f"/V1/{path_of(RETURNS, rma_id, 'tracking-numbers')}", {"track": line})


class Returns:
    """The RMAs of one shop, as raw JSON. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._by_number = client.joined(self._numbered)
        self._of_orders = client.joined(self._ordered)

    async def by_number(self, increment_id: str) -> list[dict[str, Any]]:
        """The RMAs of that number, whole: one per store view at most."""
        return [await self._whole(row) for row in await self._by_number.get(increment_id) or []]

    async def in_store(self, increment_id: str, store: str) -> dict[str, Any] | None:
        """The RMA of that number in a store view, whole; None when there is none (yet)."""
        found = await self._by_number.get(increment_id) or []
        row = next((row for row in found if str(row.get("store_id", "")) == store), None)
        return None if row is None else await self._whole(row)

    async def of_order(self, order_id: int) -> list[dict[str, Any]]:
        """All RMAs of an order, whole."""
        return [await self._whole(row) for row in await self._of_orders.get(order_id) or []]

    async def open_or_since(
        self, since: datetime, *, stores: Collection[int] | None, after: int = 0
    ) -> AsyncIterator[dict[str, Any]]:
        """Those that are not over, whenever they were requested, and those requested since; by id,
        after this one."""
        size = self._client.settings.page_size
        search = Search(sorts=BY_ID, page_size=size).having(
            where("status", Op.NIN, sorted(OVER)), where("date_requested", Op.GTEQ, since)
        )
        for one in of_any("store_id", stores):
            search = search.having(one)
        while True:
            page = await self._client.search(
                RETURNS, search.having(where("entity_id", Op.GT, after))
            )
            for row in page.items:
                after = int(row["entity_id"])
                yield await self._whole(row)
            if page.is_last(len(page.items)):
                return

    async def since(
        self, since: datetime, until: datetime, *, stores: Collection[int] | None
    ) -> AsyncIterator[dict[str, Any]]:
        """Those requested from `since` until before `until`, whole, in no promised order."""
        search = Search(sorts=BY_ID, page_size=self._client.settings.page_size)
        search = search.having(where("date_requested", Op.GTEQ, since))
        search = search.having(where("date_requested", Op.LT, until))
        for one in of_any("store_id", stores):
            search = search.having(one)
        async for page in self._client.pages(RETURNS, search):
            for row in page.items:
                yield await self._whole(row)

    async def photos(self, path: str, rma_id: int) -> Any:
        """What a module of the shop answers at its path below /V1."""
        return await self._client.get(path.strip("/").format(rma_id=rma_id))

    async def send(self, request: Request, *, not_after: datetime) -> None:
        """Send what `saved`, `comment` or `track` made."""
        write = self._client.put if request.method == "PUT" else self._client.post
        await write(request.path.removeprefix("/V1/"), request.body, not_after=not_after)

    async def _whole(self, row: dict[str, Any]) -> dict[str, Any]:
        if all(row.get(name) is not None for name in LOADED):
            return row
        try:
            found = await self._client.get(path_of(RETURNS, row["entity_id"]))
        except NotThere:
            return row
        return found if isinstance(found, dict) else row

    async def _numbered(self, numbers: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
        return await self._by("increment_id", [one for one in numbers if "," not in one])

    async def _ordered(self, order_ids: Sequence[int]) -> Mapping[int, list[dict[str, Any]]]:
        return await self._by("order_id", order_ids)

    async def _by(self, field: str, values: Sequence[Any]) -> Mapping[Any, list[dict[str, Any]]]:
        base = Search(sorts=BY_ID, page_size=self._client.settings.page_size)
        kind, found = type(values[0]) if values else str, dict[Any, list[dict[str, Any]]]()
        for search in split(base, field, values):
            for row in await self._client.rows(RETURNS, search):
                found.setdefault(kind(row[field]), []).append(row)
        return found
