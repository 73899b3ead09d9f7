"""A harness whose customers send goods back, and whose warehouse takes them in."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dynamics import return_handling
from sandbox.dynamics.store import Record
from sync.core.money import ZERO
from tests.flows.finance import Finance, key
from tests.harness import played_in
from tests.systems import COMPANY, merged

RETURNED: Final[Mapping[str, Any]] = {
    "flows": (
        "orders", "customers", "invoices", "creditmemos", "posted_invoices", "returns",
        "return_states", "refunds",
    ),
    "returns": {
        "reasons": {"*": "DEFECT"}, "authorise": "rule", "exchanges": ("6",),
        "methods": {"braintree": "online"},
    },
}  # fmt: skip


class Returning(Finance):
    """The harness, with returns flowing."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(merged(RETURNED, settings))

    async def sold(self, *skus: str, pieces: int = 3, **wishes: Any) -> StoredOrder:
        """An order that was paid, shipped and invoiced in both systems."""
        wanted = {
            "shipping": Decimal("4.95"),
            **self.wants(*skus or ("SIMPLE-001",), pieces=pieces),
        }
        order = await self.placed(**{**wanted, **wishes})
        if not order.invoices:
            self.commerce.invoice(order)
        self.ships(order)
        return order

    async def requested(self, order: StoredOrder, *pieces: int, **how: Any) -> Columns:
        """An RMA of so many pieces of each row, as it is once both sides know of it."""
        items = [item for item in order.items if item.get("parent_item_id") is None]
        wanted = {item["item_id"]: qty for item, qty in zip(items, pieces, strict=False) if qty}
        rma = self.commerce.request_return(order, wanted, **how)
        await self.look()
        return rma

    async def look(self) -> None:
        """All polls, until nothing is left to do."""
        for flow in ("returns", "refunds", "return_states"):
            await self.polls(flow)
        await self.works_until_idle()

    def reference_of(self, rma: Columns) -> str:
        """Our reference of its return order."""
        return f"{rma['store_id']}-R{rma['increment_id']}"

    def of(self, rma: Columns) -> Record:
        """Its one return order."""
        (header,) = self.dynamics.returns_for(self.reference_of(rma))
        return header

    def number(self, rma: Columns) -> str:
        """The number of its return order."""
        return str(self.of(rma)["ReturnOrderNumber"])

    def return_rows(self, rma: Columns) -> list[Record]:
        """The lines of its return order."""
        return self.rows("ReturnOrderLinesV2", ReturnOrderNumber=self.number(rma))

    def now(self, rma: Columns) -> Columns:
        """The RMA as the shop has it now."""
        return self.commerce.rmas[rma["entity_id"]]

    def receives(
        self, rma: Columns, pieces: int | None = None, *, disposition: str = "CREDIT", row: int = 0
    ) -> None:
        """The warehouse takes in all of it, or so many of a row, and posts the slip."""
        lots = [row["ReturnInventoryLotId"] for row in self.return_rows(rma)
                if row["ReturnStatus"] == "Awaiting"]  # fmt: skip
        arrived = None if pieces is None else {lots[row]: Decimal(pieces)}
        self.dynamics.register_return(self.number(rma), arrived, disposition=disposition)
        return_handling.post_slip(self.dynamics, self.of(rma))

    def credits(self, rma: Columns, *, tax: Decimal | None = None, **how: Any) -> str:
        """F&O posts the credit note of what was received; with as much tax as Commerce would give
        back where none is named."""
        return self.dynamics.post_return(
            self.number(rma), tax=self.tax(rma) if tax is None else tax, only_received=True, **how
        )

    def tax(self, rma: Columns) -> Decimal:
        """What Commerce charged on the pieces that were received, to the cent."""
        return tax_of(self.commerce.orders[rma["order_id"]], self.return_rows(rma))

    def credited(self) -> Decimal:  # type: ignore[override]
        """What F&O has credited in all."""
        rows = (row["TotalInvoiceAmount"] for row in self.rows("CustInvoiceJour"))
        return -sum((one for one in rows if one < 0), ZERO)

    def refunded(self, order: StoredOrder) -> Decimal:
        """What Commerce has given back of an order."""
        return sum((memo["grand_total"] for memo in order.creditmemos), ZERO)

    async def of_note(self, number: str) -> Any:
        """Where the refund of a credit note stands."""
        return await self.claim(f"{COMPANY}|{number}", "refunds")


def tax_of(order: StoredOrder, lines: Iterable[Record]) -> Decimal:
    """What Commerce charged on the pieces of a return that were received, to the cent."""
    items = {str(item["item_id"]): item for item in order.items}
    found = ZERO
    for line in lines:
        item = items.get(line.values.get("ExternalItemNumber", "").partition("/")[0])
        if line["ReturnStatus"] == "Received" and item is not None:
            share = item["tax_amount"] * -line["ReturnSalesQuantity"] / item["qty_ordered"]
            found += share.quantize(Decimal("0.01"))
    return found


def in_returns(**settings: Any) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """A test that is a story of goods that come back."""
    return played_in(lambda: Returning(settings))


__all__ = ["RETURNED", "Returning", "in_returns", "key"]
