"""Looking in and turning dials over HTTP, for the demo and for tests of whole processes. No token
is asked for.

GET and PUT `/sandbox/dials` and `/sandbox/settings`, PUT `/sandbox/tokens` (those that open F&O
from now on), GET `/sandbox/requests` and `/sandbox/orders` (`?reference=` for those of one), POST
`/sandbox/receipts` (goods come in), `/sandbox/prices` (sales prices, and agreements of a group from
a quantity), `/sandbox/translations` (products are named in a language), `/sandbox/masters` (product
masters are released with all their variants), `/sandbox/rows` (what people enter, by set) and
`/sandbox/reset` (back to the setup; dials and
settings stay).
"""

import zlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dials import Dials
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.seed import Item
from sandbox.dynamics.state import DynamicsState, Settings
from sandbox.gate import dials_endpoint
from sync.core.encoding import NotJson, from_json, to_json

Endpoint = Callable[[Request], Any]


def control_routes(state: DynamicsState, dials: Dials) -> list[Route]:
    """The routes under `/sandbox`."""
    return [
        Route("/sandbox/dials", dials_endpoint(dials), methods=["GET", "PUT"]),
        Route("/sandbox/settings", _settings(state), methods=["GET", "PUT"]),
        Route("/sandbox/tokens", _tokens(state), methods=["PUT"]),
        Route("/sandbox/requests", _requests(state)),
        Route("/sandbox/orders", _orders(state)),
        Route("/sandbox/receipts", _receipts(state), methods=["POST"]),
        Route("/sandbox/prices", _prices(state), methods=["POST"]),
        Route("/sandbox/translations", _translations(state), methods=["POST"]),
        Route("/sandbox/masters", _masters(state), methods=["POST"]),
        Route("/sandbox/rows", _rows(state), methods=["POST"]),
        Route("/sandbox/reset", _reset(state, dials), methods=["POST"]),
    ]


def _tokens(state: DynamicsState) -> Endpoint:
    """`PUT tokens`: a list of those that open F&O from now on."""

    async def tokens(request: Request) -> Response:
        wanted = {str(one) for one in from_json(await request.body())}
        state.tokens &= wanted
        state.tokens |= wanted  # in place: Dataverse has the same
        return JSONResponse({"tokens": len(state.tokens)})

    return tokens


def _requests(state: DynamicsState) -> Endpoint:
    async def requests(_: Request) -> Response:
        counts = {"requests": dict(state.requests), "operations": dict(state.operations)}
        rows = {name: len(table.records) for name, table in sorted(state.store.tables.items())}
        return JSONResponse({**counts, "total": sum(state.requests.values()), "rows": rows})

    return requests


def _orders(state: DynamicsState) -> Endpoint:
    async def orders(request: Request) -> Response:
        reference = request.query_params.get("reference")
        found = (
            state.store.table("SalesTable").records.values()
            if reference is None
            else state.orders_for(reference)
        )
        shown = []
        for header in found:
            company, number = header[COMPANY], header["SalesOrderNumber"]
            lines = [dict(line.values) for line in state.lines(company, number)]
            shown.append(
                {**header.values, "lines": lines, "total": state.order_total(company, number)}
            )
        return Response(to_json(shown), media_type="application/json")

    return orders


def _receipts(state: DynamicsState) -> Endpoint:
    async def receipts(request: Request) -> Response:
        try:
            wanted = from_json(await request.body())
            variants = wanted.pop("variants", [])
            for item, quantity in wanted.pop("items").items():
                state.receive(item, Decimal(str(quantity)), **wanted)
            for one in variants:
                pieces = Decimal(str(one.pop("quantity")))
                state.receive(one.pop("item"), pieces, **one, **wanted)
        except (NotJson, ValueError, TypeError, KeyError, InvalidOperation) as error:
            usage = (
                "give quantities by item number as items, and if you like company, warehouse and"
                " status; and variants, each with item, quantity and dimensions"
            )
            return JSONResponse({"error": f"{usage}; not {error}"}, 400)
        return Response(status_code=200)

    return receipts


def _prices(state: DynamicsState) -> Endpoint:
    async def prices(request: Request) -> Response:
        try:
            wanted = from_json(await request.body())
            company = {COMPANY: str(wanted.get("company", "usmf"))}
            for item, price in wanted["prices"].items():
                price_of = {"SalesPrice": Decimal(str(price)), "SalesPriceQuantity": Decimal(1)}
                state.put("ReleasedProductsV2", ItemNumber=item, **price_of, **company)
            for item, price in wanted.get("agreements", {}).items():
                state.put(
                    "SalesPriceAgreements", RecordId=zlib.crc32(item.encode()), ItemNumber=item,
                    Price=Decimal(str(price)), PriceCustomerGroupCode=str(wanted["group"]),
                    FromQuantity=Decimal(str(wanted["from_quantity"])), SalesPriceQuantity=1,
                    PriceCurrencyCode="USD", QuantityUnitySymbol="ea", WillSearchContinue="Yes",
                    **company,
                )  # fmt: skip
        except (NotJson, ValueError, TypeError, KeyError, InvalidOperation) as error:
            usage = "give prices, and if you like agreements of a group, by item number"
            return JSONResponse({"error": f"{usage}; not {error}"}, 400)
        return Response(status_code=200)

    return prices


def _translations(state: DynamicsState) -> Endpoint:
    async def translations(request: Request) -> Response:
        try:
            wanted = from_json(await request.body())
            for number, name in wanted["names"].items():
                state.put(
                    "ProductTranslations", ProductNumber=number, ProductName=str(name),
                    LanguageId=wanted["language"],
                )  # fmt: skip
        except (NotJson, ValueError, TypeError, KeyError, AttributeError) as error:
            usage = "give a language, and names by product number"
            return JSONResponse({"error": f"{usage}; not {error}"}, 400)
        return Response(status_code=200)

    return translations


def _masters(state: DynamicsState) -> Endpoint:
    async def masters(request: Request) -> Response:
        try:
            wanted = from_json(await request.body())
            variants = tuple(
                {"ProductColorId": color, "ProductSizeId": size}
                for color in wanted["colors"] for size in wanted["sizes"]
            )  # fmt: skip
            items = (Item(key, name, variants=variants) for key, name in wanted["names"].items())
            state.release(str(wanted.get("company", "usmf")), *items)
        except (NotJson, ValueError, TypeError, KeyError, AttributeError) as error:
            usage = "give names by item number, colors and sizes"
            return JSONResponse({"error": f"{usage}; not {error}"}, 400)
        return Response(status_code=200)

    return masters


def _rows(state: DynamicsState) -> Endpoint:
    async def rows(request: Request) -> Response:
        try:
            for name, entered in from_json(await request.body()).items():
                for row in entered:
                    state.put(name, **row)
        except (NotJson, ValueError, TypeError, KeyError, AttributeError) as error:
            return JSONResponse({"error": f"give rows by entity set; not {error}"}, 400)
        return Response(status_code=200)

    return rows


def _reset(state: DynamicsState, dials: Dials) -> Endpoint:
    async def reset(_: Request) -> Response:
        await dials.settle()
        state.reset()
        return Response(status_code=204)

    return reset


def _settings(state: DynamicsState) -> Endpoint:
    async def settings(request: Request) -> Response:
        if request.method == "PUT":
            try:
                state.settings = _settings_from(from_json(await request.body()), state.settings)
            except (NotJson, ValueError, TypeError, InvalidOperation) as error:
                return JSONResponse({"error": str(error)}, 400)
        now = state.settings
        shown = {
            "manual": sorted(now.manual),
            "page_size": now.page_size,
            "strict_prices": now.strict_prices,
        }
        return Response(to_json({**shown, "rounding": now.rounding}), media_type="application/json")

    return settings


def _settings_from(wanted: Any, now: Settings) -> Settings:
    """Settings from JSON, those not named as they are now; units of `rounding` are texts or
    numbers."""
    known = {"manual": list, "page_size": int, "strict_prices": bool, "rounding": dict}
    if not isinstance(wanted, dict) or not all(
        isinstance(wanted[name], known.get(name, ())) for name in wanted
    ):
        raise ValueError(
            "settings are manual (a list), page_size, strict_prices (a switch), rounding (unit by"
            " currency)"
        )
    found = replace(now, **wanted)
    rounding = {name: Decimal(unit) for name, unit in found.rounding.items()}
    if found.page_size < 1 or any(unit <= 0 for unit in rounding.values()):
        raise ValueError("page_size is at least 1, a unit of rounding is positive")
    return replace(found, manual=set(found.manual), rounding=rounding)
