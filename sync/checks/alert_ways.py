"""Whether those who are told of alerts would hear of one. Nothing is sent."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from sync.alerts.senders import Sender
from sync.checks.finding import Finding, fault, ok, sentence, warn
from sync.core.errors import Later, Never

NOBODY: Final = "nobody is told of alerts: [alerts] names neither webhook nor mail"
NAME_ONE: Final = (
    "Name one in connections.toml, then run: python -m sync alerts --test. Without, look at the"
    " console, `health` or `alerts` yourself."
)
TRY: Final = "See [alerts] in connections.toml, and that the address leads there"


async def alerts_are_heard(senders: Sequence[Sender]) -> AsyncIterator[Finding]:
    """Each way has its secret, and is reached."""
    if not senders:
        yield warn(NOBODY, NAME_ONE)
    for sender in senders:
        try:
            yield ok(f"alerts go to {await sender.reach()}")
        except Never as error:
            yield fault(error.reason, error.remedy)
        except Later as error:
            yield fault(f"alerts would not be heard: {error.reason}", sentence(TRY))
