"""Sales agreements of F&O against the links at quote templates: each shows its own once, as F&O has
it.

It is of now, whatever the days: neither has a time of change. Counted in pieces: one agreement in
force, one link.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.errors import Never
from sync.dynamics.documents.sales_agreement import EFFECTIVE, SalesAgreement
from sync.engine.claim import Claim
from sync.flows.keys import elsewhere
from sync.flows.quotes.quote_templates import (
    TEMPLATES,
    AgreedTemplate,
    link_of,
    named_templates,
    read,
)
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import PIECES, Verdict

ONE: Final = Decimal(1)
Links = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class LinkedTemplates:
    """The comparison."""

    name: str = TEMPLATES
    flow: str = TEMPLATES
    is_of_now: bool = True

    def is_wanted(self, settings: Connection) -> bool:
        """Whether agreements are shown."""
        return TEMPLATES in settings.flows

    is_usual = is_wanted

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per template that an agreement names, which is in force or was shown."""
        systems, seen = connected.systems, set[str]()
        async for key, _ in named_templates(systems):
            found = None if key in seen else await read(key, systems)
            seen.add(key)
            if found is None or elsewhere(_store(found), systems):
                continue
            claim = await connected.ledger.claim(systems.name, TEMPLATES, key)
            agreement = _shown(found, claim)
            if agreement is not None:
                links = await systems.commerce.quote_templates.links(int(key))
                look = Look(connected, connected.day(window.until, None), found, claim)
                yield look.verdict(agreement, links)


@dataclass(frozen=True)
class Look:
    """A look at one template. `day`: that under which it is counted."""

    connected: Connected
    day: str
    found: AgreedTemplate
    claim: Claim

    def verdict(self, agreement: SalesAgreement, links: Links) -> Verdict:
        """What is said of it."""
        there = [one for one in links if one.get("document_identifier") == agreement.number]
        cause = self._cause(agreement, there)
        store = str(_store(self.found) or "")
        place, shown = (TEMPLATES, self.day, store, PIECES), Decimal(len(there))
        if cause is None:
            return Verdict(place, [ONE], [ONE])
        key = self.claim.key
        difference = Difference(
            TEMPLATES, key, store, self.day, PIECES, shown, ONE, cause, "", self._command(cause)
        )
        return Verdict(place, [ONE] * len(there), [ONE], difference)

    def _cause(self, agreement: SalesAgreement, there: Links) -> Cause | None:
        if self.claim.waits_for_a_person and not self.claim.differs:
            return Cause.PARKED
        if len(there) > 1:
            return Cause.DOUBLED
        if there and self._is_right(agreement, there[0]):
            return None
        if not self.connected.ledger.digests.same(self.claim.seen, self.found.fingerprint):
            return Cause.NOT_DUE
        return Cause.EDITED_HERE if there else Cause.MISSING

    def _is_right(self, agreement: SalesAgreement, link: Mapping[str, Any]) -> bool:
        url = self.connected.settings.quotes.agreement_url
        try:
            wanted = link_of(int(self.claim.key), agreement, url)
        except Never:
            return False
        return all(link.get(name) == value for name, value in wanted.items())

    def _command(self, cause: Cause) -> str:
        commands = Commands(self.connected.systems.name, TEMPLATES, self.claim.key)
        if cause is Cause.DOUBLED:
            return "Remove all links to the agreement but one from the template in Commerce."
        if cause is Cause.PARKED:
            return f"{self.claim.remedy} Then: {commands.replay()}"
        return commands.forget() if self.claim.number else commands.replay()


def _store(found: AgreedTemplate) -> int | None:
    return found.quote.store_id if found.quote is not None else None


def _shown(found: AgreedTemplate, claim: Claim) -> SalesAgreement | None:
    """The one that is in force, or that was shown before; None where there is none."""
    alive = [one for one in found.agreements if one.status == EFFECTIVE]
    known = {one.label for one in claim.delivered.values()}
    shown = [one for one in found.agreements if one.number in known]
    return next(iter([*alive, *shown]), None)


quote_templates: Final = LinkedTemplates()
