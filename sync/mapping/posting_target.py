"""Where an invoice or credit memo is booked, and on which day. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from sync.commerce.models.invoice import CreditMemo, Invoice, MoneyDocument
from sync.commerce.models.order import Order, utc
from sync.config.connections import Connection, NumberMode, Store
from sync.core.errors import Never
from sync.mapping.document_numbers import fitting_number
from sync.mapping.order_settings import order_store
from sync.mapping.references import FORMER

D = TypeVar("D", Invoice, CreditMemo)


@dataclass(frozen=True)
class DocumentWithOrder(Generic[D]):
    """A document of Commerce with its order."""

    document: D
    order: Order

    @property
    def worth(self) -> str:
        """The grand total, as the list of the parked shows it."""
        return f"{self.document.grand_total:.2f} {self.document.order_currency_code}"


@dataclass(frozen=True)
class PostingTarget:
    """Where a document is booked: legal entity, account, store view, our reference, and its sales
    order if it is there.

    `payer`: the account that owes and pays it, where that is another one.
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
    payer: str = ""

    @property
    def invoice_account(self) -> str:
        """The account that it is invoiced to, paid by and credited to."""
        return self.payer or self.account


def posting_target_of(
    with_order: DocumentWithOrder[D], connection: Connection, account: str
) -> PostingTarget:
    """Where the document is booked.

    Raises `Never` for an order of no store of this connection, and for a number that F&O would not
    hold.
    """
    store = order_store(with_order.order, connection)
    former = former_reference(with_order)
    company = store.company or connection.dynamics.company
    reference = document_reference(with_order, connection)
    number = _return_number(with_order, connection)
    return PostingTarget(company, account, store, reference, former, number)


def document_reference(with_order: DocumentWithOrder[D], connection: Connection) -> str:
    """Our reference of a document, by which it is found in D365."""
    is_invoice = isinstance(with_order.document, Invoice)
    section = connection.invoices if is_invoice else connection.creditmemos
    return _filled(section.reference_template, with_order)


def former_reference(with_order: DocumentWithOrder[D]) -> str:
    """Its reference by the default template of earlier releases."""
    flow = "invoices" if isinstance(with_order.document, Invoice) else "creditmemos"
    return _filled(FORMER[flow], with_order)


def _return_number(with_order: DocumentWithOrder[D], connection: Connection) -> str:
    is_returned = (
        isinstance(with_order.document, CreditMemo)
        and connection.creditmemos.recipe == "return-order"
    )
    if not is_returned or connection.orders.numbers is NumberMode.THEIRS:
        return ""
    number = _filled(connection.creditmemos.number_template, with_order)
    return fitting_number(
        number, with_order.document.label, "ReturnOrderNumber", "creditmemos.number_template"
    )


def _filled(template: str, with_order: DocumentWithOrder[D]) -> str:
    order = with_order.order
    return template.format(
        order_increment_id=order.increment_id, increment_id=with_order.document.increment_id,
        store_id=0 if order.store_id is None else order.store_id,
    )  # fmt: skip


def day_of(document: MoneyDocument, connection: Connection, company: str) -> date:
    """The day the document was made, in the legal entity's time zone: the ledger's posting periods
    go by it.

    REST tells the moment in UTC. Raises `Never` where it tells none.
    """
    made = utc(document.created_at)
    if made is None:
        raise Never(
            f"{document.label}: created_at is no date, and the ledger needs one",
            remedy="Ask Commerce for the document with all its fields.",
        )
    return made.astimezone(connection.time_zone(company)).date()
