"""Carries out plans: settle, look, announce, write, adopt or complete, amend. Nothing else writes.

What makes repeating safe: a write is announced in the claim before its first byte is sent; a lost
answer is looked into, and not before the old request can no longer commit; what is found is adopted
only by the write's own rule; and where the target refuses a second document, it closes the race.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sync.engine.plan import (
    Conflict,
    Delivered,
    Found,
    Part,
    Plan,
    Removal,
    Result,
    Skipped,
    Write,
)
from sync.errors import AlreadyExists
from sync.work import Work

CURRENT_FOR: Final = timedelta(seconds=30)
"""A record read longer ago than this is read again before anything is created for it."""


async def carry_out(plan: Plan, work: Work) -> Delivered | Skipped:
    """Make the targets hold what `plan` says; `Skipped` where there was nothing to remove.

    Raises what the writes raise: `Later` to try again, `Never` for a person. Safe to repeat after
    any of them and after a crash between any two steps.
    """
    if plan.read is not None:
        work.keep("read", plan.read)
    if plan.starts_anew:
        work.forget_held()
    results = list[Result]()
    for write in plan.writes:
        result = await _carried_out(write, work)
        if isinstance(result, Skipped):
            return result
        work.done(result)
        results.append(result)
    if plan.then is not None:
        await plan.then(results)
    return Delivered(plan, tuple(results))


async def _carried_out(write: Write | Removal | Part, work: Work) -> Result | Skipped:
    if isinstance(write, Removal):
        return await _removed(write, work)
    if isinstance(write, Part):
        return await _part(write, work)
    held = work.held(write.kind)
    if held is None:
        return await _made(write, work)
    if work.is_known(write.kind, write.digest):
        return replace(held, action="unchanged")
    return await _brought_up_to_date(write, held, work)


async def _made(write: Write, work: Work) -> Result:
    """Create the document, or take over what an earlier try left behind."""
    found, action = await _adopted_or_created(write, work)
    if action == "adopted" and not write.is_whole(found):
        intent = await work.intend(write.kind, write.placed_digest, write.target)
        found = await write.complete(found, intent.not_after)
    is_other = action == "adopted" and work.inherits_other_than(write.kind, write.placed_digest)
    sent = None if is_other else write.placed
    if sent != write.document:
        await _amended(write, found.number, sent, work)
    work.keep_sent(write.kind, write.document)
    return Result(write.kind, found.number, write.digest, action, found.keys, found.label)


async def _adopted_or_created(write: Write, work: Work) -> tuple[Found, str]:
    found = await _left_behind(write, work)
    if found is not None:
        return found, "adopted"
    await work.require_current(CURRENT_FOR)
    intent = await work.intend(write.kind, write.placed_digest, write.target)
    try:
        return await write.create(intent.not_after), write.action
    except AlreadyExists:
        found = await write.find_taken()
        if found is None:
            raise
        return found, "adopted"


async def _left_behind(write: Write, work: Work) -> Found | None:
    """What the target holds already. This order of questions makes a lost answer harmless."""
    if write.refuses_second:
        return await write.find() if work.looks_first(write.kind) else None
    work.wait_until_settled()
    return await write.find()


async def _brought_up_to_date(write: Write, held: Result, work: Work) -> Result:
    """Amend a document that was delivered before, compared with what was sent last."""
    work.wait_until_settled()
    is_other = work.inherits_other_than(write.kind, write.digest)
    sent = None if is_other else await work.last_sent(write.kind)
    is_changed = await _amended(write, held.number, sent, work)
    action = "amended" if is_changed else "unchanged"
    return replace(held, digest=write.digest, action=action)


async def _amended(write: Write, number: str, sent: Any | None, work: Work) -> bool:
    work.keep("wanted", {write.kind: write.document})
    try:
        amendment = await write.amendment(number, sent)
    except Conflict as conflict:
        if conflict.found is not None:
            work.keep("answered", conflict.found)
        raise
    if amendment is not None:
        intent = await work.intend(write.kind, write.digest, write.target)
        await amendment.apply(intent.not_after)
    work.keep_sent(write.kind, write.document)
    return amendment is not None


async def _removed(removal: Removal, work: Work) -> Result | Skipped:
    """Remove a document. What an earlier try may have left behind is looked for first."""
    held = work.held(removal.kind)
    if held is None:
        work.wait_until_settled()
    found = await removal.find(held.number if held else "")
    if found is None and held is None:
        return Skipped(removal.nothing)
    number = found.number if found else held.number if held else ""
    if found is not None:
        work.wait_until_settled()
        intent = await work.intend(removal.kind, f"cancelled|{number}", removal.target)
        await removal.remove(found, intent.not_after)
    return Result(removal.kind, number, f"cancelled|{number}", "cancelled")


async def _part(part: Part, work: Work) -> Result:
    """Deliver a record of its own claim; ours announces that it is under way.

    A posted part is never changed, so one that was delivered stays as it is.
    """
    held = work.held(part.kind)
    if held is not None:
        return replace(held, action="unchanged")
    work.wait_until_settled()
    await work.intend(part.kind, part.digest, part.target)
    outcome = await work.require(part.flow, part.key, part.record)
    if isinstance(outcome, Skipped):
        raise TypeError(f"{part.flow} {part.key} was skipped: {outcome.reason}")
    return replace(outcome.results[0], kind=part.kind, digest=part.digest)
