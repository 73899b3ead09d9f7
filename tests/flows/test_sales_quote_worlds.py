"""As `test_quote_worlds`, with sellers in Dynamics 365 Sales: they price, activate, revise, lose
and win. In the end each quote of the shop has one quote there, whatever was lost on the way, and
both sides match, or a person is told."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest

from sandbox.commerce.quotes import StoredQuote
from sandbox.dataverse import sales
from sandbox.dataverse import sales_office as office
from sandbox.dataverse.state import Row, WebFault
from sync.core.money import ZERO
from tests.flows.quotes import FLOWS
from tests.flows.sales_quotes import Selling, in_sales
from tests.flows.test_quote_worlds import AWAITS, FAULTS, TOLD, World, plays

WAITS = (*TOLD, "is Draft in")


class SalesWorld(World):
    """What happens in the shop is the same."""

    def __init__(self, ours: Selling, seed: int) -> None:
        super().__init__(ours, seed)
        self.selling = ours

    def mine(self, quote: StoredQuote) -> list[Row]:
        """All revisions of a quote."""
        reference = f"Q{quote.store.id}-{quote.id} "
        rows = self.selling.service.tables["quotes"].values()
        return [row for row in rows if row["name"].startswith(reference)]

    def number(self) -> tuple[StoredQuote, str] | None:
        known = [one for one in self.quotes if self.mine(one)]
        quote = self.chance.choice(known) if known else None
        return None if quote is None else (quote, str(self.mine(quote)[0]["quotenumber"]))

    async def prices(self) -> None:
        if found := self.number():
            with suppress(WebFault):
                self.enters(*found)

    def enters(self, quote: StoredQuote, number: str) -> None:
        """A seller enters prices and discounts, which revises what is Active."""
        fields = {
            f"[{item.id}]": {
                "priceperunit": Decimal(self.chance.randint(50, 20000)) / 100,
                "manualdiscountamount": self.chance.choice((ZERO, Decimal("0.03"))),
                "tax": self.chance.choice((ZERO, Decimal("1.90"))),
            }
            for item in quote.items
        }
        off = self.chance.choice((ZERO, ZERO, Decimal("0.17")))
        office.price(self.selling.service, number, fields, discountamount=off)

    async def sends(self) -> None:
        if found := self.number():
            quote, number = found
            with suppress(WebFault):
                self.enters(quote, number)
                office.activate(self.selling.service, number)
                row = office.last(self.selling.service, number)
                self.approved[quote.id].add(row["totalamountlessfreight"])

    async def loses(self) -> None:
        self._rarely(lambda number: office.close(self.selling.service, number))

    async def confirms(self) -> None:
        order = self.chance.choice(("", "ORD-1"))
        self._rarely(lambda number: office.win(self.selling.service, number, order=order))

    def _rarely(self, deed: Callable[[str], None]) -> None:
        found = self.number()
        if found is not None and self.chance.random() < 0.3:
            with suppress(WebFault):
                deed(found[1])

    async def polls_badly(self) -> None:
        dials = self.selling.systems.service_dials
        if self.chance.random() < 0.7:
            seconds = self.chance.randint(1, 50)
            dials.next(self.chance.choice(FAULTS), writes=True, seconds=seconds)
        await super().polls_badly()
        await dials.settle()

    async def ends(self) -> None:
        self.selling.systems.service_dials.plan.clear()
        await super().ends()

    async def compared(self) -> int:
        matched = 0
        for quote in self.quotes:
            rows = self.mine(quote)
            numbers = [row["revisionnumber"] for row in rows]
            assert sorted(numbers) == [*range(len(rows))], quote.id
            assert len({row["quotenumber"] for row in rows}) <= 1, quote.id
            claims = [await self.ours.claim(str(quote.id), flow) for flow in FLOWS[:2]]
            if any(one.waits_for_a_person or one.differs for one in claims):
                continue
            if rows:
                last = office.last(self.selling.service, rows[0]["quotenumber"])
                self.agrees(quote, last, claims[1].reason)
                matched += 1
            self.has_one_order(quote, rows)
        assert self.ours.quotations() == []
        return matched

    def agrees(self, quote: StoredQuote, last: Row, reason: str) -> None:
        state = last["statecode"]
        found = (quote.status, state, last["statuscode"], reason)
        if quote.status in {"declined", "closed", "ordered"}:
            assert state in {sales.WON, sales.CLOSED}, found
        elif quote.status not in AWAITS and quote.status != "expired":
            assert state == sales.DRAFT or any(one in reason for one in WAITS), found
            if state in {sales.DRAFT, sales.ACTIVE}:
                held = self.selling.rows_of(quote)
                pieces = {item: row["quantity"] for item, row in held.items()}
                assert pieces == {str(one.id): one.qty for one in quote.items}, found

    def has_one_order(self, quote: StoredQuote, rows: list[Row]) -> None:
        """An order of the quote names it, and Sales has none beside it."""
        ids = {row["quoteid"] for row in rows}
        orders = self.selling.service.tables["salesorders"].values()
        made = [one for one in orders if one["quoteid"] in ids]
        placed = self.ours.commerce.orders.values()
        posted = [header for order in placed if order.row["quote_id"] == quote.id
                  for header in self.ours.headers(order)]  # fmt: skip
        assert {one["SalesOrderName"] for one in posted} <= {row["quotenumber"] for row in rows}
        assert len(made) + len(posted) <= 1, quote.id


@pytest.mark.long
@pytest.mark.parametrize("seed", range(300, 330))
@in_sales()
async def test_both_sides_match_in_many_lives(ours: Selling, seed: int) -> None:
    await plays(SalesWorld(ours, seed))
