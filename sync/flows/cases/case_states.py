"""Cases of Dataverse -> comments of the RMA or the order in Commerce, and what a case decides.

In:      a case of ours whose status changed, with its RMA or order.
Out:     the comment of `cases.steps` for its status, each text once. A stopped return order goes
         on in F&O where the status says so, and tells there what the case has decided.
Key:     as in `cases`.
Lists:   for a person: a refund or a replacement that a case has decided and that neither system
         shows yet. Return orders and credit memos move goods and money; no case does.
Repeats: the comments that are there are looked at before another one is added.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sync.commerce.models.invoice import CANCELLED
from sync.commerce.models.order import utc
from sync.config.connections import CaseStep
from sync.core.encoding import digest
from sync.core.skipped import Skipped, Waiting
from sync.dataverse.documents.case import CaseState
from sync.dataverse.web_api import LAG
from sync.dynamics.return_files import ReturnFile
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import OpenPoint, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.engine.write import Write
from sync.flows.cases.case_comments import CaseComment
from sync.flows.cases.matters import case_id, resolve
from sync.flows.cases.matters import read as read_matter
from sync.flows.cases.return_release import ReturnRelease
from sync.flows.keys import elsewhere
from sync.flows.returns.return_file_writes import ReturnFilesWrite
from sync.flows.returns.rma_records import CASE_STATES, CASES, return_order_of
from sync.flows.targets import commerce_of, dynamics_of, service_of
from sync.mapping.cases import Matter
from sync.mapping.rma_return_order import rma_reference
from sync.pacing.priority import Priority

OF_RETURN: Final[Mapping[str, str]] = {
    "refund": (
        "Register the goods of return order {return_order} in D365 with a disposition that credits"
        " (CREDITONLY where nothing comes back) and post its credit note; the flow `refunds`"
        " refunds it in Commerce."
    ),
    "replacement": (
        "Create the replacement order from return order {return_order} in D365 (Find sales order >"
        " Replacement order); its number and its parcel are then told to the buyer."
    ),
}
OF_ORDER: Final[Mapping[str, str]] = {
    "refund": (
        "Refund it in Commerce by a credit memo of the order; the flow `creditmemos` credits it in"
        " D365."
    ),
    "replacement": (
        "Enter the replacement as a sales order at no price in D365, and name it in the order's"
        " comments in Commerce."
    ),
}
"""What is to be done where a case has decided: no entity of F&O takes such a decision."""


@dataclass(frozen=True)
class CaseOfMatter:
    """A case as Dataverse has it, with what it is of."""

    matter: Matter
    state: CaseState


async def changed(
    systems: Systems, since: datetime, until: datetime, _after: str = ""
) -> AsyncIterator[Change]:
    """Our cases that anybody has changed since."""
    dataverse, _ = service_of(systems)
    async for state in dataverse.cases.modified_since(since):
        for flow, key in await systems.records_called(state.number):
            if flow == CASES and case_id(key, systems.settings) == state.row_id:
                at = utc(state.modified) or until
                yield Change(key, min(at, until), _fingerprint(state))


async def until(systems: Systems) -> datetime:
    """Up to when changes are committed, by our clock."""
    return systems.clock.now() - LAG


def _fingerprint(state: CaseState) -> str:
    return digest([state.state, state.status])


async def read(key: str, systems: Systems) -> CaseOfMatter | None:
    """The case and what it is of; None where one of them does not show."""
    dataverse, _ = service_of(systems)
    state = await dataverse.cases.get(case_id(key, systems.settings))
    matter = None if state is None else await read_matter(key, systems)
    return None if state is None or matter is None else CaseOfMatter(matter, state)


async def plan(found: CaseOfMatter, delivery: Delivery) -> Plan | Skipped:
    """What the shop must show of the case's status, and what a person has to do about it."""
    matter, state, systems = found.matter, found.state, delivery.systems
    if reason := elsewhere(matter.order.store_id, systems):
        return Skipped(reason)
    claim = await delivery.ledger.claim(systems.name, CASES, matter.key)
    if not claim.number:
        return Waiting("its case is not ours yet")
    step = systems.settings.cases.steps.get(str(state.status))
    if step is None and not delivery.all_held and not delivery.claim.differs:
        return Skipped(f"nothing is to be told of the status {state.status} ({state.label})")
    step = step or CaseStep()
    return_order = await return_order_of(matter.rma.key, delivery) if matter.rma else ""
    writes: list[Write] = [_comment(found, step, systems)] if step.comment else []
    if step.decision == "authorise" and return_order:
        writes.append(_release(matter, return_order, systems))
    if step.decision in OF_ORDER and return_order and systems.settings.cases.note_type_id:
        writes.append(_note(found, step.decision, return_order, systems))
    return Plan(
        tuple(writes),
        digest="" if writes else _fingerprint(state),
        keys={"order": matter.order.increment_id, "case": state.row_id, "status": state.label},
        open_point=await _decided(found, step, return_order, systems),
    )


def _comment(found: CaseOfMatter, step: CaseStep, systems: Systems) -> CaseComment:
    text = step.comment.format(case=found.state.number)
    target = commerce_of(systems)
    return CaseComment(found.matter, text, step.visible, systems.commerce, target)


def _release(matter: Matter, return_order: str, systems: Systems) -> ReturnRelease:
    company = systems.settings.legal_entity_of(matter.order.store_id)
    orders = systems.dynamics.return_orders
    return ReturnRelease(company, return_order, orders, dynamics_of(systems))


def _note(found: CaseOfMatter, decision: str, number: str, systems: Systems) -> ReturnFilesWrite:
    """What F&O's people read at the return order."""
    matter, said = found.matter, f"Case {found.state.number}: {decision}"
    note = f"Customer Service has decided on a {decision} ({found.state.label})."
    company = systems.settings.legal_entity_of(matter.order.store_id)
    file = ReturnFile(company, number, said, "", systems.settings.cases.note_type_id, note)
    return ReturnFilesWrite(matter.label, {1: file}, systems, dynamics_of(systems))


async def _decided(
    found: CaseOfMatter, step: CaseStep, return_order: str, systems: Systems
) -> OpenPoint | None:
    """A decision of the case that the systems do not show yet."""
    matter, state, decision = found.matter, found.state, step.decision
    if decision not in OF_ORDER or await _is_done(found, decision, return_order, systems):
        return None
    cures = OF_RETURN if return_order else OF_ORDER
    return OpenPoint(
        f"case {state.number} of {matter.label} has decided on a {decision}, which neither system"
        " shows yet",
        cures[decision].format(return_order=return_order)
        + f' Where it is settled otherwise, run: resolve {CASE_STATES} "{matter.key}" --why "..."',
        sums=f"{decision} by status {state.status} of case {state.number}",
    )


async def _is_done(found: CaseOfMatter, decision: str, return_order: str, systems: Systems) -> bool:
    """Whether F&O or Commerce shows what was decided."""
    matter = found.matter
    if matter.rma is not None and return_order:
        company = systems.settings.legal_entity_of(matter.order.store_id)
        reference = rma_reference(matter.rma, matter.order, systems.settings)
        states = await systems.dynamics.return_states.named(company, reference)
        if decision == "replacement":
            return any(one.number == return_order and one.replacement for one in states)
        return bool(await systems.dynamics.return_states.credit_notes_of(company, return_order))
    memos = await systems.commerce.creditmemos.of_order(matter.order.entity_id or 0)
    return decision == "refund" and any(_is_since(memo, found.state) for memo in memos)


def _is_since(memo: Mapping[str, Any], state: CaseState) -> bool:
    """Whether a live credit memo was made after the case was."""
    at, begun = utc(str(memo.get("created_at"))), utc(state.created)
    return memo.get("state") != CANCELLED and at is not None and begun is not None and at >= begun


case_states: DocumentFlow[CaseOfMatter] = DocumentFlow(
    name=CASE_STATES,
    title="Cases to comments of returns and orders",
    source=Source(read, resolve),
    plan=plan,
    triggers=(
        Poll(
            changed, until, lambda connection: connection.cases.poll_minutes, lag=LAG,
            fingerprint=lambda found: _fingerprint(found.state),
        ),
    ),
    priority=Priority.MASTER_DATA,
)  # fmt: skip
