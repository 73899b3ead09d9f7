"""The client of a Commerce shop: its records, each by its own name, in the shop's words.

Answers are raw JSON (numbers as int and Decimal); `models/` gives them types. Every method raises
`Later`, `Never`, `Paused` or `Unknown` as `errors.py` decides; reads are safe to repeat, writes are
not.
"""

from typing import Any

from sync.commerce.access import Access
from sync.commerce.carts import Carts
from sync.commerce.categories import Categories
from sync.commerce.closing import Closing
from sync.commerce.companies import Companies
from sync.commerce.company_credits import CompanyCredits
from sync.commerce.customers import Customers
from sync.commerce.inventory import Inventory
from sync.commerce.order_invoices import OrderInvoices
from sync.commerce.order_notes import OrderNotes
from sync.commerce.prices import Prices
from sync.commerce.product_data import ProductData
from sync.commerce.products import Products
from sync.commerce.quote_templates import QuoteTemplates
from sync.commerce.quotes import Quotes
from sync.commerce.refunds import Refunds
from sync.commerce.rest import RestClient
from sync.commerce.returns import Returns
from sync.commerce.sales_documents import (
    CREDITMEMO_COLUMNS,
    INVOICE_COLUMNS,
    ORDER_COLUMNS,
    SalesDocuments,
)
from sync.commerce.shared_catalogs import SharedCatalogs
from sync.commerce.shipments import Shipments
from sync.commerce.transport import rows_in


class CommerceClient(RestClient):
    """One shop, opened once per connection. A kind of record that the product reads is an attribute
    here; what concurrent deliveries ask for within milliseconds is one request."""

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self.orders = SalesDocuments(self, "orders", ORDER_COLUMNS)
        self.invoices = SalesDocuments(self, "invoices", INVOICE_COLUMNS)
        self.creditmemos = SalesDocuments(self, "creditmemos", CREDITMEMO_COLUMNS)
        self.returns = Returns(self)
        self.quotes = Quotes(self)
        self.carts = Carts(self)
        self.quote_templates = QuoteTemplates(self)
        self.refunds = Refunds(self)
        self.order_notes = OrderNotes(self)
        self.closing = Closing(self, self.creditmemos)
        self.order_invoices = OrderInvoices(self)
        self.customers = Customers(self)
        self.companies = Companies(self)
        self.company_credits = CompanyCredits(self)
        self.products = Products(self, access.clock)
        self.categories = Categories(self)
        self.shared_catalogs = SharedCatalogs(self, access.clock)
        self.product_data = ProductData(self)
        self.inventory = Inventory(self, access.clock)
        self.prices = Prices(self, access.clock)
        self.shipments = Shipments(self, self.inventory, access.clock)

    async def store_views(self) -> list[dict[str, Any]]:
        """All store views (id, code, name, website_id, store_group_id, is_active), with 0 = admin,
        the global scope."""
        return rows_in(await self.get("store/storeViews"), "GET store/storeViews")
