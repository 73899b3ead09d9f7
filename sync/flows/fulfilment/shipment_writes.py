"""A shipment of Commerce as a write: found again by its marker, its tracking numbers kept current.
A shipment cannot be taken back, so nothing else of it is ever changed.

The marker is a comment of the shipment, `PS:` and the number of the slip. A person who has shipped
by hand may write it in the Admin: then that shipment is taken over.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce.shipments import Shipment, Shipments, Track, marker_of
from sync.core.request import Request
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Conflict, Found, Target, Write


@dataclass(frozen=True)
class WantedShipment:
    """A shipment to be. `items`: pieces by order item. `source`: where it is taken from; empty in a
    shop without sources. `goods`: pieces by sku that the source has to hold."""

    order_id: int
    slip: str
    items: Mapping[int, Decimal]
    tracks: tuple[Track, ...]
    source: str
    goods: Mapping[str, Decimal]
    notify: bool

    def body(self) -> dict[str, Any]:
        """As the shop takes it."""
        source = {"extension_attributes": {"source_code": self.source}}
        return {
            "items": [{"order_item_id": one, "qty": qty} for one, qty in self.items.items()],
            "notify": self.notify,
            "comment": {"comment": marker_of(self.slip), "is_visible_on_front": 0},
            "tracks": [track.body() for track in self.tracks],
            **({"arguments": source} if self.source else {}),
        }


@dataclass(frozen=True)
class ShipmentWrite(Write):
    """The shipment of one slip. `there`: the shipment as it was seen a moment ago, if it was.
    `doubt`: told of SKUs of which a source is given pieces, for the stock that is shown is another
    one then."""

    kind: ClassVar[str] = "shipment"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    wanted: WantedShipment
    systems: Systems
    target: Target
    there: Shipment | None
    doubt: Callable[[Collection[str]], Awaitable[None]]

    @property
    @override
    def reference(self) -> str:
        return marker_of(self.wanted.slip)

    @property
    @override
    def document(self) -> Any:
        items = {str(one): str(qty.normalize()) for one, qty in self.wanted.items.items()}
        tracks = [track.body() for track in self.wanted.tracks]
        return {"items": items, "tracks": tracks}

    @property
    def shipments(self) -> Shipments:
        """Those of the shop."""
        return self.systems.commerce.shipments

    @override
    def requests(self) -> Sequence[Request]:
        if self.there is not None:
            return []
        return [Request("POST", f"/V1/order/{self.wanted.order_id}/ship", self.wanted.body())]

    @override
    async def find(self) -> Found | None:
        there = await self.shipments.of_order(self.wanted.order_id)
        return as_found(marked(there, self.wanted.slip))

    @override
    async def find_lately(self) -> Found | None:
        return as_found(self.there)

    @override
    async def create(self, not_after: datetime) -> Found:
        """Ship it. A source that holds less than is shipped refuses the shipment, also with
        backorders: F&O may have taken the goods off what it says is on hand. They have left, so
        they were there, and the source is given as many first."""
        source, goods = self.wanted.source, self.wanted.goods if self.wanted.source else {}
        inventory, order_id = self.systems.commerce.inventory, self.wanted.order_id
        async with self.shipments.sources_in_use.shipping(source, goods) as lacking:
            if lacking:
                await self.doubt(lacking)
                await inventory.fill(source, lacking, not_after=not_after)
            number = await self.shipments.ship(order_id, self.wanted.body(), not_after=not_after)
        return Found(str(number))

    @override
    def is_whole(self, found: Found) -> bool:
        return found.content is None or not self._missing(found.content)

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        await self._add(found.content, not_after)
        return found

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        found = await self.shipments.of_order(self.wanted.order_id)
        held = next((one for one in found if str(one.entity_id) == number), None)
        if held is None:
            raise Conflict(
                f"shipment {number} of slip {self.wanted.slip} is not there any more",
                remedy="Look in Commerce what became of it. Nothing is sent for this slip again.",
            )
        wrong = self._wrong(held, sent)
        if not wrong and not self._missing(held):
            return Amendment(self.document)

        async def apply(not_after: datetime) -> None:
            await self._add(held, not_after)
            for track_id in wrong:
                await self.shipments.remove_track(track_id, not_after=not_after)

        return Amendment(self.document, apply)

    async def _add(self, held: Shipment, not_after: datetime) -> None:
        for track in self._missing(held):
            await self.shipments.add_track(
                self.wanted.order_id, held.entity_id, track, not_after=not_after
            )

    def _missing(self, held: Shipment) -> list[Track]:
        numbers = {track.number for track in held.tracks.values()}
        return [track for track in self.wanted.tracks if track.number not in numbers]

    def _wrong(self, held: Shipment, sent: Any | None) -> list[int]:
        """Tracks of ours that F&O no longer has. Those that somebody added in Commerce stay."""
        ours = {track["track_number"] for track in (sent or {}).get("tracks") or ()}
        wanted = {track.number for track in self.wanted.tracks}
        return [one for one, track in held.tracks.items() if track.number in ours - wanted]


def marked(shipments: Iterable[Shipment], slip: str) -> Shipment | None:
    """The shipment of a slip; None where there is none."""
    return next((one for one in shipments if one.slip == slip), None)


def as_found(held: Shipment | None) -> Found | None:
    """A shipment of Commerce as what a write found."""
    return None if held is None else Found(str(held.entity_id), content=held)
