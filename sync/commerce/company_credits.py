"""The credit that a shop gives its B2B companies, and the ways to pay that each may use.

A company's credit comes into being with it, with a limit of 0. Commerce books orders, refunds and
cancellations on account into its balance itself; `available_limit` is computed, and is the limit
less the debt. Source: Adobe, rest/b2b/credit-manage (read 2026-11); no list has a time of change.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.errors import NotThere
from sync.commerce.filters import Filter, Op, of_any, where
from sync.commerce.inventory import OPEN
from sync.commerce.rest import BY_ID, RestClient
from sync.commerce.search import LARGEST_PAGE, Node, Search, split
from sync.core.errors import Never
from sync.core.money import ZERO

PATH: Final = "companyCredits/"
FIELDS: Final = (
    "id", "company_id", "credit_limit", "balance", "currency_code", "exceed_limit",
    "available_limit",
)  # fmt: skip
ORDER_FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "store_id", "customer_id", "created_at", "base_currency_code",
    "order_currency_code", "base_grand_total", "grand_total", "base_total_canceled",
    "total_canceled", "base_total_refunded", "total_refunded", ("payment", ("method",)),
    ("extension_attributes", (("company_order_attributes", ("company_id",)),)),
)  # fmt: skip
METHODS: Final = (
    "applicable_payment_method", "available_payment_methods", "use_config_settings",
)  # fmt: skip
USERS: Final[tuple[Node, ...]] = ("id", ("extension_attributes", ("company_attributes",)))


@dataclass(frozen=True)
class CompanyCredit:
    """A company's credit as the shop holds it. `limit` None: nobody has set one yet."""

    id: int
    company_id: int
    currency: str
    limit: Decimal | None
    available: Decimal | None
    balance: Decimal
    may_exceed: bool

    @property
    def debt(self) -> Decimal:
        """What the company owes by the shop's books: the limit less what is available of it. What
        sign `balance` has the specification leaves open; it is asked only without the other
        (`must_be_told`)."""
        if self.available is None:
            return -self.balance
        return (self.limit or ZERO) - self.available

    def must_be_told(self) -> None:
        """Raise `Never` where the debt is not known, so that no limit is written by a guess."""
        if self.available is None and self.balance:
            raise Never(
                f"the credit of company {self.company_id} has a balance of {self.balance:.2f} and"
                " no available_limit: whether that is owed is not known",
                remedy=(
                    "Find out which extension leaves available_limit out of companyCredits in"
                    " Commerce, then replay."
                ),
            )


class CompanyCredits:
    """The company credits of one shop. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def every(self) -> AsyncIterator[CompanyCredit]:
        """Those of all companies."""
        search = Search(sorts=BY_ID, page_size=LARGEST_PAGE, fields=FIELDS)
        async for page in self._client.pages(PATH, search, key="id"):
            for row in page.items:
                yield credit_from(row)

    async def of(self, company_id: int) -> CompanyCredit | None:
        """That of a company; None where there is no such company."""
        try:
            row = await self._client.get(path_of("companyCredits", "company", company_id))
        except NotThere:
            return None
        return credit_from(row) if isinstance(row, dict) else None

    async def methods_of_companies(self) -> AsyncIterator[dict[str, Any]]:
        """The id and the ways to pay of each company."""
        fields: tuple[Node, ...] = ("id", ("extension_attributes", METHODS))
        search = Search(sorts=BY_ID, page_size=LARGEST_PAGE, fields=fields)
        async for page in self._client.pages("company/", search, key="id"):
            for row in page.items:
                yield row

    async def save(self, body: Mapping[str, Any], *, not_after: datetime) -> None:
        """Make a credit hold these: `id`, `company_id`, `credit_limit`, `currency_code`,
        `exceed_limit`. Safe to repeat."""
        path = path_of("companyCredits", str(body["id"]))
        await self._client.put(path, {"creditLimit": dict(body)}, not_after=not_after)

    async def open_orders(
        self, stores: Sequence[int] | frozenset[int] | None, finished_since: datetime
    ) -> list[dict[str, Any]]:
        """Orders that are not over, and those that ended since (`ORDER_FIELDS`)."""
        ended = (
            where("state", Op.IN, ("complete", "closed")),
            where("updated_at", Op.GTEQ, finished_since),
        )  # fmt: skip
        of_stores = of_any("store_id", stores)
        found = await self._orders(where("state", Op.IN, OPEN), *of_stores)
        return [*found, *await self._orders(*ended, *of_stores)]

    async def orders_of(self, increment_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Orders of these numbers (`ORDER_FIELDS`), whatever their state."""
        return [
            row
            for search in split(_orders(), "increment_id", increment_ids)
            for row in await self._client.rows("orders", search)
        ]

    async def users_changed(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[tuple[int, int | None]]:
        """Customers that changed, with the company they buy for; None for none."""
        fields = (*USERS, "updated_at")
        rows = self._client.changed("customers/search", since, until, fields=fields, key="id")
        async for row in rows:
            yield int(row["id"]), company_of(row)

    async def _orders(self, *conditions: Filter) -> list[dict[str, Any]]:
        search = _orders()
        for condition in conditions:
            search = search.having(condition)
        return await self._client.rows("orders", search)


def company_of(customer: Mapping[str, Any]) -> int | None:
    """The company that a customer buys for, by its extension attributes; None for none."""
    extension = customer.get("extension_attributes")
    found = extension.get("company_attributes") if isinstance(extension, Mapping) else None
    number = found.get("company_id") if isinstance(found, Mapping) else None
    return int(str(number)) if str(number or "").isdecimal() else None


def credit_from(row: Mapping[str, Any]) -> CompanyCredit:
    """A credit as REST answers it."""
    limit, available = (row.get(name) for name in ("credit_limit", "available_limit"))
    return CompanyCredit(
        int(row["id"]), int(row["company_id"]), str(row.get("currency_code") or ""),
        None if limit is None else Decimal(limit),
        None if available is None else Decimal(available),
        Decimal(row.get("balance") or 0), may_exceed=bool(row.get("exceed_limit")),
    )  # fmt: skip


def _orders() -> Search:
    return Search(sorts=BY_ID, page_size=LARGEST_PAGE, fields=ORDER_FIELDS)
