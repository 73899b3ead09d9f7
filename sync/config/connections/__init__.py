"""`connections.toml`: what a storefront and a legal entity agreed on; what may be written there.

Unknown names are refused, secrets are named and never written, money is text or whole numbers.
`sync/config/file/reading.py` reads the file and turns each fault into a line and a remedy.
"""

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

from sync.config.connections.accounts import Accounts
from sync.config.connections.alerts import Alerts, Mail
from sync.config.connections.cancellations import Cancellations
from sync.config.connections.captures import Captures
from sync.config.connections.companies import Companies
from sync.config.connections.credit import Credit, Gate
from sync.config.connections.customers import Customers, Items
from sync.config.connections.dataverse import Cases, CaseStep, Dataverse
from sync.config.connections.demand import Demand
from sync.config.connections.flow_names import DEFAULT_FLOWS, FLOW_NAMES
from sync.config.connections.invoices import CreditMemos, Invoices, WriteBack
from sync.config.connections.mails import Mails
from sync.config.connections.orders import (
    Orders,
    Payment,
    Posting,
    SegmentHome,
    Store,
    TaxGroups,
    tax_codes_in,
)
from sync.config.connections.portal import ORIGIN, Portal
from sync.config.connections.prices import Prices
from sync.config.connections.products import Products
from sync.config.connections.quotes import Quotes
from sync.config.connections.reconcile import Reconcile
from sync.config.connections.reporting import Reporting
from sync.config.connections.returns import OrderIssues, Returns
from sync.config.connections.section import (
    COMPANY,
    CONNECTION_NAME,
    CURRENCY,
    CURRENCY_OR_NONE,
    VAULT_NAME,
    Amount,
    Company,
    Currency,
    NumberMode,
    SecretName,
    Section,
    Url,
    Whole,
    YesNo,
    tidy_url,
)
from sync.config.connections.shipments import Carrier, Shipments
from sync.config.connections.status import Status, StatusStep
from sync.config.connections.stock import Stock
from sync.config.connections.systems import Commerce, Dynamics, EventKeys, WebhookKeys
from sync.config.connections.tasks import Tasks
from sync.config.connections.tracking import Tracking

__all__ = [
    "COMPANY",
    "CONNECTION_NAME",
    "CURRENCY",
    "CURRENCY_OR_NONE",
    "FLOW_NAMES",
    "ORIGIN",
    "VAULT_NAME",
    "Accounts",
    "Alerts",
    "Amount",
    "Cancellations",
    "Captures",
    "Carrier",
    "CaseStep",
    "Cases",
    "Commerce",
    "Companies",
    "Company",
    "Connection",
    "Connections",
    "Credit",
    "CreditMemos",
    "Currency",
    "Customers",
    "Dataverse",
    "Dynamics",
    "EventKeys",
    "Gate",
    "Invoices",
    "Items",
    "Mail",
    "NumberMode",
    "OrderIssues",
    "Orders",
    "Payment",
    "Portal",
    "Posting",
    "Prices",
    "Products",
    "Reconcile",
    "Reporting",
    "Returns",
    "SecretName",
    "Section",
    "SegmentHome",
    "Shipments",
    "Status",
    "StatusStep",
    "Stock",
    "Store",
    "TaxGroups",
    "Tracking",
    "Url",
    "WebhookKeys",
    "Whole",
    "WriteBack",
    "YesNo",
    "tax_codes_in",
    "tidy_url",
]


class Connection(Section):
    """One storefront (some store views) and one legal entity."""

    name: str = ""
    commerce: Commerce
    dynamics: Dynamics
    stores: dict[str, Store] = {}
    orders: Orders = Orders()
    customers: Customers = Customers()
    companies: Companies = Companies()
    items: Items = Items()
    invoices: Invoices = Invoices()
    creditmemos: CreditMemos = CreditMemos()
    write_back: WriteBack = WriteBack()
    demand: Demand = Demand()
    stock: Stock = Stock()
    prices: Prices = Prices()
    reconcile: Reconcile = Reconcile()
    products: Products = Products()
    shipments: Shipments = Shipments()
    cancellations: Cancellations = Cancellations()
    tracking: Tracking = Tracking()
    returns: Returns = Returns()
    order_issues: OrderIssues = OrderIssues()
    dataverse: Dataverse | None = None
    cases: Cases = Cases()
    captures: Captures = Captures()
    status: Status = Status()
    accounts: Accounts = Accounts()
    portal: Portal | None = None
    mails: Mails | None = None
    reporting: Reporting | None = None
    credit: Credit = Credit()
    tasks: Tasks = Tasks()
    quotes: Quotes = Quotes()
    flows: tuple[str, ...] = DEFAULT_FLOWS
    freshness: dict[str, Whole] = {}
    """Minutes within which a flow should see changes; without one three polls and 15 minutes."""

    @property
    def store_ids(self) -> frozenset[int] | None:
        """The store views that are ours; None where all are, as those that are not named have the
        default's settings."""
        return None if "default" in self.stores else frozenset(int(name) for name in self.stores)

    @property
    def secret_names(self) -> list[str]:
        """The names of all secrets that the configuration refers to, each once."""
        commerce, dynamics = self.commerce, self.dynamics
        names = [
            commerce.consumer_key, commerce.consumer_secret, commerce.token, commerce.token_secret,
            commerce.client_secret, dynamics.client_secret, dynamics.certificate, dynamics.bearer,
            *commerce.webhook.keys, *self.tracking.keys, self.mails and self.mails.password,
            self.tasks.interest and self.tasks.interest.key,
        ]  # fmt: skip
        if self.portal is not None:
            names += [self.portal.shop_key, self.portal.originals_key]
        if (service := self.dataverse) is not None:
            names += [service.client_secret, service.certificate]
        return list(dict.fromkeys(name for name in names if name))

    @property
    def shipping_sources(self) -> Mapping[str, str]:
        """Warehouse in F&O -> the source that its packing slips are shipped from."""
        return self.shipments.sources or self.stock.sources

    def source_of(self, warehouse: str) -> str:
        """The source that a warehouse of F&O ships from; empty where none is named."""
        named = self.shipping_sources.items()
        return next((code for name, code in named if name.casefold() == warehouse.casefold()), "")

    @property
    def legal_entity(self) -> str:
        """Of records of no store view, as companies are: the default's, or `dynamics.company`."""
        return self.legal_entity_of(None)

    @property
    def legal_entities(self) -> tuple[str, ...]:
        """All that the connection posts into, its own `legal_entity` first."""
        named = (store.company for store in self.stores.values() if store.company)
        return tuple(dict.fromkeys([self.legal_entity, self.dynamics.company, *named]))

    def legal_entity_of(self, store_id: int | None) -> str:
        """The legal entity that a store view's documents are posted into."""
        store = self.store("default" if store_id is None else store_id)
        return (store.company if store else None) or self.dynamics.company

    def store_in(self, company: str, store_id: int | None) -> Store | None:
        """The settings for somebody of a store view in a legal entity: their own store's where it
        posts into that, else those of the first store that does; None where none does."""
        own = "default" if store_id is None else str(store_id)
        found = (self.store(name) for name in (own, *self.stores))
        return next(
            (one for one in found if one and (one.company or self.dynamics.company) == company),
            None,
        )

    def time_zone(self, company: str) -> ZoneInfo:
        """The time zone in which a legal entity's books are kept."""
        return ZoneInfo(self.dynamics.time_zones.get(company, self.dynamics.time_zone))

    def store(self, store_id: int | str) -> Store | None:
        """A store view's settings, completed from `stores.default`; None without either."""
        own, default = self.stores.get(str(store_id)), self.stores.get("default")
        if own is None or default is None:
            return own or default
        named = own.model_dump(exclude_none=True)
        return Store(**{**default.model_dump(exclude_none=True), **named})


class Connections(Section):
    """The whole file."""

    connections: dict[Annotated[str, StringConstraints(pattern=CONNECTION_NAME)], Connection]
    alerts: Alerts = Alerts()

    @property
    def systems(self) -> dict[str, str]:
        """What each connection calls: its shop and its ledger, in one name."""
        return {
            name: f"{one.commerce.system} and {one.dynamics.system}"
            for name, one in self.connections.items()
        }
