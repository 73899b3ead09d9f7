"""A harness whose accounts become tasks of sellers in Dataverse."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from sandbox.commerce.catalogue import STORES, Shopper
from sandbox.commerce.quotes import StoredQuote
from sandbox.commerce.records import StoredOrder
from sandbox.dataverse.state import Row
from tests.flows.b2b import B2B
from tests.harness import CUSTOMER, played_in
from tests.systems import SERVICE_HOST, merged

SELLER: Final = "anna@example.com"
TASKS: Final[Mapping[str, Any]] = {
    "flows": ("orders", "customers", "tasks"),
    "dataverse": {"url": f"http://{SERVICE_HOST}"},
    "tasks": {
        "consent": "contract", "owners": {"*": SELLER}, "cap_per_day": 10,
        "rules": {"overdue": {}, "cart": {}, "decline": {}},
        "console_url": "https://sync.example.com/api/console",
    },
}  # fmt: skip
ME: Final = "customer|1"


class Selling(B2B):
    """The harness, with an environment of Sales beside it, where the seller is a user."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(merged(TASKS, settings))
        self.service = self.systems.dataverse
        self.seller = self.service.create("systemusers", None, {"internalemailaddress": SELLER})

    async def keeps_buying(self, *, every: int = 7, times: int = 5, **wishes: Any) -> StoredOrder:
        """A customer orders every so many days; the last order."""
        order = self.place(**wishes)
        for _ in range(times - 1):
            await self.delivers(order)
            await self.works_for(timedelta(days=every).total_seconds())
            order = self.place(**wishes)
        await self.delivers(order)
        return order

    def number(self, order: StoredOrder) -> str:
        """The account in F&O of who ordered."""
        return str(self.header(order)["OrderingCustomerAccountNumber"])

    def knows(self, order: StoredOrder) -> str:
        """The customer of an order gets an account in Dataverse; its id."""
        number = self.number(order)
        row = self.service.create("accounts", None, {"name": "Shopper", "accountnumber": number})
        return str(row["accountid"])

    def fills_cart(self, shopper: Shopper = CUSTOMER, **consent: Any) -> StoredQuote:
        """A customer fills a cart and leaves it; or a guest, who may say `consent` to be called."""
        basket = {"SIMPLE-001": 2}
        cart = self.commerce.request_quote(shopper, STORES[0], basket, is_regular=False)
        cart.consent = consent
        return cart

    async def days_go(self, days: int) -> None:
        """So many days pass, and each is looked at."""
        for _ in range(days):
            await self.works_for(timedelta(days=1).total_seconds())
            await self.looks()

    async def looks(self) -> int:
        """The poll, until nothing is left that is due now; what it found."""
        await self.works_for(120)
        found = await self.polls("tasks")
        await self.works_for(120)
        return found

    @property
    def leads(self) -> list[Row]:
        """The leads of the environment."""
        return list(self.service.tables["leads"].values())

    @property
    def tasks(self) -> list[Row]:
        """The tasks of the environment."""
        return list(self.service.tables["tasks"].values())


def selling(**settings: Any) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """A test that is a story of tasks."""
    return played_in(lambda: Selling(settings))


__all__ = ["CUSTOMER", "ME", "SELLER", "Selling", "selling"]
