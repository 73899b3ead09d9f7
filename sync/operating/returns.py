"""Returns and complaints with where they stand in each system. The systems are asked for what is
open; one that does not answer leaves its column empty, with the reason. Writes nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, TypeVar

from sync.app.services import Services
from sync.core.errors import Later, Never
from sync.engine.claim import Claim
from sync.engine.systems import Systems
from sync.flows.cases.matters import case_id
from sync.flows.keys import keys_of, parts_of
from sync.flows.returns.handled_returns import Handled, read
from sync.flows.returns.order_issues import ISSUES
from sync.flows.returns.return_states import REFUNDS
from sync.flows.returns.rma_records import CASE_STATES, CASES, RETURNS
from sync.mapping.cases import ORDER, RETURN
from sync.pacing.priority import Priority, working_at

T = TypeVar("T")
FLOWS: Final = (RETURNS, "return_states", REFUNDS, ISSUES, CASES, CASE_STATES)
"""Whose records are listed where they wait for a person."""
OF_CASES: Final = (CASES, CASE_STATES)
DAYS: Final = timedelta(days=30)
"""Cases that changed longer ago are not listed."""
MOST: Final = 100
"""Returns and cases of each connection that are listed."""


@dataclass(frozen=True)
class Listed:
    """A return, a complaint (`order`) or a refund. `record`: the key of what it is about; `flow`:
    whose story tells of it. `commerce`: the status of the RMA; `ledger`: that of its return order
    and its credit notes; `case_status`: that of its case. `waits`: why a person is needed.
    `rma_id`, `case_id`: for links to the systems."""

    connection: str
    kind: str
    number: str
    flow: str
    record: str
    commerce: str = ""
    return_order: str = ""
    ledger: str = ""
    case: str = ""
    case_status: str = ""
    waits: str = ""
    rma_id: str = ""
    case_id: str = ""

    @property
    def key(self) -> str:
        """The key of its story."""
        return f"{self.kind}|{self.record}" if self.flow in OF_CASES else self.record

    def has(self, text: str) -> bool:
        """Whether this text is in what is shown of it, in whatever case."""
        said = (
            self.kind,
            self.number,
            self.commerce,
            self.return_order,
            self.ledger,
            self.case,
            self.case_status,
            self.waits,
        )
        return text.casefold() in " ".join(said).casefold()


@dataclass(frozen=True)
class Returns:
    """What is listed of one connection, and what could not be asked."""

    rows: tuple[Listed, ...]
    silent: tuple[str, ...] = ()


async def returns_of(services: Services, name: str) -> Returns:
    """All of one connection: what is open in Commerce, has a case, or waits for a person. Its
    requests go after those of deliveries."""
    with working_at(Priority.CATALOGUE):
        return await _returns_of(services, name)


async def _returns_of(services: Services, name: str) -> Returns:
    systems = await services.systems_pool.open(name)
    silent = list[str]()
    rows = dict[tuple[str, str], Listed]()
    if RETURNS in systems.settings.flows or CASES in systems.settings.flows:
        for one in await _or_silent(_open(systems), silent) or ():
            rows[one.kind, one.record] = one
    for one in await _or_silent(_cases(systems), silent) or ():
        known = rows.get((one.kind, one.record), one)
        rows[one.kind, one.record] = replace(
            known, case=one.case, case_status=one.case_status, case_id=one.case_id
        )
    async for one in _parked(services, name):
        known = rows.get((one.kind, one.record), one)
        rows[one.kind, one.record] = replace(known, flow=one.flow, waits=one.waits)
    found = sorted(rows.values(), key=lambda one: (not one.waits, one.kind, one.number))
    return Returns(tuple(found), tuple(dict.fromkeys(silent)))


async def _or_silent(asked: Awaitable[T], silent: list[str]) -> T | None:
    try:
        return await asked
    except (Later, Never) as error:
        silent.append(error.reason)
        return None


async def _open(systems: Systems) -> list[Listed]:
    """The RMAs that are open in Commerce, with what F&O has made of them."""
    listed = list[Listed]()
    rows = systems.commerce.returns.open_or_since(
        systems.clock.now(), stores=systems.settings.store_ids
    )
    async for row in rows:
        for key in keys_of([row], systems):
            rma, number = str(row["entity_id"]), str(row["increment_id"])
            listed.append(
                Listed(systems.name, RETURN, number, RETURNS, key, str(row["status"]), rma_id=rma)
            )
        if len(listed) >= MOST:
            break
    return list(await asyncio.gather(*(_in_ledger(one, systems) for one in listed)))


async def _in_ledger(one: Listed, systems: Systems) -> Listed:
    """With its return order; as it is where F&O does not say."""
    try:
        handled = await read(one.record, systems)
    except (Later, Never) as error:
        return replace(one, ledger=error.reason)
    if not isinstance(handled, Handled) or not handled.states:
        return one
    state = handled.states[-1]
    notes = ", ".join(handled.credit_notes)
    said = f"{state.status}{' (stopped)' if state.is_stopped else ''}"
    return replace(one, return_order=state.number, ledger=f"{said} {notes}".strip())


async def _cases(systems: Systems) -> list[Listed]:
    """The cases of ours that changed lately."""
    if systems.dataverse is None or CASES not in systems.settings.flows:
        return []
    found = list[Listed]()
    async for state in systems.dataverse.cases.modified_since(systems.clock.now() - DAYS):
        for flow, key in await systems.records_called(state.number):
            if flow == CASES and case_id(key, systems.settings) == state.row_id:
                kind, _, record = key.partition("|")
                story = RETURNS if kind == RETURN else CASES
                found.append(Listed(
                    systems.name, kind, parts_of(record)[0], story, record, case=state.number,
                    case_status=state.label, case_id=state.row_id,
                ))  # fmt: skip
        if len(found) >= MOST:
            break
    return found


async def _parked(services: Services, name: str) -> AsyncIterator[Listed]:
    """What waits for a person, from the list of the parked."""
    settings = services.connections[name]
    for flow in (one for one in FLOWS if one in settings.flows):
        async for claim in services.ledger.parked(name, flow):
            yield _waiting(claim)


def _waiting(claim: Claim) -> Listed:
    kind, _, record = claim.key.partition("|")
    if claim.flow not in OF_CASES:
        kinds = {ISSUES: ORDER, REFUNDS: "refund"}
        kind, record = kinds.get(claim.flow, RETURN), claim.key
    number = claim.key.rpartition("|")[2] if kind == "refund" else parts_of(record)[0]
    return Listed(claim.connection, kind, number, claim.flow, record, waits=claim.reason)
