"""Which websites of a shop are a connection's: those it names, else those of the store views it
names."""

from sync.commerce.client import CommerceClient
from sync.config.connections import Connection


class Websites:
    """The websites of one connection. The shop is asked once per process, and only where store
    views are named."""

    def __init__(self, client: CommerceClient, connection: Connection) -> None:
        self._client = client
        self._named = frozenset(connection.commerce.websites)
        self._stores = frozenset(connection.stores)
        self._asked: frozenset[int] | None = None
        self._of_stores: dict[int, int] = {}

    async def ours(self) -> frozenset[int] | None:
        """Their ids; None where every website is, as every store view is. Raises as the client
        does."""
        if self._named:
            return self._named
        if "default" in self._stores:
            return None
        if self._asked is None:
            views = await self._client.store_views()
            ours = (view for view in views if str(view.get("id")) in self._stores)
            self._asked = frozenset(
                int(view["website_id"]) for view in ours if view.get("website_id")
            )
        return self._asked

    async def of_store(self, store_id: int) -> int | None:
        """The website of a store view; None where the shop has no such view. Asked once per
        process. Raises as the client does."""
        if store_id not in self._of_stores:
            views = await self._client.store_views()
            ids = ((view.get("id"), view.get("website_id")) for view in views)
            self._of_stores |= {int(one): int(of) for one, of in ids if one is not None and of}
        return self._of_stores.get(store_id)
