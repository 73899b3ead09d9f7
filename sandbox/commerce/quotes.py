"""Negotiable quotes of the shop (Adobe Commerce; closed source, so the rules are those of Adobe's
specification and documentation; reference 3.8, 6.1).

A quote is a cart with a state. The seller may write, submit and decline in three states alone, the
buyer in the others; nobody takes a turn back. Prices are negotiated in the base currency: of single
items (2.4.7), or of the whole, which is spread over the items by what they cost; prices of pieces
have four decimals, rows two (inferred). What is shown is what an order of it would come to: both
are one calculation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from html import escape
from typing import Final

from sandbox.commerce.amounts import Rule, Scheme
from sandbox.commerce.catalogue import Catalogue, Shopper, Store
from sandbox.commerce.faults import RestFault, no_such
from sandbox.commerce.maker import OrderMaker
from sandbox.commerce.numbering import Sequences
from sandbox.commerce.quote_prices import Item, Negotiated, unit_prices
from sandbox.commerce.recipe import Extras, Recipe, Want
from sandbox.commerce.records import Columns, StoredOrder, stamp
from sync.core.money import ZERO
from sync.core.ports import Clock

SELLERS: Final = frozenset({"created", "processing_by_admin", "submitted_by_customer"})
BUYERS: Final = frozenset({"processing_by_customer", "submitted_by_admin"})
INTEGRATION, BUYER = 1, 3


@dataclass
class StoredQuote:
    """A quote. `shipping`: what the seller proposed. `consent`: extension attributes of a guest's
    cart, as a module of the shop adds them."""

    id: int
    store: Store
    shopper: Shopper
    items: list[Item]
    status: str
    expires: date
    name: str
    created_at: str
    updated_at: str
    negotiated: Negotiated | None = None
    shipping: Decimal | None = None
    has_address: bool = True
    comments: list[Columns] = field(default_factory=list)
    is_regular: bool = True
    consent: Columns = field(default_factory=dict)


def refused(quote: StoredQuote, what: str) -> RestFault:
    """A move of the side whose turn it is not."""
    return RestFault(400, f"The quote with status {quote.status} cannot be {what}.")


class Quotes:
    """The part of the shop that negotiates. `per_item_prices`: a release from 2.4.7 on;
    `quotes_are_gross`: a proposed price includes tax. `unsold`: SKUs that are not for sale now."""

    clock: Clock
    catalogue: Catalogue
    maker: OrderMaker
    sequences: Sequences
    place: Callable[[StoredOrder], StoredOrder]

    def __init__(self) -> None:
        super().__init__()
        self.quotes: dict[int, StoredQuote] = {}
        self.per_item_prices, self.quotes_are_gross = True, False
        self.quote_files: dict[int, tuple[str, str]] = {}
        self.unsold: set[str] = set()
        self.templates: dict[int, Columns] = {}
        self.template_links: dict[int, Columns] = {}

    # What buyers do

    def request_quote(
        self, shopper: Shopper, store: Store, pieces: Mapping[str, Decimal | int], *,
        comment: str = "", days: int = 30, is_regular: bool = True,
        files: Mapping[str, str] | None = None,
    ) -> StoredQuote:  # fmt: skip
        """A buyer asks for a quote of a basket; or fills a basket alone."""
        now = self.clock.now()
        quote = StoredQuote(
            self.sequences.next("quote"), store, shopper, [], "created",
            (now + timedelta(days=days)).date(), f"Quote of {now:%d.%m.}", stamp(now), stamp(now),
            is_regular=is_regular,
        )  # fmt: skip
        quote.items = [self._item(sku, qty) for sku, qty in pieces.items()]
        self.quotes[quote.id] = quote
        self.say(quote, comment, BUYER, files=files)
        return quote

    def resubmit_quote(
        self, quote: StoredQuote, pieces: Mapping[str, Decimal | int] | None = None,
        comment: str = "", files: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """The buyer sends it back, perhaps with other items: what was negotiated is gone then."""
        if quote.status in SELLERS | {"ordered", "closed"}:
            raise refused(quote, "edited")
        if pieces is not None:
            known = {one.product.sku: one for one in quote.items}
            quote.items = [
                replace(known[sku], qty=Decimal(qty), negotiated=None)
                if sku in known else self._item(sku, qty)
                for sku, qty in pieces.items()
            ]  # fmt: skip
            quote.negotiated = quote.shipping = None
        if quote.expires < self.clock.now().date():
            quote.expires = (self.clock.now() + timedelta(days=30)).date()
        self.say(quote, comment, BUYER, files=files)
        self._moves(quote, "submitted_by_customer")

    def order_quote(self, quote: StoredQuote) -> StoredOrder:
        """The buyer accepts it and checks out."""
        if quote.status != "submitted_by_admin":
            raise refused(quote, "ordered")
        order = self.place(self.cooked_quote(quote))
        order.row["quote_id"] = quote.id
        order.extension["converting_from_quote"] = True
        self._moves(quote, "ordered")
        return order

    def close_quote(self, quote: StoredQuote) -> None:
        """The buyer closes it; no REST does."""
        if quote.status == "ordered":
            raise refused(quote, "closed")
        self._moves(quote, "closed")

    def expire_quotes(self) -> None:
        """The nightly job: those whose day has passed."""
        for quote in self.quotes.values():
            is_open = quote.status in SELLERS | BUYERS and quote.is_regular
            if is_open and quote.expires < self.clock.now().date():
                self._moves(quote, "expired")

    # What the seller does

    def quote(self, quote_id: int) -> StoredQuote:
        """One of them. Raises the 404 of the real one."""
        if quote_id not in self.quotes:
            raise no_such("cartId", quote_id)
        return self.quotes[quote_id]

    def seller_quote(self, quote_id: int, what: str) -> StoredQuote:
        """One that the seller may act on."""
        quote = self.quote(quote_id)
        if not quote.is_regular or quote.status not in SELLERS:
            raise refused(quote, what)
        return quote

    def touch_quote(self, quote: StoredQuote) -> None:
        """The seller has written to it."""
        self._moves(quote, "processing_by_admin")

    def submit_quote(
        self, quote_id: int, comment: str, files: Mapping[str, str] | None = None
    ) -> None:
        """The seller's answer goes to the buyer, priced by today's catalogue and taxes."""
        quote = self.seller_quote(quote_id, "submitted")
        self.recalculate_quote(quote)
        self.say(quote, comment, INTEGRATION, files=files)
        self._moves(quote, "submitted_by_admin")

    def recalculate_quote(self, quote: StoredQuote) -> None:
        """Items that the shop does not sell any more go; what was negotiated stays."""
        quote.items = [one for one in quote.items if one.product.sku not in self.unsold]

    def decline_quote(self, quote_id: int, reason: str) -> None:
        """The seller declines: negotiated prices are gone."""
        quote = self.seller_quote(quote_id, "declined")
        quote.negotiated = quote.shipping = None
        quote.items = [replace(one, negotiated=None) for one in quote.items]
        self.say(quote, reason, INTEGRATION, is_decline=True)
        self._moves(quote, "declined")

    def say(
        self, quote: StoredQuote, text: str, creator: int, *, is_decline: bool = False,
        files: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """A comment with its files (name -> base64); nothing is kept of an empty one."""
        if not text and not files:
            return
        attachments = [self._attached(name, content) for name, content in (files or {}).items()]
        quote.comments.append({
            "entity_id": self.sequences.next("quote_comment"), "parent_id": quote.id,
            "creator_type": creator,
            "creator_id": quote.shopper.id if creator == BUYER else 1, "is_decline": is_decline,
            "is_draft": False, "comment": escape(text), "created_at": stamp(self.clock.now()),
            "attachments": attachments,
        })  # fmt: skip

    def _attached(self, name: str, content: str) -> Columns:
        number = self.sequences.next("quote_attachment")
        self.quote_files[number] = (name, content)
        return {
            "attachment_id": number, "comment_id": 0, "file_name": name,
            "file_path": f"/{name[0]}/{name}", "file_type": None,
        }  # fmt: skip

    # What it costs

    def cooked_quote(self, quote: StoredQuote) -> StoredOrder:
        """The order that it would be now: shown totals are its own."""
        prices = unit_prices(quote, self.catalogue, is_gross=self.quotes_are_gross)
        wants = tuple(
            Want(replace(one.product, price=price, is_negotiated=True), one.qty)
            for one, price in zip(quote.items, prices, strict=True)
        )
        shipping = Decimal("4.95") if quote.shipping is None else quote.shipping
        gross = quote.store.gross
        return self.maker.cooked(Recipe(
            quote.store, quote.shopper, self.catalogue.places[quote.shopper.place], wants,
            Scheme(gross=gross, algorithm="row", shipping_taxed=False), Rule(),
            shipping if quote.has_address else ZERO, extras=Extras(),
        ))  # fmt: skip

    def _item(self, sku: str, qty: Decimal | int) -> Item:
        product = self.catalogue.product(sku)
        return Item(self.sequences.next("quote_item"), product, Decimal(qty))

    def _moves(self, quote: StoredQuote, status: str) -> None:
        quote.status, quote.updated_at = status, stamp(self.clock.now())
