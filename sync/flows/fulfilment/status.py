"""How F&O gets on with an order -> comments, status, hold or cancellation of the order in Commerce.

In:      an open sales order of ours, with its lines; its order in Commerce.
Key:     "<company>|<sales order>".
Out:     by `status.steps`, once per step and date: what the buyer reads, a status of the shop's
         own, a hold that is released again, a cancellation.
Waits:   for the order to be posted by us.
Lists:   for a person, as delivered: an authorisation that ends before F&O has invoiced, and an
         order that F&O rejected after something of it was invoiced or shipped.
Repeats: the comments of the order are looked at before another one is added.
Echo:    a status, a comment or a hold of ours changes nothing of the sales order.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.config.connections import Connection, StatusStep
from sync.core.skipped import Skipped
from sync.dynamics.business_events import BusinessEvent
from sync.dynamics.documents.order_progress import OrderProgress, fingerprint_of
from sync.dynamics.documents.packing_slip import PackingSlip
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.flow import BusinessEvents, DocumentFlow, Poll, Source
from sync.engine.plan import Notification, OpenPoint, Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.engine.write import Write
from sync.flows.fulfilment.slip_orders import PackedSlip, may_be_ours, order_of, packed_slip
from sync.flows.fulfilment.status_writes import (
    CANCELED,
    HELD,
    SEEN,
    Cancellation,
    Comment,
    Hold,
    StatusCode,
)
from sync.flows.keys import elsewhere, parts_of, whole_in
from sync.flows.orders.sales_order_writes import KIND
from sync.flows.polls import companies_from, our_clock
from sync.flows.targets import commerce_of
from sync.mapping.order_progress import Told, authorised_until, is_ending, told_of
from sync.pacing.priority import Priority

STATUS: Final = "status"
ENDED: Final = frozenset({CANCELED, "closed", "complete"})
PLAIN: Final = frozenset({"pending", "processing"})
"""Statuses that every shop has, which one of its own may replace."""


@dataclass(frozen=True)
class InProgress:
    """A sales order as far as it has come, with the order it may be of, read on `day`."""

    progress: OrderProgress
    packed: PackedSlip
    day: date


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Open sales orders, and those that may still be on hold: company by company, by number."""
    settings = systems.settings
    for company, rest in companies_from(systems, after):
        for number, row in await _ended(company, systems):
            seen = fingerprint_of(row, until.date())
            yield Change(f"{company}|{number}", until, seen, f"{company}|{rest}")
        listed = systems.dynamics.orders_in_progress.listed(
            company, since, reports=settings.status.reports, after=rest
        )
        async for number, reference, row in listed:
            if may_be_ours(reference, settings):
                key, seen = f"{company}|{number}", fingerprint_of(row, until.date())
                yield Change(key, until, seen, key)


async def _ended(company: str, systems: Systems) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """Those of orders on hold that are open no more; the copy for reporting lists them itself."""
    settings = systems.settings
    if settings.status.reports or not settings.status.holds:
        return []
    held = await systems.commerce.orders.in_state(HELD, ("entity_id", "increment_id", "store_id"))
    ours = [row for row in held if row.get("store_id") and not elsewhere(row["store_id"], systems)]
    references = [settings.orders.reference_template.format(**row) for row in ours]
    return await systems.dynamics.orders_in_progress.ended(company, references)


def keys_in_event(event: BusinessEvent) -> Sequence[str]:
    """The sales order that an event of the customer's own names."""
    number = event.named("SalesOrderId", "SalesId", "SalesOrderNumber")
    if not event.company or not number:
        raise NoKey("no legal entity or no SalesOrderId in it")
    return [f"{event.company}|{number}"]


async def read(key: str, systems: Systems) -> InProgress | None:
    """The sales order as far as it has come, with its order; None while it does not show."""
    company, _, number = key.partition("|")
    progress = await systems.dynamics.orders_in_progress.get(
        company, number, reports=systems.settings.status.reports
    )
    if progress is None:
        return None
    named = PackingSlip(company, progress.sales_order, "", reference=progress.reference)
    packed = await packed_slip(named, systems)
    return InProgress(progress, packed, systems.clock.now().date())


async def status_of(claim: Claim, systems: Systems) -> list[str]:
    """The key of an order that was posted."""
    if (held := claim.delivered.get(KIND)) is None:
        return []
    company = systems.settings.legal_entity_of(whole_in(parts_of(claim.key)[1]))
    return [f"{company}|{held.number}"]


def told_next(slip: PackingSlip, settings: Connection) -> tuple[Notification, ...]:
    """What follows a shipment: what is left is told, and its status set again."""
    key = f"{slip.company}|{slip.sales_order}"
    return (Notification(STATUS, key),) if STATUS in settings.flows else ()


async def plan(found: InProgress, delivery: Delivery) -> Plan | Skipped:
    """What Commerce must show of the step that the order has reached."""
    packed = await order_of(found.packed, delivery)
    if isinstance(packed, Skipped):
        return packed
    order, told = packed.order, told_of(found.progress)
    step = delivery.systems.settings.status.steps.get(told.step)  # type: ignore[call-overload]
    writes = tuple(_writes(order, told, step or StatusStep(), delivery))
    point = _rejected(order, told, step, found) or _ending(order, found, delivery)
    if not writes and point is None and not delivery.all_held:
        return Skipped(f"nothing to tell of it{f' ({told.step})' if told.step else ''}")
    return Plan(
        writes,
        digest="" if writes else found.progress.fingerprint(found.day),
        keys={"order": order.increment_id, "status": told.step},
        open_point=point,
    )


def _writes(order: Order, told: Told, step: StatusStep, delivery: Delivery) -> list[Write]:
    """A hold that is over is released first, one that begins comes last."""
    systems = delivery.systems
    kept = order, systems.commerce, commerce_of(systems)
    hold, writes = Hold(*kept, is_held=True), list[Write]()
    if order.state in ENDED:
        return writes
    is_ours = _is_ours(hold, delivery)
    if is_ours and step.act != "hold":
        writes.append(replace(hold, is_held=False))
    if text := _text(told, step, systems.settings.status.date_format):
        before = delivery.held(Comment.kind)
        seen = int(before.keys.get(SEEN) or 0) if before else 0
        writes.append(Comment(*kept, text, step.visible, seen))
    if _takes_status(order, step, delivery):
        writes.append(StatusCode(*kept, step.status))
    if step.act == "hold" and (is_ours or order.state not in {HELD, "payment_review"}):
        writes.append(hold)
    if step.act == "cancel" and _may_be_cancelled(order):
        writes.append(Cancellation(*kept))
    return writes


def _is_ours(hold: Hold, delivery: Delivery) -> bool:
    """Whether the order is on hold by us, or may be: a person's hold is never released."""
    held, begun = delivery.held(Hold.kind), delivery.inherited
    if begun is not None and begun.concerns(Hold.kind):
        return True
    return held is not None and delivery.is_same(held.digest, hold.digest)


def _text(told: Told, step: StatusStep, form: str) -> str:
    """The comment; empty where none is wanted, and while it lacks its date."""
    if "{date}" in step.comment and told.ships_on is None:
        return ""
    day = told.ships_on.strftime(form) if told.ships_on else ""
    return step.comment.replace("{date}", day)


def _takes_status(order: Order, step: StatusStep, delivery: Delivery) -> bool:
    """Whether the order's status is to be replaced: by one of its own state, and none that a person
    has set."""
    steps = delivery.systems.settings.status.steps.values()
    ours = PLAIN | {one.status for one in steps if one.status}
    is_other = bool(step.status) and order.status != step.status
    return is_other and order.state == step.state and order.status in ours


def _may_be_cancelled(order: Order) -> bool:
    is_begun = order.total_invoiced or any(item.qty_shipped for item in order.items)
    return not is_begun and order.state not in {*ENDED, HELD, "payment_review"}


def _rejected(
    order: Order, told: Told, step: StatusStep | None, found: InProgress
) -> OpenPoint | None:
    """An order that is to be cancelled, of which something was invoiced or shipped."""
    if step is None or step.act != "cancel" or _may_be_cancelled(order) or order.state == CANCELED:
        return None
    why = f"F&O {told.step}, Commerce {order.state}, invoiced {order.total_invoiced:.2f}"
    return OpenPoint(
        f"order {order.increment_id} is not cancelled in Commerce: {why}",
        remedy=(
            "Refund and cancel it in the Admin, or release it in F&O. Where it is right as it is,"
            f' run: resolve status "{found.progress.key}" --why "..."'
        ),
        sums=why,
    )


def _ending(order: Order, found: InProgress, delivery: Delivery) -> OpenPoint | None:
    """An authorisation that ends before F&O has invoiced."""
    settings = delivery.systems.settings
    end = authorised_until(order, settings)
    if end is None or order.state in ENDED or not is_ending(end, settings, delivery.now()):
        return None
    open_ = order.grand_total - order.total_paid
    what = f"{open_:.2f} {order.order_currency_code} by {order.payment.method} until {end:%Y-%m-%d}"
    return OpenPoint(
        f"order {order.increment_id}: an authorisation ends before F&O has invoiced: {what}",
        remedy=(
            "Capture it in the Admin, have the gateway renew it, or invoice the order in F&O. Where"
            f' it is right as it is, run: resolve status "{found.progress.key}" --why "..."'
        ),
        sums=what,
    )


status: DocumentFlow[InProgress] = DocumentFlow[InProgress](
    name=STATUS,
    title="Progress of sales orders, as buyers read it",
    source=Source(
        read, version=lambda found: (found.progress, found.packed.version), is_joined=True
    ),
    plan=plan,
    triggers=(
        BusinessEvents((), keys_in_event, lambda connection: connection.status.events),
        Poll(
            changed, our_clock, lambda connection: connection.status.poll_minutes,
            fingerprint=lambda found: found.progress.fingerprint(found.day),
        ),
    ),
    priority=Priority.CATALOGUE,
)  # fmt: skip
