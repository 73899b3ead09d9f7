"""Negotiable quotes of a shop (Adobe Commerce).

A quote is a cart: there is no list of quotes, and its state is an extension attribute of the cart
(reference 3.8, 6.1). Void methods answer `[]`, the others `true`.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from mimetypes import guess_type
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.errors import NotThere
from sync.commerce.filters import Op, of_any, where
from sync.commerce.rest import RestClient
from sync.commerce.search import Node
from sync.core.request import Request

CARTS, SEARCH, QUOTES = "carts", "carts/search", "negotiableQuote"
LISTED: Final[tuple[Node, ...]] = (
    "id", "updated_at", "store_id", ("extension_attributes", ("negotiable_quote",)),
)  # fmt: skip


def saved(quote_id: int, quote: Mapping[str, Any]) -> Request:
    """Prices, quantities and terms of the seller. Writing them again changes nothing."""
    return Request("PUT", f"/V1/{path_of(QUOTES, quote_id)}", {"quote": {"id": quote_id, **quote}})


def file_body(file_name: str, content: str) -> dict[str, str]:
    """A file as it goes with a message; `content` is in base64."""
    kind = guess_type(file_name)[0] or "application/octet-stream"
    return {"base64_encoded_data": content, "type": kind, "name": file_name}


def submitted(quote_id: int, comment: str, files: Sequence[Mapping[str, str]] = ()) -> Request:
    """The seller's answer goes to the buyer; refused when it is not the seller's turn."""
    body = {"quoteId": quote_id, "comment": comment, "files": [*files]}
    return Request("POST", f"/V1/{QUOTES}/submitToCustomer", body)


def recalculated(quote_id: int) -> Request:
    """The shop's prices and taxes of today, as submitting takes them; what was negotiated stays."""
    return Request("POST", f"/V1/{QUOTES}/pricesUpdated", {"quoteIds": [quote_id]})


def declined(quote_id: int, reason: str) -> Request:
    """The seller declines; negotiated prices are gone then. Refused when it is not their turn."""
    return Request("POST", f"/V1/{QUOTES}/decline", {"quoteId": quote_id, "reason": reason})


class Quotes:
    """The quotes of one shop, as raw JSON. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def by_id(self, quote_id: int) -> dict[str, Any] | None:
        """The cart; None when there is none (any more)."""
        return await self._one(path_of(CARTS, quote_id))

    async def totals(self, quote_id: int) -> dict[str, Any]:
        """What the shop shows of it."""
        return await self._one(path_of(CARTS, quote_id, "totals")) or {}

    async def comments(self, quote_id: int) -> list[dict[str, Any]]:
        """What was said of it, oldest first."""
        found = await self._client.get(path_of(QUOTES, quote_id, "comments"))
        return [one for one in found or () if isinstance(one, dict)]

    async def file(self, attachment_id: int) -> str:
        """A file of a comment in base64; empty where the shop answers none."""
        query = (("attachmentIds[]", str(attachment_id)),)
        found = await self._client.get(f"{QUOTES}/attachmentContent", query)
        return str(found[0].get("base64_encoded_data") or "") if found else ""

    def changed(
        self, since: datetime, until: datetime, *, stores: Collection[int] | None, after: str = ""
    ) -> AsyncIterator[dict[str, Any]]:
        """Carts of customers that changed, oldest first, with what the list tells of a quote: a
        shop may leave that out. Guests have no quotes."""
        only = (where("customer_is_guest", Op.EQ, 0), *of_any("store_id", stores))
        return self._client.changed(
            SEARCH, since, until, fields=LISTED, key="id", only=only, after=after
        )

    async def settled(self) -> datetime:
        """The latest moment of which nothing new can turn up (`RestClient.settled`)."""
        return await self._client.settled(SEARCH)

    async def send(self, requests: Sequence[Request], *, not_after: datetime) -> None:
        """Send what `saved`, `submitted` and their like made, one after the other."""
        for request in requests:
            write = self._client.put if request.method == "PUT" else self._client.post
            await write(request.path.removeprefix("/V1/"), request.body, not_after=not_after)

    async def _one(self, path: str) -> dict[str, Any] | None:
        try:
            found = await self._client.get(path)
        except NotThere:
            return None
        return found if isinstance(found, dict) else None
