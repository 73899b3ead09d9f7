"""Quote templates of a shop and the links to documents that they show (Adobe Commerce from 2.4.7
with links from 2.4.8, by its specification). Their items and prices have no REST of their own."""

from collections.abc import Mapping
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.errors import NotThere
from sync.commerce.filters import Op, where
from sync.commerce.rest import RestClient
from sync.commerce.search import Search
from sync.core.request import Request

TEMPLATES: Final = "negotiableQuoteTemplate"
LINKS: Final = f"{TEMPLATES}/referenceDocumentLink"


def link_saved(link: Mapping[str, Any]) -> Request:
    """A link as it is shown; one with a `link_id` is changed. Answers nothing."""
    return Request("PUT", f"/V1/{LINKS}", {"referenceDocumentLink": dict(link)})


class QuoteTemplates:
    """The templates of one shop, as raw JSON. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def by_id(self, template_id: int) -> dict[str, Any] | None:
        """The template; None when there is none (any more)."""
        try:
            found = await self._client.get(path_of(TEMPLATES, template_id))
        except NotThere:
            return None
        return found if isinstance(found, dict) else None

    async def links(self, template_id: int) -> list[dict[str, Any]]:
        """The links to documents that it shows."""
        wanted = Search().having(where("template_id", Op.EQ, template_id))
        page = await self._client.search(LINKS, wanted)
        return list(page.items)

    async def send(self, request: Request, **when: Any) -> None:
        """Send what `link_saved` made. A new link is not safe to repeat: look for it first."""
        await self._client.put(request.path.removeprefix("/V1/"), request.body, **when)
