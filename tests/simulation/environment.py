"""What a seed draws beside trouble: how the product is installed, and what its surroundings do to
it. Each is a rule of the real systems, and a world may have any of them."""

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any, Final, Self

from sandbox.dynamics.seed import CURRENCIES
from tests.simulation.assortment import SETTINGS as ASSORTMENT
from tests.simulation.forecasting import DEMAND, FORECAST
from tests.simulation.sharing import SETTINGS as SHARING
from tests.simulation.sharing import SHARED
from tests.systems import SERVICE_HOST

MOST_DELIVERIES: Final = 25
"""How often a message comes before its queue gives it up; `infra/queues.json` says the same."""
FUNCTION_TIMEOUT: Final = 600.0
"""Seconds after which the Functions host ends a worker whose function still runs (host.json)."""
NAMED: Final = ("product_options", "products")
"""Options first: a product is shown with one that is there."""
CATALOGUE: Final = ("stock", "prices", *NAMED, SHARED, DEMAND)
"""The publications, which one connection has."""
SAFETY: Final = 2
"""Pieces of each SKU that are never offered."""
SHIPMENTS: Final = "shipments"
TRACKING: Final = "tracking"
PARCEL_TEXTS: Final = {"out": "Out for delivery", "delivered": "Delivered"}
ACCOUNTS: Final = "accounts"
SENT: Final = {
    "groups": ["OUT"], "create": True, "users": True, "addresses": "both",
    "parents": "invoice_account", "poll_minutes": 5,
}  # fmt: skip
CREDIT: Final = "credit"
CAPTURES: Final = "captures"
GOES_ON: Final = ("status", CAPTURES, "cancellations", "order_issues")
"""What F&O and buyers tell of orders that F&O has."""
QUOTES: Final = "quotes"
IN_SALES: Final = {"target": "dataverse", "order_field": "SalesOrderName", "poll_minutes": 2}
RETURNS: Final = "returns"
COMES_BACK: Final = (RETURNS, "return_states", "refunds")
PARCELS: Final[dict[str, Any]] = {
    SHIPMENTS: {"sources": {"13": "default"}},
    TRACKING: {
        "keys": ["webhook-key"], "timestamp_header": "", "events": "data", "texts": PARCEL_TEXTS,
    },
}  # fmt: skip
CASES, MAILS = "cases", "mails"
TASKS, SELLER = "tasks", "anna@example.com"
SERVED: Final = (CASES, "case_states")
"""What Customer Service hears of complaints and returns, and tells of them."""
ACCOUNT: Final = "0b8f6c0e-3f0d-5c3a-9d38-6b1a2f7c4e19"
"""The account in Dataverse whose cases and quotes these are."""
CUSTOMERS: Final = {"*": ACCOUNT}
STATUSES: Final = ("authorized", "received", "approved", "rejected", "denied", "processed_closed")
BULKS: Final = {"bulk_from": 2, "bulk_horizon_minutes": 30}
POOL: Final = 4
"""Connections of one HTTP client, where they are few: a narrow proxy, or SNAT ports that are used
up."""


STEPS: Final[dict[str, Any]] = {
    "confirmed": {"comment": "It ships on {date}."}, "picking": {"status": "fno_picking"},
    "partly_delivered": {"status": "fno_picking"}, "credit_hold": {"act": "hold"},
}  # fmt: skip

RETURNED: Final[dict[str, Any]] = {
    "reasons": {"*": "DEFECT"}, "authorise": "rule", "poll_minutes": 5, "methods": {"*": "offline"},
}  # fmt: skip
DATAVERSE: Final[dict[str, Any]] = {"dataverse": {"url": f"http://{SERVICE_HOST}"}}
SELLING: Final[dict[str, Any]] = {
    TASKS: {
        "consent": "contract", "owners": {"*": SELLER}, "leads": True, "cap_per_day": 1000,
        "rules": {
            "cart": {"threshold": 0, "cool_down_days": 0},
            "return": {"threshold": 1, "cool_down_days": 0},
        },
        "poll_minutes": 5,
    },
}  # fmt: skip
SERVICE: Final[dict[str, Any]] = {
    CASES: {
        "customers": CUSTOMERS,
        "steps": {"2": {"comment": "Case {case} waits."}, "5": {"comment": "Case {case} is over."}},
        "poll_minutes": 5,
    },
    MAILS: {"server": "mail.example.com", "sender": "shop@example.com", "returns": STATUSES},
}


class Polls(StrEnum):
    """When polls look. `LATE`: once all is quiet that notifications alone could bring, and has been
    judged. `NEVER`: what notifications tell must survive alone; those are sent until somebody takes
    them."""

    ALWAYS = "always"
    LATE = "late"
    NEVER = "never"


DRAWN: Final[tuple[Any, ...]] = (
    ("ships", "packing", 0.3),
    ("tracks", "carriers", 0.5),
    ("names", "names", 0.2),
    ("sends_accounts", "accounts", 0.2),
    ("shows_credit", "credit", 0.3),
    ("goes_on", "lives on", 0.4),
    ("comes_back", "goods", 0.6),
    ("negotiates", "quotes", 0.3),
    ("quotes_in_sales", "sales quotes", 0.5),
    ("has_bulks", "bulks", 0.3),
    ("serves", "service", 0.5),
    ("sells", "sellers", 0.25),
    ("shares", "sharing", 0.2),
    ("owns_shared", "owned", 0.5),
    ("forecasts", "forecasts", 0.2),
    ("sets_clock", "set clocks", 0.4),
)
"""Fields that are true by a chance of their own, each with the word that it is drawn by."""


@dataclass(frozen=True)
class Environment:
    """How one world's product is installed. Rates are per request, spans are seconds.

    `clocks_apart`: each worker's clock is off by up to so much, either way; the queue's is right.
    `sets_clock`: people set the clock of the machine that one worker at a time and the queue share.
    `connections`: two of them share shop, ledger, queue and tables, each with its own store view.
    `write_back`: how numbers go back to Commerce. `invoices_orders`: F&O invoices sales orders, and
    its business events are lost at the rate `lost_events`. `refused_changesets`: F&O rolls a
    changeset back that it had almost done. `lost_writes`: answers to writes that never arrive,
    while all else is well. `has_killer`: work on one order ends the process, every time.
    `is_pool_narrow`: requests wait for a connection. `store_faults`: chance that a call of queue or
    tables fails. `polls`: when they look. `pauses`: how often people pause something.
    `catalogue`: what of F&O's products is shown in the shop; `has_sources`: which keeps stock by
    sources; `names`: whether F&O owns names and options too. `ships`: packing slips of F&O are
    shipped in the shop, where polls tell of them; `tracks`: and carriers tell of their parcels.
    `sends_accounts`: accounts of F&O are companies in the shop. `shows_credit`: so is what credit
    companies have left. `goes_on`: how F&O gets on with orders is told in the shop, and invoiced
    and cancelled there. `comes_back`: goods are returned, and credit notes refunded. `serves`:
    complaints and returns are cases of Dataverse, and buyers are mailed how returns get on.
    `sells`: carts and returns are tasks of sellers. `negotiates`: buyers ask for quotes, which
    become quotations of F&O, or by `quotes_in_sales` quotes of Dynamics 365 Sales.
    `shares`: F&O chooses what is in shared catalogs; `owns_shared`: people choose nothing there.
    `forecasts`: demand is forecast and written into F&O.
    `has_bulks`: rows are left to the shop's consumers, which are late, forget, or do not run.
    """

    clocks_apart: float = 0.0
    sets_clock: bool = False
    connections: int = 1
    documents_per_batch: int = 1
    write_back: str = "none"
    invoices_orders: bool = False
    lost_events: float = 0.0
    refused_changesets: float = 0.0
    lost_writes: float = 0.0
    has_killer: bool = False
    is_pool_narrow: bool = False
    store_faults: float = 0.0
    polls: Polls = Polls.ALWAYS
    pauses: int = 0
    catalogue: tuple[str, ...] = ()
    has_sources: bool = True
    ships: bool = False
    tracks: bool = False
    names: bool = False
    sends_accounts: bool = False
    shows_credit: bool = False
    goes_on: bool = False
    comes_back: bool = False
    negotiates: bool = False
    quotes_in_sales: bool = False
    has_bulks: bool = False
    shares: bool = False
    owns_shared: bool = False
    forecasts: bool = False
    serves: bool = False
    sells: bool = False

    @classmethod
    def drawn(cls, seed: int, *, is_alone: bool) -> "Environment":
        """That of a seed. `is_alone`: one worker at a time, on the queue's own machine."""
        random = Random(f"environment {seed}")
        apart = random.choice((0.0, 0.1, 2.0))
        return cls(
            clocks_apart=0.0 if is_alone else apart,
            connections=random.choice((1, 1, 1, 2)),
            documents_per_batch=random.choice((1, 1, 3, 20)),
            write_back=random.choice(("none", "none", "comment", "ext_order_id")),
            invoices_orders=random.random() < 0.4,
            lost_events=random.choice((0.0, 0.0, 0.5)),
            refused_changesets=random.choice((0.0, 0.0, 0.1, 0.3)),
            lost_writes=random.choice((0.0, 0.0, 0.1, 0.3)),
            has_killer=random.random() < 0.1,
            is_pool_narrow=random.random() < 0.15,
            store_faults=random.choice((0.0, 0.0, 0.0, 0.0, 0.05, 0.1)),
            polls=random.choice((Polls.ALWAYS, Polls.ALWAYS, Polls.LATE, Polls.NEVER)),
            pauses=random.choice((0, 0, 0, 1, 3)),
            catalogue=random.choice((*[()] * 5, ("stock",), ("prices",), ("stock", "prices"))),
            has_sources=random.random() < 0.8,
            **{name: Random(f"{word} {seed}").random() < chance for name, word, chance in DRAWN},
        ).possible(is_alone=is_alone)

    def possible(self, *, is_alone: bool) -> Self:
        """The same without what cannot be told apart beside what F&O does with orders: invoices and
        slips of other orders, and stock that comes back. Only polls tell it, and what was missed by
        a clock that was set (docs/proof.md). Azure keeps the clocks of many workers."""
        alone = self.polls is Polls.ALWAYS and not (self.invoices_orders or self.has_killer)
        goes_on = self.goes_on and alone
        comes_back = self.comes_back and alone and not goes_on and not self.ships
        hidden = {"stock"} if goes_on or comes_back else set()
        catalogue = tuple(one for one in self.catalogue if one not in hidden)
        ships = (self.ships or goes_on) and self.polls is not Polls.NEVER
        return replace(
            self, goes_on=goes_on, comes_back=comes_back, catalogue=catalogue,
            sets_clock=self.sets_clock and is_alone and self.polls is Polls.ALWAYS,
            tracks=self.tracks and ships,
            sells=self.sells and alone, negotiates=self.negotiates and alone,
            quotes_in_sales=self.quotes_in_sales and self.negotiates and alone,
            serves=self.serves and (goes_on or comes_back),
        )  # fmt: skip

    @property
    def flows(self) -> tuple[str, ...]:
        """The flows that run beside those that always do. Connections of one shop cannot both show
        its stock: each counts its own orders."""
        wanted = {
            "posted_invoices": self.invoices_orders,
            "write_back": self.write_back != "none",
            "stock": "stock" in self.catalogue and self.connections == 1,
            "prices": "prices" in self.catalogue,
            **dict.fromkeys(NAMED, self.names),
            SHARED: self.shares,
            DEMAND: self.forecasts,
            SHIPMENTS: (self.ships or self.goes_on) and self.polls is not Polls.NEVER,
            TRACKING: self.tracks,
            **dict.fromkeys(GOES_ON, self.goes_on),
            **dict.fromkeys(COMES_BACK, self.comes_back),
            **dict.fromkeys((QUOTES, "quote_answers", "quote_templates"), self.negotiates),
            **dict.fromkeys(SERVED, self.serves),
            MAILS: self.serves and self.comes_back,
            TASKS: self.sells,
            ACCOUNTS: self.sends_accounts and self.polls is not Polls.NEVER,
            CREDIT: self.shows_credit and self.polls is not Polls.NEVER,
        }
        return tuple(flow for flow, is_wanted in wanted.items() if is_wanted)

    def settings(self) -> dict[str, Any]:
        """What the connection is set to for it."""
        return {
            "commerce": BULKS if self.has_bulks else {},
            "dynamics": {"documents_per_batch": self.documents_per_batch},
            "write_back": {"to": self.write_back},
            "stock": {
                "inventory": "sources" if self.has_sources else "stock-items",
                "sources": {"13": "default"},
                "safety": {"*": SAFETY},
                "decimals": 2,
                "poll_minutes": 10,
            },
            "prices": {"currency": "USD", "poll_minutes": 10},
            "products": {
                **ASSORTMENT,
                **(SHARING if self.shares else {}),
                "shared_catalogs_owned": self.shares and self.owns_shared,
            },
            **(FORECAST if self.forecasts else {}),
            "status": {"steps": STEPS, "reports": True, "poll_minutes": 5},
            CAPTURES: {"methods": {"braintree": "at_invoice"}},
            "order_issues": {"patterns": {"damaged": "broken"}, "poll_minutes": 5},
            RETURNS: RETURNED,
            **PARCELS,
            QUOTES: IN_SALES if self.quotes_in_sales else {"files": "account"},
            **(DATAVERSE if self.serves or self.sells or self.quotes_in_sales else {}),
            **({CASES: {"customers": CUSTOMERS}} if self.quotes_in_sales else {}),
            **(SERVICE if self.serves else {}),
            **(SELLING if self.sells else {}),
            CREDIT: {
                "currency": "USD",
                "rates": dict.fromkeys(CURRENCIES[1:], 1),
                "tolerance": 0,
                "most_changed_percent": 100,
                "poll_minutes": 10,
            },
            ACCOUNTS: SENT,
        }
