"""Differences planted into two books that agree: what is done, which cause a reconciliation must
name, and what a person does about it where no command mends it."""

import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.records import Columns, StoredOrder, stamp
from sandbox.dynamics.store import Record
from sync.commerce.filters import moment_of
from sync.dynamics.posted_invoices import SALES
from sync.engine.corrections import Corrections
from sync.reconcile.difference import Cause, Difference, Summary
from sync.reconcile.kind import Connected, Window
from sync.reconcile.reconciling import kinds_of, reconcile
from tests.flows.finance import Finance, key
from tests.harness import Harness, key_of
from tests.systems import COMPANY, CONNECTION

ORDERS, LINES = "SalesTable", "SalesLine"
RETURNS, RETURNED = "ReturnOrderHeadersV2", "ReturnOrderLinesV2"
PAID: Final = "CustomerPaymentJournalLines"
DRAFTS, DRAFTED = "FreeTextInvoiceHeaders", "FreeTextInvoiceLines"

Undo = Callable[[], Awaitable[None]]
Found = tuple[str, str, Cause]


@dataclass(frozen=True)
class Planted:
    """One difference. `undo`: what a person does; None where the command mends it."""

    kind: str
    key: str
    cause: Cause
    undo: Undo | None = None

    @property
    def found(self) -> Found:
        """What a reconciliation must say."""
        return self.kind, self.key, self.cause


@dataclass
class Ledger:
    """Somebody works in F&O by hand."""

    finance: Finance

    def changed(self, table: str, row: Record, **cells: Any) -> Undo:
        """Rows are changed."""
        store, before = self.finance.dynamics.store, {name: row.values.get(name) for name in cells}
        after = store.update(table, row, cells)

        async def undo() -> None:
            store.update(table, after, before)

        return undo

    def deleted(self, *rows: tuple[str, Record]) -> Undo:
        """Rows are deleted."""
        store = self.finance.dynamics.store
        for table, row in rows:
            store.delete(table, row)

        async def undo() -> None:
            for table, row in rows:
                store.insert(table, row.values)

        return undo

    def copied(self, table: str, row: Record, *lines: tuple[str, Record], **cells: Any) -> Undo:
        """A document is entered a second time, with its lines."""
        store = self.finance.dynamics.store
        new = [(table, store.insert(table, {**row.values, **cells}))]
        for at, (name, line) in enumerate(lines):
            lots = [one for one in ("InventoryLotId", "ReturnInventoryLotId") if one in line.values]
            more = dict.fromkeys(lots, f"COPY-{new[0][1].number}-{at}")
            new.append((name, store.insert(name, {**line.values, **cells, **more})))

        async def undo() -> None:
            for name, one in new:
                store.delete(name, one)

        return undo


def aged(document: Columns | StoredOrder, by: timedelta = timedelta(hours=3)) -> None:
    """It was made some time ago, and nobody has heard of it."""
    row = document.row if isinstance(document, StoredOrder) else document

    for name in ("created_at", "updated_at"):
        row[name] = stamp(moment_of(row[name]) - by)


def lines_of(finance: Finance, order: StoredOrder) -> list[tuple[str, Record]]:
    """Of its sales order."""
    number = finance.header(order)["SalesOrderNumber"]
    return [(LINES, row) for row in finance.dynamics.lines(COMPANY, number)]


def header_of(finance: Finance, order: StoredOrder) -> Record:
    """Its sales order."""
    (row,) = finance.dynamics.orders_for(finance.order_reference(order), COMPANY)
    return row


async def reconciled(
    finance: Harness, *kinds: str, back: timedelta = timedelta(days=7)
) -> tuple[list[Difference], Summary]:
    """The differences of the last days, and the sums."""
    services, now = finance.services, finance.clock.now()
    systems = await services.systems_pool.open(CONNECTION)
    connected = await Connected.of(systems, services.ledger, services.documents)
    found: list[Difference] = []
    window = Window(now - back, now + timedelta(seconds=1))
    summary = await reconcile(connected, window, kinds_of(connected, kinds), found.append)
    return found, summary


async def mended(finance: Harness, difference: Difference) -> None:
    """Do what the difference says: run its command."""
    _, _, command = difference.command.rpartition("python -m sync ")
    name, *words = shlex.split(command)
    options = dict(zip(words[1::2], words[2::2], strict=False))
    flow = options.get("--flow", "orders")
    if name == "replay":
        await finance.replays(words[0], flow)
    elif name == "backfill":
        ids = words[words.index("--ids") + 1]
        flow = words[words.index("--flow") + 1]
        await finance.services.intake.accept(flow, CONNECTION, [ids], "backfill")
        await finance.works_until_idle()
    elif name == "forget":
        flow, forgotten = words[0], words[1]
        services = finance.services
        claim = await services.ledger.claim(CONNECTION, flow, forgotten)
        clock = services.edition_parts.clock
        assert await Corrections(services.ledger, clock, "ann", "gone").forget(claim)
        await finance.replays(forgotten, flow)
    else:
        assert name == "trail", difference.command
        await finance.works_until_idle()


# Orders


async def order_is_not_heard_of(finance: Finance) -> Planted:
    order = finance.place()
    aged(order)
    return Planted("orders", key_of(order), Cause.MISSING)


async def order_is_new(finance: Finance) -> Planted:
    return Planted("orders", key_of(finance.place()), Cause.NOT_DUE)


async def order_waits_for_its_payment(finance: Finance) -> Planted:
    order = finance.place()
    order.row |= {"state": "pending_payment", "status": "pending_payment"}
    aged(order)
    await finance.delivers(order)

    async def undo() -> None:
        order.row |= {"state": "new", "status": "pending"}
        await finance.delivers(order)

    return Planted("orders", key_of(order), Cause.WAITING, undo)


async def order_is_parked(finance: Finance) -> Planted:
    order = finance.place()
    before, order.row["order_currency_code"] = order.row["order_currency_code"], "XTS"
    await finance.delivers(order)
    order.row["order_currency_code"] = before
    return Planted("orders", key_of(order), Cause.PARKED)


async def order_is_deleted(finance: Finance) -> Planted:
    order = await finance.placed()
    Ledger(finance).deleted((ORDERS, header_of(finance, order)), *lines_of(finance, order))
    return Planted("orders", key_of(order), Cause.MISSING)


async def order_has_another_reference(finance: Finance) -> Planted:
    order = await finance.placed()
    cells = {"CustomersOrderReference": "PO 7"}
    undo = Ledger(finance).changed(ORDERS, header_of(finance, order), **cells)
    return Planted("orders", key_of(order), Cause.EDITED, undo)


async def order_is_cancelled_there(finance: Finance) -> Planted:
    order = await finance.placed()
    undo = Ledger(finance).changed(ORDERS, header_of(finance, order), SalesOrderStatus="Canceled")
    return Planted("orders", key_of(order), Cause.MISSING, undo)


async def order_is_doubled(finance: Finance) -> Planted:
    order = await finance.placed()
    number = f"COPY-{order.row['increment_id']}"
    undo = Ledger(finance).copied(
        ORDERS, header_of(finance, order), *lines_of(finance, order), SalesOrderNumber=number
    )
    return Planted("orders", key_of(order), Cause.DOUBLED, undo)


async def order_is_edited(finance: Finance) -> Planted:
    order = await finance.placed()
    table, row = lines_of(finance, order)[0]
    undo = Ledger(finance).changed(table, row, LineAmount=row["LineAmount"] + Decimal("0.01"))
    return Planted("orders", key_of(order), Cause.EDITED, undo)


async def order_lost_a_line(finance: Finance) -> Planted:
    order = await finance.placed()
    undo = Ledger(finance).deleted(lines_of(finance, order)[0])
    return Planted("orders", key_of(order), Cause.EDITED, undo)


async def order_is_unknown(finance: Finance) -> Planted:
    order = await finance.placed()
    cells = {
        "SalesOrderNumber": f"NEW-{order.row['increment_id']}",
        "CustomersOrderReference": f"1-X{order.row['increment_id']}",
    }
    undo = Ledger(finance).copied(
        ORDERS, header_of(finance, order), SalesOrderNumber=cells["SalesOrderNumber"],
        CustomersOrderReference=cells["CustomersOrderReference"],
    )  # fmt: skip
    return Planted("orders", f"X{order.row['increment_id']}@1", Cause.UNKNOWN, undo)


async def order_is_taxed_otherwise(finance: Finance) -> Planted:
    order = await finance.placed()
    finance.commerce.ship(order)
    tax = order.amount("tax_amount")
    finance.dynamics.invoice(header_of(finance, order)["SalesOrderNumber"], COMPANY, tax=tax + 1)
    (row,) = finance.rows(
        "CustInvoiceJour", SalesOrderNumber=header_of(finance, order)["SalesOrderNumber"]
    )
    undo = _corrects(finance, "CustInvoiceJour", row, TotalTaxAmount=-1, TotalInvoiceAmount=-1)
    return Planted("orders", key_of(order), Cause.TAX, undo)


async def order_cannot_be_read(finance: Finance) -> Planted:
    order = finance.place()
    before, order.row["grand_total"] = order.row["grand_total"], "much"
    await finance.delivers(order)

    async def undo() -> None:
        order.row["grand_total"] = before
        await finance.replays(key_of(order))

    return Planted("orders", key_of(order), Cause.PARKED, undo)


async def order_is_invoiced_and_deleted(finance: Finance) -> Planted | None:
    """Where F&O deletes what it has invoiced, its invoice stands for it."""
    order = await finance.placed()
    finance.ships(order, tax=order.amount("tax_amount"))
    Ledger(finance).deleted((ORDERS, header_of(finance, order)), *lines_of(finance, order))
    return None


async def order_is_invoiced_twice(finance: Finance) -> Planted:
    """By F&O, and by free text invoices."""
    order = await finance.placed()
    number = finance.header(order)["SalesOrderNumber"]
    finance.dynamics.invoice(number, COMPANY, tax=order.amount("tax_amount"))
    (row,) = finance.rows("CustInvoiceJour", SalesOrderNumber=number)

    async def undo() -> None:
        store = finance.dynamics.store
        store.delete("CustInvoiceJour", row)
        store.update(ORDERS, header_of(finance, order), {"SalesOrderStatus": "Backorder"})

    return Planted("orders", key_of(order), Cause.DOUBLED, undo)


async def order_is_cancelled_in_the_shop(finance: Finance) -> Planted:
    order = await finance.placed()
    finance.commerce.cancel(order)
    aged(order)
    return Planted("orders", key_of(order), Cause.AMOUNT)


async def order_is_refunded_in_part(finance: Finance) -> Planted:
    """Of three pieces one is cancelled with the rest invoiced: nobody has heard of it."""
    order = await finance.placed(**finance.wants("SIMPLE-001", pieces=3))
    invoice = finance.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)})
    await finance.books(invoice)
    finance.commerce.cancel(order)
    aged(order)
    return Planted("orders", key_of(order), Cause.AMOUNT)


# Payments


def _corrects(finance: Finance, table: str, row: Record, **more: int) -> Undo:
    """F&O's own sums are corrected by so much."""

    async def undo() -> None:
        cells = {name: row[name] + by for name, by in more.items()}
        finance.dynamics.store.update(table, row, cells)

    return undo


async def _invoiced(finance: Finance) -> Columns:
    invoice = finance.commerce.invoice(await finance.placed())
    await finance.books(invoice)
    return invoice


def _free(finance: Finance) -> Decimal:
    """A line number that no journal has yet."""
    return Decimal(finance.dynamics.store.upcoming)


async def payment_is_not_heard_of(finance: Finance) -> Planted:
    invoice = finance.commerce.invoice(await finance.placed())
    aged(invoice)
    return Planted("payments", key(invoice), Cause.MISSING)


async def invoice_is_not_captured(finance: Finance) -> Planted:
    invoice = finance.commerce.invoice(await finance.placed(), captured=False)

    async def undo() -> None:
        finance.commerce.capture(invoice)
        await finance.books(invoice)

    return Planted("payments", key(invoice), Cause.WAITING, undo)


async def payment_is_deleted(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    Ledger(finance).deleted((PAID, finance.payment(invoice)))
    return Planted("payments", key(invoice), Cause.MISSING)


async def payment_is_doubled(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    undo = Ledger(finance).copied(PAID, finance.payment(invoice), LineNumber=_free(finance))
    return Planted("payments", key(invoice), Cause.DOUBLED, undo)


async def payment_is_edited(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    row = finance.payment(invoice)
    undo = Ledger(finance).changed(PAID, row, CreditAmount=row["CreditAmount"] - 1)
    return Planted("payments", key(invoice), Cause.EDITED, undo)


async def payment_has_another_reference(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    undo = Ledger(finance).changed(PAID, finance.payment(invoice), PaymentReference="BANK 7")
    return Planted("payments", key(invoice), Cause.EDITED, undo)


async def payment_is_unknown(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    undo = Ledger(finance).copied(
        PAID, finance.payment(invoice), LineNumber=_free(finance),
        PaymentReference=f"1-I9{invoice['increment_id']}",
    )  # fmt: skip
    return Planted("payments", f"9{invoice['increment_id']}@1", Cause.UNKNOWN, undo)


async def healthy(finance: Finance, orders: int) -> int:
    """So many orders are placed, invoiced and shipped, each third is refunded, and all is heard by
    polls; how many documents that makes."""
    is_invoiced_there = finance.systems.connection.invoices.recipe == "payment-journal"
    placed = [finance.place() for _ in range(orders)]
    await _polled(finance, "orders")
    for order in placed:
        finance.commerce.invoice(order)
        if is_invoiced_there:
            finance.ships(order, tax=order.amount("tax_amount"))
        else:
            finance.commerce.ship(order)
    memos = [finance.commerce.refund(order) for order in placed[::3]]
    await _polled(finance, "invoices", "orders", "creditmemos")
    return 2 * orders + 2 * len(memos)


async def _polled(finance: Finance, *flows: str) -> None:
    await finance.works_for(60)
    for flow in flows:
        while await finance.polls(flow):
            await finance.works_until_idle()


# Credit memos and the money they give back


async def _refunded(finance: Finance, *, is_booked: bool = True) -> Columns:
    order = await finance.placed()
    await finance.books(finance.commerce.invoice(order))
    finance.commerce.ship(order)
    number = finance.header(order)["SalesOrderNumber"]
    finance.dynamics.invoice(number, COMPANY, tax=order.amount("tax_amount"))
    memo = finance.commerce.refund(order)
    if is_booked:
        await finance.books(memo, "creditmemos")
    return memo


async def memo_is_doubled(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    header, lines = finance.returned(memo), finance.return_lines(memo)
    number = f"COPY-{memo['increment_id']}"
    undo = Ledger(finance).copied(
        RETURNS, header, *[(RETURNED, line) for line in lines], ReturnOrderNumber=number
    )
    return Planted("creditmemos", key(memo), Cause.DOUBLED, undo)


def _noon(finance: Finance) -> datetime:
    """Today as F&O has days."""
    return finance.clock.now().replace(hour=12, minute=0, second=0, microsecond=0)


def _by_hand(finance: Finance, reference: str, amount: Decimal) -> Undo:
    """A person posts a free text invoice; another one takes it back."""

    def posted(amount: Decimal) -> None:
        store, number = finance.dynamics.store, finance.dynamics.store.upcoming
        whole = {
            "dataAreaId": COMPANY, "InvoiceIdentifier": number, "CustomerReference": reference,
            "InvoiceDate": _noon(finance),
            "CurrencyCode": "USD", "InclTax": "Yes",
            "CustomerAccount": "US-001", "InvoiceAccount": "US-001",
        }  # fmt: skip
        line = {"TransactionCurrencyAmount": amount, "LineNumber": Decimal(1)}
        store.insert(DRAFTS, whole)
        store.insert(DRAFTED, {"dataAreaId": COMPANY, "ParentRecId": number, **line})
        finance.dynamics.post_free_text_invoice(number, tax=Decimal(0))

    async def undo() -> None:
        posted(-amount)

    posted(amount)
    return undo


async def order_is_credited_by_hand(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    order = finance.commerce.orders[memo["order_id"]]
    undo = _by_hand(finance, finance.order_reference(order), Decimal(-5))
    return Planted("by_hand", key_of(order), Cause.EDITED, undo)


async def order_is_returned_by_hand(finance: Finance) -> Planted:
    """A return order took the reference of its order over."""
    memo = await _refunded(finance)
    order = finance.commerce.orders[memo["order_id"]]
    number = order.row["increment_id"]
    row = {
        "dataAreaId": COMPANY, "InvoiceDate": _noon(finance), "LedgerVoucher": "V",
        "CustomersOrderReference": finance.order_reference(order), "CurrencyCode": "USD",
    }  # fmt: skip

    async def undo() -> None:
        finance.dynamics.put(
            SALES, **row, InvoiceNumber=f"CIV-{number}", TotalInvoiceAmount=Decimal(4),
            SalesOrderNumber="RET-HAND",
        )  # fmt: skip

    finance.dynamics.put(
        SALES, **row, InvoiceNumber=f"CCN-{number}", TotalInvoiceAmount=Decimal(-4),
        SalesOrderNumber="RET-HAND",
    )  # fmt: skip
    return Planted("by_hand", key_of(order), Cause.EDITED, undo)


async def memo_is_credited_by_hand(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    undo = _by_hand(finance, finance.reference(memo, "creditmemos"), Decimal(-5))
    return Planted("memos_by_hand", key(memo), Cause.EDITED, undo)


async def memo_is_edited(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    row = finance.return_lines(memo)[0]
    undo = Ledger(finance).changed(RETURNED, row, LineAmount=row["LineAmount"] - 1)
    return Planted("creditmemos", key(memo), Cause.EDITED, undo)


async def memo_has_another_reference(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    cells = {"CustomersOrderReference": "PO 8"}
    undo = Ledger(finance).changed(RETURNS, finance.returned(memo), **cells)
    return Planted("creditmemos", key(memo), Cause.EDITED, undo)


async def memo_is_deleted(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    rows = [(RETURNS, finance.returned(memo))]
    rows += [(RETURNED, line) for line in finance.return_lines(memo)]
    Ledger(finance).deleted(*rows)
    return Planted("creditmemos", key(memo), Cause.MISSING)


async def memo_is_taxed_otherwise(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    number = finance.returned(memo)["ReturnOrderNumber"]
    finance.dynamics.post_return(number, tax=memo["tax_amount"] + 1)
    (row,) = finance.rows("CustInvoiceJour", SalesOrderNumber=number)
    undo = _corrects(finance, "CustInvoiceJour", row, TotalTaxAmount=1, TotalInvoiceAmount=1)
    return Planted("creditmemos", key(memo), Cause.TAX, undo)


async def credit_note_is_unknown(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    number, name = f"NEW-C{memo['increment_id']}", f"9{memo['increment_id']}"
    undo = Ledger(finance).copied(
        RETURNS, finance.returned(memo), ReturnOrderNumber=number,
        CustomersOrderReference=f"1-C{name}",
    )  # fmt: skip
    finance.dynamics.put(
        SALES, dataAreaId=COMPANY, InvoiceNumber=f"CCN-{name}", InvoiceDate=finance.clock.now(),
        LedgerVoucher="V", TotalInvoiceAmount=Decimal(-5), SalesOrderNumber=number,
        CustomersOrderReference=f"1-C{name}", CurrencyCode="USD",
    )  # fmt: skip
    return Planted("creditmemos", f"{name}@1", Cause.UNKNOWN, undo)


async def refund_is_edited(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    row = finance.payment(memo, "creditmemos")
    undo = Ledger(finance).changed(PAID, row, DebitAmount=row["DebitAmount"] + 2)
    return Planted("refunds", key(memo), Cause.EDITED, undo)


async def refund_has_another_reference(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    row = finance.payment(memo, "creditmemos")
    undo = Ledger(finance).changed(PAID, row, PaymentReference="BANK 8")
    return Planted("refunds", key(memo), Cause.EDITED, undo)


async def refund_is_doubled(finance: Finance) -> Planted:
    memo = await _refunded(finance)
    row = finance.payment(memo, "creditmemos")
    undo = Ledger(finance).copied(PAID, row, LineNumber=_free(finance))
    return Planted("refunds", key(memo), Cause.DOUBLED, undo)


# Free text invoices


async def draft_is_doubled(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    lines, number = finance.draft_lines(invoice), finance.dynamics.store.upcoming
    store = finance.dynamics.store
    header = store.insert(DRAFTS, {**finance.draft(invoice).values, "InvoiceIdentifier": number})
    new = [(DRAFTS, header)]
    new += [
        (DRAFTED, store.insert(DRAFTED, {**row.values, "ParentRecId": number})) for row in lines
    ]

    async def undo() -> None:
        for table, row in new:
            store.delete(table, row)

    return Planted("invoices", key(invoice), Cause.DOUBLED, undo)


async def draft_is_edited(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    row = finance.draft_lines(invoice)[0]
    more = row["TransactionCurrencyAmount"] + 1
    undo = Ledger(finance).changed(DRAFTED, row, TransactionCurrencyAmount=more)
    return Planted("invoices", key(invoice), Cause.EDITED, undo)


async def draft_has_another_reference(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    undo = Ledger(finance).changed(DRAFTS, finance.draft(invoice), CustomerReference="PO 9")
    return Planted("invoices", key(invoice), Cause.EDITED, undo)


async def draft_is_deleted(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    rows = [(DRAFTS, finance.draft(invoice))]
    rows += [(DRAFTED, row) for row in finance.draft_lines(invoice)]
    Ledger(finance).deleted(*rows)
    return Planted("invoices", key(invoice), Cause.MISSING)


async def draft_is_taxed_otherwise(finance: Finance) -> Planted:
    invoice = await _invoiced(finance)
    identifier = finance.draft(invoice)["InvoiceIdentifier"]
    number = finance.dynamics.post_free_text_invoice(identifier, tax=invoice["tax_amount"] + 1)
    (row,) = finance.rows("CustInvoiceJourBiEntities", InvoiceId=number)
    undo = _corrects(finance, "CustInvoiceJourBiEntities", row, SumTax=-1, InvoiceAmount=-1)
    return Planted("invoices", key(invoice), Cause.TAX, undo)


async def invoice_is_not_heard_of(finance: Finance) -> Planted:
    invoice = finance.commerce.invoice(await finance.placed())
    aged(invoice)
    return Planted("invoices", key(invoice), Cause.MISSING)


Plant = Callable[[Finance], Awaitable[Planted | None]]
OF_ORDERS: Final[tuple[Plant, ...]] = (
    order_is_not_heard_of, order_waits_for_its_payment, order_is_parked, order_cannot_be_read,
    order_is_deleted, order_has_another_reference, order_is_cancelled_there, order_is_doubled,
    order_is_edited, order_lost_a_line, order_is_unknown, order_is_cancelled_in_the_shop,
)  # fmt: skip
OF_MONEY: Final[tuple[Plant, ...]] = (
    *OF_ORDERS, order_is_invoiced_and_deleted, order_is_taxed_otherwise,
    order_is_refunded_in_part, payment_is_not_heard_of,
    invoice_is_not_captured, payment_is_deleted, payment_is_doubled, payment_is_edited,
    payment_is_unknown, memo_is_doubled, memo_is_edited, memo_is_deleted, memo_is_taxed_otherwise,
    order_is_credited_by_hand, order_is_returned_by_hand, memo_is_credited_by_hand,
    credit_note_is_unknown,
    refund_is_edited, refund_is_doubled, payment_has_another_reference,
    memo_has_another_reference, refund_has_another_reference,
)  # fmt: skip
OF_FREE_TEXT: Final[tuple[Plant, ...]] = (
    *OF_ORDERS, order_is_invoiced_twice, invoice_is_not_heard_of, draft_is_doubled,
    draft_is_edited, draft_is_deleted, draft_has_another_reference,
    draft_is_taxed_otherwise,
)  # fmt: skip
