"""Messages that come to no try: their connection or key could not be opened, or the key stands for
others. No claim is held then."""

from collections.abc import Sequence

from sync.engine.engine import Engine
from sync.engine.message import Message
from sync.engine.outcomes import Outcomes
from sync.engine.sign_in_alerts import report_refused_sign_in
from sync.pacing.retry import ABSENT_WAITS, Wait, decide


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
