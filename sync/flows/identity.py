"""A record of Commerce is its `entity_id`; what people and keys call it, its increment id, can
change.

Shops renumber orders by hand or by extension, and a shop that is restored from a copy gives old
numbers to new orders. In both cases two records would share what was posted for one, or one be
posted twice: such a record is parked.
"""

from dataclasses import replace
from datetime import timedelta

from sync.core.errors import Later, Never
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery


async def identified(entity_id: int | None, label: str, delivery: Delivery) -> None:
    """Keep which record of Commerce the claim is of. To be called before anything is posted or
    changed for it.

    Raises `Never` where the record was posted under another increment id, or another record under
    this one; `Later` while it is being worked on under another one. What was posted by earlier
    releases is identified when it is seen again.
    """
    if entity_id is None:
        return
    claim, this = delivery.claim, str(entity_id)
    is_posted = bool(claim.number) or claim.intent is not None
    if claim.entity_id and claim.entity_id != this and is_posted:
        raise _another_record(claim, this, label)
    if not (claim.entity_id == this and claim.number):
        await _only_here(this, label, delivery)
        delivery.claim = replace(delivery.claim, entity_id=this)


def _another_record(claim: Claim, this: str, label: str) -> Never:
    return Never(
        f"{label}: Commerce has it with entity_id {this}; {claim.number or 'what was announced'}"
        f" was posted for entity_id {claim.entity_id} of the same number",
        remedy=(
            f"Compare {claim.number or 'what is in D365'} with both. If the shop was restored or"
            " its numbers began again, let new increment ids begin above the old ones there, and"
            " enter this record in D365 by hand."
        ),
    )


async def _only_here(entity_id: str, label: str, delivery: Delivery) -> None:
    identities, partition = delivery.ledger.identities, delivery.claim.partition
    key = await identities.known_as(partition, entity_id, delivery.claim.key)
    if key == delivery.claim.key:
        return
    other = await delivery.ledger.claim(delivery.systems.name, delivery.claim.flow, key)
    if other.number or other.intent is not None:
        raise _renumbered(other, entity_id, label)
    if other.is_held_at(delivery.now()):
        reason = f"{label} is being worked on as {key}"
        raise Later(reason, after=timedelta(seconds=5), counts=False)
    await identities.rename(partition, entity_id, delivery.claim.key)


def _renumbered(other: Claim, entity_id: str, label: str) -> Never:
    return Never(
        f"{label}: its entity_id {entity_id} was posted before under the number of {other.key}, as"
        f" {other.number or 'announced'}",
        remedy=(
            "It is the same record with another increment id. Correct"
            f" {other.number or 'what is in D365'} there by hand if it changed otherwise; it is not"
            " posted a second time."
        ),
    )
