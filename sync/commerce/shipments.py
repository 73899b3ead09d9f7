"""Shipments of a shop: what was sent of its orders, from which source, and how it is tracked.

Measured on 2.4.7: no list can be searched by comment or tracking number, but a list by order shows
both. A quantity above what is left is cut off without a word. A shipment cannot be taken back; a
tracking number can, and one that is added twice is there twice.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.inventory import Inventory
from sync.commerce.models.order import utc
from sync.commerce.rest import BY_ID, RestClient
from sync.commerce.sales_documents import made_in
from sync.commerce.search import Node, Search, split
from sync.commerce.sources_in_use import SourcesInUse
from sync.core.ports import Clock

SHIPMENTS: Final = "shipments"
TRACK: Final = "shipment/track"
FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "order_id", "store_id", "created_at",
    ("items", ("order_item_id", "qty")),
    ("tracks", ("entity_id", "track_number", "title", "carrier_code")),
    ("comments", ("comment",)),
)  # fmt: skip

MARKER: Final = "PS:"
"""How the comment begins that names the packing slip of a shipment."""


NO_SLIP: Final = "-"
"""Stands in the comment of a shipment of which F&O never has a slip."""


def marker_of(slip: str) -> str:
    """The comment by which a slip's shipment is known."""
    return f"{MARKER}{slip}"


@dataclass(frozen=True)
class Track:
    """A tracking number. All three texts are required by the shop; the carrier may be any."""

    number: str
    title: str
    carrier: str

    def body(self) -> dict[str, str]:
        """As the shop takes it."""
        return {
            "track_number": self.number, "title": self.title, "carrier_code": self.carrier
        }  # fmt: skip


@dataclass(frozen=True)
class Shipment:
    """A shipment as the shop holds it: pieces by order item, tracks with their ids."""

    entity_id: int
    increment_id: str
    items: Mapping[int, Decimal]
    tracks: Mapping[int, Track]
    comments: tuple[str, ...]
    order_id: int = 0
    store_id: int | None = None
    made: datetime | None = None

    @property
    def is_decided(self) -> bool:
        """Whether a person has said by a comment that no packing slip stands for it."""
        return any(comment.strip() == marker_of(NO_SLIP) for comment in self.comments)

    @property
    def slip(self) -> str:
        """The packing slip that one of its comments names; empty where none does."""
        told = (comment.strip() for comment in self.comments)
        found = (text.removeprefix(MARKER) for text in told if text.startswith(MARKER))
        return next((number.strip() for number in found), "")


class Shipments:
    """The shipments of one shop. Raises as the client does. `sources_in_use`: what this process is
    just shipping."""

    def __init__(self, client: RestClient, inventory: Inventory, clock: Clock) -> None:
        self._client = client
        self.sources_in_use = SourcesInUse(inventory.quantities, clock)
        self._of_orders = client.joined(self._load)

    async def of_order(self, order_id: int) -> list[Shipment]:
        """All shipments of an order, the oldest first."""
        return await self._of_orders.get(order_id) or []

    async def made(
        self, since: datetime, until: datetime, stores: Collection[int]
    ) -> AsyncIterator[Shipment]:
        """What was shipped in these store views from `since` until before `until`."""
        search = Search(sorts=BY_ID, page_size=self._client.settings.page_size, fields=FIELDS)
        pages = made_in(self._client, SHIPMENTS, search, (since, until), stores)
        async for page in pages:
            for row in page:
                yield _shipment(row)

    async def ship(self, order_id: int, body: Mapping[str, Any], *, not_after: datetime) -> int:
        """Make a shipment; its id. Not safe to repeat."""
        path = path_of("order", order_id, "ship")
        return await self._client.made(path, dict(body), not_after=not_after)

    async def add_track(
        self, order_id: int, shipment_id: int, track: Track, *, not_after: datetime
    ) -> None:
        """Add a tracking number. Not safe to repeat."""
        parcel = {"weight": 0, "qty": 1, "description": ""}  # as Adobe's specification wants them
        entity = {"order_id": order_id, "parent_id": shipment_id, **track.body(), **parcel}
        await self._client.post(TRACK, {"entity": entity}, not_after=not_after)

    async def remove_track(self, track_id: int, *, not_after: datetime) -> None:
        """Remove a tracking number; gone already is fine."""
        await self._client.delete(path_of("shipment", "track", track_id), not_after=not_after)

    async def _load(self, order_ids: Sequence[int]) -> Mapping[int, list[Shipment]]:
        base = Search(sorts=BY_ID, page_size=self._client.settings.page_size, fields=FIELDS)
        found: dict[int, list[Shipment]] = {one: [] for one in order_ids}
        for search in split(base, "order_id", order_ids):
            for row in await self._client.rows(SHIPMENTS, search):
                found.setdefault(int(row["order_id"]), []).append(_shipment(row))
        return found


def _shipment(row: Mapping[str, Any]) -> Shipment:
    items: dict[int, Decimal] = {}
    for item in row.get("items") or []:
        number = int(item["order_item_id"])
        items[number] = items.get(number, Decimal(0)) + Decimal(item.get("qty") or 0)
    tracks = {int(one["entity_id"]): _track(one) for one in row.get("tracks") or []}
    comments = tuple(str(one.get("comment") or "") for one in row.get("comments") or [])
    label = str(row.get("increment_id") or "")
    store, made = row.get("store_id"), utc(str(row.get("created_at")))
    return Shipment(
        int(row["entity_id"]), label, items, tracks, comments, int(row.get("order_id") or 0),
        None if store is None else int(store), made,
    )  # fmt: skip


def _track(row: Mapping[str, Any]) -> Track:
    texts = (str(row.get(name) or "") for name in ("track_number", "title", "carrier_code"))
    return Track(*texts)
