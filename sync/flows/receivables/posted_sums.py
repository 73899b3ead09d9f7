"""What F&O posted against what Commerce charged or gave back: amount, tax and currency, of every
kind of document.

F&O computes tax from its own groups, and people change documents there. A sales order or return
order may be posted in parts, so less than all is no fault before F&O says that it is done. What was
corrected in F&O agrees when either its invoices alone or its invoices less its credit notes come to
Commerce's sums. An invoice of several orders tells no sum of one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sync.core.money import ZERO, rounded, total
from sync.dynamics.posted_invoices import PostedInvoice, Sums
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.plan import OpenPoint
from sync.flows.receivables.wanted_sums import Wanted, wanted_of

NOUNS = {"orders": "order", "invoices": "invoice", "creditmemos": "credit memo"}


@dataclass(frozen=True)
class Verdict:
    """The result of a comparison. `outcome`: in words, for the trail. `open_point`: what is left
    for a person, where sums differ."""

    outcome: str
    is_equal: bool = False
    amount: Decimal | None = None
    tax: Decimal | None = None
    open_point: OpenPoint | None = None

    def as_details(self) -> dict[str, str]:
        """For the trail: the document's own sums as F&O shows them, and what comparing them
        said."""
        sums = {"amount": self.amount, "tax": self.tax}
        shown = {name: f"{value:.2f}" for name, value in sums.items() if value is not None}
        return {**shown, "compared": self.outcome}


async def compared(posted: PostedInvoice, claim: Claim, delivery: Delivery) -> Verdict:
    """Compare a posted document, with all that F&O posted of the same record, with the record in
    Commerce."""
    own = await _sums(posted, delivery)
    found = _double_revenue(posted, claim, delivery) or await _held_against(
        posted, own, claim, delivery
    )
    return Verdict(found.outcome, found.is_equal, own.amount, own.tax, found.open_point)


async def _sums(posted: PostedInvoice, delivery: Delivery) -> Sums:
    if posted.amount is not None:
        return Sums(posted.amount, posted.tax)
    return await delivery.systems.dynamics.posted_invoices.free_text_sums(posted)


def _double_revenue(posted: PostedInvoice, claim: Claim, delivery: Delivery) -> Verdict | None:
    """F&O's own invoice of an order whose revenue the recipe books by free text invoices."""
    settings = delivery.systems.settings
    is_ours = "invoices" in settings.flows and settings.invoices.recipe != "payment-journal"
    if claim.flow != "orders" or not is_ours:
        return None
    point = OpenPoint(
        f"DOUBLE REVENUE: F&O invoiced sales order {posted.sales_order} as {posted.number}, and the"
        f" recipe {settings.invoices.recipe} books the same order's revenue by free text invoices",
        remedy=(
            'Set invoices.recipe = "payment-journal", or stop invoicing web orders in F&O; '
            "then credit one of the two, and store that it is done:"
            f" resolve posted_invoices '{delivery.claim.key}' --why TEXT."
        ),
        sums=f"sales order {posted.sales_order} beside free text invoices",
    )
    return Verdict("no: the recipe books the same revenue by free text invoices", open_point=point)


async def _held_against(
    posted: PostedInvoice, own: Sums, claim: Claim, delivery: Delivery
) -> Verdict:
    wanted = await wanted_of(posted, claim, delivery)
    if wanted is None:
        return Verdict(f"no: Commerce does not show {NOUNS[claim.flow]} {claim.key} any more")
    if posted.currency != wanted.currency:
        why = (
            f"F&O posted {posted.number} in {posted.currency or '(no currency)'}, Commerce in"
            f" {wanted.currency}"
        )
        remedy = f"Credit {posted.number} in F&O and post the document in {wanted.currency}."
        point = OpenPoint(
            f"{_label(posted, claim)}: {why}", f"{remedy} {_decided(delivery)}",
            sums=f"F&O {posted.currency}, Commerce {wanted.currency}",
        )  # fmt: skip
        return Verdict("differs in currency", open_point=point)
    if wanted.unclear:
        return Verdict(f"no: {wanted.unclear}")
    sign = -1 if claim.flow == "creditmemos" else 1
    everything = await _all_of(posted, own, delivery)
    signed = [
        Sums(sign * one.amount, None if one.tax is None else sign * one.tax) for one in everything
    ]
    return await _verdict(posted, _closest(signed, wanted), wanted, claim, delivery)


async def _all_of(posted: PostedInvoice, own: Sums, delivery: Delivery) -> list[Sums]:
    """The sums of everything that F&O posted of the same order, return order or reference, this
    document among it."""
    found = delivery.systems.dynamics.posted_invoices
    if posted.kind == "sales-invoice":
        others = await found.invoices_of_order(posted.company, posted.sales_order)
    else:
        others = await found.free_text_invoices_of(posted.company, posted.reference)
    return [
        own,
        *[await _sums(other, delivery) for other in others if other.number != posted.number],
    ]


def _closest(signed: Sequence[Sums], wanted: Wanted) -> Sums:
    """All together, or what was invoiced without what was credited of it: whichever is nearer."""
    ways = [_sum(signed), _sum([one for one in signed if one.amount >= ZERO])]
    return min(ways, key=lambda way: abs(way.amount - wanted.amount) + abs(_off_tax(way, wanted)))


def _off_tax(held: Sums, wanted: Wanted) -> Decimal:
    return ZERO if held.tax is None or wanted.tax is None else held.tax - wanted.tax


def _sum(signed: Sequence[Sums]) -> Sums:
    taxes = [one.tax for one in signed if one.tax is not None]
    tax = rounded(total(taxes)) if len(taxes) == len(signed) else None
    return Sums(rounded(total(one.amount for one in signed)), tax)


async def _verdict(
    posted: PostedInvoice, held: Sums, wanted: Wanted, claim: Claim, delivery: Delivery
) -> Verdict:
    most = delivery.systems.settings.orders.rounding_most
    off, off_tax = held.amount - wanted.amount, _off_tax(held, wanted)
    if off > most or off_tax > most:
        return await _differs(posted, held, wanted, claim, delivery)
    if off < -most or off_tax < -most:
        if not await _is_done(posted, claim, delivery):
            return Verdict(f"not yet: F&O has posted {_reported(held, wanted)} so far")
        return await _differs(posted, held, wanted, claim, delivery)
    if wanted.tax is None:
        return Verdict(
            "amount only: pieces were cancelled or refunded, and what is left of the tax is not"
            " told"
        )
    if held.tax is None and wanted.tax:
        return Verdict(
            f"amount only: F&O shows our user no tax of {posted.number}; give its role"
            " CustInvoiceJourBiEntities"
        )
    return Verdict("equal", is_equal=True)


def _reported(held: Sums, wanted: Wanted) -> str:
    return f"{held.amount:.2f} of {wanted.amount:.2f} {wanted.currency}"


async def _is_done(posted: PostedInvoice, claim: Claim, delivery: Delivery) -> bool:
    """Whether F&O will post no more of it."""
    dynamics = delivery.systems.dynamics
    if posted.kind != "sales-invoice":
        return True
    if claim.flow == "creditmemos":
        return await dynamics.return_orders.is_closed(posted.company, posted.sales_order)
    found = await dynamics.sales_orders.by_number(posted.company, posted.sales_order)
    return found is None or found.header.get("SalesOrderStatus") == "Invoiced"


async def _differs(
    posted: PostedInvoice, held: Sums, wanted: Wanted, claim: Claim, delivery: Delivery
) -> Verdict:
    lines, number = delivery.systems.dynamics.invoiced_lines, posted.sales_order
    if number and await lines.is_shared(posted.company, number):
        return Verdict(f"no: an invoice of sales order {number} is of other orders too")
    is_memo = claim.flow == "creditmemos"
    done, did = ("credited", "gave back") if is_memo else ("invoiced", "charged")
    is_taxed = held.tax is not None and wanted.tax is not None
    off_tax = f", of it tax {_off_tax(held, wanted):.2f}" if is_taxed else ""
    what = posted.sales_order or f"free text invoice {posted.identifier}"
    point = OpenPoint(
        f"{_label(posted, claim)}: F&O {done} {held.amount:.2f} {wanted.currency} with"
        f" {_tax(held.tax)} for {what} (last {posted.number}), Commerce {did} {wanted.amount:.2f}"
        f" with {_tax(wanted.tax)}; difference {held.amount - wanted.amount:.2f}{off_tax}",
        remedy=(
            "Compare the tax groups of the lines with Commerce's tax codes (orders.taxes in"
            f" connections.toml), and the lines and charges of {posted.number} with Commerce;"
            " correct it in F&O under the same"
            f" {'order' if posted.kind == 'sales-invoice' else 'customer reference'}, then replay."
            f" {_decided(delivery)}"
        ),
        sums=(
            f"F&O {held.amount:.2f} with {_tax(held.tax)}, Commerce {wanted.amount:.2f}"
            f" {wanted.currency} with {_tax(wanted.tax)}"
        ),
    )
    return Verdict(f"differs: F&O {_reported(held, wanted)}", open_point=point)


def _decided(delivery: Delivery) -> str:
    return f"If F&O is right as it is: resolve posted_invoices '{delivery.claim.key}' --why TEXT."


def _tax(amount: Decimal | None) -> str:
    return "an unknown tax" if amount is None else f"{amount:.2f} tax"


def _label(posted: PostedInvoice, claim: Claim) -> str:
    return f"{NOUNS[claim.flow]} {claim.key.rpartition('@')[0]} (reference {posted.reference})"
