"""When a record is looked at again, and when a notification tells nothing new."""

from datetime import datetime, timedelta

from sync.core.errors import Later, Never
from sync.core.ports import Clock
from sync.engine.claim import LEASE, MOST_DEATHS, Claim, State
from sync.engine.delivery import Delivery
from sync.engine.message import CLOCKS_APART, Message
from sync.pacing.retry import Park

SEEN_AFTER = timedelta(seconds=5)
"""A record read this long after a notification is newer than the notification; hooks may fire
before the commit they announce."""
DEATHS_APART = timedelta(seconds=15)
"""Times the deaths, after which a record that somebody died of is tried again at the soonest."""
SHORTEST_LOOK, LONGEST_LOOK = timedelta(seconds=3), timedelta(seconds=30)
"""Waits for a required record that another holds."""
OFTEN, RARE = timedelta(minutes=1), timedelta(minutes=15)
"""Waits for what others do with a record."""
NOBODY_SURVIVES = Park(
    f"{MOST_DEATHS} times in a row, work on this record never ended: the app stopped, or ran out of"
    " time, during it",
    "Look in the log for what ended the app at these times (memory, a crash, the function's time),"
    " mend it, then replay the record. D365 may hold what the last try wrote: replaying looks"
    " there first.",
)


def held_by_another(claim: Claim, clock: Clock) -> Later:
    """Why a record waits for one that it requires: briefly at first, longer the longer its holder
    has shown no sign of life. They may have died, and have their lease yet."""
    now = clock.now()
    silent = now - (claim.lease_until or now) + LEASE
    after = min(max(silent / 2, SHORTEST_LOOK), LONGEST_LOOK)
    return Later(f"{claim.flow} {claim.key} is being worked on", after=after, counts=False)


def being_posted(claim: Claim, what: str, delivery: Delivery) -> Later:
    """Why a record waits for one of which a try of ours has not recorded what it posted: without
    using up tries, unless that waits for a person. `what` it may be."""
    reason = f"{claim.flow} {claim.key} is being posted, and may be {what}"
    return Later(reason, after=rarely(delivery), counts=claim.state is State.PARKED)


def rarely(delivery: Delivery) -> timedelta:
    """When a record that waits for another is looked at again: the later the longer it waits."""
    waited = delivery.now() - delivery.message.notified_at
    return min(max(waited / 4, OFTEN), RARE)


def nobody_survived(claim: Claim, message: Message) -> bool:
    """Whether a required record is what processes die of. One that waits for a person because of
    that is tried again where a person asks, and not because another record requires it."""
    is_left = claim.state is State.PARKED and claim.deaths >= MOST_DEATHS - 1
    return claim.deaths >= MOST_DEATHS or (is_left and not message.is_asked)


def nobody_survives(claim: Claim) -> Never:
    """Why a record goes no further that requires this one, on which work never ended."""
    reason = f"{claim.flow} {claim.key}: {NOBODY_SURVIVES.reason}"
    return Never(reason, remedy=NOBODY_SURVIVES.remedy)


def lease_over(claim: Claim, clock: Clock) -> datetime:
    """When to look again at a record that is not ours: by every clock its lease is over then."""
    now = clock.now()
    return max(claim.lease_until or now, now) + CLOCKS_APART


def suspect_again_at(claim: Claim) -> datetime | None:
    """When a suspect may be tried; None for at once. A process that ends again and again, whatever
    it works on, does not use up the tries of one record so fast."""
    taken_at = claim.lease_until and claim.lease_until - LEASE
    return taken_at and taken_at + DEATHS_APART * claim.deaths


def has_been_read_since(claim: Claim, message: Message) -> bool:
    """Whether what a settled claim stands for was read well after the notification, and after those
    that it stands for, so that the notification is old news."""
    is_settled = claim.state not in (State.NEW, State.POSTING, State.PARKED)
    return (
        is_settled
        and not message.is_asked
        and claim.read_at is not None
        and claim.read_at >= claim.heard_with(message.notified_at) + SEEN_AFTER
    )


def next_try(
    claim: Claim, message: Message, now: datetime, after: timedelta
) -> tuple[datetime, bool]:
    """When the record is tried next, and whether a message waits for that already: then the try is
    when that comes, if it is in time and no person asks; so that notifications of a record that
    waits make no second message go round.

    By whichever clock, that message is still to come. One that is due now, or was due when this
    one was, may be this very delivery's: a clock that is behind says of it that it waits.
    """
    due, waits = now + after, claim.retry_at
    if waits is None or message.is_asked:
        return due, False
    is_in_time = message.latest(now) + CLOCKS_APART < waits <= due
    return (waits if is_in_time else due), is_in_time
