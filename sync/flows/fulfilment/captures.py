"""Invoices that F&O posted -> invoices in Commerce, where money is captured as the payment method
allows.

In:      a posted sales invoice with the rows of its sales order's invoices, and the order.
Key:     "<company>|<sales order>|<invoice>"; "<company>||<invoice>" for an invoice of whatever
         order; "...|-" for the one capture of a whole order, "...|=" for an order's totals.
Out:     one invoice per invoice of F&O, of the pieces that nobody has invoiced yet; where all are
         invoiced, as at checkout, a comment with F&O's number that the buyer reads.
Waits:   for the order to be posted by us; while it is on hold, under review or not paid.
Parks:   a line that cannot be counted in pieces.
Lists:   for a person, as delivered: pieces that F&O invoiced and Commerce cannot invoice; totals
         that differ once F&O will invoice no more, where `captures.credits` gives nothing back.
Repeats: the comment with F&O's number is looked for before anything is invoiced again.
Echo:    an invoice that we made is a payment in F&O only where a gateway captured it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import ORDER_MARKER, Invoice, marker_of
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import ZERO
from sync.core.skipped import Skipped
from sync.dynamics.business_events import BusinessEvent
from sync.dynamics.documents.packing_slip import PackingSlip
from sync.dynamics.documents.sales_invoice import SalesInvoice
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.flow import BusinessEvents, DocumentFlow, Poll, Source
from sync.engine.plan import Notification, PassedOn, Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.engine.write import Write
from sync.flows.fulfilment.cancellations import CANCELLATIONS
from sync.flows.fulfilment.invoice_view import InvoiceView, keys_before, to_capture, view_of
from sync.flows.fulfilment.invoice_writes import InvoiceWrite, WantedInvoice, marked
from sync.flows.fulfilment.order_totals import CAPTURES, TOTAL, total_key, totals_plan
from sync.flows.fulfilment.slip_orders import (
    PackedSlip,
    listed_invoices,
    order_of,
    packed_slip,
)
from sync.flows.fulfilment.waiting import until_released
from sync.flows.keys import parts_of, whole_in
from sync.flows.order_comments import OrderComment
from sync.flows.orders.sales_order_writes import KIND
from sync.flows.polls import companies_from, end_of, our_clock
from sync.flows.receivables.posted_invoices import DAYS_BACK
from sync.flows.targets import commerce_of
from sync.mapping.captures import is_captured, is_captured_whole
from sync.pacing.priority import Priority

WHOLE: Final = "-"
NOTHING_YET: Final = Skipped("F&O has invoiced nothing of it")


@dataclass(frozen=True)
class Capturable:
    """An invoice of F&O with the orders that its reference may name, and what Commerce has invoiced
    of them."""

    packed: PackedSlip
    invoice: SalesInvoice
    invoices: tuple[Invoice, ...]

    @property
    def version(self) -> object:
        """What differs when an order or its invoices changed."""
        return self.packed.version, [(one.entity_id, one.state) for one in self.invoices]


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Invoices of sales orders by invoice date: company by company, in the order of numbers. Of
    those that name no order of ours, the ones that are of other orders too."""
    invoices, day = systems.dynamics.posted_invoices, (since - DAYS_BACK).date()
    for company, rest in companies_from(systems, after):
        every = invoices.sales_invoices_since(company, day, after=rest)
        async for posted, dated in listed_invoices(company, every, systems):
            found = SalesInvoice(
                company, posted.sales_order, posted.number, voucher=posted.voucher,
                amount=posted.amount or ZERO,
            )  # fmt: skip
            at = end_of(dated, until)
            yield Change(found.key, at, found.fingerprint, f"{company}|{posted.number}")


def keys_in_event(event: BusinessEvent) -> Sequence[str]:
    """The invoice that an event names, of whichever sales orders."""
    number = event.named("InvoiceId")
    if not event.company or not number:
        raise NoKey("no legal entity or no InvoiceId in it")
    return [f"{event.company}||{number}"]


async def resolve(key: str, systems: Systems) -> Sequence[str] | None:
    """An invoice for each of its sales orders, where a key names none."""
    company, sales_order, number = key.split("|", 2)
    return None if sales_order else await systems.dynamics.invoiced_lines.keys(company, number)


async def read(key: str, systems: Systems) -> Capturable | None:
    """The invoice as F&O holds it, with its order and what Commerce has invoiced of that; None
    while it does not show."""
    company, sales_order, number = key.split("|", 2)
    lines = systems.dynamics.invoiced_lines
    if number == TOTAL:
        number = [WHOLE, *await lines.of_order(company, sales_order)][-1].rpartition("|")[2]
    invoice: SalesInvoice | None = SalesInvoice(company, sales_order, WHOLE)
    if number != WHOLE:
        invoice = await lines.invoice(company, sales_order, number)
    if invoice is None:
        return None
    packed = await packed_slip(invoice, systems)
    invoices = [one for each in packed.orders for one in await _invoices(each.order, systems)]
    return Capturable(packed, invoice, tuple(invoices))


async def _invoices(order: Order, systems: Systems) -> list[Invoice]:
    is_begun = any(item.qty_invoiced for item in order.items)
    return await systems.commerce.order_invoices.of_order(order.entity_id or 0) if is_begun else []


async def plan(found: Capturable, delivery: Delivery) -> Plan | Skipped:
    """The invoice that Commerce must hold of F&O's, or the comment that tells of it."""
    if found.invoice.is_credit:
        again = (Notification(CAPTURES, one) for one in keys_before(found.invoice))
        return PassedOn("a credit note invoices nothing", follow_ups=tuple(again))
    packed = await order_of(found.packed, delivery)
    if isinstance(packed, Skipped):
        return packed
    is_total = delivery.message.key.endswith(f"|{TOTAL}")
    if found.invoice.number == WHOLE:
        return NOTHING_YET if is_total else await _whole(found, packed.order, delivery)
    view = await _view(found, packed.order, delivery, may_capture=not is_total)
    if is_total:
        return await totals_plan(view, found.invoices, delivery)
    return Plan(
        (_written(view, delivery),),
        digest=view.invoice.fingerprint,
        keys={"order": view.order.increment_id, "invoice": view.invoice.number},
        amounts={"F&O": f"{view.invoice.amount:.2f} {view.invoice.currency}"},
        open_point=view.open_point(),
        when_new=_follows(view, delivery.systems.settings),
    )


def _follows(view: InvoiceView, settings: Connection) -> tuple[Notification, ...]:
    """The invoice's other orders, and what was invoiced before it and does not show; what may be
    cancelled now that this is invoiced; and the order's totals, where nothing more comes."""
    invoice, company = view.invoice, view.invoice.company
    others = [f"{company}|{other}|{invoice.number}" for other in invoice.others]
    totals = [total_key(invoice)] if view.is_last else []
    looks = [Notification(CAPTURES, one) for one in (*others, *view.behind, *totals)]
    ends = Notification(CANCELLATIONS, f"{company}|{invoice.sales_order}")
    return (*looks, *([ends] if CANCELLATIONS in settings.flows else []))


async def _view(
    found: Capturable, order: Order, delivery: Delivery, *, may_capture: bool
) -> InvoiceView:
    """What the invoice asks for, once the one capture of the whole order is done where it has
    one."""
    invoice, invoices, systems = found.invoice, found.invoices, delivery.systems
    if may_capture and is_captured_whole(order, systems.settings):
        one = replace(found, invoice=replace(invoice, number=WHOLE))
        await delivery.require(CAPTURES, one.invoice.key, one)
        invoices = tuple(await systems.commerce.order_invoices.of_order(order.entity_id or 0))
    return await view_of(invoice, order, invoices, systems)


def _written(view: InvoiceView, delivery: Delivery) -> Write:
    """The invoice; or the reference alone, where nothing is to be invoiced."""
    order, invoice, systems = view.order, view.invoice, delivery.systems
    marker, order_id = marker_of(invoice.number, invoice.voucher), view.order.entity_id or 0
    if view.there is None and not view.items:
        target = commerce_of(systems)
        return OrderComment(order_id, marker, systems.commerce, target, is_visible=True)
    return _write(order, marker, view.items, delivery, view.there)


async def _whole(found: Capturable, order: Order, delivery: Delivery) -> Plan | Skipped:
    """All that F&O sends of an order, captured once: gateways may not take a second capture."""
    systems = delivery.systems
    if not is_captured_whole(order, systems.settings):
        return Skipped("its payment method is not captured at the first shipment")
    marker = f"{ORDER_MARKER}{found.invoice.sales_order}"
    there = marked(found.invoices, marker)
    items = {} if there else await to_capture(found.invoice, order, found.invoices, systems)
    if items is None:
        return Skipped("nothing of the order is left to be captured")
    write = _write(order, marker, items, delivery, there)
    return Plan((write,), keys={"order": order.increment_id})


def _write(
    order: Order, marker: str, items: Mapping[int, Decimal], delivery: Delivery,
    there: Invoice | None,
) -> InvoiceWrite:  # fmt: skip
    if there is None:
        until_released(order, delivery)
    systems = delivery.systems
    wanted = WantedInvoice(
        order.entity_id or 0, marker, items, is_captured(order, systems.settings),
        systems.settings.captures.notify, is_whole=marker.startswith(ORDER_MARKER),
    )  # fmt: skip
    return InvoiceWrite(wanted, systems, commerce_of(systems), there)


async def invoices_of(claim: Claim, systems: Systems) -> list[str]:
    """The keys of all that is captured or invoiced of an order that was posted, the oldest
    first."""
    if (held := claim.delivered.get(KIND)) is None:
        return []
    company = systems.settings.legal_entity_of(whole_in(parts_of(claim.key)[1]))
    keys = await systems.dynamics.invoiced_lines.of_order(company, held.number)
    is_once = "at_first_shipment" in systems.settings.captures.methods.values()
    wholes = [f"{company}|{held.number}|{WHOLE}"] if is_once else []
    return [*wholes, *keys, *([f"{company}|{held.number}|{TOTAL}"] if keys else [])]


def at_first_shipment(
    order: Order, slip: PackingSlip, settings: Connection
) -> tuple[Notification, ...]:
    """What follows a shipment of an order whose money is captured then, all at once."""
    if CAPTURES not in settings.flows or not is_captured_whole(order, settings):
        return ()
    return (Notification(CAPTURES, f"{slip.company}|{slip.sales_order}|{WHOLE}"),)


captures = DocumentFlow[Capturable](
    name=CAPTURES,
    title="Posted invoices to invoices and captures",
    source=Source(read, resolve, version=lambda found: found.version, is_joined=True),
    plan=plan,
    triggers=(
        BusinessEvents(("SalesInvoicePostedBusinessEvent",), keys_in_event),
        Poll(
            changed, our_clock, lambda connection: connection.captures.poll_minutes,
            fingerprint=lambda found: found.invoice.fingerprint,
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
