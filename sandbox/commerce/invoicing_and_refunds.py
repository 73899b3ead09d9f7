"""What is done with documents in the shop: orders are invoiced, in parts if need be, and refunded,
and observers hear."""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from sandbox.commerce import invoicing, refunding
from sandbox.commerce.documents import CANCELLED, OPEN, SETTLED, comment, live
from sandbox.commerce.faults import RestFault, no_such_entity
from sandbox.commerce.memo_sums import Adjustment
from sandbox.commerce.notification_dials import NotificationDials
from sandbox.commerce.numbering import Sequences
from sandbox.commerce.payloads import raw
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.commerce.refund_rows import Refund
from sandbox.commerce.stock import Stock, less, of_items, refunded, reserved
from sync.core.money import ZERO
from sync.core.ports import Clock

Kind = Literal["invoice", "creditmemo"]
ONLINE: Final = frozenset({"braintree", "paypal_express"})
"""Payment methods with a gateway: their invoices have the number of a transaction."""


class InvoicingAndRefunds:
    """The part of the shop that makes documents. Amounts that are asked for are in base currency.

    `gross_shipping`: sales documents show shipping with tax, so the shipping of a refund is asked
    for with it. `needs_goods`: it refunds as before 2.4.2. `failing_saves`: so many of the next
    documents that a gateway is asked for are not saved, after it has moved the money: 400, and
    all is as before (source: `RefundInvoice` and `InvoiceOrder` of its Sales module).
    """

    clock: Clock
    sequences: Sequences
    notification_dials: NotificationDials
    orders: dict[int, StoredOrder]
    stock: Stock
    gross_shipping: bool = False
    needs_goods: bool = False
    failing_saves: int = 0

    def __init__(self) -> None:
        super().__init__()
        self.gateway: defaultdict[int, Decimal] = defaultdict(Decimal)
        """What gateways took less what they gave back, by order id, in base currency."""
        self._unseen: dict[tuple[Kind, int], datetime] = {}

    @abstractmethod
    def _saved(self, order: StoredOrder) -> None:
        """Tell that an order was saved."""

    @abstractmethod
    def _report(self, event: str, data: Callable[[], Columns]) -> None:
        """Tell the listeners."""

    def invoice(
        self,
        order: StoredOrder,
        quantities: Mapping[int, Decimal] | None = None,
        *,
        captured: bool = True,
        online: bool = True,
        visible_in: timedelta | None = None,
    ) -> Columns:
        """Invoice `quantities` by order item id, or all that is left; the invoice.

        `captured` False: an authorised payment is taken later, by `capture`. `online` False: it
        counts as paid, and no gateway is asked. `visible_in`: readers see the invoice only then.
        Raises `RestFault` for more than is left.
        """
        is_asked = captured and online and order.payment["method"] in ONLINE
        kept = deepcopy(order) if is_asked and self.failing_saves else order
        document = invoicing.invoice(
            kept, self.clock.now(), self.sequences, quantities, captured=captured
        )
        if captured and online:
            self._transact(order, document)
        if kept is not order:
            raise self._unsaved("an invoice")
        self._show("invoice", document, visible_in)
        self._reported("invoice", order, document)
        return document

    def capture(self, invoice: Columns) -> None:
        """Take the money of an open invoice. Raises `RestFault` for one that is not open."""
        order = self._open(invoice, "capture")
        invoicing.pay(order, invoice, self.clock.now())
        self._transact(order, invoice)
        self._reported("invoice", order, invoice)

    def cancel_invoice(self, invoice: Columns) -> None:
        """Take back an open invoice: its items can be invoiced again. Raises `RestFault` for one
        that is not open."""
        order = self._open(invoice, "cancel")
        invoicing.cancel(order, invoice, self.clock.now())
        self._reported("invoice", order, invoice)

    def refund(
        self,
        order: StoredOrder,
        quantities: Mapping[int, Decimal] | None = None,
        *,
        shipping: Decimal | None = None,
        positive: Decimal = ZERO,
        negative: Decimal = ZERO,
        invoice: Columns | None = None,
        online: bool = False,
        to_store_credit: Decimal = ZERO,
        returns_to_stock: bool = False,
        to_stock: frozenset[int] = frozenset(),
        visible_in: timedelta | None = None,
    ) -> Columns:
        """Refund `quantities` by order item id, or all that is left, of the order or of one of its
        invoices; the memo.

        `shipping` None gives back the rest of it; `positive` and `negative` are adjustments;
        `to_store_credit` is kept as credit instead of paid out. `returns_to_stock`: the pieces stay
        in stock or go back into it, as where `return_to_stock_items` lists them all; `to_stock`:
        what it lists. Raises `RestFault` for what the shop refuses; then nothing was changed.
        """
        asked = Refund(
            quantities or {}, shipping, Adjustment(positive, negative), invoice,
            gross=self.gross_shipping, online=online, to_store_credit=to_store_credit,
            needs_goods=self.needs_goods,
        )  # fmt: skip
        before, back = reserved(order), refunded(order)
        document = self._refunded(order, asked)
        back, let_go = less(refunded(order), back), less(before, reserved(order))
        returned = back.keys() if returns_to_stock else of_items(order, to_stock)
        self.stock.refund(let_go, back, returned)
        if online and invoice is not None:
            document["transaction_id"] = f"{invoice['transaction_id']}-refund"
        self._show("creditmemo", document, visible_in)
        self._reported("creditmemo", order, document)
        return document

    def documents(self, kind: Kind) -> Iterator[Columns]:
        """The committed invoices or credit memos by primary key."""
        now = self.clock.now()
        found = [
            row
            for order in self.orders.values()
            if order.visible_from <= now
            for row in _of(kind, order)
        ]
        for row in sorted(found, key=lambda row: int(row["entity_id"])):
            if self._unseen.get((kind, row["entity_id"]), now) <= now:
                yield row

    def document(self, kind: Kind, entity_id: int) -> Columns:
        """A committed one. Raises the 404 of the real one."""
        for row in self.documents(kind):
            if row["entity_id"] == entity_id:
                return row
        raise no_such_entity()

    def order_of(self, document: Columns) -> StoredOrder:
        """The order that a document belongs to."""
        return self.orders[document["order_id"]]

    def comment_on(self, kind: Kind, document: Columns, sent: Columns) -> Columns:
        """Add a comment: a row of its own, which moves no time of change."""
        return comment(sent, document, self.sequences.next(f"{kind}_comment"), self.clock.now())

    def sums(self) -> list[dict[str, Any]]:
        """Per order what was invoiced and refunded, by its documents; in the order's currency.
        Cancelled ones are out."""
        return [
            {
                "increment_id": order.row["increment_id"],
                "store_id": order.row["store_id"],
                "currency": order.row["order_currency_code"],
                "grand_total": order.amount("grand_total"),
                "invoiced": sum((invoice["grand_total"] for invoice in live(order)), ZERO),
                "refunded": sum((memo["grand_total"] for memo in order.creditmemos), ZERO),
            }
            for order in self.orders.values()
        ]

    def _open(self, invoice: Columns, action: str) -> StoredOrder:
        if invoice["state"] != OPEN:
            word = {SETTLED: "paid", CANCELLED: "canceled"}[invoice["state"]]
            raise RestFault(400, f"The {action} action is not available: the invoice is {word}.")
        return self.order_of(invoice)

    def _transact(self, order: StoredOrder, invoice: Columns) -> None:
        if order.payment["method"] in ONLINE:
            invoice["transaction_id"] = f"sandbox-{self.sequences.next('transaction'):08}"
            self.gateway[order.entity_id] += invoice["base_grand_total"]

    def _refunded(self, order: StoredOrder, asked: Refund) -> Columns:
        is_paid = asked.online and asked.invoice is not None
        kept = deepcopy((order, asked)) if is_paid and self.failing_saves else (order, asked)
        document = refunding.refund(*kept, self.clock.now(), self.sequences)
        if is_paid:
            self.gateway[order.entity_id] -= document["base_grand_total"]
        if kept[0] is not order:
            raise self._unsaved("a Creditmemo")
        return document

    def _unsaved(self, what: str) -> RestFault:
        self.failing_saves -= 1
        return RestFault(400, f"Could not save {what}, see error log for details")

    def _show(self, kind: Kind, document: Columns, visible_in: timedelta | None) -> None:
        lag = visible_in
        if lag is None and self.notification_dials.early_rate:
            lag = self.notification_dials.commit_lag()
        if lag:
            self._unseen[kind, document["entity_id"]] = self.clock.now() + lag

    def _reported(self, kind: Kind, order: StoredOrder, document: Columns) -> None:
        for event in (f"sales_order_{kind}_save_after", f"sales_order_{kind}_save_commit_after"):
            self._report(event, lambda: {kind: raw(document)})
        self._saved(order)


def _of(kind: Kind, order: StoredOrder) -> list[Columns]:
    return order.invoices if kind == "invoice" else order.creditmemos
