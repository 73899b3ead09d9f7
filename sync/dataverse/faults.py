"""From what Dataverse refuses to what happens next.

Statuses mean here what they say, other than in F&O: 404 is a row that is not there, 412 a condition
that does not hold. The code of the body (`0x...`) tells what a status does not. Sources: Microsoft,
"Service protection API limits", "Update and delete table rows using the Web API", "Web API client
errors".
"""

import re
from typing import Final

from sync.core.errors import AlreadyExists, Never, NotProvided, SignInRefused
from sync.dynamics.faults import Rule, away, blocked, later, never, pause, unsure, with_activity
from sync.dynamics.refusals import NotFound, Refusal, words

NO_USER: Final = (
    "Add the app as an application user of this environment (Power Platform admin center >"
    " Environments > Settings > Application users), and see that dataverse.url and the tenant"
    " belong together"
)
_PRIVILEGE: Final = re.compile(r"\bprv[A-Za-z_]{3,60}\b")


def _unauthorised(refusal: Refusal) -> SignInRefused:
    return SignInRefused(f"{with_activity(refusal)}. {NO_USER}", remedy=NO_USER)


def _not_allowed(refusal: Refusal) -> Never:
    """The privilege that is missing stands in the message; it is nobody's data."""
    named = _PRIVILEGE.search(refusal.said.words)
    missing = f"the privilege {named[0]}" if named else "the privilege for this table"
    remedy = (
        f"Give the app's user in Dataverse a role with {missing}, then replay; docs/deploying.md"
        " lists all that are needed"
    )
    reason = f"{refusal.reason}{f' ({named[0]} is missing)' if named else ''}"
    return NotProvided(reason, remedy=remedy, code=refusal.activity, said=refusal.said.words)


_OPEN: Final = frozenset({408, *range(500, 600)})
_NAMES: Final = words(
    "untyped value in non-open type", "undeclared property", "Could not find a property named",
    "does not exist on type", "0x80060888",
)  # fmt: skip

TABLE: Final[tuple[Rule, ...]] = (
    Rule(frozenset({429}), pause),
    Rule(frozenset({401}), _unauthorised),
    Rule(frozenset({403}), blocked, page=True),
    Rule(frozenset({403}), _not_allowed),
    Rule(
        frozenset({404}),
        never("Check the table's name against the environment: run `check`", NotProvided),
        words("Resource not found for the segment"),
    ),
    Rule(frozenset({404}), away, page=True),  # an environment in administration mode
    Rule(
        frozenset({404}),
        never("Check in Dataverse whether somebody deleted the row, then replay", NotFound),
    ),
    # The one condition that we send and that fails so is that a row is new.
    Rule(frozenset({412}), never("Look at the row in Dataverse, then replay", AlreadyExists)),
    Rule(
        frozenset({400, 409, 500}),
        never("Look at the row in Dataverse, then replay", AlreadyExists),
        words("already exists", "duplicate key", "matching key values"),
    ),
    Rule(frozenset({409}), later),  # somebody else changes the row at this moment
    Rule(
        frozenset({400}),
        never("Run `check`: the environment has other columns than connections.toml names"),
        _NAMES,
    ),
    Rule(_OPEN, later, words("sql timeout", "deadlock")),  # the transaction was rolled back
    Rule(_OPEN, unsure),
    Rule(frozenset(range(300, 400)), away),  # a redirect to a sign-in page
    Rule(
        frozenset(range(200, 600)),
        never("Correct what the message names, then replay; it may be a fault of this product"),
    ),
)
