"""One table from what F&O answers to what happens next.

F&O says 400 for a refusal, but 500 for the same refusal inside $batch, and 500 also for a crash; a
record that is missing for an update is 400, a duplicate is never 409. So the words decide before
the status does. A write whose fate is open is `Unknown`: who takes it up looks before posting.
Sources: Microsoft, service-protection-api-limits.md and retry-operations, 2026-01-20; bodies
recorded in July 2026; practitioners' captures of $batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx

from sync.core.errors import (
    AlreadyExists,
    Later,
    Never,
    NotProvided,
    Paused,
    SignInRefused,
    Unknown,
)
from sync.dynamics import infolog
from sync.dynamics.refusals import NotFound, ODataAnswer, ODataCall, Refusal, Words, words

DEFAULT_PAUSE: Final = timedelta(seconds=30)
Makes = Callable[[Refusal], Exception]


def never(remedy: str, kind: type[Never] = Never) -> Makes:
    """A person has to do what the remedy says."""
    return lambda refusal: kind(
        refusal.reason, remedy=remedy, code=refusal.activity, said=refusal.said.words
    )


def later(refusal: Refusal) -> Later:
    """Nothing was done; it may go well another time."""
    return Later(with_activity(refusal), after=refusal.wait(), said=refusal.said.words)


def away(refusal: Refusal) -> Later:
    """Nothing was executed, and nobody's request would be."""
    words, remedy = refusal.said.words, UNREACHED.format(system=refusal.call.system.lower())
    reason, after = with_activity(refusal), refusal.wait()
    return Later(reason, after=after, is_outage=True, said=words, remedy=remedy)


def unsure(refusal: Refusal, remedy: str = "") -> Later:
    """A read may simply be repeated; a write may have been committed before it failed."""
    kind, words = Unknown if refusal.call.writes else Later, refusal.said.words
    reason, after = with_activity(refusal), refusal.wait()
    return kind(reason, after=after, is_outage=True, said=words, remedy=remedy)


GATEWAY: Final = (
    "A firewall or gateway before {system} refuses us: have it let this app's outgoing addresses"
    " through. What waits goes on by itself then; replay what was parked"
)
NO_USER: Final = (
    "Check in F&O (System administration > Setup > Microsoft Entra applications) that this client"
    " id has a user, and that tenant and url belong together"
)
NOT_ENTERED: Final = (
    "Nobody may enter this field in the environment: run `check`, which names the setting that"
    " sends it (orders of quotes: quotes.order_field in connections.toml); then replay"
)
UNREACHED: Final = (
    "Compare {system}.url with the environment's address, and see that this machine reaches it:"
    " name, firewall, proxy, certificate. An environment may be asleep or in maintenance (Lifecycle"
    " Services, Power Platform admin center)."
)


def blocked(refusal: Refusal) -> Later:
    """A firewall says no, to everybody or to this record alone. One that looks at answers too may
    say so after a write was committed."""
    return unsure(refusal, GATEWAY.format(system=refusal.call.system))


def _unauthorised(refusal: Refusal) -> SignInRefused:
    return SignInRefused(f"{with_activity(refusal)}. {NO_USER}", remedy=NO_USER)


def pause(refusal: Refusal) -> Paused:
    """Everybody is asked for quiet."""
    asked = refusal.wait()
    length = DEFAULT_PAUSE if asked is None else max(asked, timedelta(seconds=1))
    return Paused(refusal.call.system, after=length)


def with_activity(refusal: Refusal) -> str:
    """The reason, with what a support case asks for."""
    name = "ms-dyn-aid" if "ms-dyn-aid" in refusal.answer.headers else "request"
    return refusal.reason + (f" ({name} {refusal.activity})" if refusal.activity else "")


@dataclass(frozen=True)
class Rule:
    """Which answers it speaks of, by status, words and whether a gateway's page is meant."""

    statuses: frozenset[int]
    makes: Makes
    words: Words | None = None
    page: bool | None = None

    def fits(self, refusal: Refusal) -> bool:
        """Whether this rule speaks of the answer."""
        return (
            refusal.answer.status in self.statuses
            and (self.page is None or self.page is refusal.said.is_page)
            and (self.words is None or self.words.occur_in(refusal.said.words))
        )


_MISSPELT: Final = words(
    "does not exist on type", "untyped value in non-open type", "Could not find a property named",
    "Cannot convert a primitive value", "not a valid member", "not a valid enum",
    "Requested value … was not found",
)  # fmt: skip
_ROUTE: Final = words(
    "No HTTP resource was found", "No route data", "Resource not found for the segment"
)
_CONFLICT: Final = words(
    "update conflict occurred due to another user process", "simultaneously locked", "deadlocked"
)
_RULES: Final = words(
    "validateField failed", "validateWrite failed", "validateDelete failed", "Infolog:… Warning:"
)  # fmt: skip
_STOPPED: Final = words(
    *(f" {verb} {how}" for verb in ("is", "are") for how in ("blocked", "stopped", "on hold"))
)

_REFUSED: Final = frozenset({400, 409, 412, 422, 500})
_UNREACHED: Final = frozenset(range(300, 400))
_OPEN: Final = frozenset({408, *range(500, 600)})
_OTHER: Final = frozenset(range(200, 500))

TABLE: Final[tuple[Rule, ...]] = (
    Rule(frozenset({429}), pause),
    Rule(frozenset({401}), _unauthorised),
    Rule(frozenset({403}), blocked, page=True),
    Rule(
        frozenset({403}),
        never(
            "Give the user of this app, in F&O, a role with the privilege for this entity",
            NotProvided,
        ),
    ),
    Rule(
        frozenset({404}),
        never(
            "Check the entity set's name in connections.toml against the environment: run `check`",
            NotProvided,
        ),
        _ROUTE,
    ),
    Rule(frozenset({404}), away, page=True),  # a stopped environment, or one in maintenance
    Rule(
        frozenset({404}),
        never("Check in D365 whether somebody deleted the record, then replay", NotFound),
    ),
    Rule(_REFUSED, later, _CONFLICT),  # rolled back
    Rule(
        _REFUSED,
        never("Check in D365 that the record exists in this legal entity, then replay", NotFound),
        words("found when selecting for update"),
    ),
    Rule(
        _REFUSED,
        never(
            "Compare the record in D365 with the one in Commerce, and give it another number there"
            " if it is another; then replay",
            AlreadyExists,
        ),
        words("already exists"),
    ),
    Rule(
        _REFUSED,
        never("Run `check`: the environment has other fields than this release knows"),
        _MISSPELT,
    ),
    Rule(_REFUSED, never(NOT_ENTERED), words("not allowed for field")),
    Rule(
        _REFUSED,
        never("Create the value in D365, or correct connections.toml or `map items`; then replay"),
        words("is not found in the related table"),
    ),
    Rule(
        _REFUSED,
        never("Fill the field on its master record in D365, or map it in connections.toml; replay"),
        words("must be filled in", "is mandatory", "must be specified"),
    ),
    Rule(
        _REFUSED,
        never(
            "Set the number sequence of what the message names to manual in D365, or orders.numbers"
            ' (customers.numbers for accounts) to "theirs" in connections.toml, then replay'
        ),
        words("number sequence"),
    ),
    Rule(_REFUSED, never("Release customer or item in D365 from its stop, then replay"), _STOPPED),
    Rule(
        _REFUSED,
        never("Correct in D365 or in Commerce what the message names, then replay"),
        _RULES,
    ),
    Rule(_OPEN, unsure),
    Rule(_UNREACHED, away),  # a redirect to a sign-in page: nothing was executed
    Rule(frozenset({409, 412}), never("Somebody changed the record in D365 meanwhile: replay")),
    Rule(
        _OTHER,
        never("Correct what the message names, then replay; it may be a fault of this product"),
    ),
)


def error_from(
    answer: ODataAnswer, call: ODataCall, *, now: datetime, table: Sequence[Rule] = TABLE
) -> Exception:
    """The error that an answer stands for, by the table of its system. `now` is what an HTTP date
    in Retry-After is held against. A status that HTTP does not know tells nothing: a write may
    have been committed."""
    if not 200 <= answer.status < 600:
        return error_from_nonsense(call, f"its status is {answer.status}")
    refusal = Refusal(call, answer, infolog.read(answer.body), now)
    return next(rule for rule in table if rule.fits(refusal)).makes(refusal)


_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def error_from_silence(error: httpx.RequestError | TimeoutError, call: ODataCall) -> Later:
    """The error when no answer came: `Unknown` for a write that may have arrived, else `Later`."""
    what = f"{call.what}: no answer from {call.system} ({type(error).__name__})"
    was_sent = not isinstance(error, _NEVER_SENT)
    kind = Unknown if call.writes and was_sent else Later
    remedy = "" if was_sent else UNREACHED.format(system=call.system.lower())
    return kind(what, is_outage=True, remedy=remedy)


def error_from_nonsense(call: ODataCall, what: str) -> Later:
    """The error when F&O said yes in a form that cannot be read: `Unknown` for a write, else
    `Later`."""
    of_system = call.system + ("'" if call.system.endswith("s") else "'s")
    reason = f"{call.what}: {of_system} answer cannot be read: {what}"
    return Unknown(reason) if call.writes else Later(reason)
