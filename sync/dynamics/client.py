"""The client of a Dynamics 365 F&O environment: its documents, each by its own name.

`odata_client` says how records are read and written, and which errors every call may raise.
"""

from datetime import timedelta

import httpx

from sync.config.connections import Dynamics
from sync.core.ports import Clock
from sync.dynamics.account_files import AccountFiles
from sync.dynamics.accounts import Accounts
from sync.dynamics.auth import Tokens
from sync.dynamics.books import Books
from sync.dynamics.buyer_documents import BuyerDocuments
from sync.dynamics.contacts import ContactPersons
from sync.dynamics.credit import CreditAccounts
from sync.dynamics.customers import Customers
from sync.dynamics.demand_forecasts import DemandForecasts
from sync.dynamics.free_text_invoices import FreeTextInvoices
from sync.dynamics.inventory_visibility import InventoryVisibility
from sync.dynamics.live_orders import LiveOrders
from sync.dynamics.odata_client import ODataClient
from sync.dynamics.on_hand import OnHand
from sync.dynamics.order_progress import OrdersInProgress
from sync.dynamics.other_invoices import invoiced_lines_of
from sync.dynamics.other_slips import slips_of
from sync.dynamics.payment_journals import PaymentJournals
from sync.dynamics.posted_invoices import PostedInvoices
from sync.dynamics.price_agreements import PriceAgreements
from sync.dynamics.product_attributes import ProductAttributes
from sync.dynamics.product_categories import ProductCategories
from sync.dynamics.product_images import ProductImages
from sync.dynamics.quotations import Quotations
from sync.dynamics.released_products import ReleasedProducts
from sync.dynamics.return_files import ReturnFiles
from sync.dynamics.return_orders import ReturnOrders
from sync.dynamics.return_states import ReturnStates
from sync.dynamics.sales_agreements import SalesAgreements
from sync.dynamics.sales_orders import SalesOrders
from sync.dynamics.transport import Transport
from sync.dynamics.unit_conversions import UnitConversions
from sync.pacing.pace import Pace


class DynamicsClient(ODataClient):
    """One environment, opened once per connection. A document that the product reads or writes is
    an attribute here, in `_own`; look-ups that concurrent deliveries make are one request."""

    def __init__(
        self, settings: Dynamics, *, http: httpx.AsyncClient, tokens: Tokens, pace: Pace,
        clock: Clock, visibility: Transport | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            settings.url, http=http, tokens=tokens, pace=pace, clock=clock,
            write_timeout=timedelta(seconds=settings.write_timeout_seconds),
            documents_per_batch=settings.documents_per_batch, lengths=settings.lengths,
        )  # fmt: skip
        self._own(settings, visibility)

    def _own(self, settings: Dynamics, visibility: Transport | None = None) -> None:
        self.visibility: InventoryVisibility | None = None
        if settings.visibility is not None and visibility is not None:
            self.visibility = InventoryVisibility(settings.visibility, self, visibility)
        self.customers = Customers(self)
        self.contact_persons = ContactPersons(self)
        self.accounts = Accounts(self)
        self.sales_orders = SalesOrders(self, settings)
        self.live_orders = LiveOrders(self, settings)
        self.return_orders = ReturnOrders(self)
        self.return_files = ReturnFiles(self)
        self.quotations = Quotations(self)
        self.account_files = AccountFiles(self)
        self.sales_agreements = SalesAgreements(self)
        self.free_text_invoices = FreeTextInvoices(self)
        self.payment_journals = PaymentJournals(self)
        self.posted_invoices = PostedInvoices(self)
        self.packing_slips = slips_of(self, settings)
        self.return_states = ReturnStates(self, self.posted_invoices)
        self.orders_in_progress = OrdersInProgress(self, settings)
        self.invoiced_lines = invoiced_lines_of(self, settings)
        self.credit = CreditAccounts(self, settings)
        self.books = Books(self, settings)
        self.buyer_documents = BuyerDocuments(self, settings)
        self.demand_forecasts = DemandForecasts(self)
        self.on_hand = OnHand(self, self.visibility)
        self.price_agreements = PriceAgreements(self)
        self.product_attributes = ProductAttributes(self)
        self.product_categories = ProductCategories(self)
        self.product_images = ProductImages(self)
        self.released_products = ReleasedProducts(self)
        self.unit_conversions = UnitConversions(self)
