"""A shop with buyers who are signed in, a ledger with their invoices, and the portal between."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import azure.functions as func
import jwt

from sandbox.dynamics.customer_transactions import Entry, book, open_invoice, settle
from sandbox.dynamics.invoicing import Invoice, Line, post
from sync.core.encoding import from_json
from sync.hosts.pages import add_pages
from sync.mapping_tables.records import AccountMapping
from tests.flows.finance import Finance
from tests.systems import COMPANY, CONNECTION, SHOP_KEY

ORIGIN: Final = "https://shop.example.com"
PORTAL: Final[dict[str, Any]] = {
    "portal": {"origins": [ORIGIN], "shop_key": "shop-key", "phone_orders": True}
}
NAME: Final = "Bike <b>& bell</b>, größer, Ψ"
OURS, THEIRS = "US-001", "US-002"
OURS_TOKEN: Final = "ours"
BUYER, STRANGER, ADMIN, MEMBER = 1, 3, 5, 6
"""Customers who buy for themselves, as the shop knows them before a test puts them elsewhere."""


class Answer:
    """What the portal said."""

    def __init__(self, response: func.HttpResponse) -> None:
        self.status, self.headers, self.body = (
            response.status_code, response.headers, response.get_body(),
        )  # fmt: skip

    @property
    def json(self) -> Any:
        """As a program reads it."""
        return from_json(self.body)


class Buyers:
    """What buyers see of one harness: the function behind the portal is asked."""

    def __init__(self, finance: Finance) -> None:
        self.finance = finance
        app = func.FunctionApp()

        async def opened() -> Any:
            return finance.services

        add_pages(app, opened)
        named = {one.get_function_name(): one for one in app.get_functions()}
        self._handler = named["portal"].get_user_function()
        finance.commerce.customer_tokens = {OURS_TOKEN: BUYER, "theirs": STRANGER}

    async def own_accounts(self) -> None:
        """Each of two customers buys for an account of their own."""
        systems = await self.finance.services.systems_pool.open(CONNECTION)
        for customer, account in ((BUYER, OURS), (STRANGER, THEIRS)):
            mapping = AccountMapping("customer", str(customer), account, "import", COMPANY)
            await systems.accounts.put(mapping)

    async def get(
        self, path: str, token: str = OURS_TOKEN, *, method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Ask for a page. `token`: empty for a caller without one."""
        sent = {"authorization": f"Bearer {token}"} if token else {}
        request = func.HttpRequest(
            method=method, url=f"https://app.example.com/api/portal/{CONNECTION}{path}",
            headers={**sent, **(headers or {})}, params={}, body=b"",
            route_params={"connection": CONNECTION, "page": path},
        )  # fmt: skip
        return Answer(await self._handler(request))

    def signed(self, customer: int, key: str = SHOP_KEY, **claims: Any) -> str:
        """A token of the shop's own module."""
        now = int(self.finance.clock.now().timestamp())
        usual = {"iat": now, "exp": now + 300, "sub": str(customer), "aud": CONNECTION}
        return jwt.encode({**usual, **claims}, key, algorithm="HS256")

    def invoices(
        self, account: str, amount: str, *, number: str = "", days_ago: int = 0, due_in: int = 30,
        currency: str = "USD", company: str = COMPANY, tax: str = "0.00",
    ) -> str:  # fmt: skip
        """F&O posts an invoice of an account, or a credit note for a negative amount, `amount` with
        tax; its number."""
        env = self.finance.dynamics
        number = number or f"CIV-{env.store.upcoming:06d}"
        net, day = Decimal(amount) - Decimal(tax), env.today() - timedelta(days=days_ago)
        line = Line(1, net, Decimal(tax), price=net, item="SIMPLE-001", text=NAME, unit="ea")
        source = {"InvoiceDate": day, "DueDate": day + timedelta(days=due_in)}
        post(env, Invoice(
            kind="Sales", company=company, number=number, voucher=f"V-{number}", account=account,
            order_account=account, currency=currency, lines=(line,), included=False, order="SO-1",
            reference="PO 7", source=source,
        ))  # fmt: skip
        return number

    def pays(self, account: str, number: str, amount: str) -> None:
        """The customer pays a part of an invoice."""
        env = self.finance.dynamics
        payment = book(env, Entry(
            company=COMPANY, kind="Payment", account=account, amount=-Decimal(amount),
            currency="USD", voucher=f"P-{env.store.upcoming}", day=env.today(), text="paid",
        ))  # fmt: skip
        there = open_invoice(env, COMPANY, account, number)
        assert there is not None
        settle(env, payment, there)

    def credits(self, account: str, number: str, credit_note: str) -> None:
        """A credit note is settled with an invoice."""
        env = self.finance.dynamics
        one, other = (open_invoice(env, COMPANY, account, name) for name in (credit_note, number))
        assert one is not None
        assert other is not None
        settle(env, one, other)

    def orders(self, account: str, number: str, origin: str, **more: Any) -> None:
        """F&O has a sales order of an account, of an origin, placed `days_ago`."""
        env = self.finance.dynamics
        placed = env.now() - timedelta(days=more.pop("days_ago", 0))
        env.store.insert("SalesTable", {
            "dataAreaId": COMPANY, "SalesOrderNumber": number, "SalesOrderOriginCode": origin,
            "OrderingCustomerAccountNumber": account, "InvoiceCustomerAccountNumber": account,
            "OrderCreationDateTime": placed, "CurrencyCode": "USD", "SalesOrderStatus": "Backorder",
            "CustomersOrderReference": f"by telephone {number}", **more,
        })  # fmt: skip
