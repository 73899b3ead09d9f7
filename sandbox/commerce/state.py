"""The shop itself: orders, customers, ids and time, and what shoppers do.

Every change moves `updated_at` by the shop's rules (whole seconds, not for child rows) and tells
the listeners, as Commerce dispatches its observers. Deterministic: time and chance are injected.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sandbox.commerce import lifecycle
from sandbox.commerce.administration import Administration
from sandbox.commerce.bulks import Bulks
from sandbox.commerce.catalogue import Catalogue, Shopper
from sandbox.commerce.company_credits import CompanyCredits
from sandbox.commerce.conditions import as_text
from sandbox.commerce.customers import company_columns, customer_columns
from sandbox.commerce.faults import no_such_entity
from sandbox.commerce.ims import Client, IdentityService
from sandbox.commerce.maker import OrderMaker
from sandbox.commerce.notification_dials import NotificationDials
from sandbox.commerce.numbering import Sequences, numbered
from sandbox.commerce.oauth import Consumer, OAuthServer
from sandbox.commerce.payloads import raw, raw_customer, raw_order
from sandbox.commerce.records import Columns, StoredOrder, stamp
from sandbox.commerce.shared_catalogs import SharedCatalogs
from sandbox.commerce.shop_prices import ShopPrices
from sandbox.commerce.shop_products import ShopProducts
from sandbox.commerce.stock import Stock, reserved
from sync.core.money import ZERO
from sync.core.ports import Clock

SAVED = ("sales_order_save_after", "sales_order_save_commit_after")


@dataclass(frozen=True)
class Change:
    """An event that observers can listen to. `data`: argument name -> raw model."""

    event: str
    data: Columns


class CommerceState(Administration):
    """One installation. `tenant` set makes it a cloud edition, which takes bearer tokens of
    `client`. `approves_companies`: new companies wait for an administrator; `mails`: what was
    mailed to which customer. `customer_tokens`: who is signed in by which token; `roles`: a company
    role by its id, with `users`."""

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        catalogue: Catalogue | None = None,
        consumers: list[Consumer] | None = None,
        tenant: str = "",
        client: Client | None = None,
        checks_access: bool = True,
    ) -> None:
        super().__init__()
        self.clock = clock
        self.catalogue = catalogue or Catalogue()
        self.maker = OrderMaker(Random(seed), self.catalogue)
        self.sequences = Sequences(
            prefixes={store.id: store.prefix for store in self.catalogue.stores}
        )
        self.oauth = OAuthServer(
            clock, consumers if consumers is not None else [Consumer.named("sandbox")]
        )
        self.tenant, self.checks_access = tenant, checks_access
        self.ims = IdentityService(
            clock, client or Client("sandbox-client", "p8e-sandbox", "1234@AdobeOrg")
        )
        self.stock, self.prices, self.bulks = Stock(), ShopPrices(), Bulks()
        self.company_credits, self.shared_catalogs = CompanyCredits(clock), SharedCatalogs()
        self.products, self.display_gross = ShopProducts(), False
        self.lists_leave_out = frozenset[str]()
        """Extension attributes that a record has and its list leaves out (magento2 issue 25410)."""
        self.orders, self.customer_tokens = dict[int, StoredOrder](), dict[str, int]()
        self.customers, self.companies, self.roles = (dict[int, Columns]() for _ in range(3))
        self.parents = dict[int, int]()  # the parent of a company, by the company's id
        self.approves_companies, self.mails = False, list[tuple[str, int]]()
        self.requests, self.public_keys = Counter[str](), dict[str, bytes]()
        self.notification_dials = NotificationDials(Random(seed))
        self.listeners: list[Callable[[Change], None]] = []
        for shopper in self.catalogue.shoppers:
            if shopper.id is not None:
                self._register(shopper, shopper.id)

    def _register(self, shopper: Shopper, number: int) -> None:
        place = self.catalogue.places[shopper.place]
        stores = (one for one in self.catalogue.stores if shopper.place in one.places)
        columns = customer_columns(shopper, place, next(stores, None), stamp(self.clock.now()))
        self.customers[number] = columns
        self.sequences.seen("customer_address", number)
        if shopper.buys_for == number:
            self.companies[number] = company_columns(shopper, place)

    def on_change(self, listener: Callable[[Change], None]) -> None:
        """Tell `listener` of every event from now on, while it happens."""
        self.listeners.append(listener)

    # What is there

    def visible(self, among: frozenset[str] | None = None) -> list[StoredOrder]:
        """The committed orders by primary key; with `among` at least those of these ids."""
        now = self.clock.now()
        ids = (
            sorted(self.orders)
            if among is None or not all(map(str.isdecimal, among))
            else sorted(map(int, among))
        )
        orders = (self.orders[number] for number in ids if number in self.orders)
        return [order for order in orders if order.visible_from <= now]

    def order(self, entity_id: int) -> StoredOrder:
        """A committed order. Raises the 404 of the real one."""
        found = self.orders.get(entity_id)
        if found is None or found.visible_from > self.clock.now():
            raise no_such_entity()
        return found

    def salable(self, sku: str) -> Decimal:
        """What the shop offers of a SKU: what its sources hold, less what open orders reserve where
        they do."""
        return self.salable_by_sku()[as_text(sku)]

    def salable_by_sku(self) -> dict[str, Decimal]:
        """The same of all SKUs that any source or open order has, by SKU without case."""
        found: dict[str, Decimal] = defaultdict(Decimal, self.stock.released)
        for (sku, source), one in self.stock.items.items():
            found[sku] += one.quantity if one.status and self.stock.sources.get(source) else ZERO
        for order in self.orders.values() if not self.stock.is_single else ():
            for sku, pieces in reserved(order).items():
                found[sku] -= pieces
        return found

    def totals(self) -> dict[str, dict[str, Any]]:
        """Per currency: orders, how many of them cancelled, and the sums of grand totals, invoices
        and refunds."""
        found: dict[str, dict[str, Any]] = {}
        for order, sums in zip(self.orders.values(), self.sums(), strict=True):
            entry = found.setdefault(sums["currency"], Counter(orders=0, canceled=0))
            entry["orders"] += 1
            entry["canceled"] += order.row["state"] == "canceled"
            for name in ("grand_total", "invoiced", "refunded"):
                entry[name] += sums[name]
        return found

    # What shoppers do

    def place(self, order: StoredOrder, *, visible_in: timedelta | None = None) -> StoredOrder:
        """Take an order up: ids, number, time. Observers hear at once; readers see it when its
        transaction commits.

        An order that has an id already (a recorded one) keeps its ids and times.
        """
        now = self.clock.now()
        products = self.catalogue.products
        order.in_parts = frozenset(one.product_id for one in products if one.in_parts)
        if order.entity_id:
            self._adopt(order)
        else:
            numbered(order, self.sequences, now)
        order.visible_from = now + (
            self.notification_dials.commit_lag() if visible_in is None else visible_in
        )
        self.orders[order.entity_id] = order
        self.stock.count({}, reserved(order))
        self._report("sales_order_place_after", lambda: {"order": raw_order(order, saved=False)})
        self._saved(order)
        self._report(
            "checkout_submit_all_after", lambda: {"order": raw_order(order), "quote": None}
        )
        if (
            order.recipe is not None
            and order.recipe.state == "captured"
            and lifecycle.can_invoice(order)
        ):
            self.invoice(order)
        return order

    def place_new(
        self, count: int = 1, *, visible_in: timedelta | None = None, **wishes: Any
    ) -> list[StoredOrder]:
        """Place orders by chance; `wishes` are fields of `Recipe`, and `skus`."""
        return [self.place(self.maker.make(**wishes), visible_in=visible_in) for _ in range(count)]

    # Who shops, and for whom

    def save_customer(self, customer: Columns) -> None:
        """Store a customer under its id."""
        customer["updated_at"] = stamp(self.clock.now())
        self.customers[customer["id"]] = customer
        for event in ("customer_save_after", "customer_save_commit_after"):
            self._report(event, lambda: {"customer": raw_customer(customer)})

    def save_company(self, company_id: int, **columns: Any) -> None:
        """Write columns of a company, as an administrator does who approves or blocks it. It has
        no time of change."""
        self.companies[company_id] = {**self.companies[company_id], **columns}
        for event in ("company_save_after", "company_save_commit_after"):
            self._report(event, lambda: {"company": raw(self.companies[company_id])})

    def _saved(self, order: StoredOrder) -> None:
        self.company_credits.buy(order)
        for event in SAVED:
            self._report(event, lambda: {"order": raw_order(order)})

    def _report(self, event: str, data: Callable[[], Columns]) -> None:
        if self.listeners:
            change = Change(event, data())
            for listener in self.listeners:
                listener(change)

    def _adopt(self, order: StoredOrder) -> None:
        self.sequences.seen("order", order.entity_id)
        for item in order.items:
            self.sequences.seen("order_item", int(item["item_id"]))
