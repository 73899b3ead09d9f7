"""Claims and trail: what makes a delivery happen once in effect, and what tells an operator what
happened."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from sync.core.ports import Clock, Conflict, Row, Tables, Value
from sync.engine.cell_text import clipped, clipped_details
from sync.engine.claim import CLAIMS, LEASE, MOST_DEATHS, PARKED, TRAIL, Claim
from sync.engine.digests import KeyedDigests
from sync.engine.identities import Identities
from sync.engine.mirror import Mirror
from sync.engine.old_records import moved
from sync.engine.published_log import PublishedLog
from sync.engine.settling import EarliestNow
from sync.engine.trail import Entry, id_after


class LeaseLost(Exception):
    """Somebody else holds the record now: stop, write nothing more; it will look before it
    posts."""


class Ledger:
    """Claims, trail and the parked over the Tables port. `digests`: keys what is stored of them.

    `is_alone`: no other process works on these tables (the embedded edition locks its directory),
    so a lease of another owner is that of a process that has died, and need not be waited for.
    """

    def __init__(
        self, tables: Tables, clock: Clock, digests: KeyedDigests, *, is_alone: bool = False
    ) -> None:
        self.tables = self._tables = tables
        self.identities, self.mirror = Identities(tables), Mirror(tables, digests)
        self.published = PublishedLog(tables)
        self._clock, self.digests, self.earliest = clock, digests, EarliestNow(clock)
        self._is_alone = is_alone

    async def claim(self, connection: str, flow: str, key: str) -> Claim:
        """The record's claim as it stands; a new one, not stored, when there is none."""
        row = await self._tables.get(CLAIMS, f"{connection}|{flow}", key)
        if row is None and await moved(self._tables, connection, flow, key):
            row = await self._tables.get(CLAIMS, f"{connection}|{flow}", key)
        return Claim.of(connection, flow, row) if row else Claim(connection, flow, key)

    async def take(
        self,
        connection: str,
        flow: str,
        key: str,
        owner: str,
        *,
        is_notification: bool = True,
        is_asked: bool = False,
        even_suspect: bool = False,
    ) -> tuple[Claim, bool]:
        """(claim, held by `owner` now). When another holds it, the claim is as it stands, and the
        holder is told to look again where a notification brought us here: the record may have
        changed since the holder read it.

        `owner` is a process; each taking has a name of its own below it, so that of two tries in
        one process, too, only the later one can write.

        A suspect (`suspects.py`) is taken where that is said alone; else its claim comes as nobody
        holds it.
        """
        taking = f"{owner}/{self._clock.unique()[:12]}"
        while True:
            claim = await self.claim(connection, flow, key)
            now = self._clock.now()
            held = claim.is_held_at(now) and not (
                self._is_alone and claim.owner.partition("/")[0] != owner
            )
            if not held and claim.let_go().is_suspect and not even_suspect:
                return claim.let_go(), False
            asked = claim.asked or is_asked
            if held and asked == claim.asked and (claim.again or not is_notification):
                return claim, False
            noted = replace(claim, asked=asked)
            changed = replace(noted, again=True) if held else noted.taken(taking, now)
            try:
                return await self._store(changed), changed.owner == taking
            except Conflict:
                continue

    async def save(self, claim: Claim, **changes: Any) -> Claim:
        """Write while holding: renews the lease. Raises `LeaseLost` when another has taken the
        record."""
        return await self._write_held(claim, {"lease_until": self._clock.now() + LEASE, **changes})

    async def renew(self, claim: Claim) -> bool:
        """Lengthen the lease of a held claim and change nothing else; whether it is still ours.
        What its holder writes meanwhile is not lost: both write over what they have read."""
        while (found := await self.claim(claim.connection, claim.flow, claim.key)).owner == (
            claim.owner
        ):
            try:
                await self._store(replace(found, lease_until=self._clock.now() + LEASE))
            except Conflict:
                continue
            return True
        return False

    async def release(self, claim: Claim, **changes: Any) -> Claim:
        """Write and let go. Raises `LeaseLost`. The result's `again` tells that somebody notified
        meanwhile. A record that nobody survived keeps one death less than that takes."""
        deaths = MOST_DEATHS - 1 if claim.deaths >= MOST_DEATHS else 0
        return await self._write_held(
            claim, {"owner": "", "lease_until": None, "deaths": deaths, **changes}
        )

    async def _write_held(self, claim: Claim, changes: Mapping[str, Any]) -> Claim:
        current = claim
        while True:
            try:
                return await self._store(replace(current, **changes))
            except Conflict:
                found = await self.claim(claim.connection, claim.flow, claim.key)
                if found.owner != claim.owner:
                    raise LeaseLost(f"{claim.partition}|{claim.key}") from None
                current = replace(claim, again=found.again, asked=found.asked, etag=found.etag)
                said = {name: getattr(found, name) for name in ("resolved", "accepted", "on_hold")}
                current = replace(current, **said)

    async def _store(self, claim: Claim) -> Claim:
        claim = claim.keyed(self.digests)
        row = claim.row()
        stored = await (
            self._tables.replace(CLAIMS, row) if row.etag else self._tables.insert(CLAIMS, row)
        )
        return replace(claim, etag=stored.etag)

    async def key_digests(self, claim: Claim) -> None:
        """Key what an earlier release stored plain. Who writes the claim meanwhile keys it too."""
        if claim.keyed(self.digests) != claim:
            await self.note(claim)

    async def write(self, claim: Claim, entry: Entry) -> Claim:
        """Append to the trail, after all that holders of the claim wrote, whatever their clocks
        said; returns the claim with the row's id, which its holder stores with the next thing."""
        record = f"{claim.partition}|{claim.key}"
        if claim.deaths:  # who died may have written a row that the claim does not name
            async for row in self._tables.query(TRAIL, record, start=claim.told):
                claim = replace(claim, told=row.key)
        told = id_after(claim.told, entry.at, self._clock.unique()[:8])
        cells = {**entry.cells(), "details": self.digests(clipped_details(entry.details))}
        await self._tables.insert(TRAIL, Row(record, told, cells))
        return replace(claim, told=told)

    async def trail(self, connection: str, flow: str, key: str) -> list[Entry]:
        """The record's whole story, oldest first."""
        rows = [row async for row in self._tables.query(TRAIL, f"{connection}|{flow}|{key}")]
        return [Entry.of(row) for row in rows]

    async def park(
        self, claim: Claim, reason: str, remedy: str, *, worth: str = "", skus: str = ""
    ) -> Claim:
        """List a held record among those that wait for a person; the list shows `worth` and `skus`
        beside. Safe to repeat.

        The claim says why before the list does, so that a delivery after a crash knows that there
        is a row to remove.
        """
        claim = await self.save(claim, reason=reason, remedy=remedy)
        await self.list_parked(claim, worth=worth, skus=skus)
        return claim

    async def list_parked(self, claim: Claim, **beside: str) -> None:
        """Put the row into the list, with what the claim says."""
        said = {**beside, "reason": claim.reason, "remedy": claim.remedy}
        texts = {name: clipped(text) for name, text in said.items() if text}
        cells: dict[str, Value] = {"at": self._clock.now(), **texts}
        await self._tables.upsert(PARKED, Row(claim.partition, claim.key, cells))

    async def unpark(self, claim: Claim) -> None:
        """Take it off the list; nothing there is fine."""
        await self._tables.delete(PARKED, claim.partition, claim.key)

    async def unlist(self, row: Row) -> None:
        """Remove this row from the list, unless it has been written again since it was read."""
        with contextlib.suppress(Conflict):
            await self._tables.delete(PARKED, row.partition, row.key, row.etag)

    async def note(self, claim: Claim, **changes: Any) -> bool:
        """Change a claim without holding it; False where it was written since it was read."""
        try:
            await self._store(replace(claim, **changes))
        except Conflict:
            return False
        return True

    async def parked(
        self, connection: str, flow: str, *, start: str = "", prefix: str = "",
        most: int | None = None,
    ) -> AsyncIterator[Claim]:  # fmt: skip
        """The claims that wait for a person; of the first `most` rows from the key `start` on, or
        of those whose key begins with `prefix`."""
        place, before = f"{connection}|{flow}", f"{prefix}\U0010ffff" if prefix else ""
        async for row in self._tables.query(
            PARKED, place, start=start or prefix, before=before, limit=most
        ):
            claim = await self.claim(connection, flow, row.key)
            if claim.waits_for_a_person:
                yield claim

    async def claims(
        self, connection: str, flow: str, *, prefix: str = "", most: int | None = None
    ) -> AsyncIterator[Claim]:
        """Claims whose key begins with `prefix`; at most so many."""
        before = f"{prefix}\U0010ffff" if prefix else ""
        async for row in self._tables.query(
            CLAIMS, f"{connection}|{flow}", start=prefix, before=before, limit=most
        ):
            yield Claim.of(connection, flow, row)
