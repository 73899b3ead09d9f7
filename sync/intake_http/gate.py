"""The checkout gate: whether a cart may be paid, or an order be placed, on account.

Commerce asks inside the shopper's request. The answer comes from prepared rows, read by their keys;
neither system is asked. What cannot be decided in time, because tables or the vault are slow or
away, is decided by the connection's policy: a gate that fails never stops a checkout, so no answer
to a genuine hook is an error. Sources: Adobe's webhooks reference (responses) and its checkout
starter kit (payment method filter), read 2026-11.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakValueDictionary

from sync.buying.heard import decision_heard
from sync.commerce.ims_bearer import ImsKeysOf, verify_bearer
from sync.commerce.signature import Refused, verify
from sync.config.connections import Connection
from sync.core.encoding import NotJson, from_json
from sync.core.errors import Later, Never
from sync.core.ports import Clock, Conflict, Secrets, Tables
from sync.core.rates import Rates
from sync.credit.asked import About, Asked, asked_in
from sync.credit.decisions import Decisions
from sync.credit.policy import Figures, amount_in, verdict_on, without_figures
from sync.credit.prepared import PreparedCredit
from sync.credit.reservations import Reservation, Reservations, Reserved, ends
from sync.credit.undecided import UndecidedQuestions
from sync.intake_http.answers import (
    LARGEST_BODY,
    HttpAnswer,
    RefusalLines,
    refused,
    too_large,
    unknown_connection,
)
from sync.intake_http.gate_answers import (
    OPEN,
    Decided,
    answer_of,
    decision_of,
    is_worth_keeping,
)
from sync.intake_http.webhooks import COMPARE_KEY

log = logging.getLogger("sync.intake_http.gate")

BUDGET: Final = timedelta(milliseconds=600)
"""How long figures may take; what is not decided then, the policy decides."""
RECORDING: Final = timedelta(milliseconds=250)
"""How long the record of a decision may take; the answer does not depend on it."""
TROUBLE: Final = "gate trouble"
"""Of our own, by which lines of the log are limited: in an outage each question would have two."""
TRIES: Final = 6
"""Checkouts of one account at the same moment, of which each sees what the others were given."""
QUESTIONS: Final[Mapping[str, About]] = {"payment-methods": "methods", "place-order": "order"}
CORRECT: Final = "Correct the hook's URL: /api/gate/<connection>/payment-methods or /place-order."


@dataclass(frozen=True)
class Gate:
    """Answers checkouts. `budget`: how long figures may take; `recording`: how long the record of
    the decision."""

    connections: Mapping[str, Connection]
    secrets: Secrets
    tables: Tables
    clock: Clock
    refusals: RefusalLines
    ims_keys: ImsKeysOf
    budget: timedelta = BUDGET
    recording: timedelta = RECORDING
    untold: UndecidedQuestions = field(default_factory=UndecidedQuestions)
    locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def lock_of(self, name: str) -> asyncio.Lock:
        """This process's lock of a pool: other processes are seen by the row's etag."""
        return self.locks.setdefault(name, asyncio.Lock())

    async def ask(
        self, connection: str, question: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        """The answer to a hook. 401 for who did not sign, 404 and 400 for a hook that is registered
        wrongly, 200 for all others."""
        settings, about = self.connections.get(connection), QUESTIONS.get(question)
        if settings is None or about is None:
            return unknown_connection(f"{connection[:20]}/{question[:20]}", CORRECT)
        if len(body) > LARGEST_BODY:
            return too_large(body, LARGEST_BODY, "Limit the hook's fields to those that are named.")
        if not settings.credit.gate.enabled:
            return OPEN
        try:
            return await self._decided(connection, settings, about, headers, body)
        except Refused as error:
            if self.refusals.may_be_logged("gate"):
                log.warning("gate.refused connection=%s reason=%s", connection, error.reason)
            return refused(401, error.reason, COMPARE_KEY)
        except NotJson as fault:
            return refused(400, f"the body cannot be used: {fault}", "Send application/json.")

    async def _decided(
        self,
        connection: str,
        settings: Connection,
        about: About,
        headers: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer:
        document = from_json(body)
        if not isinstance(document, Mapping):
            raise NotJson("a JSON object is expected")
        asked, look = asked_in(about, document), _Look(self, connection, settings, self.clock.now())
        decided, is_verified = look.by_policy(asked, "NoTime"), False
        try:
            async with asyncio.timeout(self.budget.total_seconds()):
                await self._verify(settings, headers, body)
                is_verified = True
                if asked.method and asked.method not in settings.credit.on_account:
                    return OPEN
                decided = await look.decide(asked)
        except (TimeoutError, Later, Never) as error:
            look.undecided(asked, type(error).__name__)
        except Refused:
            raise
        except Exception as error:
            # Whatever our own trouble is, the shopper goes on by the policy.
            log.exception("gate.failed connection=%s error=%s", connection, type(error).__name__)
            look.undecided(asked, type(error).__name__)
        if is_verified and not decided.is_kept and is_worth_keeping(asked, decided):
            await look.record(asked, decided)
        return answer_of(asked, decided.verdict, settings)

    async def _verify(self, settings: Connection, headers: Mapping[str, str], body: bytes) -> None:
        """Raises `Refused` for a body that Commerce did not sign, or a token that is not good."""
        await verify(body, headers, settings.commerce.webhook, self.secrets)
        client = settings.credit.gate.bearer
        if client:
            await verify_bearer(
                headers, self.ims_keys(settings.commerce.ims_keys_url), self.clock.now(),
                client=client, organisation=settings.commerce.organisation or "",
            )  # fmt: skip


@dataclass(frozen=True)
class _Look:
    """One question's look at the rows of its connection. `at`: when it was asked."""

    gate: Gate
    connection: str
    settings: Connection
    at: datetime

    async def decide(self, asked: Asked) -> Decided:
        """By the figures, with what is reserved meanwhile; an order that is let through is reserved
        before it is answered."""
        known = await self._known(asked)
        if asked.about == "methods" or known.prepared is None:
            return (await self._verdict(asked, known))[1]
        async with self.gate.lock_of(f"{self.connection}|{known.prepared.pool}"):
            for _ in range(TRIES):
                reserved, decided = await self._verdict(asked, known)
                if not decided.verdict.reserves:
                    return decided
                if reserved.is_full:
                    break
                is_first, _ = await asyncio.gather(
                    self._reserve(asked, reserved, decided), self.record(asked, decided)
                )
                if is_first:
                    return replace(decided, is_kept=True)
        self.undecided(asked, "TooManyAtOnce")
        return self.by_policy(asked, "too many at once")

    async def _verdict(self, asked: Asked, known: Figures) -> tuple[Reserved, Decided]:
        reserved, figures = await self._reserved(asked, known)
        verdict = verdict_on(asked, figures, self.settings.credit, self.at)
        return reserved, Decided(verdict, figures)

    def by_policy(self, asked: Asked, why: str) -> Decided:
        """What the policy says where nothing can be known."""
        credit = self.settings.credit
        amount = amount_in(asked, credit.currency, credit)
        return Decided(without_figures(amount, credit, f"nothing is known: {why}"), Figures())

    def undecided(self, asked: Asked, why: str) -> None:
        """Tell that the policy decides, and why: the log now, and people by monitoring."""
        self.gate.untold.note(self.connection, why, self.at)
        if self.gate.refusals.may_be_logged(TROUBLE):
            log.error(
                "gate.undecided connection=%s about=%s reason=%s", self.connection, asked.about, why
            )

    async def record(self, asked: Asked, decided: Decided) -> None:
        """Keep what was decided, over what this question was told before; trouble is logged."""
        now, kept = self.at, Decisions(self.gate.tables, self.connection)
        try:
            async with asyncio.timeout(self.gate.recording.total_seconds()):
                await kept.keep(decision := decision_of(asked, decided, now), now)
                await decision_heard(self.gate.tables, self.connection, self.settings, decision)
                await self.gate.untold.tell(self.gate.tables, self.connection)
        except Exception as error:  # noqa: BLE001 - the shopper must not wait for our records
            if self.gate.refusals.may_be_logged(TROUBLE):
                log.error("gate.not_recorded error=%s", type(error).__name__)  # noqa: TRY400

    async def _known(self, asked: Asked) -> Figures:
        """The company that the hook names, else the one that the customer is known to buy for."""
        if asked.customer is None:
            return Figures()
        prepared = PreparedCredit(self.gate.tables, self.connection)
        company, looked_at = await asyncio.gather(
            _same(asked.company) if asked.company else prepared.company_of(asked.customer),
            prepared.looked_at(),
        )
        one = await prepared.of(company) if company is not None else None
        return Figures(company, one, looked_at)

    async def _reserved(self, asked: Asked, known: Figures) -> tuple[Reserved, Figures]:
        """What is reserved, and the company's row read after it: a run first lets an order count in
        the row, and then no longer as reserved."""
        if known.company is None or known.prepared is None:
            return Reserved(""), known
        pool, credit = known.prepared.pool, self.settings.credit
        held = await Reservations(self.gate.tables, self.connection).of(pool, self.at)
        one = await PreparedCredit(self.gate.tables, self.connection).of(known.company)
        if one is None or one.pool != pool:
            return await self._reserved(asked, replace(known, prepared=one))
        others = held.besides(asked.subject, one, Rates(credit.currency, credit.rates))
        times = [at for at in (known.at, one.at) if at is not None]
        return held, Figures(known.company, one, max(times, default=None), *others)

    async def _reserve(self, asked: Asked, reserved: Reserved, decided: Decided) -> bool:
        """Hold the amount for the order; False where somebody else was first."""
        minutes, whose = self.settings.credit.gate.reserve_minutes, decided.figures.prepared
        order, amount = asked.subject or self.gate.clock.unique(), decided.verdict.amount
        assert whose is not None
        assert amount is not None
        until = ends(self.at, minutes)
        one = Reservation(order, amount, until, whose.account, whose.currency)
        try:
            await Reservations(self.gate.tables, self.connection).put(reserved.having(one))
        except Conflict:
            return False
        return True


async def _same(company: int) -> int | None:
    return company
