"""A harness whose buyers ask for quotes, and whose sellers answer them in Dynamics 365 Sales."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from typing_extensions import override

from sandbox.commerce.quotes import StoredQuote
from sandbox.dataverse import sales
from sandbox.dataverse import sales_office as office
from sandbox.dataverse.state import Row
from sandbox.dials import Kind
from tests.flows.quotes import Negotiating
from tests.harness import played_in
from tests.systems import SERVICE_HOST, merged

IN_SALES: Final[Mapping[str, Any]] = {
    "dataverse": {"url": f"http://{SERVICE_HOST}"},
    "quotes": {"target": "dataverse", "order_field": "SalesOrderName"},
    "cases": {"customers": {"*": "0a0b0c0d-0000-4000-8000-0000000000c1"}},
}
ACCOUNT: Final = IN_SALES["cases"]["customers"]["*"]


class Selling(Negotiating):
    """The harness, with quotes in Sales."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(merged(IN_SALES, settings))
        self.service = self.systems.dataverse
        self.service.create("accounts", ACCOUNT, {"name": "Contoso"})
        for code in ("USD", "EUR"):
            self.service.create("transactioncurrencies", None, {"isocurrencycode": code})

    def number(self, quote: StoredQuote) -> str:
        """Its number in Sales: there is one of this reference."""
        reference = f"Q{quote.store.id}-{quote.id} "
        rows = self.service.tables["quotes"].values()
        (number,) = {row["quotenumber"] for row in rows if row["name"].startswith(reference)}
        return str(number)

    def sold(self, quote: StoredQuote) -> Row:
        """Its last revision in Sales."""
        return office.last(self.service, self.number(quote))

    def rows_of(self, quote: StoredQuote) -> dict[str, Row]:
        """Its lines in Sales, by the id of their item."""
        rows = sales.lines_of(self.service, self.sold(quote)["quoteid"])
        return {row["productdescription"].partition("[")[2][:-1]: row for row in rows}

    def enters(self, quote: StoredQuote, *prices: str, **columns: Any) -> None:
        """A seller prices the items, in their order."""
        fields = {
            f"[{item.id}]": {"priceperunit": Decimal(price)}
            for item, price in zip(quote.items, prices, strict=False)
        }
        office.price(self.service, self.number(quote), fields, **columns)

    async def offers(self, quote: StoredQuote, *prices: str, **columns: Any) -> None:
        """A seller prices and activates it, and both systems know of it."""
        self.enters(quote, *prices, **columns)
        office.activate(self.service, self.number(quote))
        await self.look()

    @override
    def shown(self, quote: StoredQuote) -> Decimal:
        """What the shop shows of its goods; prices in Sales are without tax."""
        return Decimal(self.commerce.cooked_quote(quote).row["subtotal"])

    def stand(self, quote: StoredQuote) -> tuple[str, int, int, int]:
        """Where it stands in both systems, and which revision is the last of how many rows."""
        row, rows = self.sold(quote), self.service.tables["quotes"].values()
        mine = [one for one in rows if one["quotenumber"] == row["quotenumber"]]
        return quote.status, row["statecode"], row["revisionnumber"], len(mine)

    def loses(self, method: str, ending: str, kind: Kind = Kind.LOST) -> None:
        """The answer to the next such request to Dataverse never comes."""
        self.systems.service_dials.next(
            kind, seconds=20,
            where=lambda one: one.method == method and one.path.endswith(ending),
        )  # fmt: skip

    async def goes_on(self) -> None:
        """All polls, and what was lost is looked into."""
        for _ in range(3):
            await self.look()
            await self.works_for(300)


def in_sales(**settings: Any) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """A test that is a story of a negotiation in Sales."""
    return played_in(lambda: Selling(settings))
