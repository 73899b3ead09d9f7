"""The end of the pipeline: a message is worked off under a claim, and what comes of it is recorded.

Everything happens at least twice and concurrently with itself. What makes that safe: a claim with a
lease narrows the race, the intent written before posting makes a lost answer visible, and only the
target closes it (`flows/`).
"""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sync.core.errors import Later, Never
from sync.core.skipped import Skipped
from sync.engine.claim import MOST_DEATHS, Claim
from sync.engine.corrections import require_no_hold
from sync.engine.delivery import Delivery
from sync.engine.engine import Engine
from sync.engine.executor import carry_out
from sync.engine.flow import DocumentFlow, Poll, SubFlow
from sync.engine.lease_keeper import in_time, kept
from sync.engine.ledger import LeaseLost
from sync.engine.message import AGAIN_WINDOW, CLOCKS_APART, Message
from sync.engine.outcomes import Outcomes
from sync.engine.plan import Delivered, Plan
from sync.engine.reading import required, rereading, stopped
from sync.engine.stopped_flows import stopped_for
from sync.engine.suspects import IS_BY_ITSELF, Suspected, Suspects, next_place
from sync.engine.systems import Systems
from sync.engine.timing import (
    NOBODY_SURVIVES,
    has_been_read_since,
    held_by_another,
    lease_over,
    nobody_survived,
    nobody_survives,
    suspect_again_at,
)
from sync.engine.trail import Entry
from sync.engine.unopened import not_opened, passed_on, resolved
from sync.pacing.pace import at_work, comes_again_at
from sync.pacing.priority import working_at
from sync.pacing.retry import reason_of

log = logging.getLogger("sync.engine.runner")

SPREAD = 10.0
"""Seconds over which messages come again that trouble of our own stores has stopped."""


class Runner:
    """Runs flows. One per process; holds no state that a crash could lose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ledger = engine.ledger
        self._suspects = Suspects()
        self._outcomes = Outcomes(engine.ledger, engine.documents, engine.intake, engine.clock)

    async def deliver(self, message: Message) -> None:
        """Work off one message of a flow that there is. Returns when it may be completed; raises
        when it should be given back.

        Trouble of our own tables is no fault of the message: it is sent again for later, so that an
        outage of minutes does not use up its deliveries.
        """
        flow = self._engine.flows[message.flow]
        try:
            with working_at(flow.priority):
                await self._deliver(flow, message)
        except (Later, Never) as trouble:  # of our own stores: what a record raises is caught there
            log.warning(
                "%s.tables_away key=%s connection=%s reason=%s",
                flow.name, message.key, message.connection, trouble.reason,
            )  # fmt: skip
            wished = (trouble.after if isinstance(trouble, Later) else None) or AGAIN_WINDOW
            apart = timedelta(seconds=self._engine.clock.between(0, SPREAD))
            soonest = self._engine.clock.now() + wished + apart
            await self._engine.intake.after_trouble(message, soonest)

    async def _deliver(self, flow: DocumentFlow[Any], message: Message) -> None:
        if not flow.source.comes_alone(message.key):
            await passed_on(self._engine, message)
            return
        pauses = self._engine.flow_pauses
        if (pause := await pauses.over(message.connection, flow.name)) is not None:
            await self._engine.intake.reschedule(message, pauses.look_again_at(pause))
            return
        try:
            systems = await self._engine.open_systems(message.connection)
            source = flow.source
            keys = await source.resolve(message.key, systems) if source.resolve else None
        except (Later, Never) as error:
            judged = await self._judged(message, error)
            await not_opened(self._engine, self._outcomes, message, judged)
            return
        if keys is not None:
            await resolved(self._engine, self._outcomes, message, keys)
        elif (begins := await comes_again_at(systems.paces, message.share)) is not None:
            await self._engine.intake.reschedule(message, begins + CLOCKS_APART)
            self._engine.ahead.rescheduled(message, begins)
        else:
            with at_work(systems.paces):
                await self._claimed(flow, systems, message)

    async def _claimed(self, flow: DocumentFlow[Any], systems: Systems, message: Message) -> None:
        """Take the claim, and try: beside others, or a suspect by itself."""
        async with self._suspects.beside_others():
            claim = await self._taken(flow, systems, message)
        if not claim.is_suspect:
            return
        now = message.latest(self._engine.clock.now())
        soonest = next_place(now) if self._suspects.is_one_at_work else now
        if (due := max(suspect_again_at(claim) or now, soonest)) > now:
            await self._engine.intake.once_at(message, due)
            return
        async with self._suspects.by_itself():
            await self._taken(flow, systems, message)

    async def _taken(self, flow: DocumentFlow[Any], systems: Systems, message: Message) -> Claim:
        """The claim as it was taken, and the record tried; a suspect's claim alone where others are
        at work."""
        record = (message.connection, flow.name, message.key, self._engine.worker)
        claim, is_held = await self._ledger.take(
            *record, is_asked=message.is_asked, even_suspect=IS_BY_ITSELF.get()
        )
        if claim.is_suspect:
            pass
        elif not is_held:
            await self._look_when_the_lease_ends(message, claim)
        elif has_been_read_since(claim, message):
            await self._outcomes.let_go(message, await self._ledger.release(claim))
        elif claim.deaths >= MOST_DEATHS:
            await self._outcomes.park(message, claim, NOBODY_SURVIVES)
        else:
            await self._try(flow, systems, message, claim)
        return claim

    async def _judged(self, message: Message, error: Exception) -> Exception:
        flow, connection = message.flow, message.connection
        return await stopped_for(error, flow, connection, self._engine.flow_pauses)

    async def _try(
        self, flow: DocumentFlow[Any], systems: Systems, message: Message, claim: Claim
    ) -> None:
        """One try under a held claim; whatever comes of it is recorded, and the claim is let go."""
        if message.comes_first:
            systems.read_mappings_again()
        try:
            with kept(self._ledger, claim):
                await self._recorded(flow, self._delivery(systems, message, claim))
        except LeaseLost:
            log.warning(
                "%s.lease_lost key=%s connection=%s attempt=%d",
                flow.name, message.key, message.connection, message.attempt,
            )  # fmt: skip
            await self._look_when_the_lease_ends(
                message, await self._ledger.claim(claim.connection, claim.flow, claim.key)
            )

    async def _recorded(self, flow: DocumentFlow[Any], delivery: Delivery) -> None:
        """Read and deliver. Raises `LeaseLost`."""
        message, ahead = delivery.message, self._engine.ahead
        ended_by: Exception | None = None
        try:
            async with in_time():
                record, delivery.read_at = await ahead.read(
                    flow, delivery.systems, message, delivery.claim
                )
                if record is None:
                    await self._outcomes.absent(message, delivery.claim)
                else:
                    await self._deliver_record(flow, delivery, record)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - the one broad catch: whatever a flow raises becomes a wait or a parked record
            ended_by = error
            await self._outcomes.failed(delivery, await self._judged(message, error))
        finally:
            ahead.ended(message, ended_by)

    async def _require(
        self, delivery: Delivery, flow_name: str, key: str, record: Any
    ) -> Delivered | Skipped:
        """Deliver another record now, under its own claim, as part of `delivery`. What stops it
        stops `delivery`, which waits or parks for both; so nothing is scheduled or parked for the
        required record itself."""
        flow = self._engine.flows.get(flow_name) or self._engine.sub_flows[flow_name]
        systems = delivery.systems
        await self._engine.flow_pauses.require_none(systems.name, flow_name)
        message = delivery.message.requires(flow_name, key, self._engine.clock.now())
        claim, is_held = await self._ledger.take(
            systems.name, flow_name, key, self._engine.worker,
            is_notification=False, even_suspect=IS_BY_ITSELF.get(),
        )  # fmt: skip
        if nobody_survived(claim, delivery.message):
            raise nobody_survives(await self._ledger.release(claim) if is_held else claim)
        if claim.is_suspect:
            raise Suspected(claim)
        if not is_held:
            raise held_by_another(claim, self._engine.clock)
        by = f"{delivery.message.flow}|{delivery.message.key}"
        inner = self._delivery(systems, message, replace(claim, required_by=by))
        try:
            with kept(self._ledger, claim):
                found = await required(flow, inner, record, delivery.read_at)
                return await self._deliver_record(flow, inner, found)
        except LeaseLost:
            raise held_by_another(claim, self._engine.clock) from None
        except Exception as error:
            await self._stopped(inner, claim, error)
            raise

    async def _stopped(self, inner: Delivery, taken: Claim, error: Exception) -> None:
        """A required record goes no further; who requires it waits or parks for both."""
        entry = Entry(self._engine.clock.now(), "stopped", reason=reason_of(error))
        await self._outcomes.write(inner, entry)
        released = await self._ledger.release(
            inner.claim, **stopped(taken, error), **inner.settles_sooner(error)
        )
        await self._outcomes.let_go(inner.message, released)

    def _delivery(self, systems: Systems, message: Message, claim: Claim) -> Delivery:
        return Delivery(
            systems, self._ledger, self._engine.documents, message, claim, self._require
        )

    async def _deliver_record(
        self, flow: DocumentFlow[Any] | SubFlow[Any], delivery: Delivery, record: Any
    ) -> Delivered | Skipped:
        if isinstance(flow, DocumentFlow):
            poll = flow.trigger(Poll)
            if poll is not None:
                delivery.seen = poll.seen_of(record)
            delivery.is_current = rereading(flow, delivery, record)
            delivery.is_answered = flow.is_answered
            delivery.worth = flow.source.worth(record)
        require_no_hold(delivery.claim)
        plan = await flow.plan(record, delivery)
        outcome = await carry_out(plan, delivery) if isinstance(plan, Plan) else plan
        await self._outcomes.record(delivery, outcome)
        return outcome

    async def _look_when_the_lease_ends(self, message: Message, claim: Claim) -> None:
        """The holder will look again when it is done; should it die, this message is the one that
        looks."""
        due = lease_over(claim, self._engine.clock)
        await self._engine.intake.outlive(message, claim.owner, due)
