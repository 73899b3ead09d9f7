"""Sales orders that F&O numbers: what was seen a moment ago stands for nothing that was written
since."""

from decimal import Decimal

import httpx
import pytest

from sync.core.errors import Unknown
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.totals import Totals
from sync.dynamics.sales_orders import SalesOrders
from tests.dynamics.doubles import Environment, Harness, SteppingClock
from tests.systems import COMPANY, SystemsUnderTest

HEADERS, LINES = "SalesOrderHeadersV4", "SalesOrderLinesV3"
KEYS = {HEADERS: ("dataAreaId", "SalesOrderNumber"), LINES: ("dataAreaId", "InventoryLotId")}
NOTHING = Totals(Decimal(0), Decimal(0), "USD")
HEADER = {
    "dataAreaId": COMPANY, "SalesOrderNumber": "SO1", "CustomersOrderReference": "1-42",
    "OrderingCustomerAccountNumber": "C1", "CurrencyCode": "USD",
}  # fmt: skip
ORDER = SalesOrder(COMPANY, "", "1-42", HEADER, (), NOTHING, NOTHING)


def no_answer(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """The header is written, and nobody hears of it."""
    if request.method == "POST":
        raise httpx.ReadTimeout("silence", request=request)
    return response


@pytest.mark.parametrize("is_answered", [True, False])
async def test_an_order_that_was_not_there_a_moment_ago_is_found_once_its_header_was_sent(
    is_answered: bool,
) -> None:
    """So a second record under the same reference finds it, and is parked."""
    environment = Environment(KEYS)
    client = Harness(environment).client()
    systems = SystemsUnderTest(SteppingClock())
    orders = SalesOrders(client, systems.connection.dynamics)
    systems.close()
    not_after = SteppingClock().now()
    assert await orders.find(ORDER, lately=True) is None
    assert await orders.find(ORDER, lately=True) is None
    assert client.counts["reads"] == 1
    if is_answered:
        assert await orders.create(ORDER, not_after=not_after) == "SO1"
    else:
        environment.after = no_answer
        with pytest.raises(Unknown):
            await orders.create(ORDER, not_after=not_after)
    found = await orders.find(ORDER, lately=True)
    assert found is not None
    assert found.number == "SO1"
