"""A harness whose buyers ask for quotes, and whose sales office answers them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.commerce.quotes import StoredQuote
from sandbox.commerce.records import StoredOrder
from sandbox.dynamics import quotation_handling as office
from sandbox.dynamics.account_files import TABLE as FILES
from sandbox.dynamics.quotations import HEADER, quotation_lines
from sandbox.dynamics.store import Record
from tests.flows.b2b import B2B, KIM
from tests.harness import played_in
from tests.systems import COMPANY, merged

GERMAN: Final = next(one for one in SHOPPERS if one.id == 4)
QUOTED: Final[Mapping[str, Any]] = {
    "flows": ("orders", "customers", "companies", "quotes", "quote_answers"),
    "companies": {"sales_representatives": {"*": "000123"}},
}
FLOWS: Final = ("quotes", "quote_answers", "orders")


class Negotiating(B2B):
    """The harness, with quotes flowing."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(merged(QUOTED, settings))
        if self.systems.connection.quotes.numbers == "ours":
            self.dynamics.settings.manual |= {"SalesQuotationNumber"}

    sent_along: Mapping[str, str] = MappingProxyType({})
    """Files (name -> base64) of the next requests."""

    async def asks(self, *, german: bool = False, **pieces: int) -> StoredQuote:
        """A buyer asks for a quote, and both systems know of it."""
        basket = {name.replace("_", "-"): qty for name, qty in pieces.items()}
        shopper, store = (GERMAN, STORES[1]) if german else (KIM, STORES[0])
        quote = self.commerce.request_quote(
            shopper,
            store,
            basket or {"SIMPLE-006": 2},
            comment="What's your best price?",
            files=self.sent_along,
        )
        await self.look()
        return quote

    async def look(self) -> None:
        """All polls, until nothing is left to do."""
        await self.waits(20)
        for flow in FLOWS:
            await self.polls(flow)
        await self.works_until_idle()

    async def waits(self, seconds: float) -> None:
        """Time passes."""
        await asyncio.sleep(seconds)

    def quotations(self) -> list[Record]:
        """All there are."""
        return self.rows(HEADER)

    def of(self, quote: StoredQuote) -> Record:
        """The one quotation of a quote."""
        reference = f"Q{quote.store.id}-{quote.id}"
        (found,) = [one for one in self.quotations() if one["CustomersReference"] == reference]
        return found

    def quoted(self, quote: StoredQuote) -> list[Record]:
        """Its lines."""
        return quotation_lines(self.dynamics, COMPANY, self.of(quote)["SalesQuotationNumber"])

    def prices(self, quote: StoredQuote, *prices: str, **columns: Any) -> None:
        """The office gives the items these prices, in their order."""
        fields = {
            str(item.id): {"SalesPrice": Decimal(price)}
            for item, price in zip(quote.items, prices, strict=False)
        }
        office.price(self.dynamics, self.of(quote), fields, **columns)

    def sends(self, quote: StoredQuote, *prices: str, **columns: Any) -> None:
        """The office prices and sends a quotation."""
        self.prices(quote, *prices, **columns)
        office.set_status(self.dynamics, self.of(quote), "Sent")

    async def answered(self, quote: StoredQuote, *prices: str, **columns: Any) -> None:
        """The office prices and sends it, and both systems know of it."""
        self.sends(quote, *prices, **columns)
        await self.look()

    def attaches(self, quote: StoredQuote, name: str, content: str, **columns: str) -> None:
        """The office attaches a file to the buyer's account, for the buyer unless it says not."""
        header, (stem, _, kind) = self.of(quote), name.rpartition(".")
        self.dynamics.store.insert(FILES, {
            "dataAreaId": COMPANY, "DocumentId": str(uuid4()), "FileName": stem, "FileType": kind,
            "CustomerAccountNumber": header["RequestingCustomerAccountNumber"],
            "Name": f"{header['SalesQuotationNumber']} {stem}", "Restriction": "External",
            "FileContents": content, **columns,
        })  # fmt: skip

    def ends(self, quote: StoredQuote, status: str, **how: str) -> None:
        """The office loses or cancels it."""
        office.set_status(self.dynamics, self.of(quote), status, **how)

    def confirms(self, quote: StoredQuote) -> str:
        """The office makes a sales order of it."""
        return office.confirm(self.dynamics, self.of(quote))

    async def orders(self, quote: StoredQuote) -> StoredOrder:
        """The buyer accepts it, and both systems know of it."""
        order = self.commerce.order_quote(quote)
        await self.look()
        return order

    def shown(self, quote: StoredQuote) -> Decimal:
        """What the shop shows of its goods, with tax in a gross shop."""
        row = self.commerce.cooked_quote(quote).row
        return Decimal(row["subtotal_incl_tax" if quote.store.gross else "subtotal"])

    def stands(self, quote: StoredQuote) -> str:
        """What the buyer is shown, and whose turn it is."""
        return f"{self.shown(quote):.2f} {quote.status}"

    def status(self, quote: StoredQuote) -> str:
        """Where it stands in both systems."""
        return f"{quote.status}/{self.of(quote)['SalesQuotationStatus']}"


def in_quotes(**settings: Any) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """A test that is a story of a negotiation."""
    return played_in(lambda: Negotiating(settings))
