"""What must hold of cases and mails once a world is quiet: each return and each complaint has one
case with each note once, the shop reads each of its states once, and no mail was sent twice; or a
person is told."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sync.commerce.models.rma import OVER
from sync.engine.claim import State
from sync.engine.ledger import Ledger
from sync.flows.cases.matters import case_id
from tests.simulation.afterwards import COMPLAINT
from tests.simulation.environment import CASES, MAILS, RETURNS, STATUSES
from tests.simulation.naming import key_of
from tests.simulation.world import World


async def of_cases(world: World, ledger: Ledger) -> AsyncIterator[str]:
    """Every fault of them."""
    if CASES not in world.plan.flows:
        return
    made = 0
    for key, record, comments in _wanted(world):
        connection = world.connection_of(key.rpartition("@")[2])
        claim = await ledger.claim(connection, CASES, key)
        settings = world.systems.connections.connections[connection]
        case = world.systems.dataverse.tables["incidents"].get(case_id(key, settings))
        made += case is not None
        if claim.state is State.DELIVERED and case is not None:
            for fault in _of_case(world, case, record, comments):
                yield f"case of {key}: {fault}"
        elif not claim.waits_for_a_person and not (claim.state is State.SKIPPED and case is None):
            yield f"case of {key}: {claim.state}, {claim.reason}, {case}"
    if made != len(world.systems.dataverse.tables["incidents"]):
        yield "there are cases of nothing"


def _wanted(world: World) -> Iterator[tuple[str, Any, list[Any]]]:
    """Keys of cases, with their RMA or order, and its comments."""
    after = world.afterwards
    for one in after.rmas:
        rma = world.systems.commerce.rmas[one["entity_id"]]
        yield f"return|{rma['increment_id']}@{rma['store_id']}", rma, rma["comments"]
    for order in after.orders:
        if key_of(order) in after.complained:
            yield f"order|{key_of(order)}", None, order.comments


def _of_case(world: World, case: Any, rma: Any, comments: list[Any]) -> Iterator[str]:
    notes = world.systems.dataverse.notes_of(case["incidentid"])
    if rma is not None:
        told = Counter((one["subject"], one["notetext"]) for one in notes)
        yield from (f"{note} is told {times} times" for note, times in told.items() if times > 1)
        is_over = rma["status"] in OVER
        if case["incidentid"] not in world.afterwards.touched and is_over != case["statecode"]:
            yield f"its state is {case['statecode']}, and the return is {rma['status']}"
    elif len(notes) != (asked := sum(one["comment"] == COMPLAINT for one in comments)):
        yield f"it has {len(notes)} notes of {asked} complaints"
    said = Counter(str(one["comment"]) for one in comments)
    for text, times in said.items():
        if text.startswith(f"Case {case['ticketnumber']}") and times > 1:
            yield f"{text!r} is told {times} times"


async def of_mails(world: World, ledger: Ledger) -> AsyncIterator[str]:
    """Every fault of them: a mail that was sent twice, or whose status nobody was told."""
    if MAILS not in world.plan.flows or RETURNS not in world.plan.flows:
        return
    for name, times in world.mailbox.taken.items():
        if times > 1:
            yield f"mail {name} was sent {times} times"
    for one in world.afterwards.rmas:
        rma = world.systems.commerce.rmas[one["entity_id"]]
        record = f"{rma['increment_id']}@{rma['store_id']}"
        connection = world.connection_of(rma["store_id"])
        shown = await ledger.claim(connection, "return_states", record)
        key = f"return|{record}|{rma['status']}"
        claim = await ledger.claim(connection, MAILS, key)
        is_sent = world.mailbox.taken[str(uuid5(NAMESPACE_URL, f"{connection}|{key}"))] == 1
        is_told = is_sent if claim.state is State.DELIVERED else claim.waits_for_a_person
        if shown.state is State.DELIVERED and rma["status"] in STATUSES and not is_told:
            yield f"return {record}: no mail says that it is {rma['status']}: {claim.state}"
