"""A harness whose shop invoices and refunds, and whose ledger books: receivables, credit notes,
money, posted invoices."""

import asyncio
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.catalogue import STORES
from sandbox.commerce.recipe import Want
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Arrival, Kind
from sandbox.dynamics.store import Record
from sync.core.encoding import to_json
from sync.engine.claim import State
from sync.mapping.sales_order_lines import unique_references
from tests.harness import Harness, Story, played_in
from tests.process import Process, begin, task_factory
from tests.systems import COMPANY, CONNECTION, merged

BOOKS: Final[Mapping[str, Any]] = {
    "flows": ("orders", "customers", "invoices", "creditmemos", "posted_invoices"),
    "orders": {
        "adjustment_refund_item": "FEE", "adjustment_fee_item": "FEE",
        "segments": {"payment_fee": {"tax_field": "extension_attributes.payment_fee_tax"}},
    },
    "invoices": {
        "banks": {"*": "USMF OPER", "braintree": "USMF-CARD"},
        "revenue_account": "401000",
        "accounts": {
            "shipping": "401100", "gift_cards": "250100", "customer_balance": "250200",
            "reward_points": "250200",
            "rounding": "403100",
        },
    },
    "creditmemos": {"reason": "WEB"},
}  # fmt: skip
FREE_TEXT: Final[Mapping[str, Any]] = {"recipe": "free-text-invoice"}
FREE_CREDIT: Final[Mapping[str, Any]] = {"recipe": "free-text-credit"}
GERMAN: Final = STORES[1]


class Finance(Harness):
    """The harness, with documents flowing. `settings` change those of the connection."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(merged(BOOKS, settings))

    # What people and systems do

    def wants(self, *skus: str, pieces: int = 1) -> dict[str, Any]:
        """So many pieces of each, as wishes of an order."""
        found = tuple(Want(self.commerce.catalogue.product(sku), Decimal(pieces)) for sku in skus)
        return {"wants": found}

    async def placed(self, **wishes: Any) -> StoredOrder:
        """An order that is in D365 already."""
        order = self.place(**wishes)
        await self.delivers(order)
        return order

    def ships(self, order: StoredOrder, *, tax: Decimal | None = None) -> None:
        """The shop sends all that is left of an order, and F&O invoices it. `tax`: as
        `DynamicsState.invoice` takes it."""
        self.commerce.ship(order)
        for header in self.headers(order):
            self.dynamics.invoice(header["SalesOrderNumber"], COMPANY, tax=tax)

    async def notify(self, document: Columns, flow: str = "invoices") -> None:
        """The shop's webhook for a document comes in, signed, a while after whatever came
        before."""
        await asyncio.sleep(10)
        name = {"invoices": "invoice", "creditmemos": "creditmemo"}[flow]
        reported = {"increment_id": document["increment_id"], "store_id": document["store_id"]}
        await self.hook(flow, {"data": {name: reported}})

    async def books(self, document: Columns, flow: str = "invoices") -> None:
        """Hook and work, the usual way."""
        await self.notify(document, flow)
        await self.works_until_idle()

    async def settled(self) -> None:
        """Work until nothing is left, and wait for writes whose answers were lost."""
        await self.works_until_idle()
        await self.ledger_dials.settle()
        await self.works_until_idle()

    async def dies_when(self, where: Callable[[Arrival], bool]) -> None:
        """Work until such a request has reached F&O, which does what it says; the process dies
        there, a new one starts."""
        process = Process()
        self._processes.append(process)

        def fatal(arrival: Arrival) -> bool:
            if not process.is_over and where(arrival):
                process.end()
            return False

        self.ledger_dials.next(Kind.LOST, where=fatal)
        asyncio.get_running_loop().set_task_factory(task_factory)
        begin(self.works_until_idle(), process)
        await process.over()
        await self.ledger_dials.settle()
        self.ledger_dials.plan.clear()
        await self.systems.queue.release_locks()
        self.services = self._opened(self.systems.tables)

    # What is there afterwards

    def reference(self, document: Columns, flow: str = "invoices") -> str:
        """Our reference of a document."""
        letter = "C" if flow == "creditmemos" else "I"
        return f"{document['store_id']}-{letter}{document['increment_id']}"

    def payments(self, document: Columns, flow: str = "invoices") -> list[Record]:
        """The journal lines with a document's reference."""
        return self.dynamics.payments_for(next(unique_references([self.reference(document, flow)])))

    def payment(self, document: Columns, flow: str = "invoices") -> Record:
        """The one there is."""
        (line,) = self.payments(document, flow)
        return line

    def journals(self) -> list[Record]:
        """All payment journals, oldest first."""
        return self.rows("CustomerPaymentJournalHeaders")

    def drafts(self, document: Columns, flow: str = "invoices") -> list[Record]:
        """The free text invoices with a document's reference."""
        return self.dynamics.free_text_invoices_for(self.reference(document, flow))

    def draft(self, document: Columns, flow: str = "invoices") -> Record:
        """The one there is."""
        (header,) = self.drafts(document, flow)
        return header

    def draft_total(self, document: Columns, flow: str = "invoices") -> Decimal:
        """What its lines come to, without the tax that F&O computes."""
        rows = self.draft_lines(document, flow)
        return sum((row["TransactionCurrencyAmount"] for row in rows), Decimal(0))

    def draft_lines(self, document: Columns, flow: str = "invoices") -> list[Record]:
        """Its lines."""
        return self.rows(
            "FreeTextInvoiceLines", ParentRecId=self.draft(document, flow)["InvoiceIdentifier"]
        )

    def returned(self, memo: Columns) -> Record:
        """The one return order of a credit memo."""
        (header,) = self.dynamics.returns_for(self.reference(memo, "creditmemos"))
        return header

    def return_lines(self, memo: Columns) -> list[Record]:
        """Its lines."""
        return self.rows(
            "ReturnOrderLinesV2", ReturnOrderNumber=self.returned(memo)["ReturnOrderNumber"]
        )

    def credited(self, memo: Columns) -> Decimal:
        """What its lines come to, positive where it is given back, without the tax that F&O
        computes."""
        return -sum((row["LineAmount"] for row in self.return_lines(memo)), Decimal(0))

    def rows(self, table: str, **cells: Any) -> list[Record]:
        """The ledger's rows with these values, in this company."""
        found = self.dynamics.store.table(table).records.values()
        rows = [row for row in found if row.values.get("dataAreaId", COMPANY) == COMPANY]
        return [
            row
            for row in rows
            if all(row.values.get(name) == value for name, value in cells.items())
        ]

    async def reported(self, document: Columns, flow: str = "invoices") -> list[str]:
        """A document's story in words."""
        return await self.events(key(document), flow)

    async def stands(self, document: Columns, flow: str = "invoices") -> State:
        """Where a document stands."""
        return (await self.claim(key(document), flow)).state

    async def reason(self, document: Columns, flow: str = "invoices") -> str:
        """What its claim says."""
        return (await self.claim(key(document), flow)).reason

    # Business events

    async def sends(self, envelope: Mapping[str, Any]) -> Any:
        """F&O posts an envelope to the edge function; what the body of the answer says. It must be
        taken."""
        answer = await self.services.accept_business_event(CONNECTION, to_json(dict(envelope)))
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def listens(self) -> list[Mapping[str, Any]]:
        """Everything that F&O tells from now on."""
        received: list[Mapping[str, Any]] = []
        self.dynamics.on_event(received.append)
        return received


def key(document: Columns) -> str:
    """The key in the queue."""
    return f"{document['increment_id']}@{document['store_id']}"


def in_finance(**settings: Any) -> Callable[[Story], Callable[..., None]]:
    """A test that is a story with a shop and a ledger of its own, run in virtual time."""
    return played_in(lambda: Finance(settings))
