"""A closer look at a packing slip of F&O, or at a shipment of Commerce that no slip stands for:
both sides are read again, and the rules of the flow say what Commerce has to show."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sync.commerce.models.order import Order
from sync.commerce.shipments import NO_SLIP, Shipment, marker_of
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import total
from sync.engine.claim import Claim, State
from sync.flows.fulfilment.shipments import SHIPMENTS, read
from sync.flows.fulfilment.slip_orders import PackedOrder, PackedSlip
from sync.flows.fulfilment.slip_view import SlipView, view_of
from sync.flows.keys import elsewhere
from sync.flows.orders.order_changes import former_reference
from sync.mapping.posting_policy import before_our_time
from sync.mapping.sales_order import reference_of
from sync.reconcile.causes import Told, is_under_way, is_young, parked
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.spool import COMMERCE, DYNAMICS, Entry
from sync.reconcile.verdict import PIECES, Verdict

BY_HAND: Final = (
    "Nobody knows a packing slip of this shipment. Once F&O has posted it, give the shipment the"
    f" comment {marker_of('SLIP')} in the Admin; where F&O never does, {marker_of(NO_SLIP)}."
)
SLIP_GONE: Final = (
    "F&O has no such slip (any more), and a shipment cannot be taken back. Post it again, or give"
    f" the shipment the comment {marker_of(NO_SLIP)} in the Admin."
)
TWICE: Final = (
    "Several shipments have this slip's marker. Give those that did not leave the warehouse the"
    f" comment {marker_of(NO_SLIP)} in the Admin."
)


@dataclass(frozen=True)
class Looks:
    """Looks at slips and shipments. `first`: what is older, and unknown to us, is of before our
    time."""

    connected: Connected
    window: Window
    first: datetime | None

    def agreed(self, entries: list[Entry]) -> Verdict | None:
        """The verdict where one slip and one shipment come to as many pieces."""
        if [one.side for one in entries] != [COMMERCE, DYNAMICS]:
            return None
        shown, slip = entries
        if shown.amount is None or shown.amount != slip.amount:
            return None
        place = self._place(datetime.fromisoformat(slip.day), int(shown.store))
        return Verdict(place, [shown.amount], [shown.amount])

    async def look(self, entry: Entry) -> Verdict | None:
        """Both sides of it, read again."""
        at = datetime.fromisoformat(entry.day)
        if entry.side == DYNAMICS:
            return await self._slip(entry.key, at)
        return await self._shipment(entry, at) if at < self.window.until else None

    async def _slip(self, key: str, at: datetime, *, is_counted: bool = True) -> Verdict | None:
        """Of a slip that names an order of somebody else: the first of its others that is ours."""
        packed = await read(key, self.connected.systems)
        found = _order_of(packed, self.connected.settings) if packed is not None else None
        if packed is not None and found is None and packed.slip.is_head:
            for other in packed.slip.others:
                key = replace(packed.slip, sales_order=other).key
                if verdict := await self._slip(key, at, is_counted=is_counted):
                    return verdict
        if packed is None or found is None or not self._is_asked_for(found.order):
            return None
        claim, systems = await self._claim(key), self.connected.systems
        place, found = self._place(at, found.order.store_id), await found.with_shipments(systems)
        try:
            view = await view_of(packed.slip, found, systems)
        except Never as error:
            held = packed.slip.quantity
            cause = Cause.PARKED if claim.waits_for_a_person else Cause.MISSING
            difference = _difference(place, key, None, held, (cause, at.isoformat(), error.remedy))
            return Verdict(place, [], [held], difference, is_counted)
        return await self._compared(view, found, claim, (place, at), is_counted=is_counted)

    async def _compared(
        self, view: SlipView, found: PackedOrder, claim: Claim,
        where: tuple[tuple[str, str, str, str], datetime], *, is_counted: bool,
    ) -> Verdict | None:  # fmt: skip
        (place, at), is_shown = where, view.there is not None
        sent = total(one.wanted for one in view.sent)
        shown = total(view.items.values()) if is_shown else None
        counted = Verdict(place, [] if shown is None else [shown], [sent], None, is_counted)
        marked = [one for one in found.shipments if one.slip == view.slip.number]
        if len([one for one in marked if not one.is_decided]) > 1:
            told: Told | None = (Cause.DOUBLED, at.isoformat(), TWICE)
        else:
            told = await self._told(view, claim, at)
        if told is None:
            return counted
        if told[0] is Cause.MISSING and self._is_others(at, claim):
            return None
        difference = _difference(place, view.slip.key, shown, sent, told)
        return Verdict(place, counted.commerce, counted.dynamics, difference, is_counted)

    async def _told(self, view: SlipView, claim: Claim, at: datetime) -> Told | None:
        """Why they differ; None where they do not, or a person has decided on it."""
        point, is_shown = view.open_point(), view.there is not None
        is_settled = point is None or not point.sums or claim.resolved == point.sums
        if is_settled and (is_shown or not view.items):
            return None
        about, since = Commands(self.connected.systems.name, SHIPMENTS, claim.key), at.isoformat()
        if claim.state is State.PARKED:
            return await parked(self.connected, claim)
        if is_under_way(self.connected, claim):
            return Cause.WAITING, since, about.trail()
        deliver = about.replay() if claim.etag else about.backfill()
        if is_young(self.connected, SHIPMENTS, at):
            return Cause.NOT_DUE, since, deliver
        if claim.differs:
            return Cause.EDITED, since, claim.remedy
        return Cause.EDITED if is_shown else Cause.MISSING, since, deliver

    async def _shipment(self, entry: Entry, at: datetime) -> Verdict | None:
        """A shipment without a slip of the time."""
        systems, (order_id, _, number) = self.connected.systems, entry.key.partition("|")
        row = await systems.commerce.orders.by_id(int(order_id))
        order = Order.read(row) if row is not None else None
        if order is None or elsewhere(order.store_id, systems) or not self._is_asked_for(order):
            return None
        there = await systems.commerce.shipments.of_order(int(order_id))
        held = next((one for one in there if one.increment_id == number), None)
        if held is None or held.is_decided or self._is_old(order, at):
            return None
        return await self._unexplained(order, held, at)

    async def _unexplained(self, order: Order, held: Shipment, at: datetime) -> Verdict | None:
        company = self.connected.settings.legal_entity_of(order.store_id)
        slips = self.connected.systems.dynamics.packing_slips
        keys = await slips.keys(company, number=held.slip) if held.slip else []
        if keys:
            return await self._slip(keys[0], at, is_counted=False)
        pieces, place = total(held.items.values()), self._place(at, order.store_id)
        is_young_ = is_young(self.connected, SHIPMENTS, at)
        cause = Cause.NOT_DUE if is_young_ else Cause.UNKNOWN
        told = (cause, at.isoformat(), SLIP_GONE if held.slip else BY_HAND)
        difference = _difference(place, f"{order.key}|{held.increment_id}", pieces, None, told)
        return Verdict(place, [pieces], [], difference)

    def _is_asked_for(self, order: Order) -> bool:
        stores = self.window.stores
        return not order.is_virtual and (stores is None or order.store_id in stores)

    def _is_old(self, order: Order, at: datetime) -> bool:
        settings = self.connected.settings.orders
        is_early = self.first is not None and at < self.first
        return is_early or bool(before_our_time(order, settings))

    def _is_others(self, at: datetime, claim: Claim) -> bool:
        return not claim.etag and self.first is not None and at < self.first

    async def _claim(self, key: str) -> Claim:
        return await self.connected.ledger.claim(self.connected.systems.name, SHIPMENTS, key)

    def _place(self, at: datetime, store: int | None) -> tuple[str, str, str, str]:
        named = "" if store is None else str(store)
        return SHIPMENTS, self.connected.day(at, store), named, PIECES


def _order_of(packed: PackedSlip, settings: Connection) -> PackedOrder | None:
    """The order that the slip's reference names, where it is posted into the slip's company."""
    slip = packed.slip
    for one in packed.orders:
        names = _names(one.order, settings)
        company = settings.legal_entity_of(one.order.store_id)
        if slip.reference.casefold() in names and company == slip.company:
            return one
    return None


def _names(order: Order, settings: Connection) -> Iterable[str]:
    return {one.casefold() for one in (reference_of(order, settings), former_reference(order))}


def _difference(
    place: tuple[str, str, str, str], key: str, shown: Decimal | None, sent: Decimal | None,
    told: Told,
) -> Difference:  # fmt: skip
    kind, day, store, currency = place
    return Difference(kind, key, store, day, currency, shown, sent, *told)
