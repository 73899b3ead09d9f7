"""The plan of a cancellation: what is done about pieces that F&O will not send, and what is left
for a person."""

from dataclasses import dataclass
from typing import Final

from sync.commerce.closing import Refund
from sync.commerce.models.fields import whole_from
from sync.commerce.models.invoice import PAID, Invoice
from sync.commerce.models.order import Order
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.core.skipped import Skipped
from sync.dynamics.documents.packing_slip import PackingSlip
from sync.dynamics.live_orders import LiveOrder
from sync.engine.delivery import Delivery
from sync.engine.plan import Notification, OpenPoint, Plan
from sync.engine.write import Write
from sync.flows.fulfilment.ending_writes import Cancellation, PiecesRefund, marker_of
from sync.flows.fulfilment.order_totals import CAPTURES, TOTAL
from sync.flows.fulfilment.order_writes import OrderWrite
from sync.flows.fulfilment.substitutes import substituted
from sync.flows.order_comments import OrderComment
from sync.flows.returns.memos_of_returns import without_returned
from sync.flows.targets import commerce_of
from sync.mapping.cancellations import Ending, ending_of
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_rows import money_items
from sync.mapping.refund import NOTHING, Adjustment, adjustment_of_pieces, as_in_the_admin
from sync.mapping.shipments import factors_of, shipped_rows, strange_lines

ENDED: Final = frozenset({"canceled", "closed"})
CLOSED: Final = "closed_pieces"
BLOCKED: Final = {
    "holded": ("is on hold", "Release it"),
    "payment_review": ("is in payment review", "Accept or deny its payment"),
}
"""States in which Commerce cancels and refunds nothing."""


async def ending_plan(live: LiveOrder, order: Order, delivery: Delivery) -> Plan | Skipped:
    """What is done about an order. Raises `Never` where its state allows nothing."""
    if order.state in ENDED:
        return Skipped(f"the order is {order.state} in Commerce")
    sold = await without_returned(order, delivery.systems, is_proved=True)
    ending, strange = await _ending(live, sold, delivery)
    if not ending.dead:
        return Skipped("F&O sends all that Commerce would ship")
    if strange:
        return _replaced(live, order, ending.named(ending.dead), strange)
    if order.state in BLOCKED:
        raise _blocked(live, order, ending)
    policy = delivery.systems.settings.cancellations.refund_of(order.payment.method)
    invoice = await _invoice_of(order, ending, delivery) if policy != "report" else 0
    beside = NOTHING if ending.is_whole else adjustment_of_pieces(order)
    is_known = bool(ending.refund) and invoice is not None and beside is not None
    if not is_known or (policy == "online" and not invoice):
        policy = "report"
    return _Planning(live, order, ending, delivery, policy, invoice or 0, beside or NOTHING).plan()


async def _invoice_of(order: Order, ending: Ending, delivery: Delivery) -> int | None:
    """The invoice that a gateway was paid by, and all pieces to be refunded are on; 0 where no
    gateway was paid, None where there is no single one."""
    if not ending.refundable:
        return 0
    paid = [
        row
        for row in await delivery.systems.commerce.invoices.of_order(order.entity_id or 0)
        if row.get("transaction_id") and whole_from(row.get("state")) == PAID
    ]
    if not paid:
        return 0
    invoice = Invoice.read(paid[0])
    on_it = {item.order_item_id: item.qty for item in invoice.items}
    is_all = all(on_it.get(one, ZERO) >= qty for one, qty in ending.refund.items())
    return invoice.entity_id if is_all and len(paid) == 1 else None


async def _ending(live: LiveOrder, order: Order, delivery: Delivery) -> tuple[Ending, str]:
    """What ends of it, and what F&O sends beside the order."""
    systems = delivery.systems
    skus = [sku for _, sku in money_items(order)]
    items = await systems.items.of(skus, with_custom_options(order))
    bundles = {item.product_id for item in order.items if item.product_type == "bundle"}
    in_parts = await systems.commerce.products.sent_in_parts([one for one in bundles if one])
    slip = PackingSlip(live.company, live.number, "", rows=live.rows)
    slip = (await substituted(slip, order, items, systems)).slip
    factors = factors_of(slip, order, items, systems.settings.items.unit)
    ending = ending_of(order, shipped_rows(order, in_parts), slip.rows, factors)
    return ending, strange_lines(slip, order)


def _replaced(live: LiveOrder, order: Order, dead: str, strange: str) -> Plan:
    """Nothing is ended: what F&O sends may be in place of what it has cancelled."""
    sums = f"F&O has cancelled {dead} and sends {strange}"
    return Plan(
        (),
        digest=digest([live.fingerprint, order.updated_at]),
        keys={"order": order.increment_id, "sales_order": live.number},
        open_point=OpenPoint(
            f"{sums}, which order {order.increment_id} does not have",
            f"Where that replaces {dead}, end nothing: ship and invoice {dead} in Commerce by hand"
            f" once F&O has invoiced it. Else cancel or refund {dead} there by hand. Then run:"
            f' resolve cancellations "{live.key}" --why "..."',
            sums=sums,
        ),
    )


def _blocked(live: LiveOrder, order: Order, ending: Ending) -> Never:
    what, remedy = BLOCKED[order.state]
    return Never(
        f"F&O cancelled {ending.named(ending.dead)} of {live.number}, and order"
        f" {order.increment_id} {what} in Commerce, which ends nothing of it",
        remedy=f'{remedy} in Commerce, then run: replay "{live.key}"',
    )


@dataclass(frozen=True)
class _Planning:
    """The plan of one order."""

    live: LiveOrder
    order: Order
    ending: Ending
    delivery: Delivery
    policy: str
    invoice: int
    adjustment: Adjustment

    def plan(self) -> Plan:
        """Cancelled first: an order that was refunded whole is closed, and cancels nothing."""
        ending, named = self.ending, self.ending.named
        writes = [*self._cancellation(), *self._mark(), *self._refund()]
        given_back = {"refunded": named(ending.refundable)} if ending.refundable else {}
        return Plan(
            tuple(writes),
            digest=digest([self.live.fingerprint, self.order.updated_at]),
            keys={"order": self.order.increment_id, "sales_order": self.live.number},
            amounts={"cancelled in F&O": named(ending.dead), **given_back},
            notes=self._notes(),
            follow_ups=self._totals(),
            open_point=(self._torn() or self._to_charge() or self._to_refund() or self._waiting()),
        )

    def _cancellation(self) -> list[OrderWrite]:
        ending, systems = self.ending, self.delivery.systems
        if not ending.cancelled or ending.to_charge:
            return []
        return [Cancellation(self.order, systems, commerce_of(systems), ending.cancelled)]

    def _totals(self) -> tuple[Notification, ...]:
        """Once the rest is cancelled or given back, nothing more is invoiced: both totals can be
        compared."""
        is_over = self._refund() or (self._cancellation() and self.order.total_invoiced)
        if not is_over or CAPTURES not in self.delivery.systems.settings.flows:
            return ()
        return (Notification(CAPTURES, f"{self.live.key}|{TOTAL}"),)

    def _mark(self) -> list[Write]:
        systems, settings = self.delivery.systems, self.delivery.systems.settings.cancellations
        if not self.ending.waiting:
            return []
        text = settings.comment.replace("{items}", self.ending.named(self.ending.waiting))
        target = commerce_of(systems)
        return [
            OrderComment(
                self.order.entity_id or 0, text, systems.commerce, target,
                is_visible=settings.visible, kind=CLOSED,
            )
        ]  # fmt: skip

    def _refund(self) -> list[OrderWrite]:
        pieces, systems = self.ending.refund, self.delivery.systems
        if not pieces or self.policy == "report":
            return []
        refund = Refund(
            self.order.entity_id or 0, pieces, marker_of(self.live.number, self.order, pieces),
            invoice_id=self.invoice, is_online=self.policy == "online",
            is_shipping_kept=not self.ending.is_whole, adjustment=self.adjustment,
        )  # fmt: skip
        kind = f"refund {digest(refund.marker)[:8]}"
        return [PiecesRefund(self.order, systems, commerce_of(systems), kind, refund)]

    def _notes(self) -> tuple[str, ...]:
        payment = self.order.payment
        open_ = payment.amount_authorized - payment.amount_paid
        if not self.ending.cancelled or open_ <= 0:
            return ()
        currency = self.order.order_currency_code
        return (f"cancelling voids the authorisation of {open_:.2f} {currency}",)

    def _torn(self) -> OpenPoint | None:
        torn, number = self.ending.torn, self.order.increment_id
        if not torn:
            return None
        sets = self.ending.named(torn)
        return OpenPoint(
            f"order {number}: F&O has cancelled some parts of {sets}, and sends others",
            f"Cancel the other parts in {self.live.number} as well, and the rest follows by itself;"
            " or send the sets whole. Where parts have left already, agree with the buyer, then"
            " cancel or refund the sets in Commerce.",
            sums=f"parts of sets: {sets}",
        )

    def _to_charge(self) -> OpenPoint | None:
        """Listed once F&O will invoice no more: until then its invoice may still come."""
        ending, number = self.ending, self.order.increment_id
        if not ending.cancelled or not ending.to_charge:
            return None
        pieces = ending.named(ending.to_charge)
        return OpenPoint(
            f"order {number}: {pieces} were shipped and are not invoiced in Commerce, which could"
            f" never charge them once {ending.named(ending.cancelled)} are cancelled",
            f"Invoice exactly {pieces} in Commerce (Sales > Orders > {number} > Invoice). The rest"
            " is cancelled by itself then. If they shall not be charged, cancel the order there.",
            sums=f"shipped and not invoiced: {pieces}" if self.live.is_invoiced else "",
        )

    def _to_refund(self) -> OpenPoint | None:
        ending, number = self.ending, self.order.increment_id
        if not ending.refundable or self.policy != "report":
            return None
        pieces = ending.named(ending.refundable)
        shipping = "with the shipping charge" if ending.is_whole else "without shipping"
        shipping += as_in_the_admin(self.adjustment)
        return OpenPoint(
            f"order {number}: {pieces} were charged in Commerce, and F&O has cancelled them",
            f"Make a credit memo over exactly {pieces}, {shipping}, in Commerce (Sales > Orders >"
            f" {number} > Credit Memo), with Return to Stock. To let this happen by itself, name"
            f" the payment method {self.order.payment.method} under cancellations.refunds.",
            sums=f"charged and cancelled: {pieces}",
        )

    def _waiting(self) -> OpenPoint | None:
        """Nobody has to do anything: it ends with the rest of the order."""
        waiting, number = self.ending.waiting, self.order.increment_id
        if not waiting:
            return None
        return OpenPoint(
            f"order {number}: {self.ending.named(waiting)} are cancelled in F&O; Commerce cancels"
            " no single pieces",
            "Nothing is to be done: they are cancelled once the rest is shipped and invoiced.",
        )
