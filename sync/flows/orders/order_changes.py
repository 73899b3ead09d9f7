"""What becomes of a posted sales order when its order changes, is held, or is given up in Commerce.

What D365's status still allows is applied; what was refunded after D365 shipped it is left to the
credit memo, which returns it; anything else is parked with both documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.commerce.models.invoice import REFUNDED, CreditMemo
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.sales_order_changes import (
    Changes,
    changes_between,
    rewritten,
    sent_form,
)
from sync.dynamics.sales_orders import STOPPED, ExistingSalesOrder, SalesOrders
from sync.engine.delivery import Delivery
from sync.engine.ledger import State
from sync.engine.results import Receipt, Skipped
from sync.flows.customers.order_accounts import account_for
from sync.flows.left_behind import order_left_behind
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_left import is_changed, is_nothing_left, without_credited
from sync.mapping.posting_policy import is_cancelled, is_rejected
from sync.mapping.sales_order import order_items, order_store, sales_order_from
from sync.mapping.taken_off import TAKEN_OFF, orders_are_invoiced


@dataclass(frozen=True)
class Wanted:
    """A sales order as it should be. `sold`: as if nothing had been refunded. `hold`: why it is on
    hold, if it is."""

    document: SalesOrder
    sold: SalesOrder
    hold: str = ""

    @property
    def digest(self) -> str:
        """Of what D365 must hold now."""
        return f"held|{self.document.current_digest}" if self.hold else self.document.current_digest


def given_up(order: Order, delivery: Delivery) -> str:
    """What happened to an order of which nothing is wanted; empty while something is."""
    if is_rejected(order):
        return "rejected"
    if is_cancelled(order):
        return "cancelled"
    return "refunded" if is_nothing_left(order, delivery.systems.settings.orders) else ""


async def without_what_is_credited(order: Order, delivery: Delivery) -> Order:
    """The order without the refunds that F&O holds credit notes for already: what they gave back
    stays sold.

    Asks Commerce for the order's credit memos, but only where one may have been credited before its
    order was changed.
    """
    is_posted = bool(delivery.claim.number) or delivery.claim.intent is not None
    if (
        not is_posted
        or not order.total_refunded
        or not is_changed(order)
        or order.entity_id is None
    ):
        return order
    if not orders_are_invoiced(delivery.systems.settings):
        return order
    credited = []
    for row in await delivery.systems.commerce.creditmemos_of(order.entity_id):
        memo = CreditMemo.read(row)
        claim = await delivery.ledger.claim(delivery.systems.name, "creditmemos", memo.key)
        if memo.state == REFUNDED and claim.number and TAKEN_OFF not in claim.number:
            credited.append(memo)
    return without_credited(order, credited)


async def apply_changes(
    wanted: Wanted, number: str, sent: Any, orders: SalesOrders, delivery: Delivery
) -> bool:
    """Write what differs from what was sent; all of ours where that is not known (None). False when
    nothing does."""
    document = wanted.document
    form = _with_stop(_never_more(sent_form(document), sent), sent, wanted.hold, delivery)
    changes = changes_between(sent, form) if sent else None
    if changes is not None and not changes:
        delivery.keep("sent", form)
        return False
    delivery.keep("wanted", form)
    found = await orders.read(document.company, number)
    changes = changes or rewritten(form, found.lots if found else ())
    if found is None:
        raise _conflict(document, number, "was deleted in D365", changes)
    if changes.fixed:
        raise _conflict(document, number, f"would need another {', '.join(changes.fixed)}", changes)
    if not found.is_open and not _may_write(changes, found):
        if _is_agreed(changes, found):
            delivery.keep("sent", form)
            return False
        if _is_for_a_return(changes, found, wanted.sold):
            return False
        delivery.keep(
            "answered",
            {"header": dict(found.header), "lines": [dict(line) for line in found.lines]},
        )
        raise _conflict(document, number, f"is {found.status} in D365", changes)
    if changes.header.get(STOPPED) == "Yes" and await orders.is_stopped(document.company, number):
        changes, form = _left_to_others(changes, form)
    if changes:
        intent = await delivery.intend(wanted.digest)
        await orders.change(document, found, changes, not_after=intent.not_after)
    delivery.keep("sent", form)
    return bool(changes)


def _never_more(form: dict[str, Any], sent: Any) -> dict[str, Any]:
    """Pieces that were taken off once stay off: Commerce ships what was refunded if it is told to
    ship all that is left."""
    before: Mapping[str, Any] = sent["lines"] if sent else {}
    lines = {
        name: (
            before[name]
            if name in before
            and before[name]["OrderedSalesQuantity"] < body["OrderedSalesQuantity"]
            else body
        )
        for name, body in form["lines"].items()
    }
    return {**form, "lines": lines}


def _with_stop(form: dict[str, Any], sent: Any, hold: str, delivery: Delivery) -> dict[str, Any]:
    """With the mark that stops its processing in F&O, where the connection says so; lifted only
    where we set it."""
    if not delivery.systems.settings.orders.stop_processing:
        return form
    if hold:
        return {**form, "header": {**form["header"], STOPPED: "Yes"}}
    was_ours = bool(sent) and STOPPED in sent["header"]
    return {**form, "header": {**form["header"], STOPPED: "No"}} if was_ours else form


def _left_to_others(changes: Changes, form: dict[str, Any]) -> tuple[Changes, dict[str, Any]]:
    """Somebody in F&O has stopped it already: it is his to release."""
    header = {name: value for name, value in changes.header.items() if name != STOPPED}
    kept = {name: value for name, value in form["header"].items() if name != STOPPED}
    left = Changes(header, changes.patched, changes.removed, changes.added, changes.fixed)
    return left, {**form, "header": kept}


def _may_write(changes: Changes, found: ExistingSalesOrder) -> bool:
    """A stop may be set and lifted while something is left to be shipped."""
    is_stop = set(changes.header) == {STOPPED} and not (
        changes.patched or changes.removed or changes.added
    )
    return is_stop and not found.is_shipped and not found.is_cancelled


def _is_agreed(changes: Changes, found: ExistingSalesOrder) -> bool:
    """Whether a person in F&O has made it as it is wanted: its quantities are."""
    held = found.quantities
    is_quantity = all(
        set(fields) == {"OrderedSalesQuantity"} for fields in changes.patched.values()
    )
    as_wanted = is_quantity and all(
        held.get(name) == fields["OrderedSalesQuantity"] for name, fields in changes.patched.items()
    )
    return (
        as_wanted
        and not changes.header
        and not changes.added
        and not set(changes.removed) & held.keys()
    )


def _is_for_a_return(changes: Changes, found: ExistingSalesOrder, sold: SalesOrder) -> bool:
    """Whether D365 has shipped it all, and only what was refunded would be taken off: the credit
    memo returns that."""
    rest = {line.reference: line.remaining for line in sold.lines}
    touched = {*changes.patched, *changes.removed} & found.quantities.keys()
    if set(changes.header) - {STOPPED} or changes.added or not found.is_shipped:
        return False
    return all(rest.get(name, ZERO) >= found.quantities[name] for name in touched)


def _conflict(document: SalesOrder, number: str, why: str, changes: Changes) -> Never:
    what = ", ".join(
        [
            *changes.header,
            *(f"line {ref}" for ref in (*changes.patched, *changes.removed, *changes.added)),
        ]
    )
    left = {line.reference: line.remaining for line in document.lines}
    lines = ", ".join(
        f"{name}: {left.get(name, ZERO)}" for name in (*changes.patched, *changes.removed)[:5]
    )
    quantities = (
        f" Quantities that are wanted there by external item number: {lines}." if lines else ""
    )
    return Never(
        f"order {document.reference} changed in Commerce after sales order {number} was posted, and"
        f" {number} {why}; changed: {what}",
        remedy=(
            f"Both documents are in the trail. Change {number} in D365 to what it shall be, then"
            f" replay the order.{quantities}"
        ),
    )


async def give_up(order: Order, what: str, delivery: Delivery) -> Receipt | Skipped:
    """Given up before posting: never posted. After: removed while D365 allows it, else returned, or
    a person decides.

    `what`: cancelled, rejected or refunded. Cancelled in D365 as well, or gone there, is agreement.
    """
    never = Skipped(f"{what} in Commerce before it was posted")
    if delivery.claim.state is State.CANCELLED and delivery.claim.intent is None:
        return Receipt(
            delivery.systems.settings.dynamics.order_headers,
            delivery.claim.number,
            delivery.claim.digest,
            "unchanged",
        )
    if not delivery.claim.number and delivery.claim.intent is None:
        return never
    connection = delivery.systems.settings
    orders = SalesOrders(delivery.systems.dynamics, connection.dynamics)
    company = order_store(order, connection).company or connection.dynamics.company
    found = await _posted_order(order, company, orders, delivery)
    if found is None and not delivery.claim.number:
        return never
    number = found.number if found else delivery.claim.number
    if found is not None and not found.is_cancelled:
        if not found.is_open:
            return _too_late(order, what, found, connection.dynamics.order_headers)
        delivery.wait_until_settled()
        intent = await delivery.intend(f"cancelled|{number}")
        await orders.remove(company, found, not_after=intent.not_after)
    return Receipt(connection.dynamics.order_headers, number, f"cancelled|{number}", "cancelled")


def _too_late(order: Order, what: str, found: ExistingSalesOrder, entity: str) -> Receipt:
    """What D365 has shipped before it was refunded comes back by its credit memo."""
    if what == "refunded" and found.is_shipped:
        return Receipt(entity, found.number, f"shipped|{found.number}", "unchanged")
    raise Never(
        f"order {order.increment_id} was {what} in Commerce, but sales order {found.number} is"
        f" {found.status} in D365",
        remedy=(
            f"Cancel what is left of {found.number} in D365, or return what was shipped; then"
            " replay the order. Nothing is changed there by us."
        ),
    )


async def _posted_order(
    order: Order, company: str, orders: SalesOrders, delivery: Delivery
) -> ExistingSalesOrder | None:
    if delivery.claim.number:
        return await orders.read(company, delivery.claim.number)
    delivery.wait_until_settled()
    items = await delivery.systems.items.of(
        order_items(order, delivery.systems.settings), with_custom_options(order)
    )
    account = await account_for(order, delivery)
    document = sales_order_from(order, delivery.systems.settings, account=account, items=items)
    return await order_left_behind(order, document, orders, delivery)
