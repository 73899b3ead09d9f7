"""A flow stops for what a system refuses to every record: a missing right, or an entity or service
that is not there. One pause with one alert says so, instead of one parked record after another."""

import logging
from typing import Final

from sync.core.errors import Later, NotProvided
from sync.engine.flow_pauses import FlowPauses

log = logging.getLogger("sync.engine.stopped_flows")

BY: Final = "the product"
"""Who has paused the flow, as `paused` and `health` show it."""


async def stopped_for(
    error: Exception, flow: str, connection: str, pauses: FlowPauses
) -> Exception:
    """`error`, or the wait that it becomes where it stops this flow of this connection: nothing is
    parked then, and no try used up. Safe to repeat: who stops what stands still says nothing."""
    if not isinstance(error, NotProvided):
        return error
    then = f"python -m sync resume --connection {connection} --flow {flow}"
    why = f"{error.reason} {error.remedy.rstrip('.')}. Then run: {then}"
    pause, is_new = await pauses.pause(connection, flow, by=BY, why=why)
    if is_new:
        log.error("flows.stopped flow=%s connection=%s reason=%s", flow, connection, error.reason)
    after = pauses.look_again_at(pause) - pause.at
    return Later(error.reason, after=after, counts=False, said=error.said)
