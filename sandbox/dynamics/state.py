"""The state of an F&O environment, and what its batch jobs and its people do to it by hand.

Documents are named by their number; `company` is needed only where several companies have it. Jobs
over sales orders pass over what they find settled, as batch jobs do; the others raise `NotPosted`.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sandbox.dynamics import (
    aging,
    free_text_invoices,
    free_text_posting,
    journal_posting,
    on_hand,
    packing,
    payment_journals,
    posting,
    progress,
    remainders,
    return_handling,
    return_posting,
    returns,
)
from sandbox.dynamics import customer_transactions as receivables
from sandbox.dynamics.environment import Environment, Settings
from sandbox.dynamics.posting import NotPosted
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

__all__ = ["DynamicsState", "NotPosted", "Settings"]


class DynamicsState(Environment):
    """An environment whose documents are posted."""

    def deliver(
        self,
        number: str,
        company: str | None = None,
        *,
        quantities: Mapping[str, Decimal] | None = None,
        tracking: Mapping[str, str] | None = None,
        over: Decimal = Decimal(0),
        carrier: str = "",
    ) -> list[str]:
        """Post a packing slip of an order, as a batch job would; the numbers of the slips.

        `quantities` by lot; None: all that remains. `tracking`: URL by tracking number. `over`: the
        part of each line that may be delivered beyond its quantity.
        """
        headers = self._orders(number, company)
        return [
            slip
            for header in headers
            if (
                slip := packing.ship(
                    self, header, quantities, tracking or {}, over=over, carrier=carrier
                )
            )
        ]

    def track_slip(self, slip: str, *tracking: str, company: str = "usmf") -> None:
        """Enter the tracking numbers of a packing slip, in place of those it had."""
        packing.track(self, slip, company, dict.fromkeys(tracking, ""))

    def correct_slip(
        self, slip: str, quantities: Mapping[str, Decimal] | None = None, company: str = "usmf"
    ) -> None:
        """Correct the quantities of a packing slip by lot; None: cancel it."""
        packing.correct(self, slip, company, quantities)

    def confirm(self, number: str, ships_on: datetime, company: str | None = None) -> None:
        """Confirm an order, which ships on that day."""
        for header in self._orders(number, company):
            progress.confirm(self, header, ships_on)

    def pick(self, number: str, company: str | None = None) -> None:
        """Post a picking list of an order."""
        for header in self._orders(number, company):
            progress.pick(self, header)

    def control_credit(
        self, number: str, *, held: bool, rejected: bool = False, company: str | None = None
    ) -> None:
        """Put an order under credit control, release or reject it."""
        for header in self._orders(number, company):
            progress.control_credit(self, header, held=held, rejected=rejected)

    def invoice(
        self, number: str, company: str | None = None, *, tax: Decimal | None = None,
        quantities: Mapping[str, Decimal] | None = None,
    ) -> list[str]:  # fmt: skip
        """Post an invoice of an order, as a batch job would; the invoice numbers.

        `tax`: the tax of the whole invoice, as an external engine gives it; None: computed from the
        tax groups. `quantities` by lot; None: all that is not invoiced yet.
        """
        posted = []
        for header in self._orders(number, company):
            if header.values.get("SalesOrderStatus") in {
                "Invoiced",
                "Canceled",
            } or packing.is_stopped(header):
                continue
            with self.store.transaction():
                has_lines = bool(self.lines(header[COMPANY], number))
                event = (
                    posting.post_sales_order(self, header, tax, quantities) if has_lines else None
                )
                if posting.is_invoiced(self, header):
                    self._set_status(header, "Invoiced")
            if event is not None:
                self.emit(event)
                posted.append(str(event["InvoiceId"]))
        return posted

    def cancel(self, number: str, company: str | None = None) -> None:
        """Cancel an order from inside F&O."""
        for header in self._orders(number, company):
            with self.store.transaction():
                self._set_status(header, "Canceled")

    def cancel_remainder(
        self, number: str, quantities: Mapping[str, Decimal] | None = None, company: str = "usmf"
    ) -> None:
        """Cancel what is still to be delivered of an order, by lot; None: all of it."""
        for header in self._orders(number, company):
            remainders.cancel_remainder(self, header, quantities)

    def receive(
        self, item: str, quantity: Decimal | int, company: str = "usmf", **place: str
    ) -> None:
        """Take goods of an item in (`on_hand.receive`)."""
        on_hand.receive(self, company, item, Decimal(quantity), **place)

    def post_free_text_invoice(
        self, identifier: int, company: str | None = None, *, tax: Decimal | None = None
    ) -> str:
        """Post a free text invoice; its number. `tax`: as in `invoice`, negative on a credit note.
        Raises `NotPosted`."""
        header = posting.only(
            self, free_text_invoices.HEADER, "InvoiceIdentifier", identifier, company
        )
        lines = free_text_invoices.lines_of(self, header[COMPANY], identifier)
        with self.store.transaction():
            event = free_text_posting.post_free_text(self, header, lines, tax)
        self.emit(event)
        return str(event["InvoiceId"])

    def post_journal(self, number: str, company: str | None = None) -> list[Record]:
        """Post a payment journal; the transactions on customer accounts that it made. Raises
        `NotPosted`."""
        return journal_posting.post(
            self, posting.only(self, payment_journals.HEADER, "JournalBatchNumber", number, company)
        )

    def receive_return(self, number: str, company: str | None = None) -> None:
        """Take in what a return order expects, as the warehouse does. Raises `NotPosted`."""
        returns.receive(
            self, posting.only(self, returns.HEADER, "ReturnOrderNumber", number, company)
        )

    def post_return(
        self,
        number: str,
        company: str | None = None,
        *,
        tax: Decimal | None = None,
        only_received: bool = False,
    ) -> str:
        """Post the credit note of a return order; its number. `tax` (positive): as in `invoice`;
        `only_received`: of what has come back. Raises `NotPosted`."""
        header = self.return_order(number, company)
        with self.store.transaction():
            event = return_posting.post_return_order(self, header, tax, only_received=only_received)
        self.emit(event)
        return str(event["InvoiceId"])

    def return_order(self, number: str, company: str | None = None) -> Record:
        """A return order. Raises `NotPosted` where there is none."""
        return posting.only(self, returns.HEADER, "ReturnOrderNumber", number, company)

    def register_return(
        self, number: str, arrived: Mapping[str, Decimal] | None = None, *, disposition: str = ""
    ) -> None:
        """Goods of a return arrive (`return_handling.register`)."""
        return_handling.register(self, self.return_order(number), arrived, disposition)

    def take_aging_snapshot(self, company: str) -> None:
        """Run the aging job of a company."""
        aging.snapshot(self, company.lower())

    def free_text_invoices_for(self, reference: str) -> list[Record]:
        """The free text invoices, posted or not, whose CustomerReference is this text."""
        return self.store.table(free_text_invoices.HEADER).having(
            "CustomerReference", (folded(reference),)
        )

    def free_text_totals(
        self, identifier: int, company: str | None = None
    ) -> free_text_invoices.Totals:
        """What a free text invoice comes to. Raises `NotPosted` when there is none."""
        header = posting.only(
            self, free_text_invoices.HEADER, "InvoiceIdentifier", identifier, company
        )
        return free_text_invoices.totals_of(self, header)

    def payments_for(self, reference: str) -> list[Record]:
        """The journal lines, posted or not, whose PaymentReference is this text; two of one amount
        are a double posting."""
        return self.store.table(payment_journals.LINE).having(
            "PaymentReference", (folded(reference),)
        )

    def returns_for(self, reference: str) -> list[Record]:
        """The return orders whose CustomersOrderReference is this text."""
        return self.store.table(returns.HEADER).having(
            "CustomersOrderReference", (folded(reference),)
        )

    def transactions(self, company: str, account: str) -> list[Record]:
        """What was posted on a customer's account, oldest first."""
        return receivables.transactions(self, company.lower(), account)

    def balance(self, company: str, account: str) -> Decimal:
        """What a customer owes in all, in the accounting currency; negative when the company
        owes."""
        rows = self.transactions(company, account)
        open_amounts = [
            self.rounded_in_books(receivables.remainder(row), row["CurrencyCode"], row[COMPANY])
            for row in rows
        ]
        return sum(open_amounts, Decimal(0))

    def _orders(self, number: str, company: str | None) -> list[Record]:
        found = self.store.table("SalesTable").having("SalesOrderNumber", (folded(number),))
        return [header for header in found if company is None or header[COMPANY] == company.lower()]

    def _set_status(self, header: Record, status: str) -> None:
        changes = {"SalesOrderStatus": status, "SalesOrderProcessingStatus": status}
        self.store.update("SalesTable", header, changes)
        for line in self.lines(header[COMPANY], header["SalesOrderNumber"]):
            if line.values.get("SalesOrderLineStatus") != "Canceled":
                self.store.update("SalesLine", line, {"SalesOrderLineStatus": status})
