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
    """The quotes of a connection: those that a person has to look at first, then the newest."""
    ledger, found = services.ledger, list[QuoteStanding]()
    async for claim in ledger.claims(connection, FLOW, most=MOST):
        answer = await ledger.claim(connection, ANSWERS, claim.key)
        held = claim.delivered.get("quotation")
        if held is not None or claim.waits_for_a_person:
            found.append(_of(claim, answer))
    return sorted(found, key=lambda one: (not one.needs_person, -int(one.key or 0)))


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
