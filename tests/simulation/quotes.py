"""Quotes of a world: buyers ask, change, accept and close; the office prices, sends and loses. What
must hold once it is quiet: one quotation each, never a price before the buyer that nobody
approved, and both sides stand alike, or a person is told."""

import asyncio
import re
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
from sandbox.dataverse.state import WebFault
from sandbox.dynamics.posting import NotPosted
from sync.core.money import CENT, rounded
from sync.engine.claim import Claim
from sync.engine.ledger import Ledger
from tests.simulation.environment import QUOTES
from tests.simulation.naming import reference_of
from tests.simulation.offices import ANSWERED, OVER, Office
from tests.simulation.stories import HELD_UP
from tests.simulation.watching import EventLog
from tests.systems import COMPANY, SystemsUnderTest

if TYPE_CHECKING:
    from tests.simulation.world import World

FILES: Final = {"drawing.pdf": "ZHJhd2luZw==", "list.txt": "bGlzdA=="}
AGREED: Final = "https://agreed.example/"
LAST: Final = datetime(2027, 12, 31, 12, tzinfo=UTC)
Deed = Callable[[StoredQuote], None]
SLOWEST: Final = 600
SHOWS: Final = re.compile(
    r"Commerce shows [0-9.]+ [A-Z]{3} where .* is approved at ([0-9.]+[0-9]):"
)
ENDED: Final = ("declined", "closed", "ordered")
SKUS: Final = ("SIMPLE-001", "SIMPLE-003", "SIMPLE-006")


@dataclass
class Quotes:
    """`quotes`, `orders`: all of them. `approved`: sums that the office has sent, by quote, each as
    often as it was sent; `told`: how often its buyer was shown one. `agreed`: those of which a
    template was made, with an agreement."""

    systems: SystemsUnderTest
    random: Random
    event_log: EventLog
    broken: list[str]
    office: Office
    quotes: list[StoredQuote] = field(default_factory=list)
    orders: list[StoredOrder] = field(default_factory=list)
    agreed: list[int] = field(default_factory=list)
    approved: dict[int, list[Decimal]] = field(default_factory=lambda: defaultdict(list))
    told: Counter[int] = field(default_factory=Counter)

    async def live(self, spread: float) -> None:
        """Two negotiations; returns when people have gone home."""
        submit = self.systems.commerce.submit_quote

        def watched(quote_id: int, *said: Any) -> None:
            submit(quote_id, *said)
            self.told[quote_id] += 1
            approved, quote = self.approved[quote_id], self.systems.commerce.quote(quote_id)
            if self.office.shown(quote) not in approved:
                self.broken.append(f"quote {quote_id}: its buyer saw a price nobody approved")
            if self.told[quote_id] > len(approved):
                self.broken.append(f"quote {quote_id}: its buyer was told an answer twice")

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
        more = (self._does,) if self.office.deeds else ()
        sellers: Sequence[Deed] = (self._sends, self._sends, self._sends, self._loses, *more)
        buyers: Sequence[Deed] = (self._accepts, self._changes, self._sends, self._closes, *more)
        for _ in range(self.random.randint(3, 6) * SLOWEST // self.office.pace):
            await asyncio.sleep(self.random.uniform(self.office.pace / 10, self.office.pace))
            deed = self.random.choice(sellers if quote.status in SELLERS else buyers)
            self.event_log.note(f"deed: {deed.__name__[1:]} quote {quote.id}")
            with suppress(RestFault, NotPosted, WebFault):  # it is not their turn
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
        for number in self.office.numbers(quote):
            self.approved[quote.id].append(self.office.sends(number))

    def _loses(self, quote: StoredQuote) -> None:
        for number in self.office.numbers(quote):
            if self.random.random() < 0.3:
                self.office.loses(number)

    def _does(self, quote: StoredQuote) -> None:
        for number in self.office.numbers(quote):
            self.random.choice(self.office.deeds)(number)

    def _frames(self, quote: StoredQuote) -> None:
        """A template for what is bought again and again, and the agreement that names it."""
        for _ in self.office.numbers(quote):
            template = make_template(self.systems.commerce, quote, f"{LAST:%Y-%m-%d}")
            self.systems.dynamics.put(
                "SalesAgreements", dataAreaId=COMPANY, AgreementStatus="Effective",
                SalesAgreementId=f"SA-{quote.id}", InternetAddress=f"{AGREED}{quote.id}",
                ExternalDocumentReference=f"T{template['template_id']}",
                AgreementCustomerAccountNumber=self.office.account(quote),
                DefaultExpirationDate=LAST,
            )  # fmt: skip
            self.agreed.append(quote.id)


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
        connection = world.connection_of(quote.store.id)
        claims = [await ledger.claim(connection, flow, str(quote.id)) for flow in
                  (QUOTES, "quote_answers")]  # fmt: skip
        if (fault := _of_quote(world, quote, claims)) is not None:
            yield f"quote {quote.id} is {quote.status}: {fault}"
    for fault in (*_of_templates(world), *_of_orders(world)):
        yield fault


def _of_quote(world: "World", quote: StoredQuote, claims: list[Claim]) -> str | None:
    office = world.negotiations.office
    numbers = office.numbers(quote)
    told = [one for one in claims if one.waits_for_a_person or one.differs]
    if len(numbers) > 1:
        return f"it has {len(numbers)} quotations"
    if told:
        untrue = [one.reason for one in told if not _is_true(world, quote, numbers, one)]
        return f"what is told of it does not hold: {untrue}" if untrue else None
    if not numbers:
        is_asked = quote.status in {"created", "submitted_by_customer"}
        return f"it has no quotation: {claims[0].reason}" if is_asked else None
    return _unlike(office, quote, numbers[0], claims[1].reason) or _without_files(world, quote)


def _of_orders(world: "World") -> Iterator[str]:
    for order in world.negotiations.orders:
        for fault in _of_order(world, order):
            yield f"order {order.row['increment_id']} {fault}"


def _of_order(world: "World", order: StoredOrder) -> Iterator[str]:
    quote = world.systems.commerce.quote(order.row["quote_id"])
    office = world.negotiations.office
    if office.shown(quote) not in world.negotiations.approved[quote.id]:
        yield "is of a price that nobody approved"
    for header in world.systems.dynamics.orders_for(reference_of(order), COMPANY):
        if header.values.get(office.order_field) not in office.numbers(quote):
            yield "does not name its quotation"


def _without_files(world: "World", quote: StoredQuote) -> str | None:
    """What F&O lacks of the buyer's files, or has twice; None where it has all."""
    wanted = {
        f"Q{quote.store.id}-{quote.id} {file['attachment_id']}"
        for comment in quote.comments for file in comment["attachments"]
    }  # fmt: skip
    rows = world.systems.dynamics.store.table("CustomerAttachmentsV2").records.values()
    there = [row["Name"] for row in rows if row["Name"] in wanted]
    is_told = quote.status in SELLERS and not world.plan.environment.quotes_in_sales
    return f"files in F&O: {there}" if is_told and sorted(there) != sorted(wanted) else None


def _is_true(world: "World", quote: StoredQuote, numbers: list[str], claim: Claim) -> bool:
    """Whether what a person is told of a quote holds."""
    stands = [world.negotiations.office.stands(one) for one in numbers]
    if claim.differs:
        return "is still" in claim.reason and quote.status in ENDED and OVER not in stands
    is_blocked = quote.shopper.buys_for in world.story.blocked
    if is_blocked and any(one in claim.reason for one in HELD_UP):
        return True
    if quote.status not in SELLERS:
        return False
    if found := SHOWS.search(claim.reason):
        return not _can_show(world.negotiations.office, quote, Decimal(found[1]))
    if "has no price for" in claim.reason:
        return all(world.negotiations.office.is_unpriced(one) for one in numbers)
    return "asks again" in claim.reason and stands == [OVER]


def _can_show(office: Office, quote: StoredQuote, wanted: Decimal) -> bool:
    """Whether the shop shows a sum by any proposal near it."""
    before, near = quote.negotiated, rounded(wanted / quote.store.rate)
    found = []
    for cents in range(-5, 6):
        quote.negotiated = (3, near + cents * CENT)
        found.append(office.shown(quote))
    quote.negotiated = before
    return wanted in found


def _unlike(office: Office, quote: StoredQuote, number: str, reason: str) -> str | None:
    """Why both do not stand alike; None where they do."""
    stands, held = office.stands(number), office.pieces(number)
    if quote.status in ENDED:
        return None if stands == OVER else "its quotation is still open"
    if quote.status not in SELLERS:
        return None
    if stands == OVER or held != {str(one.id): one.qty for one in quote.items}:
        return f"its quotation is {stands}, its lines are {held}: {reason}"
    waits = any(one in reason for one in office.waits)
    return f"it is not answered: {reason}" if stands == ANSWERED and not waits else None
