"""The shop, the ledger and the host as the demo sees them: over HTTP, as anybody could."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from sandbox.demo.reconciliation import Sold, shop_number
from sync.core.encoding import from_json, to_json


class Refused(Exception):
    """A process of the demo did not do what it was asked; the message says what."""

    def __init__(self, what: str, status: int = 0) -> None:
        super().__init__(what)
        self.status = status


@dataclass(frozen=True)
class Face:
    """One system's address, and a client to reach it with."""

    client: httpx.AsyncClient
    url: str

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The parsed answer, amounts exact. Raises `Refused`, and `httpx.HTTPError` when nobody
        answers."""
        content = None if body is None else to_json(body)
        said = {
            "content-type": "application/json",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        answer = await self.client.request(
            method, f"{self.url}{path}", content=content, headers=said
        )
        if not answer.is_success:
            what = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
            raise Refused(what, answer.status_code)
        return from_json(answer.content) if answer.content else None


class Shop(Face):
    """The storefront, seen by its administrator and its shoppers."""

    async def place(self, count: int, **wishes: Any) -> list[dict[str, Any]]:
        """Have shoppers place orders; each as `increment_id`, `store_id`, `entity_id` and more."""
        placed: list[dict[str, Any]] = await self.ask(
            "POST", "/sandbox/orders", {"count": count, **wishes}
        )
        return placed

    async def entered(self) -> list[dict[str, Any]]:
        """The shop's books: an entry per order, with its documents."""
        found: list[dict[str, Any]] = await self.ask("GET", "/sandbox/books")
        return found

    async def books(self) -> list[Sold]:
        """Every order."""
        return [Sold.read(entry) for entry in await self.entered()]

    async def try_action(self, action: str, among: Sequence[Mapping[str, Any]], count: int) -> int:
        """Cancel or edit the first `count` of some orders that allow it; returns how many did."""
        done = 0
        for order in among:
            if done == count:
                break
            try:
                await self.ask("POST", f"/sandbox/orders/{order['entity_id']}/{action}")
            except Refused:
                continue
            done += 1
        return done

    async def items(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        """An order's rows that carry an amount: `item_id`, `to_invoice`, `to_refund`,
        `qty_shipped`."""
        found: list[dict[str, Any]] = await self.ask(
            "GET", f"/sandbox/orders/{order['entity_id']}/items"
        )
        return found

    async def unfinished(self) -> int:
        """Webhooks that wait or are on their way."""
        return int((await self.ask("GET", "/sandbox/webhooks"))["unfinished"])


class Ledger(Face):
    """The F&O environment, seen by an accountant."""

    async def rows(self) -> Mapping[str, int]:
        """How many rows each table has."""
        found: Mapping[str, int] = (await self.ask("GET", "/sandbox/requests"))["rows"]
        return found

    async def sales_orders(self) -> list[dict[str, Any]]:
        """Headers of web orders with their `lines` and `total`; without those that F&O made of
        quotations."""
        found: list[dict[str, Any]] = await self.ask("GET", "/sandbox/orders")
        return [row for row in found if not row["CustomersOrderReference"].startswith("Q")]

    async def rows_of(self, entity_set: str, token: str, *fields: str) -> list[dict[str, Any]]:
        """All rows of a set, by OData; of the `fields` named, or all."""
        path = f"/data/{entity_set}?cross-company=true" + (
            f"&$select={','.join(fields)}" if fields else ""
        )
        found: list[dict[str, Any]] = (
            await self.ask("GET", path, authorization=f"Bearer {token}")
        )["value"]
        return found

    async def customers(self, token: str) -> list[dict[str, Any]]:
        """Customer accounts: number, e-mail address, name of an organisation, and whether their
        prices include tax."""
        fields = (
            "CustomerAccount",
            "PrimaryContactEmail",
            "OrganizationName",
            "IsSalesTaxIncludedInPrices",
        )
        return await self.rows_of("CustomersV3", token, *fields)

    async def accounts(self, token: str) -> dict[str, list[str]]:
        """Customer accounts by e-mail address."""
        found: dict[str, list[str]] = {}
        for row in await self.customers(token):
            found.setdefault(row["PrimaryContactEmail"], []).append(row["CustomerAccount"])
        found.pop("", None)
        return found

    async def post(self, document: str, number: Any, **more: Any) -> Any:
        """Run the batch job that posts a document; what it posted, by number."""
        wanted = {"document": document, "number": str(number), **more}
        return (await self.ask("POST", "/sandbox/postings", wanted))["posted"]

    async def unfinished(self) -> int:
        """Business events that wait or are on their way."""
        return int((await self.ask("GET", "/sandbox/business_events"))["unfinished"])

    async def overcharge(self, token: str, by: Decimal) -> str:
        """Raise the price of some order's line behind everybody's back; returns that order's
        reference."""
        order = next(
            row
            for row in await self.sales_orders()
            if row["lines"] and row["SalesOrderStatus"] == "Backorder"
        )
        line = order["lines"][0]
        key = f"dataAreaId='{line['dataAreaId']}',InventoryLotId='{line['InventoryLotId']}'"
        change = {"SalesPrice": line["SalesPrice"] + by}
        await self.ask(
            "PATCH",
            f"/data/SalesOrderLinesV3({key})?cross-company=true",
            change,
            authorization=f"Bearer {token}",
        )
        return shop_number(order["CustomersOrderReference"])

    async def overpay(self, token: str, by: Decimal) -> str:
        """Raise a payment that is not posted yet behind everybody's back; returns its reference."""
        line = next(
            row
            for row in (await self.ask("GET", "/sandbox/receivables"))["payments"]
            if row["CreditAmount"]
        )
        key = ",".join(
            (
                f"dataAreaId='{line['dataAreaId']}'",
                f"JournalBatchNumber='{line['JournalBatchNumber']}'",
                f"LineNumber={line['LineNumber']}",
            )
        )
        change = {"CreditAmount": line["CreditAmount"] + by}
        path = f"/data/CustomerPaymentJournalLines({key})?cross-company=true"
        await self.ask("PATCH", path, change, authorization=f"Bearer {token}")
        return shop_number(line["PaymentReference"])


@dataclass(frozen=True)
class Host(Face):
    """The product's own process."""

    key: str

    async def health(self) -> Mapping[str, Any]:
        """What `GET /api/health` says."""
        found: Mapping[str, Any] = await self.ask("GET", "/api/health", x_functions_key=self.key)
        return found

    async def requests(self) -> Mapping[str, Mapping[str, int]]:
        """Requests sent so far, per connection and kind."""
        found: Mapping[str, Mapping[str, int]] = (await self.health())["counts"]
        return found


async def pause(seconds: float = 0.3) -> None:
    """Between two looks at another process."""
    await asyncio.sleep(seconds)


async def unwatched() -> None:
    """Nobody looks on meanwhile."""
