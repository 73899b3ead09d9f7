"""The integration that most projects write, for comparison: each order is looked up, its header
created, and its lines one after the other; eight orders at once; a request that fails is tried
again after two seconds, three times, then the order is given up."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx

from sandbox.commerce.records import StoredOrder
from tests.systems import COMPANY, LEDGER_HOST

AT_ONCE: Final = 8
TRIES: Final = 4
PAUSE: Final = 2.0
HEADERS, LINES = "SalesOrderHeadersV2", "SalesOrderLines"


class OneByOne:
    """A client of F&O without batches, without a shared pause. `reference`: of an order."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, reference: Callable[[StoredOrder], str]
    ) -> None:
        headers = {"Authorization": "Bearer sandbox"}
        base = f"http://{LEDGER_HOST}/data/"
        self._http = httpx.AsyncClient(
            transport=transport, base_url=base, headers=headers, timeout=60
        )
        self._reference = reference
        self._places = asyncio.Semaphore(AT_ONCE)

    async def posts(self, orders: Sequence[StoredOrder]) -> list[float]:
        """All of them; the seconds of those that arrived, from the beginning."""
        async with self._http:
            found = await asyncio.gather(*(self._posts(order) for order in orders))
        return [seconds for seconds in found if seconds is not None]

    async def _posts(self, order: StoredOrder) -> float | None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with self._places:
            return loop.time() - began if await self._is_posted(order) else None

    async def _is_posted(self, order: StoredOrder) -> bool:
        reference = self._reference(order)
        query = f"{HEADERS}?$filter=CustomersOrderReference eq '{reference}'&$top=1"
        known = await self._asked("GET", query)
        if known is None or known["value"]:
            return known is not None
        header = await self._asked("POST", HEADERS, header_of(reference))
        if header is None:
            return False
        for item in order.items:
            line = line_of(header["SalesOrderNumber"], item)
            if await self._asked("POST", LINES, line) is None:
                return False
        return True

    async def _asked(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        for _ in range(TRIES):
            try:
                answer = await self._http.request(method, path, json=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                found: dict[str, Any] = answer.json()
                return found
            await asyncio.sleep(PAUSE)
        return None


def header_of(reference: str) -> dict[str, Any]:
    """A sales order's header as it is posted."""
    return {
        "dataAreaId": COMPANY, "OrderingCustomerAccountNumber": "US-001",
        "InvoiceCustomerAccountNumber": "US-001", "CustomersOrderReference": reference,
        "CurrencyCode": "USD",
    }  # fmt: skip


def line_of(number: str, item: Any) -> dict[str, Any]:
    """One of its lines."""
    return {
        "dataAreaId": COMPANY, "SalesOrderNumber": number, "ItemNumber": item["sku"],
        "OrderedSalesQuantity": int(item["qty_ordered"]), "SalesUnitSymbol": "ea",
        "SalesPrice": float(item["price"]), "ShippingSiteId": "1", "ShippingWarehouseId": "13",
    }  # fmt: skip
