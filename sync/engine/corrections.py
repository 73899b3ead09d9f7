"""What a person says of a record: that its sums may stay, that it is to wait, or what the target
holds of it.

The trail has it before the claim does, with who, when and why. Nothing is written to a system.
After `forget` and `link` the next delivery looks into the target before it writes, as after a lost
answer, so that nothing is posted twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sync.core.errors import Never
from sync.core.ports import Clock
from sync.engine.claim import Claim, State, targets_json
from sync.engine.intent import corrected
from sync.engine.ledger import Ledger
from sync.engine.settling import unsettled_until
from sync.engine.trail import Entry
from sync.engine.write import Result


@dataclass(frozen=True)
class Corrections:
    """Stores what the person `by` says, and why."""

    ledger: Ledger
    clock: Clock
    by: str
    why: str

    async def resolve(self, claim: Claim) -> bool:
        """The sums of a delivered record stay as they are: it leaves the list of the parked. False
        where they are other sums by now, or agree. Other sums ask again.

        Who is at work on the record meanwhile is told to look again. Safe to repeat.
        """

        def change(found: Claim) -> dict[str, Any]:
            again = found.is_held_at(self.clock.now())
            no_more = {"differs": "", "reason": "", "remedy": ""}
            return {"again": again, "resolved": claim.differs, **no_more}

        def is_asked(found: Claim) -> bool:
            return found.is_different and found.differs == claim.differs

        said = {"resolved": claim.differs}
        if not await self._noted(claim, "resolved", said, change, is_asked):
            return False
        await self.ledger.unpark(claim)
        return True

    async def accept(self, claim: Claim, sums: str) -> bool:
        """These sums, as a reconciliation named them, stay as they are. They begin with their kind;
        another one's stay accepted. Safe to repeat."""
        kind = sums.partition(":")[0]

        def change(found: Claim) -> dict[str, Any]:
            others = [one for one in found.accepted.splitlines() if one.partition(":")[0] != kind]
            return {"accepted": "\n".join([*others, sums])}

        return await self._noted(
            claim, "accepted", {"accepted": sums}, change, lambda found: bool(found.etag)
        )

    async def skip(self, claim: Claim) -> bool:
        """A parked record is not delivered: it leaves the list. False where it waits for something
        else by now, or somebody is at work on it. What is told of it later, and a replay, have it
        looked at again. Safe to repeat."""

        def is_parked(found: Claim) -> bool:
            waits = found.state is State.PARKED and found.reason == claim.reason
            return waits and not found.is_held_at(self.clock.now())

        change = {"state": State.SKIPPED, "reason": self.why, "remedy": ""}
        said = {"parked_for": claim.reason}
        if not await self._noted(claim, "skipped", said, lambda _: change, is_parked):
            return False
        await self.ledger.unpark(claim)
        return True

    async def hold(self, claim: Claim) -> bool:
        """Nothing of the record is delivered any more, until `release`. What is under way is
        finished. False where it is held already. Safe to repeat."""
        return await self._noted(
            claim, "on_hold", {}, lambda _: {"on_hold": self.by}, lambda found: not found.on_hold
        )

    async def release(self, claim: Claim) -> bool:
        """The record may go on; False where nobody holds it. Safe to repeat."""
        said = {"was_held_by": claim.on_hold}
        return await self._noted(
            claim, "off_hold", said, lambda _: {"on_hold": ""}, lambda found: bool(found.on_hold)
        )

    async def forget(self, claim: Claim) -> bool:
        """What the claim remembers of the target is gone; the trail stays. False while somebody is
        at work on it, or a write of it may still commit. Safe to repeat."""
        said = {"forgotten": {one.kind: one.number for one in claim.delivered.values()}}
        if not await self._noted(claim, "forgotten", said, self._forgotten, self._is_at_rest):
            return False
        await self.ledger.unpark(claim)
        return True

    async def link(self, claim: Claim, kind: str, number: str) -> bool:
        """The target holds the record as this document. False while somebody is at work on it, or
        a write of it may still commit. Safe to repeat."""
        held = claim.delivered.get(kind)
        said = {"document": kind, "was": held.number if held else "", "now": number}

        def change(found: Claim) -> dict[str, Any]:
            linked = Result(kind, number, "", "adopted")
            targets = targets_json({**found.delivered, kind: linked}.values())
            return {**self._forgotten(found), "targets": targets, "number": number}

        return await self._noted(claim, "linked", said, change, self._is_at_rest)

    def _is_at_rest(self, found: Claim) -> bool:
        now, until = self.clock.now(), unsettled_until(found)
        return not found.is_held_at(now) and (until is None or until <= now)

    def _forgotten(self, found: Claim) -> dict[str, Any]:
        """As after a write whose outcome nobody knows, and that can no longer commit."""
        now = self.clock.now()
        words = dict.fromkeys(
            (
                "targets",
                "digest",
                "number",
                "seen",
                "differs",
                "resolved",
                "accepted",
                "reason",
                "remedy",
            ),
            "",
        )
        known = set(found.delivered) | (found.intent.kinds if found.intent is not None else set())
        intent = {"intent_document": corrected(known), "intent_kind": ""}
        times = {"intent_not_after": now, "intent_settled_by": now, "read_at": None}
        state = State.NEW if found.state is not State.PARKED else State.PARKED
        return {**words, **intent, **times, "state": state, "deaths": 0}

    async def _noted(
        self,
        claim: Claim,
        event: str,
        said: dict[str, Any],
        change: Callable[[Claim], dict[str, Any]],
        fits: Callable[[Claim], bool],
    ) -> bool:
        """Trail, then claim, as long as the claim `fits`; False where it does not."""
        place = (claim.connection, claim.flow, claim.key)
        found = await self.ledger.claim(*place)
        if not fits(found):
            return False
        details = {"by": self.by, **said}
        entry = Entry(self.clock.now(), event, reason=self.why, details=details)
        found = await self.ledger.write(found, entry)
        while not await self.ledger.note(found, **change(found)):
            found = await self.ledger.claim(*place)
            if not fits(found):
                return False
        return True


def require_no_hold(claim: Claim) -> None:
    """Raise `Never` for a record that a person holds."""
    if claim.on_hold:
        raise Never(
            f"{claim.flow} {claim.key} is held by {claim.on_hold}",
            remedy=(
                "Its trail says why. When it may go on, run:"
                f" release {claim.flow} {claim.key} --why TEXT"
            ),
        )
