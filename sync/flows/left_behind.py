"""What an earlier try left in D365 under our reference, also under the default template of an
earlier release.

The templates contain the store now. A write that was announced before and whose answer was lost
lies under the old reference, if it lies anywhere; there it is this record's only if no other
record's claim has it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync.core.errors import Never
from sync.dynamics.adoption import WRONGLY_LINKED, AnotherDocument
from sync.engine.delivery import Delivery
from sync.engine.write import Found
from sync.flows.keys import parts_of
from sync.mapping.references import fields_in
from sync.mapping.taken_off import TAKEN_OFF

Find = Callable[[Any], Awaitable[Found | None]]


@dataclass(frozen=True)
class LeftBehind:
    """Looks for a document of a `kind`. `former`: its reference by the template of earlier
    releases."""

    kind: str
    former: str
    delivery: Delivery

    async def found(self, find: Find, document: Any) -> Found | None:
        """What `find` finds of a document; under its former reference too, where an earlier try's
        answer was lost. Raises what `find` raises."""
        is_lost = self.delivery.inherited is not None
        try:
            found = await find(document)
        except AnotherDocument:
            formerly = await self._formerly(find, document) if is_lost else None
            if formerly is None:
                raise
            return formerly
        return await self._formerly(find, document) if found is None and is_lost else found

    def require_linkable(self, document: Any, number: str, there: str | None) -> None:
        """Raise `Never` where what a person linked is not in D365, or has the reference of another
        record. `there`: its reference."""
        claim, settings = self.delivery.claim, self.delivery.systems.settings
        template = getattr(settings, claim.flow).reference_template
        said = "is not in D365" if there is None else f"is of {there}"
        is_ours = there is not None and there.casefold() == document.reference.casefold()
        is_others = there and template != "{increment_id}" and fields_in(there, template)
        if there is None or (is_others and not is_ours):
            reason = f"{document.reference}: {number}, which was linked to it, {said}"
            raise Never(reason, remedy=WRONGLY_LINKED)

    async def _formerly(self, find: Find, document: Any) -> Found | None:
        if self.former == document.reference:
            return None
        try:
            found = await find(replace(document, reference=self.former))
        except AnotherDocument:
            return None  # of a record with the same number in another store
        return None if found is None or await self._is_claimed(found.number) else found

    async def _is_claimed(self, number: str) -> bool:
        """Whether another record of the same number, in whatever store, was posted as this
        document."""
        claim, ledger = self.delivery.claim, self.delivery.ledger
        increment, _ = parts_of(claim.key)
        others = ledger.claims(claim.connection, claim.flow, prefix=f"{increment}@")
        async for other in others:
            held = other.delivered.get(self.kind)
            if other.key != claim.key and held is not None and held.number == number:
                return True
        return False


def require_all_linked(kinds: Sequence[str], reference: str, delivery: Delivery) -> None:
    """Raise `Never` where a person linked a document of another kind than these, or only some of
    them: what else a person made has no reference of ours, and would be made a second time."""
    claim = delivery.claim
    linked = [one for one in claim.delivered.values() if not one.digest and one.kind != TAKEN_OFF]
    for one in linked:
        said = f"{reference}: {one.kind} {one.number} was linked to it"
        record = f"{claim.flow} {claim.key}"
        if one.kind not in kinds:
            raise Never(
                f"{said}, which it does not become here",
                remedy=(
                    f"If D365 holds all of it by that: skip {record} --why TEXT. If not, delete"
                    f" or reverse {one.number} there; then: forget {record} --why TEXT."
                ),
            )
        for kind in kinds:
            if kind not in claim.delivered:
                raise Never(
                    f"{said}, and its {kind} is not linked as well",
                    remedy=(
                        f"Run: adopt {record} NUMBER --document {kind} --why TEXT. Where D365 has"
                        f" none, give {one.number} the reference {reference} there; then: forget"
                        f" {record} --why TEXT."
                    ),
                )
