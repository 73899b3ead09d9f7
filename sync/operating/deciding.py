"""What a person decides about a record, and corrects in what is known of it."""

from typing import Final

from sync.engine.claim import Claim, State
from sync.engine.corrections import Corrections
from sync.flows.keys import parts_of, whole_in
from sync.flows.receivables.by_number import KINDS, RECEIVABLES, ByNumber
from sync.mapping.sales_order_lines import unique_references
from sync.operating.problem import Problem
from sync.operating.records import Ledgers, is_called

SHOWN: Final = 50
"""Claims of a flow that are looked at for the kinds of documents that it has."""


def corrections(ledgers: Ledgers, *, why: str, by: str) -> Corrections:
    """What stores the word of the person `by`."""
    services = ledgers.services
    return Corrections(services.ledger, services.edition_parts.clock, by, why)


async def the_record(ledgers: Ledgers, flow: str, key: str) -> Claim:
    """The one record of that key or number. Raises `Problem`."""
    found = [claim for claim in await ledgers.find(key) if is_called(claim.key, key)]
    if len(found) == 1:
        return found[0]
    if not found:
        what = f"nothing is known of {flow} {key}"
        raise Problem(what, remedy=f"Fetch it with: backfill --flow {flow} --ids {key}")
    keys = ", ".join(f"{one.key} ({one.connection})" for one in found)
    raise Problem(f"{key} may be: {keys}", remedy="Name the full key, and --connection.")


async def require_found_again(ledgers: Ledgers, claim: Claim) -> None:
    """Raise `Problem` where D365 has a document of an invoice or a credit memo under another
    reference: forgotten, it would not be found again, and be made a second time. What a person
    linked, and nothing compared yet, may be forgotten."""
    held = [one for one in claim.delivered.values() if one.digest]
    if claim.flow not in RECEIVABLES or not held:
        return
    services, place = ledgers.services, (claim.connection, claim.flow, claim.key)
    trail = await services.ledger.trail(*place)
    told = [str(name) for one in trail if (name := one.details.get("reference"))]
    ours = {
        name.casefold()
        for one in told
        for two in (one, f"{one}/S")
        for name in (two, *unique_references([two]))
    }
    systems = await services.systems_pool.open(claim.connection)
    company = systems.settings.legal_entity_of(whole_in(parts_of(claim.key)[1]))
    by_number = ByNumber(systems, services.documents, claim, company, ours)
    for one in held:
        there = await by_number.reference_of(one)
        if there is not None and there.strip().casefold() not in ours:
            named = told[-1] if told else "of its record"
            raise Problem(
                f"D365 has {one.label or one.number}, with the reference {there or '(none)'}: it"
                " would be made a second time",
                remedy=f"Give it the reference {named} again there, then replay. Or leave it so.",
            )


async def kind_of(ledgers: Ledgers, claim: Claim, named: str) -> str:
    """The kind of document that a record is linked to: the one named, else the only one that the
    flow has been seen to have. Raises `Problem`."""
    kinds = {*claim.delivered, claim.intent_kind} - {""}
    ledger = ledgers.services.ledger
    if not kinds or (named and named not in kinds):
        async for other in ledger.claims(claim.connection, claim.flow, most=SHOWN):
            kinds |= set(other.delivered)
    is_known = claim.flow in RECEIVABLES and named in KINDS
    if is_known or named in kinds or (named and not kinds):
        return named
    if len(kinds) == 1 and not named:
        return kinds.pop()
    listed = ", ".join(sorted(kinds)) or "none yet"
    raise Problem(
        f"which document of {claim.flow} {claim.key} is meant is not clear",
        remedy=f"Name it with --document. Known of this flow: {listed}.",
    )


async def resolved(ledgers: Ledgers, flow: str, key: str, *, why: str, by: str) -> Claim:
    """Store that the sums of a delivered record stay as they are; returns the claim as it was.
    Raises `Problem`."""
    claim = await _the_one(ledgers, flow, key)
    if not await corrections(ledgers, why=why, by=by).resolve(claim):
        what = f"the sums of {flow} {claim.key} have just changed; nothing was decided"
        raise Problem(what, remedy="Look at `parked` again.")
    return claim


async def accepted(ledgers: Ledgers, flow: str, key: str, sums: str, *, why: str, by: str) -> Claim:
    """Store that the sums that a reconciliation named stay as they are; returns the claim. Raises
    `Problem`."""
    claim = await the_record(ledgers, flow, key)
    if ":" not in sums or not await corrections(ledgers, why=why, by=by).accept(claim, sums):
        remedy = "Copy the command that `reconcile` names beside the difference."
        raise Problem(f"{sums!r} are no sums of {flow} {claim.key}", remedy=remedy)
    return claim


async def _the_one(ledgers: Ledgers, flow: str, key: str) -> Claim:
    """The record of that key or number whose sums differ. Raises `Problem`."""
    found = [claim for claim in await ledgers.find(key) if is_called(claim.key, key)]
    asking = [claim for claim in found if claim.is_different]
    if len(asking) == 1:
        return asking[0]
    if asking:
        keys = ", ".join(f"{one.key} ({one.connection})" for one in asking)
        raise Problem(f"{key} may be: {keys}", remedy="Name the full key, and --connection.")
    if any(claim.state is State.PARKED for claim in found):
        what = f"{flow} {key} is not delivered: there is nothing to decide on"
        raise Problem(what, remedy="`parked` shows what to do; then `replay` it.")
    what = f"no sums of {flow} {key} wait for a decision"
    raise Problem(what, remedy="`parked` lists what does.")
