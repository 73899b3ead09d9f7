"""How quotes stand, by what is known of them: quotation, version, and what the answer waits for."""

from dataclasses import dataclass
from typing import Final

from sync.app.services import Services
from sync.engine.claim import Claim, State

FLOW, ANSWERS = "quotes", "quote_answers"
MOST: Final = 500
"""Quotes that are shown."""


@dataclass(frozen=True)
class QuoteStanding:
    """One quote. `said`: what it waits for, or why a person has to look at it."""

    key: str
    quotation: str
    revision: str
    answered: bool
    said: str
    needs_person: bool


async def standing(services: Services, connection: str) -> list[QuoteStanding]:
    """The quotes of a connection: all that a person has to look at first, as far as a page goes,
    then others."""
    ledger, found = services.ledger, dict[str, QuoteStanding]()
    for flow in (FLOW, ANSWERS):
        async for parked in ledger.parked(connection, flow, most=MOST):
            claim = await ledger.claim(connection, FLOW, parked.key)
            found[claim.key] = _of(claim, await ledger.claim(connection, ANSWERS, claim.key))
    async for claim in ledger.claims(connection, FLOW, most=MOST):
        if len(found) == MOST:
            break
        if claim.key not in found and claim.delivered.get("quotation") is not None:
            answer = await ledger.claim(connection, ANSWERS, claim.key)
            found[claim.key] = _of(claim, answer)
    return sorted(found.values(), key=lambda one: (not one.needs_person, -int(one.key or 0)))


def _of(claim: Claim, answer: Claim) -> QuoteStanding:
    held = claim.delivered.get("quotation")
    waits = next((one for one in (claim, answer) if one.waits_for_a_person), None)
    is_answered = answer.state is State.DELIVERED
    said = waits.reason if waits is not None else "" if is_answered else answer.reason
    return QuoteStanding(
        claim.key, held.number if held is not None else "",
        held.keys.get("revision", "1") if held is not None else "", is_answered, said,
        waits is not None,
    )  # fmt: skip
