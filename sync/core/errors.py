"""The two ways in which work does not finish now, named by what happens next.

`Later`: the same record is tried again, after a wait that the error may name.
`Never`: trying again would not help; the record is parked until a person does what `remedy` says.
Nothing to do is not an error: a flow returns `Skipped`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Missing:
    """A row that a record needs and nobody wrote: `table` of connections.toml ("orders.payments"),
    or "items"."""

    table: str
    key: str


class Later(Exception):
    """Try the same record again.

    `after`: earliest wait; None lets the retry table decide. `counts`: whether this wait uses up
    one of the record's tries; False for waits that are nobody's fault (a pause that the environment
    asked for, a lease held by another). `is_outage`: the system could not answer, whatever was
    asked of it; such a wait is never shorter than the retry table's. `said`: the other system's own
    wording. It may name people: only an encrypted copy may hold it, no log and no trail. `remedy`:
    what a person can do, where waiting alone may not help; `reason` may end with it.
    """

    def __init__(
        self,
        reason: str,
        *,
        after: timedelta | None = None,
        counts: bool = True,
        is_outage: bool = False,
        said: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason, self.said, self.remedy = reason, said, remedy
        self.after, self.counts, self.is_outage = after, counts, is_outage


class Paused(Later):
    """Nobody calls a whole system before `after` has passed: it asked for quiet (429), or `reason`.
    Uses up no try."""

    def __init__(self, system: str, *, after: timedelta, reason: str = "") -> None:
        super().__init__(
            reason or f"{system} asked for a pause of {after.total_seconds():.0f} s",
            after=after,
            counts=False,
        )
        self.system = system


class SignInRefused(Later):
    """A system, or who vouches for us there, does not take our credential. Uses up no try: a person
    must renew it, and every record is let through then."""

    def __init__(
        self,
        reason: str,
        *,
        after: timedelta = timedelta(minutes=1),
        said: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(reason, after=after, counts=False, said=said, remedy=remedy)


class Unsaved(Later):
    """A document was refused, of which a payment gateway may have moved the money before."""


class Unknown(Later):
    """A write was sent and its answer never came: it may or may not have been committed.

    Who takes the record up must look before posting, and not before the old request can no
    longer commit.
    """


class Never(Exception):
    """Trying again cannot help. `reason` says what was received and expected; `remedy` tells a
    person what to change.

    `code` is the owner's correlation id where there is one (`ms-dyn-aid`, a Commerce report id).
    `missing`: the rows that would make it work; `check` collects them. `said` as `Later` has it.
    """

    def __init__(
        self,
        reason: str,
        *,
        remedy: str,
        code: str = "",
        missing: Sequence[Missing] = (),
        said: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.code, self.said = reason, remedy, code, said
        self.missing = tuple(missing)


def said_in(error: BaseException | None) -> str:
    """What the other system said in its own words, of the error or of one that it was made from;
    empty for none."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, Later | Never) and error.said:
            return error.said
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return ""


class NoSuchQueue(Never):
    """The queue is not there: nobody has set it up, or somebody has deleted it."""


class NotProvided(Never):
    """A system refuses this kind of request whatever the record: a right is missing, or there is
    no such entity or service. It would refuse the next record too, so the whole flow waits."""


class AlreadyExists(Never):
    """The target says that the record is there already. Look before believing: it may be our own,
    from a lost answer."""
