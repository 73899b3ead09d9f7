"""A closer look at one record about which the books may differ: both sides are read again, and the
flow's own rules say what F&O has to hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.core.errors import Never
from sync.core.money import ZERO, rounded, total
from sync.dynamics.books import Booked
from sync.engine.claim import Claim
from sync.engine.flow import DocumentFlow
from sync.flows import FLOWS
from sync.reconcile.causes import Case, explained, is_decided
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Kind, Place, Window
from sync.reconcile.spool import COMMERCE, Entry
from sync.reconcile.verdict import Verdict
from sync.reconcile.wanted import Wanted, amount_of, is_equal

BY_NAME: Final[Mapping[str, DocumentFlow[Any]]] = {flow.name: flow for flow in FLOWS}


def agreed(entries: Sequence[Entry], kind: Kind) -> Verdict | None:
    """The verdict where the lists alone show that both books agree; None where a closer look must
    tell."""
    first, held = entries[0], entries[1:]
    if first.side != COMMERCE or len(held) > 1 or not all(one.is_plain for one in entries):
        return None
    if not _is_plainly_equal(first, [_booked(one) for one in held]):
        return None
    amount = [first.amount] if first.amount is not None else []
    place = (kind.name, first.day, first.store, first.currency)
    return Verdict(place, amount, amount if held else [])


def _is_plainly_equal(charged: Entry, held: Sequence[Booked]) -> bool:
    tax = charged.tax or ZERO
    wanted = Wanted(charged.amount, charged.currency, on_top=tax, tax=tax)
    return is_equal(wanted, held)


def _booked(one: Entry) -> Booked:
    amount = one.amount if one.amount is not None else ZERO
    return Booked(one.reference, one.key, one.currency, amount, one.tax, bool(one.is_gross), None)


@dataclass(frozen=True)
class Examination:
    """Looks at records of one kind."""

    connected: Connected
    kind: Kind
    window: Window

    async def look(self, entries: Sequence[Entry]) -> Verdict | None:
        """What becomes of a record; None where it is nobody's, or gone by now."""
        first = entries[0]
        is_charged = first.side == COMMERCE
        named = self.kind.record_named(first.reference, self._settings)
        key = first.key if is_charged else named or ""
        try:
            found = await self._read(key, first.reference)
            if found is None:
                return await self._unknown(key, entries)
            return await self._looked(found, first if is_charged and first.is_plain else None)
        except Never as error:
            return await self._unreadable(key, entries, error)

    async def _looked(self, found: Place, charged: Entry | None) -> Verdict | None:
        """`charged`: as Commerce's list has it, where that tells enough."""
        if self.window.stores is not None and found.store not in self.window.stores:
            return None
        claim = await self._claim(found.key)
        case = Case(self.connected, self.kind, found, claim, await self._held(found, claim))
        is_plain = charged is not None and not case.is_invoiced_twice
        if charged is not None and is_plain and _is_plainly_equal(charged, case.held):
            return self._counted(charged, case.held)
        return await self._judged(case)

    @property
    def _settings(self) -> Any:
        return self.connected.settings

    async def _read(self, key: str, reference: str) -> Place | None:
        """The record as Commerce has it now; None where there is none. Raises `Never` for one that
        cannot be read."""
        source, systems = BY_NAME[self.kind.flow].source, self.connected.systems
        resolved = await source.resolve(key, systems) if source.resolve else None
        for one in [key] if resolved is None else resolved:
            record = await source.read(one, systems)
            place = self.kind.place(record, self._settings) if record is not None else None
            if place is not None and (resolved is None or _is_named(place, reference)):
                return place
        return None

    async def _claim(self, key: str) -> Claim:
        ledger, name = self.connected.ledger, self.connected.systems.name
        return await ledger.claim(name, self.kind.flow, key)

    async def _held(self, place: Place, claim: Claim) -> list[Booked]:
        """F&O's documents with the record's references; else those that an earlier release made."""
        books = self.connected.systems.dynamics.books
        found = await self.kind.booked_of(books, place.company, place.references)
        if not found and claim.number and place.former not in place.references:
            numbers = {one.number for one in claim.delivered.values()}
            former = await self.kind.booked_of(books, place.company, [place.former])
            found = [one for one in former if one.number in numbers]
        return [self.kind.signed(one) for one in found]

    async def _judged(self, case: Case) -> Verdict | None:
        delivery = self.connected.delivery(case.claim)
        try:
            wanted = await self.kind.wanted(case.place.record, delivery, case.held)
        except Never as error:
            return self._verdict(case, Wanted(None), await explained(case, error))
        if wanted.is_others:
            return None
        is_fine = is_equal(wanted, case.held, case.most) and not case.is_invoiced_twice
        if is_fine or await is_decided(case, wanted):
            return self._verdict(case, wanted, None)
        return self._verdict(case, wanted, await explained(case, wanted))

    def _verdict(self, case: Case, wanted: Wanted, told: tuple[Cause, str, str] | None) -> Verdict:
        place, held = case.place, case.held
        is_ours = place.made is None or self.window.since <= place.made < self.window.until
        currency = wanted.currency or (held[0].currency if held else "")
        store = "" if place.store is None else str(place.store)
        at = (self.kind.name, self.connected.day(place.made, place.store), store, currency)
        there = rounded(amount_of(held, wanted)) if held else None
        difference = None
        if told is not None:
            found = Difference(
                at[0], place.key, store, at[1], currency, wanted.amount, there, *told
            )
            difference = found.unless_accepted(case.claim)
        commerce = [] if wanted.amount is None else [wanted.amount]
        dynamics = [] if there is None else [there, *[ZERO] * (len(held) - 1)]
        return Verdict(at, commerce, dynamics, difference, is_ours)

    def _counted(self, charged: Entry, held: Sequence[Booked]) -> Verdict:
        amount = [charged.amount] if charged.amount is not None else []
        place = (self.kind.name, charged.day, charged.store, charged.currency)
        return Verdict(place, amount, amount if held else [])

    async def _unreadable(self, key: str, entries: Sequence[Entry], error: Never) -> Verdict:
        """The lists have the record, and it cannot be read whole."""
        first = entries[0]
        held = [one.amount for one in entries if one.side != COMMERCE and one.amount is not None]
        amount = first.amount if first.side == COMMERCE else None
        place = (self.kind.name, first.day, first.store, first.currency)
        there = total(held) if held else None
        cause = Cause.AMOUNT if held else Cause.MISSING
        if (await self._claim(key)).waits_for_a_person:
            cause = Cause.PARKED
        difference = Difference(
            self.kind.name, key, first.store, first.day, first.currency, amount, there, cause, "",
            error.remedy,
        )  # fmt: skip
        return Verdict(place, [amount] if amount is not None else [], held, difference)

    async def _unknown(self, key: str, entries: Sequence[Entry]) -> Verdict | None:
        """Documents of F&O whose reference is like ours, and names no record of Commerce. Where any
        text might be ours, it is somebody else's."""
        books, first = self.connected.systems.dynamics.books, entries[0]
        if not self.kind.is_telling(self._settings):
            return None
        found = [
            self.kind.signed(one)
            for company in self._settings.legal_entities
            for one in await self.kind.booked_of(books, company, [first.reference])
        ]
        if not found:
            return None
        there, numbers = total(one.amount for one in found), ", ".join(o.number for o in found)
        day = next((one.day.isoformat() for one in found if one.day), first.day)
        said = (
            f"Commerce has no record of the reference {first.reference}. In D365, cancel {numbers}"
            " or give it the reference of what it was made for."
        )
        place = (self.kind.name, day, first.store, found[0].currency)
        difference = Difference(
            self.kind.name, key, first.store, day, found[0].currency, None, there, Cause.UNKNOWN,
            day, said,
        )  # fmt: skip
        return Verdict(place, [], [one.amount for one in found], difference)


def _is_named(place: Place, reference: str) -> bool:
    return reference.casefold() in {one.casefold() for one in place.references}
