"""Quotes of a world: buyers ask, change, accept and close; the office prices, sends and loses. What
must hold once it is quiet: one quotation each, never a price before the buyer that nobody
approved, and both sides stand alike, or a person is told."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Final

from sandbox.commerce.faults import RestFault
from sandbox.commerce.quote_templates import make_template
from sandbox.commerce.quotes import SELLERS, StoredQuote
from sandbox.commerce.records import StoredOrder
from sandbox.dynamics import quotation_handling as office
from sandbox.dynamics.posting import NotPosted
from sandbox.dynamics.quotations import HEADER, quotation_lines
from sandbox.dynamics.store import Record
from sync.core.money import ZERO, total
from sync.engine.ledger import Ledger
from tests.simulation.environment import QUOTES
from tests.simulation.naming import reference_of
from tests.simulation.watching import EventLog
from tests.systems import COMPANY, SystemsUnderTest

if TYPE_CHECKING:
    from tests.simulation.world import World

FILES: Final = {"drawing.pdf": "ZHJhd2luZw==", "list.txt": "bGlzdA=="}
AGREED: Final = "https://agreed.example/"
LAST: Final = datetime(2027, 12, 31, 12, tzinfo=UTC)
Deed = Callable[[StoredQuote], None]
SKUS: Final = ("SIMPLE-001", "SIMPLE-003", "SIMPLE-006")


@dataclass
class Quotes:
    """`quotes`, `orders`: all of them. `approved`: sums that the office has sent, by quote.
    `agreed`: those of which a template was made, with an agreement."""

    systems: SystemsUnderTest
    random: Random
    event_log: EventLog
    broken: list[str]
    quotes: list[StoredQuote] = field(default_factory=list)
    orders: list[StoredOrder] = field(default_factory=list)
    agreed: list[int] = field(default_factory=list)
    approved: dict[int, set[Decimal]] = field(default_factory=lambda: defaultdict(set))

    async def live(self, spread: float) -> None:
        """Two negotiations; returns when people have gone home."""
        submit = self.systems.commerce.submit_quote

        def watched(quote_id: int, *said: Any) -> None:
            submit(quote_id, *said)
            quote = self.systems.commerce.quote(quote_id)
            if shown_by(self.systems, quote) not in self.approved[quote_id]:
                self.broken.append(f"quote {quote_id}: its buyer saw a price nobody approved")

        self.systems.commerce.submit_quote = watched  # type: ignore[method-assign, assignment]
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(self._negotiation(self.random.uniform(0, spread)))

    async def _negotiation(self, wait: float) -> None:
        await asyncio.sleep(wait)
        shop = self.systems.commerce
        known = [one for one in shop.catalogue.shoppers if one.id is not None]
        if not known:
            return
        shopper = self.random.choice(known)
        store = next(one for one in shop.catalogue.stores if shopper.place in one.places)
        quote = shop.request_quote(
            shopper, store, self._basket(), comment="Your best price?", files=FILES
        )
        self.quotes.append(quote)
        sellers: Sequence[Deed] = (self._sends, self._sends, self._sends, self._loses)
        buyers: Sequence[Deed] = (self._accepts, self._changes, self._sends, self._closes)
        for _ in range(self.random.randint(3, 6)):
            await asyncio.sleep(self.random.uniform(60, 600))
            deed = self.random.choice(sellers if quote.status in SELLERS else buyers)
            self.event_log.note(f"deed: {deed.__name__[1:]} quote {quote.id}")
            with suppress(RestFault, NotPosted):  # it is not their turn
                deed(quote)
        self._frames(quote)

    def _basket(self) -> dict[str, int]:
        skus = self.random.sample(SKUS, self.random.randint(1, 2))
        return {sku: self.random.randint(1, 4) for sku in skus}

    def _accepts(self, quote: StoredQuote) -> None:
        self.orders.append(self.systems.commerce.order_quote(quote))

    def _changes(self, quote: StoredQuote) -> None:
        self.systems.commerce.resubmit_quote(quote, self._basket(), "and these?", files=FILES)

    def _closes(self, quote: StoredQuote) -> None:
        if self.random.random() < 0.3:
            self.systems.commerce.close_quote(quote)

    def _sends(self, quote: StoredQuote) -> None:
        """Each line has a price, and a discount now and then."""
        for header in quotations(self.systems, quote):
            dynamics, number = self.systems.dynamics, header["SalesQuotationNumber"]
            fields = {
                str(line["ExternalItemNumber"]): {
                    "SalesPrice": Decimal(self.random.randint(500, 9000)) / 100,
                    "LineDiscountPercentage": self.random.choice((ZERO, Decimal("12.5"))),
                }
                for line in quotation_lines(dynamics, COMPANY, number)
            }
            office.price(dynamics, header, fields)
            office.set_status(dynamics, header, "Sent")
            lines = quotation_lines(dynamics, COMPANY, number)
            self.approved[quote.id].add(total(line["LineAmount"] for line in lines))

    def _loses(self, quote: StoredQuote) -> None:
        for header in quotations(self.systems, quote):
            if self.random.random() < 0.3:
                office.set_status(self.systems.dynamics, header, "Lost")

    def _frames(self, quote: StoredQuote) -> None:
        """A template for what is bought again and again, and the agreement that names it."""
        for header in quotations(self.systems, quote):
            template = make_template(self.systems.commerce, quote, f"{LAST:%Y-%m-%d}")
            self.systems.dynamics.put(
                "SalesAgreements", dataAreaId=COMPANY, AgreementStatus="Effective",
                SalesAgreementId=f"SA-{quote.id}", InternetAddress=f"{AGREED}{quote.id}",
                ExternalDocumentReference=f"T{template['template_id']}",
                AgreementCustomerAccountNumber=header["RequestingCustomerAccountNumber"],
                DefaultExpirationDate=LAST,
            )  # fmt: skip
            self.agreed.append(quote.id)


def quotations(systems: SystemsUnderTest, quote: StoredQuote) -> list[Record]:
    """Those of a quote."""
    reference = f"Q{quote.store.id}-{quote.id}"
    rows = systems.dynamics.store.table(HEADER).records.values()
    return [row for row in rows if row.values.get("CustomersReference") == reference]


def shown_by(systems: SystemsUnderTest, quote: StoredQuote) -> Decimal:
    """What the buyer sees of the goods, as F&O's prices are."""
    row = systems.commerce.cooked_quote(quote).row
    return Decimal(row["subtotal_incl_tax" if quote.store.gross else "subtotal"])


def _of_templates(world: "World") -> Iterator[str]:
    """Each shows its own agreement, once."""
    rows, agreed = world.systems.commerce.template_links.values(), world.negotiations.agreed
    links = Counter(str(one["reference_document_url"]) for one in rows)
    if links != Counter(f"{AGREED}{one}" for one in agreed):
        yield f"templates of quotes {agreed} show {[*links.elements()]}"


async def of_quotes(world: "World", ledger: Ledger) -> AsyncIterator[str]:
    """Every fault. That an order of a quote is there once, complete and to the cent is looked at
    with all other orders."""
    if QUOTES not in world.plan.flows:
        return
    for quote in world.negotiations.quotes:
        rows = quotations(world.systems, quote)
        connection = world.connection_of(quote.store.id)
        claims = [await ledger.claim(connection, flow, str(quote.id)) for flow in
                  (QUOTES, "quote_answers")]  # fmt: skip
        if any(one.waits_for_a_person or one.differs for one in claims):
            continue
        if len(rows) != 1:
            if rows or quote.status in {"created", "submitted_by_customer"}:
                yield f"quote {quote.id} has {len(rows)} quotations: {claims[0].reason}"
            continue
        status = str(rows[0]["SalesQuotationStatus"])
        if (fault := _unlike(world, quote, status, claims[1].reason)) is not None:
            yield f"quote {quote.id} is {quote.status}, its quotation {status}: {fault}"
        if (fault := _without_files(world, quote)) is not None:
            yield f"quote {quote.id}: {fault}"
    for fault in (*_of_templates(world), *_of_orders(world)):
        yield fault


def _of_orders(world: "World") -> Iterator[str]:
    for order in world.negotiations.orders:
        for fault in _of_order(world, order):
            yield f"order {order.row['increment_id']} {fault}"


def _of_order(world: "World", order: StoredOrder) -> Iterator[str]:
    quote = world.systems.commerce.quote(order.row["quote_id"])
    if shown_by(world.systems, quote) not in world.negotiations.approved[quote.id]:
        yield "is of a price that nobody approved"
    for header in world.systems.dynamics.orders_for(reference_of(order), COMPANY):
        if not header.values.get("QuotationNumber"):
            yield "names no quotation"


def _without_files(world: "World", quote: StoredQuote) -> str | None:
    """What F&O lacks of the buyer's files, or has twice; None where it has all."""
    wanted = {
        f"Q{quote.store.id}-{quote.id} {file['attachment_id']}"
        for comment in quote.comments for file in comment["attachments"]
    }  # fmt: skip
    rows = world.systems.dynamics.store.table("CustomerAttachmentsV2").records.values()
    there = [row["Name"] for row in rows if row["Name"] in wanted]
    is_told = quote.status in SELLERS
    return f"files in F&O: {there}" if is_told and sorted(there) != sorted(wanted) else None


def _unlike(world: "World", quote: StoredQuote, status: str, reason: str) -> str | None:
    """Why both do not stand alike; None where they do."""
    if quote.status in {"declined", "closed", "ordered"}:
        return None if status == "Lost" else "it is still open"
    if quote.status not in {"created", "submitted_by_customer", "processing_by_admin"}:
        return None
    (header,) = quotations(world.systems, quote)
    lines = quotation_lines(world.systems.dynamics, COMPANY, header["SalesQuotationNumber"])
    held = {row["ExternalItemNumber"]: row["RequestedSalesQuantity"] for row in lines}
    if held != {str(one.id): one.qty for one in quote.items}:
        return f"its lines are {held}"
    waits = "sent it back" in reason or "nobody has sent" in reason
    return f"it is not answered: {reason}" if status == "Sent" and not waits else None
