"""What publishing prices takes, as `stock` measures it: each SKU has an agreement of a price group,
nine of ten in a currency that the shop does not sell in."""

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx
from typing_extensions import override

from tests.benchmarks.stock import CHANGED, RELEASED, Bench, Ran, Wire

AGREED: Final = 10
SETTINGS: Final[Mapping[str, Any]] = {
    "flows": ("orders", "prices"),
    "prices": {
        "currency": "USD", "groups": {"RETAIL": "Retailer"}, "most_changed_percent": 100,
    },
}  # fmt: skip


class PriceWire(Wire):
    """Both systems with prices in cents. `quantity`: those that have changed; `shown`: the base
    price and the tier of each SKU, -1 where there is none. `agreed_of`: the agreement of one SKU in
    so many counts."""

    agreed_of: int = AGREED

    @override
    def released(self, number: int, _: int) -> str:
        """A released product."""
        return (
            f'{{"ItemNumber":"{_sku(number)}","ProductNumber":"","SalesPrice":{self._cents(number)}'
            'e-2,"SalesPriceQuantity":1,"SalesUnitSymbol":"ea","InventoryUnitSymbol":"ea",'
            '"SalesLineDiscountProductGroupCode":""}'
        )

    def agreed(self, number: int, _: int) -> str:
        """An agreement of a price group, at half the price."""
        currency = "EUR" if number % self.agreed_of else "USD"
        return (
            f'{{"RecordId":{number + 1},"ItemNumber":"{_sku(number)}",'
            '"CustomerAccountNumber":"","PriceCustomerGroupCode":"RETAIL",'
            f'"Price":{self._cents(number) // 2}e-2,"SalesPriceQuantity":1,'
            f'"PriceCurrencyCode":"{currency}","QuantityUnitySymbol":"ea",'
            '"WillSearchContinue":"Yes"}'
        )

    def _cents(self, number: int) -> int:
        return self.quantity.get(number, 1000 + 7 * number % 997)

    @override
    def _answer(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if name not in ANSWERS:
            return super()._answer(request)
        self.requests[f"{request.method} {name}"] += 1
        return httpx.Response(200, json=ANSWERS[name](self, json.loads(request.content)))

    def write(self, sent: Any, at: int) -> list[Any]:
        """Base prices (0) or tiers (1)."""
        self.requests["price rows"] += len(sent["prices"])
        for one in sent["prices"]:
            self.shown[3 * _number(one["sku"]) + at] = round(100 * one["price"])
        return []

    def read(self, sent: Any, at: int) -> list[dict[str, Any]]:
        """The same, as it is stored."""
        more = {"customer_group": "Retailer", "quantity": 1, "price_type": "fixed", "website_id": 0}
        return [
            {"sku": sku, "store_id": 0, "price": cents / 100, **(more if at else {})}
            for sku in sent["skus"]
            if (cents := self.shown[3 * _number(sku) + at]) >= 0
        ]


def _number(sku: str) -> int:
    return int(sku.partition("-")[2])


def _sku(number: int) -> str:
    return f"SKU-{number:06}"


ANSWERS: Final = {
    "base-prices": lambda wire, sent: wire.write(sent, 0),
    "base-prices-information": lambda wire, sent: wire.read(sent, 0),
    "tier-prices": lambda wire, sent: wire.write(sent, 1),
    "tier-prices-information": lambda wire, sent: wire.read(sent, 1),
}
PriceWire.rows = {RELEASED: (PriceWire.released, 1), "SalesPriceAgreements": (PriceWire.agreed, 1)}
"""A product and an agreement of each SKU."""


async def measured_prices(skus: int, agreed: int = AGREED) -> list[Ran]:
    """The first load, nothing changed, some changed, and one SKU that is notified."""
    wire = PriceWire(skus)
    wire.agreed_of = agreed
    bench = Bench.over(wire, SETTINGS, "prices", "price rows")
    try:
        await bench.run("first load")
        await bench.run("nothing changed")
        wire.quantity |= {number: 5000 + number for number in range(0, skus, CHANGED)}
        await bench.run(f"one in {CHANGED} changed, all with a tier")
        wire.quantity[0] = 501
        await bench.run("one SKU notified", "SKU-000000", 1)
    finally:
        await bench.services.close()
        bench.systems.close()
    assert [*wire.shown[:2]] == [501, 250]
    return bench.found
