"""Return orders of F&O -> the states, comments and tracking numbers of RMAs in Commerce.

In:      an RMA with its return order, its credit notes, and the slips of its replacement.
Out:     states and quantities of the RMA and its items; its return number and its replacement as
         comments that the customer reads; the tracking numbers of the replacement. And the
         customer's photos at the return order, where `returns.photos` says where they are.
Key:     "<increment_id>@<store_id>" of the RMA.
Waits:   for its return order.
Closes:  the RMA once all is credited and refunded, and what is replaced is sent.
Repeats: what Commerce shows is read first; only what it lacks is written, and nothing goes back.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.models.refund import marker_of
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.errors import Never, NotProvided
from sync.core.groups import as_groups
from sync.core.skipped import Skipped, Waiting
from sync.dynamics.documents.return_state import TO_CUSTOMER, ReturnState
from sync.engine.claim import Claim, State
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import Notification, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.keys import elsewhere
from sync.flows.polls import our_clock
from sync.flows.returns.handled_returns import Handled, read
from sync.flows.returns.return_file_writes import photo_writes
from sync.flows.returns.rma_records import (
    NotLoaded,
    cases_of_return,
    open_rmas,
    resolve,
    return_order_of,
)
from sync.flows.returns.rma_writes import RmaWrite
from sync.flows.targets import commerce_of
from sync.mapping.custom_options import with_custom_options
from sync.mapping.refund_case import exchanged_rows
from sync.mapping.rma_progress import ItemProgress, Progress, header_of, items_of, texts_of
from sync.mapping.rma_return_order import RmaWithOrder, rma_reference
from sync.mapping_tables.records import normal_sku
from sync.pacing.priority import Priority

STATES: Final = "return_states"
REFUNDS: Final = "refunds"
NO_RETURN: Final = "of no return that Commerce has"
"""Why `refunds` leaves a credit note alone while its RMA does not show."""
MAILS: Final = "mails"
MAIL: Final = "mail"
"""What the trail calls a status that the buyer is to be told of."""
TOGETHER: Final = 20
"""RMAs that are looked at side by side."""


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """RMAs that Commerce has not closed, each with what F&O has made of it: neither has a time of
    change. Commerce's list of open RMAs is the list of what is to be looked at."""
    async for listed in as_groups(open_rmas(systems, since, after), TOGETHER):
        for change in await _looked_at(listed, systems, until):
            yield change


async def _looked_at(
    listed: Sequence[tuple[Mapping[str, Any], str, datetime]], systems: Systems, until: datetime
) -> list[Change]:
    """Side by side: their reads become few requests."""
    found = await asyncio.gather(*(_readable(key, systems) for _, key, _ in listed))
    return [
        Change(
            key,
            min(at, until),
            handled.fingerprint if handled is not None else "",
            str(row["entity_id"]),
            is_passed=handled is None or not handled.states,
        )
        for (row, key, at), handled in zip(listed, found, strict=True)
    ]


async def _readable(key: str, systems: Systems) -> Handled | None:
    """None for one that cannot be read: it stops no other, and the flow `returns` tells of it."""
    try:
        return await read(key, systems)
    except NotProvided:
        raise
    except (Never, NotLoaded):
        return None


async def plan(handled: Handled, delivery: Delivery) -> Plan | Skipped:
    """What Commerce must show of the return."""
    rma, systems = handled.found.rma, delivery.systems
    if reason := elsewhere(rma.store_id, systems):
        return Skipped(reason)
    number = await return_order_of(rma.key, delivery)
    if not number:
        return Waiting("it has no return order yet")
    state = next((one for one in handled.states if one.number == number), None)
    if state is None:
        reference = rma_reference(rma, handled.found.order, systems.settings)
        raise Never(
            f"{rma.label}: return order {number} is not there any more under its reference",
            remedy=(
                f"Give {number} the customer reference {reference} again in D365. If it was deleted"
                f' on purpose, run: skip {STATES} {rma.key} --why "..."'
            ),
        )
    if rma.is_over and delivery.held(RmaWrite.kind) is None:
        return Skipped(f"it is {rma.status} in Commerce")
    _must_be_credited(handled, state, systems)
    refunds = await _refunds(handled, state, delivery)
    progress = await _progress(handled, state, refunds, delivery)
    write = RmaWrite(rma, progress, systems, commerce_of(systems))
    keys = {"order": handled.found.order.increment_id, "return_order": number}
    told = _told(progress, handled, delivery)
    if told:
        keys[MAIL] = progress.status
    unheard = (Notification(REFUNDS, one.key) for one in refunds if _is_unheard(one))
    follow_ups = (*cases_of_return(rma.key, systems.settings), *told, *unheard)
    photos = () if rma.is_over else await photo_writes(rma, state.company, number, delivery)
    digests = digest([one.digest for one in (write, *photos)]) if photos else ""
    return Plan((write, *photos), digest=digests, keys=keys, follow_ups=follow_ups)


def _must_be_credited(handled: Handled, state: ReturnState, systems: Systems) -> None:
    """A return order that F&O has invoiced by a credit note of another return order's number: no
    refund can be of it."""
    rma, lines = handled.found.rma, state.lines
    is_invoiced = any(one.status == "Invoiced" and one.action != TO_CUSTOMER for one in lines)
    if handled.is_posted or rma.is_over or REFUNDS not in systems.settings.flows:
        return
    if state.status == "Closed" and is_invoiced:
        marker = marker_of(rma.increment_id, "NUMBER")
        raise Never(
            f"{rma.label}: return order {state.number} is invoiced, and has no credit note of its"
            " own",
            remedy=(
                "Look in D365 for the credit note that has its lines. Refund them in Commerce by"
                f' hand with the comment "{marker}" on the credit memo (NUMBER: that of the credit'
                f' note), close the RMA, then run: skip {STATES} {rma.key} --why "..."'
            ),
        )


def _told(progress: Progress, handled: Handled, delivery: Delivery) -> tuple[Notification, ...]:
    """The mail about a status that the RMA gets now, or got by a try that did not end."""
    settings, rma = delivery.systems.settings, handled.found.rma
    if MAILS not in settings.flows or settings.mails is None:
        return ()
    is_news = progress.moves(rma) or delivery.looks_first(RmaWrite.kind)
    if not is_news or progress.status not in settings.mails.returns:
        return ()
    return (Notification(MAILS, f"return|{rma.key}|{progress.status}"),)


async def _progress(
    handled: Handled, state: ReturnState, refunds: Sequence[Claim], delivery: Delivery
) -> Progress:
    found, settings = handled.found, delivery.systems.settings
    items = await items_shown(found, state, delivery.systems) if settings.returns.states else []
    is_done = _is_done(handled, state, refunds, settings)
    status = header_of(items, state, is_done=is_done) if items else found.rma.status
    texts = texts_of(state, handled.tracks, settings.returns)
    return Progress(status, tuple(items), texts, handled.tracks)


async def items_shown(
    found: RmaWithOrder, state: ReturnState, systems: Systems
) -> list[ItemProgress]:
    """What each item is to show of its return order."""
    skus = {one.row_id: one.row.sku for one in found.pieces}
    mapped = await systems.items.of(skus.values(), with_custom_options(found.order))
    factors = {
        row: mapped[normal_sku(sku)].factor
        for row, sku in skus.items()
        if normal_sku(sku) in mapped
    }
    return items_of(found, state, factors)


def _is_done(
    handled: Handled, state: ReturnState, refunds: Sequence[Claim], settings: Connection
) -> bool:
    """Whether nothing is left to be done about it: all is credited, each credit note is refunded,
    and what replaces goods is sent."""
    if not state.is_over or state.is_cancelled:
        return False
    is_exchange = any(one.is_exchange for one in state.lines) or bool(
        exchanged_rows(handled.found, settings)
    )
    if (is_exchange or state.replacement) and not handled.tracks:
        return False
    settled = (State.DELIVERED, State.SKIPPED)
    return all(one.state in settled and not one.differs and not _is_unheard(one) for one in refunds)


async def _refunds(handled: Handled, state: ReturnState, delivery: Delivery) -> list[Claim]:
    """Where the refunds of its credit notes stand; none where they do not flow."""
    if REFUNDS not in delivery.systems.settings.flows:
        return []
    keys = [f"{state.company}|{number}" for number in handled.credit_notes]
    return [await delivery.ledger.claim(delivery.systems.name, REFUNDS, key) for key in keys]


def _is_unheard(refund: Claim) -> bool:
    """Whether `refunds` has to look at a credit note: one that its poll has not found, as it is
    dated further back than that looks, or that it took for nobody's."""
    is_nobodys = refund.state is State.SKIPPED and refund.reason == NO_RETURN
    return refund.state is State.NEW or is_nobodys


return_states: DocumentFlow[Handled] = DocumentFlow(
    name=STATES,
    title="Return orders to states of RMAs",
    source=Source(read, resolve),
    plan=plan,
    triggers=(
        Poll(
            changed, our_clock, lambda connection: connection.returns.poll_minutes,
            fingerprint=lambda handled: handled.fingerprint,
        ),
    ),
    priority=Priority.MASTER_DATA,
)  # fmt: skip
