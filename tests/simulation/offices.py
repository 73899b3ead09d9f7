"""Where the quotes of a world are negotiated: by F&O's office as quotations, or by sellers as
quotes of Dynamics 365 Sales. What its people do with one, and how it stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Final, Protocol

from sandbox.commerce.quotes import StoredQuote
from sandbox.dataverse import sales, sales_office
from sandbox.dataverse.state import Row
from sandbox.dynamics import quotation_handling as handling
from sandbox.dynamics.quotations import HEADER, quotation_lines
from sandbox.dynamics.store import Record
from sync.core.money import ZERO, total
from tests.systems import COMPANY, SystemsUnderTest

OPEN, ANSWERED, OVER = "open", "answered", "over"
Deed = Callable[[str], Any]
STATES: Final = {sales.DRAFT: OPEN, sales.ACTIVE: ANSWERED, sales.WON: OVER, sales.CLOSED: OVER}


class Office(Protocol):
    """What both do, by the number of a quotation. They raise `NotPosted` or `WebFault` for what
    cannot be done now. `order_field`: where a sales order of F&O names its quotation. `pace`: most
    seconds between two deeds. `waits`: what an answer that waits for them may say."""

    order_field: str
    pace: int
    waits: Sequence[str]

    @property
    def deeds(self) -> Sequence[Deed]:
        """What only these people do."""

    def numbers(self, quote: StoredQuote) -> list[str]:
        """Those of its quotations: one, where it was told once."""

    def sends(self, number: str) -> Decimal:
        """Give each line a price, and a discount now and then; the sum that the buyer may see."""

    def loses(self, number: str) -> None:
        """There is no offer."""

    def stands(self, number: str) -> str:
        """Whether it is open, answered or over."""

    def pieces(self, number: str) -> dict[str, Decimal]:
        """Pieces by the id of their item."""

    def is_unpriced(self, number: str) -> bool:
        """Whether a line has no price."""

    def shown(self, quote: StoredQuote) -> Decimal:
        """What the buyer sees of the goods, as prices are here."""

    def account(self, quote: StoredQuote) -> str:
        """F&O's account of who asks."""


@dataclass
class FinanceOffice:
    """F&O's."""

    systems: SystemsUnderTest
    random: Random
    order_field: str = "QuotationNumber"
    pace: int = 600
    waits: Sequence[str] = ("sent it back", "nobody has sent")
    deeds: Sequence[Deed] = ()

    def numbers(self, quote: StoredQuote) -> list[str]:
        """As `Office` says, here and below."""
        reference = f"Q{quote.store.id}-{quote.id}"
        found = self._headers().values()
        return [
            row["SalesQuotationNumber"]
            for row in found
            if row.values.get("CustomersReference") == reference
        ]

    def sends(self, number: str) -> Decimal:
        """Send it."""
        dynamics, header = self.systems.dynamics, self._headers()[number]
        fields = {
            str(line["ExternalItemNumber"]): {
                "SalesPrice": Decimal(self.random.randint(500, 9000)) / 100,
                "LineDiscountPercentage": self.random.choice((ZERO, Decimal("12.5"))),
            }
            for line in self._lines(number)
        }
        handling.price(dynamics, header, fields)
        handling.set_status(dynamics, header, "Sent")
        return total(line["LineAmount"] for line in self._lines(number))

    def loses(self, number: str) -> None:
        """Lose it."""
        handling.set_status(self.systems.dynamics, self._headers()[number], "Lost")

    def stands(self, number: str) -> str:
        """By its status."""
        status = str(self._headers()[number]["SalesQuotationStatus"])
        return {"Lost": OVER, "Sent": ANSWERED}.get(status, OPEN)

    def is_unpriced(self, number: str) -> bool:
        """One that came after it was sent."""
        return not all(row.values.get("SalesPrice") for row in self._lines(number))

    def pieces(self, number: str) -> dict[str, Decimal]:
        """Of its lines."""
        rows = self._lines(number)
        return {row["ExternalItemNumber"]: row["RequestedSalesQuantity"] for row in rows}

    def shown(self, quote: StoredQuote) -> Decimal:
        """With tax where the shop's prices are."""
        row = self.systems.commerce.cooked_quote(quote).row
        return Decimal(row["subtotal_incl_tax" if quote.store.gross else "subtotal"])

    def account(self, quote: StoredQuote) -> str:
        """As its quotation says."""
        (number,) = self.numbers(quote)
        return str(self._headers()[number]["RequestingCustomerAccountNumber"])

    def _headers(self) -> dict[str, Record]:
        rows = self.systems.dynamics.store.table(HEADER).records.values()
        return {row["SalesQuotationNumber"]: row for row in rows}

    def _lines(self, number: str) -> list[Record]:
        return quotation_lines(self.systems.dynamics, COMPANY, number)


@dataclass
class SalesOffice:
    """Sellers in Dynamics 365 Sales, who also take an answer back, and win without an order."""

    systems: SystemsUnderTest
    random: Random
    order_field: str = "SalesOrderName"
    pace: int = 200
    waits: Sequence[str] = ("sent it back",)

    def __post_init__(self) -> None:
        self.service = self.systems.dataverse
        for code in ("USD", "EUR"):
            self.service.create("transactioncurrencies", None, {"isocurrencycode": code})

    @property
    def deeds(self) -> Sequence[Deed]:
        """As `Office` says, here and below."""
        return (self.revises, self.wins)

    def revises(self, number: str) -> None:
        """Take an answer back."""
        sales_office.draft(self.service, number)

    def wins(self, number: str) -> None:
        """It is sold, otherwise than in the shop."""
        if self.random.random() < 0.3:
            sales_office.win(self.service, number)

    def numbers(self, quote: StoredQuote) -> list[str]:
        """Of all revisions; a second first one, or a second of one revision, counts as another."""
        begin = f"Q{quote.store.id}-{quote.id} "
        rows = [
            row for row in self.service.tables["quotes"].values() if row["name"].startswith(begin)
        ]
        numbers = {row["quotenumber"] for row in rows}
        revisions = sorted(row["revisionnumber"] for row in rows)
        return [*numbers, *(["doubled"] if revisions != [*range(len(rows))] else [])]

    def sends(self, number: str) -> Decimal:
        """Activate it."""
        chance = self.random
        fields = {
            row["productdescription"].rpartition(" ")[2]: {
                "priceperunit": Decimal(chance.randint(500, 9000)) / 100,
                "manualdiscountamount": chance.choice((ZERO, Decimal("0.03"))),
                "tax": chance.choice((ZERO, Decimal("1.90"))),
            }
            for row in self._lines(number)
        }
        off = chance.choice((ZERO, ZERO, Decimal("0.17")))
        sales_office.price(self.service, number, fields, discountamount=off)
        sales_office.activate(self.service, number)
        return Decimal(self._last(number)["totalamountlessfreight"])

    def loses(self, number: str) -> None:
        """Close what is Active."""
        sales_office.close(self.service, number)

    def stands(self, number: str) -> str:
        """By its last revision."""
        return STATES[self._last(number)["statecode"]]

    def is_unpriced(self, number: str) -> bool:
        """Of the last revision."""
        return not all(row.get("priceperunit") for row in self._lines(number))

    def pieces(self, number: str) -> dict[str, Decimal]:
        """Of the last revision's lines."""
        return {
            row["productdescription"].rpartition("[")[2][:-1]: row["quantity"]
            for row in self._lines(number)
        }

    def shown(self, quote: StoredQuote) -> Decimal:
        """Without tax."""
        return Decimal(self.systems.commerce.cooked_quote(quote).row["subtotal"])

    def account(self, quote: StoredQuote) -> str:
        """By who asks: a quote of Sales does not say it."""
        company = self.systems.commerce.companies.get(quote.shopper.buys_for or 0, {})
        email = company.get("company_email", quote.shopper.email)
        rows = self.systems.dynamics.store.table("CustTable").records.values()
        (found,) = {
            str(row["CustomerAccount"])
            for row in rows
            if str(row.values.get("PrimaryContactEmail", "")).lower() == email.lower()
        }
        return found

    def _last(self, number: str) -> Row:
        return sales_office.last(self.service, number)

    def _lines(self, number: str) -> list[Row]:
        return sales.lines_of(self.service, self._last(number)["quoteid"])
