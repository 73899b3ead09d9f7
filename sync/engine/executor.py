"""Carries out plans: settle, look, announce, write, adopt or complete, amend. Nothing else writes.

What makes repeating safe: a write is announced in the claim before its first byte is sent; a lost
answer is looked into, and not before the old request can no longer commit; what is found is adopted
only by the write's own rule; and where the target refuses a second document, it closes the race.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sync.core.errors import AlreadyExists, Later, Never, Unknown, Unsaved
from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.gateways import not_saved, require_looked_at
from sync.engine.plan import Delivered, Part, Plan
from sync.engine.write import Amendment, Conflict, Found, Removal, Result, Write

CURRENT_FOR: Final = timedelta(seconds=30)
"""A record read longer ago than this is read again before anything is created for it."""


async def carry_out(plan: Plan, delivery: Delivery) -> Delivered | Skipped:
    """Make the targets hold what `plan` says; `Skipped` where there was nothing to remove.

    Raises what the writes raise: `Later` to try again, `Never` for a person. Safe to repeat after
    any of them and after a crash between any two steps.
    """
    if plan.read is not None and not _is_known(plan, delivery):
        delivery.keep("read", plan.read)
    if plan.starts_anew:
        delivery.forget_held()
    if plan.before is not None:
        await plan.before()
    results = list[Result]()
    for write in plan.writes:
        result = await _carried_out(write, delivery)
        if isinstance(result, Skipped):
            return result
        delivery.done(result)
        if isinstance(write, Write) and write.shows_late and result.action == "created":
            await delivery.keep_done()
        results.append(result)
    _keep_beside(plan, delivery)
    for shown in plan.shown_by:
        delivery.done(shown)
    results += plan.shown_by
    if not results:
        results = [replace(held, action="unchanged") for held in delivery.all_held]
    if plan.then is not None:
        await plan.then(results)
    open_point = await plan.look() if plan.look is not None else plan.open_point
    return Delivered(plan, tuple(results), open_point)


def _is_known(plan: Plan, delivery: Delivery) -> bool:
    """Whether the targets hold all of it already, by what was delivered before."""
    return bool(plan.writes) and all(
        isinstance(write, Write) and delivery.is_known(write.kind, write.digest)
        for write in plan.writes
    )


async def _carried_out(write: Write | Removal | Part, delivery: Delivery) -> Result | Skipped:
    if isinstance(write, Removal):
        return await _removed(write, delivery)
    if isinstance(write, Part):
        return await _part(write, delivery)
    held = delivery.held(write.kind)
    if held is None:
        return await _made(write, delivery)
    if delivery.is_known(write.kind, write.digest):
        is_news = write.shows_late and delivery.is_unrecorded
        return replace(held, action="adopted" if is_news else "unchanged")
    if linked := await _linked(write, held):
        _kept(write, write.document, delivery)
        return linked
    return await _brought_up_to_date(write, held, delivery)


async def _made(write: Write, delivery: Delivery) -> Result:
    """Create the document, or take over what an earlier try left behind."""
    found, action, not_after = await _adopted_or_created(write, delivery)
    if not write.is_whole(found):
        if not_after is None:
            delivery.wait_until_settled()  # what is missing may be under way yet
            intent = await delivery.intend(write.kind, write.placed_digest, write.target)
            not_after = intent.not_after
        found = await write.complete(found, not_after)
    is_other = action == "adopted" and delivery.inherits_other_than(write.kind, write.placed_digest)
    sent = None if is_other else write.placed
    made = Result(write.kind, found.number, write.digest, action, found.keys, found.label)
    if sent != write.document:
        return (await _amended(write, found.number, sent, delivery)).result(made)
    _kept(write, write.document, delivery)
    return made


async def _adopted_or_created(
    write: Write, delivery: Delivery
) -> tuple[Found, str, datetime | None]:
    """The document, what was done, and until when what was announced for it may be sent."""
    found = await _left_behind(write, delivery)
    if found is not None:
        return found, "adopted", None
    if write.moves_money:
        require_looked_at(write, delivery)
    await delivery.require_current(CURRENT_FOR)
    intent = await delivery.intend(write.kind, write.placed_digest, write.target)
    try:
        return await write.create(intent.not_after), write.action, intent.not_after
    except AlreadyExists:
        found = await write.find_taken()
        if found is None:
            raise
        return found, "adopted", None
    except (Later, Never) as error:
        if write.moves_money and isinstance(error, Unsaved):
            raise not_saved(write, delivery) from error
        if write.is_one_request and not isinstance(error, Unknown):
            delivery.was_not_made()
        raise


async def _left_behind(write: Write, delivery: Delivery) -> Found | None:
    """What the target holds already. This order of questions makes a lost answer harmless."""
    if write.refuses_second:
        return await write.find() if delivery.looks_first(write.kind) else None
    delivery.wait_until_settled()
    return await (write.find_lately() if delivery.is_unannounced else write.find())


async def _linked(document: Write | Part, held: Result) -> Result | None:
    """What a person linked, and nothing has compared yet, where it is only compared."""
    found = await document.linked(held.number) if not held.digest else None
    if found is None:
        return None
    kind, digest = held.kind, document.digest
    return Result(kind, found.number, digest, "adopted", found.keys, found.label)


async def _brought_up_to_date(write: Write, held: Result, delivery: Delivery) -> Result:
    """Amend a document that was delivered before, compared with what was sent last."""
    delivery.wait_until_settled()
    is_other = delivery.inherits_other_than(write.kind, write.digest)
    sent = None if is_other else await delivery.last_sent(write.kind)
    amendment = await _amended(write, held.number, sent, delivery)
    action = write.action_of(held.digest, is_changed=amendment.apply is not None)
    return amendment.result(replace(held, digest=write.digest, action=action))


def _keep_beside(plan: Plan, delivery: Delivery) -> None:
    """Beside what this try has sent, what an earlier one did whose copies it took along: later
    changes are compared with the newest copy."""
    sent = delivery.copies.get("sent", ())
    writes = [one for one in plan.writes if isinstance(one, Write)]
    for write in writes if sent else ():
        if write.kind not in sent and delivery.is_known(write.kind, write.digest):
            _kept(write, write.document, delivery)


def _kept(write: Write, document: Any, delivery: Delivery) -> None:
    if write.is_kept:
        delivery.keep_sent(write.kind, document)


async def _amended(write: Write, number: str, sent: Any | None, delivery: Delivery) -> Amendment:
    delivery.keep("wanted", {write.kind: write.document})
    try:
        amendment = await write.amendment(number, sent)
    except Conflict as conflict:
        if conflict.found is not None:
            delivery.keep("answered", conflict.found)
        raise
    if amendment.apply is not None:
        delivery.wait_until_settled()  # another amendment may be under way yet
        intent = await delivery.intend(write.kind, write.announced, write.target)
        await amendment.apply(intent.not_after)
    if amendment.document is not None:
        _kept(write, amendment.document, delivery)
    return amendment


async def _removed(removal: Removal, delivery: Delivery) -> Result | Skipped:
    """Remove a document. What an earlier try may have left behind is looked for first."""
    held = delivery.held(removal.kind)
    if held is None:
        delivery.wait_until_settled()
    found = await removal.find(held.number if held else "")
    if found is None and held is None:
        return Skipped(removal.nothing)
    number = found.number if found else held.number if held else ""
    if found is not None:
        settled = removal.settled(found)
        if settled is not None:
            is_news = held is None and settled.action == "unchanged"
            return replace(settled, action="adopted") if is_news else settled
        delivery.wait_until_settled()
        intent = await delivery.intend(removal.kind, f"cancelled|{number}", removal.target)
        await removal.remove(found, intent.not_after)
    return Result(removal.kind, number, f"cancelled|{number}", "cancelled")


async def _part(part: Part, delivery: Delivery) -> Result:
    """Have another record write it; ours announces that it is under way.

    A posted part is never changed, so one that was delivered stays as it is. In whatever record an
    earlier try may have left it, it is found before a place is chosen.
    """
    held = delivery.held(part.kind)
    if held is not None:
        return await _linked(part, held) or replace(held, action="unchanged")
    delivery.wait_until_settled()
    found = await part.find() if delivery.looks_first(part.kind) else None
    if found is not None:
        return Result(part.kind, found.number, part.digest, "adopted", found.keys, found.label)
    async with delivery.systems.one_at_a_time(f"{part.flow}|{part.lock}"):
        key = await part.place()
        intent = await delivery.intend(part.kind, part.digest, part.target)
        outcome = await delivery.require(part.flow, key, part.record(key, intent.not_after))
    delivery.keep_sent(part.kind, part.document)
    if isinstance(outcome, Skipped):
        raise TypeError(f"{part.flow} {key} was skipped: {outcome.reason}")
    return replace(outcome.results[0], kind=part.kind, digest=part.digest)
