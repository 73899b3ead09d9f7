"""Writes that have a payment gateway move money: after a failure they wait for who looks there.

Commerce asks the gateway before it stores the document, and keeps nothing of it where that fails:
it says then that it could not save it (`Unsaved`), as it does after a decline.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sync.core.errors import Never
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.intent import Intent
from sync.engine.write import Write

AT_A_GATEWAY: Final = "payment gateway"
"""In the reason of such a record."""


def waits_for_a_look(claim: Claim) -> bool:
    """Whether a person is to look at the gateway before they deliver a record again."""
    intent = claim.intent
    return AT_A_GATEWAY in claim.reason or (intent is not None and intent.is_unsaved)


def not_saved(write: Write, delivery: Delivery) -> Never:
    """What parks a record whose document was not saved. The claim remembers it, whatever comes
    between, until an outcome is recorded."""
    intent = delivery.claim.intent
    if intent is not None:
        delivery.claim = delivery.claim.announcing(replace(intent, is_unsaved=True))
    return _unsure(write, f"{write.target.name} could not save its document")


def still_open(claim: Claim, reason: str, remedy: str) -> dict[str, str]:
    """Why a record parks, and its remedy: where a document of it was not saved, or it waits for a
    look as it is, the gateway is to be looked at all the same."""
    if claim.intent is None or not waits_for_a_look(claim) or AT_A_GATEWAY in reason:
        return {"reason": reason, "remedy": remedy}
    return {
        "reason": f"{reason}; whether the {AT_A_GATEWAY} has moved its money is still not known",
        "remedy": (
            "Look at the payment gateway first. If it moved the money, make the document in the"
            f" Commerce Admin offline before you replay. {remedy}"
        ),
    }


def require_looked_at(write: Write, delivery: Delivery) -> None:
    """Raise `Never` where an earlier try may have had a gateway move the money, and nobody has
    asked for the record since that was known: who does has looked at the gateway, and who asks
    while a try still runs has not. Of a lost answer, the connection says whether that counts."""
    open_, asked_at = delivery.inherited, delivery.message.asked_at
    if open_ is None or not (open_.is_unsaved or _is_lost(open_, write, delivery)):
        return
    waited = timedelta() if open_.is_unsaved else write.target.commit_horizon
    if asked_at is not None and asked_at > open_.settled_by - waited:
        return
    what = f"{write.target.name} did not say what became of it, and has no such document"
    raise _unsure(write, what)


def _is_lost(open_: Intent, write: Write, delivery: Delivery) -> bool:
    """Whether this write's answer may have been lost, and that counts. A refund of other pieces is
    of another kind, and of the same order."""
    sort = write.kind.partition(" ")[0]
    concerns = open_.concerns(write.kind) or open_.kind.partition(" ")[0] == sort
    return concerns and delivery.systems.settings.commerce.lost_payments == "park"


def _unsure(write: Write, what: str) -> Never:
    return Never(
        f"whether the {AT_A_GATEWAY} has moved the money of {write.reference} is not known: {what}",
        remedy=(
            "Look at the payment gateway first. If it moved the money, make the document in the"
            f" Commerce Admin offline, of the same items and sum, with the comment"
            f" {write.reference}; then replay: it is taken over. If it did not, replay, and the"
            " gateway is asked once more."
        ),
    )
