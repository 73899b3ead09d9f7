"""What an invoice or credit memo becomes in D365 by the connection's recipe, each document proved. Pure.

Flows post these documents and previews show them: both take them from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from sync.commerce.models.invoice import PAID, REFUNDED, CreditMemo, Invoice, MoneyDocument
from sync.commerce.models.order import Order, utc
from sync.connections import Connection, NumberMode, Store
from sync.encoding import digest
from sync.errors import Never
from sync.mapping.customer_payment import CustomerPayment, customer_payment_from
from sync.mapping.free_text_invoice import FreeTextInvoice, free_text_invoice_from
from sync.mapping.receivable_lines import Receivable, proved, receivable_from
from sync.mapping.references import FORMER
from sync.mapping.return_order import ReturnOrder, return_order_from
from sync.mapping.sales_order import LONGEST_NUMBER, order_store
from sync.mapping.totals import Totals
from sync.mapping_tables.records import ItemMapping
from sync.money import ZERO

D = TypeVar("D", Invoice, CreditMemo)


@dataclass(frozen=True)
class Booked(Generic[D]):
    """A document of Commerce with its order."""

    document: D
    order: Order


@dataclass(frozen=True)
class Ground:
    """Where a document is booked: legal entity, account, store view, our reference, and its sales order if it is there.

    `former`: the reference by the default template of earlier releases.
    `number`: the ReturnOrderNumber of a credit memo, where sales orders are numbered by us.
    """

    company: str
    account: str
    store: Store
    reference: str
    former: str = ""
    number: str = ""
    order_number: str = ""


@dataclass(frozen=True)
class Bookings:
    """The documents to be posted, in this order; None where the recipe has no such one, or it would be of nothing."""

    free_text: FreeTextInvoice | None = None
    return_order: ReturnOrder | None = None
    payment: CustomerPayment | None = None
    payment_totals: Totals | None = None

    @property
    def totals(self) -> Totals | None:
        """Of the document that books the revenue, else of the money; each was proved."""
        revenue = self.free_text or self.return_order
        return revenue.totals if revenue is not None else self.payment_totals


def reason_to_wait(document: Invoice | CreditMemo) -> str:
    """Why a document is not booked yet; empty when it may be."""
    if isinstance(document, Invoice):
        return "" if document.state == PAID else "waiting: the invoice is not captured yet"
    return "" if document.state == REFUNDED else "waiting: the credit memo is not refunded yet"


def nothing_to_book(document: Invoice | CreditMemo, receivable: Receivable, connection: Connection) -> str:
    """Why there is nothing to book for good; empty when there is something.

    An invoice that gift cards paid in full brings no money in, yet its goods are revenue.
    """
    if isinstance(document, CreditMemo):
        return "a credit memo of nothing: there is nothing to give back" if receivable.is_nothing else ""
    is_money_only = connection.invoices.recipe == "payment-journal"
    is_nothing = not receivable.totals.commerce if is_money_only else receivable.is_nothing
    return "an invoice of nothing: there is nothing to receive" if is_nothing else ""


def receivable_of(booked: Booked[D], connection: Connection, *, gross: bool | None = None) -> Receivable:
    """The proved lines. `gross`: whether they include tax; None takes the store's own way. Raises `Never`."""
    if gross is None:
        gross = bool(order_store(booked.order, connection).prices_include_tax)
    return receivable_from(booked.document, booked.order, connection, gross=gross)


def ground_of(booked: Booked[D], connection: Connection, account: str) -> Ground:
    """Where the document is booked.

    Raises `Never` for an order of no store of this connection, and for a number that F&O would not hold.
    """
    document, order = booked.document, booked.order
    store = order_store(order, connection)
    is_invoice = isinstance(document, Invoice)
    section = connection.invoices if is_invoice else connection.creditmemos
    former = _filled(FORMER["invoices" if is_invoice else "creditmemos"], booked)
    company, reference = store.company or connection.dynamics.company, _filled(section.reference_template, booked)
    return Ground(company, account, store, reference, former, _return_number(booked, connection))


def _return_number(booked: Booked[D], connection: Connection) -> str:
    is_returned = isinstance(booked.document, CreditMemo) and connection.creditmemos.recipe == "return-order"
    if not is_returned or connection.orders.numbers is NumberMode.THEIRS:
        return ""
    number = _filled(connection.creditmemos.number_template, booked)
    if len(number) > LONGEST_NUMBER:
        raise Never(
            f"{booked.document.label}: ReturnOrderNumber would be {number}, {len(number)} characters; F&O takes {LONGEST_NUMBER}",
            remedy="Shorten creditmemos.number_template in connections.toml, then replay.",
        )
    return number


def _filled(template: str, booked: Booked[D]) -> str:
    order = booked.order
    return template.format(
        order_increment_id=order.increment_id, increment_id=booked.document.increment_id,
        store_id=0 if order.store_id is None else order.store_id,
    )  # fmt: skip


def invoice_bookings(
    booked: Booked[Invoice],
    receivable: Receivable,
    connection: Connection,
    ground: Ground,
    items: Mapping[str, ItemMapping],
) -> Bookings:
    """What an invoice becomes. Raises `Never` for what has no account, bank or item."""
    recipe = connection.invoices.recipe
    free_text, payment, paid = None, None, None
    if recipe != "payment-journal":
        free_text = _free_text(booked, receivable, connection, ground, items)
    if recipe != "free-text-invoice" and receivable.totals.commerce:
        payment, paid = _payment(booked, receivable, connection, ground)
    return Bookings(free_text, None, payment, paid)


def memo_bookings(
    booked: Booked[CreditMemo],
    receivable: Receivable,
    connection: Connection,
    ground: Ground,
    *,
    items: Mapping[str, ItemMapping],
    lots: Mapping[str, str],
) -> Bookings:
    """What a credit memo becomes. `lots`: those of the order's lines by our reference. Raises `Never`."""
    settings = connection.creditmemos
    free_text, returned, payment, paid = None, None, None, None
    if settings.recipe == "return-order":
        returned = return_order_from(
            receivable, booked.order, connection, store=ground.store, company=ground.company, account=ground.account,
            number=ground.number, reference=ground.reference, items=items, lots=lots,
        )  # fmt: skip
    else:
        free_text = _free_text(booked, receivable, connection, ground, items)
    if settings.refund_payment and receivable.totals.commerce > ZERO:
        payment, paid = _payment(booked, receivable, connection, ground)
    return Bookings(free_text, returned, payment, paid)


def _free_text(
    booked: Booked[D],
    receivable: Receivable,
    connection: Connection,
    ground: Ground,
    items: Mapping[str, ItemMapping],
) -> FreeTextInvoice:
    return free_text_invoice_from(
        receivable, booked.order, connection, company=ground.company, account=ground.account,
        reference=ground.reference, day=day_of(booked.document), items=items,
        is_credit=isinstance(booked.document, CreditMemo),
    )  # fmt: skip


def _payment(
    booked: Booked[D], receivable: Receivable, connection: Connection, ground: Ground
) -> tuple[CustomerPayment, Totals]:
    payment = customer_payment_from(
        booked.document, booked.order, connection, company=ground.company, account=ground.account,
        reference=ground.reference, day=day_of(booked.document),
    )  # fmt: skip
    return payment, proved(receivable, iter([payment.amount]), tax=False)


def day_of(document: MoneyDocument) -> date:
    """The day the document was made, as the ledger dates it. UTC, as REST says it. Raises `Never` where it says none."""
    made = utc(document.created_at)
    if made is None:
        raise Never(
            f"{document.label}: created_at is no date, and the ledger needs one",
            remedy="Ask Commerce for the document with all its fields.",
        )
    return made.date()


def fingerprint_of(document: MoneyDocument) -> str:
    """What tells a changed document from the same one seen again, whatever the configuration says meanwhile."""
    amounts = {name: f"{getattr(document, name):.4f}" for name in ("grand_total", "subtotal", "tax_amount")}
    return digest({"order": document.order_id, "currency": document.order_currency_code, **amounts})
