"""An RMA together with what F&O has made of it."""

from dataclasses import dataclass

from sync.core.encoding import digest
from sync.dynamics.documents.return_state import ReturnState
from sync.engine.systems import Systems
from sync.flows.returns.rma_records import read_rma
from sync.mapping.rma_progress import Track
from sync.mapping.rma_return_order import RmaWithOrder, rma_reference


@dataclass(frozen=True)
class Handled:
    """An RMA, with the return orders of its reference, their credit notes, and the tracking numbers
    of their replacements. `is_posted`: F&O has posted a document of theirs, of whatever sum."""

    found: RmaWithOrder
    states: tuple[ReturnState, ...]
    credit_notes: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()
    is_posted: bool = False

    @property
    def fingerprint(self) -> str:
        """What differs once F&O went on with it, or the shop."""
        lines = [
            [one.status, one.replacement, one.is_stopped, *(str(line) for line in one.lines)]
            for one in self.states
        ]
        tracks = [one.number for one in self.tracks]
        notes = [*self.credit_notes] or ["of nothing"] * self.is_posted
        return digest([self.found.rma.status, lines, notes, tracks])


async def read(key: str, systems: Systems) -> Handled | None:
    """The RMA and what F&O has of it."""
    found = await read_rma(key, systems)
    if found is None:
        return None
    settings, dynamics = systems.settings, systems.dynamics
    company = settings.legal_entity_of(found.order.store_id)
    reference = rma_reference(found.rma, found.order, settings)
    states = await dynamics.return_states.named(company, reference)
    posted = [
        document
        for one in states
        for document in await dynamics.return_states.posted_of(company, one.number)
    ]
    notes = [one.number for one in posted if one.is_credit_note]
    tracks = [one for state in states for one in await _tracks(state, systems)]
    return Handled(found, tuple(states), tuple(notes), tuple(tracks), bool(posted))


async def _tracks(state: ReturnState, systems: Systems) -> list[Track]:
    """The tracking numbers of the replacement's slips."""
    if not state.replacement:
        return []
    slips, found = systems.dynamics.packing_slips, list[Track]()
    for key in await slips.keys(state.company, sales_order=state.replacement):
        slip = await slips.get(state.company, state.replacement, key.rpartition("|")[2])
        if slip is not None:
            carrier = systems.settings.shipments.carrier_of(slip.carrier, slip.mode)
            found += [Track(number, carrier.title) for number in slip.tracking]
    return found
