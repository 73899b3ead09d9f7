"""Messages that come to no try: their connection or key could not be opened, or the key stands for
others. No claim is held then."""

import logging
from collections.abc import Sequence

from sync.engine.engine import Engine
from sync.engine.message import Message
from sync.engine.outcomes import Outcomes
from sync.engine.reading import delivered_with
from sync.engine.sign_in_alerts import report_refused_sign_in
from sync.pacing.retry import ABSENT_WAITS, Wait, decide

log = logging.getLogger("sync.engine.unopened")


async def not_opened(
    engine: Engine, outcomes: Outcomes, message: Message, error: Exception
) -> None:
    """The connection or the key could not be opened: wait, or park under the key given."""
    report_refused_sign_in(message.flow, message.connection, error)
    decision = decide(error, message.attempt)
    if isinstance(decision, Wait):
        due = engine.clock.now() + decision.after
        await engine.intake.reschedule(message.again(attempt=decision.attempt), due)
        return
    record = (message.connection, message.flow, message.key)
    claim, is_held = await engine.ledger.take(*record, engine.worker, even_suspect=True)
    if is_held:
        await outcomes.park(message, claim, decision)


async def passed_on(engine: Engine, message: Message) -> None:
    """A record that does not come alone: who last required it is notified in its place. Where
    nobody is known, the next one that requires it delivers it."""
    claim = await engine.ledger.claim(message.connection, message.flow, message.key)
    flow, key = delivered_with(engine.flows[message.flow], claim)
    log.info(
        "%s.passed_on key=%s connection=%s to=%s",
        message.flow,
        message.key,
        message.connection,
        key,
    )
    if key:
        await engine.intake.accept(flow, message.connection, [key], message.origin)


async def resolved(
    engine: Engine, outcomes: Outcomes, message: Message, keys: Sequence[str]
) -> None:
    """Notify the records that a key stands for; without any it is looked for again, and has
    vanished in the end."""
    if keys:
        await engine.intake.accept(message.flow, message.connection, keys, message.origin)
    elif message.looks <= len(ABSENT_WAITS):
        due = engine.clock.now() + ABSENT_WAITS[message.looks - 1]
        await engine.intake.reschedule(message.look_again(), due)
    else:
        record = (message.connection, message.flow, message.key)
        claim, is_held = await engine.ledger.take(*record, engine.worker, even_suspect=True)
        if is_held:
            await outcomes.vanish(message, claim)
