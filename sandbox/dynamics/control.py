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
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dials import Dials
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.seed import Item
from sandbox.dynamics.state import DynamicsState, Settings
from sandbox.entered import answer, entering
from sandbox.gate import dials_endpoint
from sync.core.encoding import NotJson, from_json

Endpoint = Callable[[Request], Any]
GOODS: Final = (
    "give quantities by item number as items, and if you like company, warehouse and status; and"
    " variants, each with item, quantity and dimensions"
)


def control_routes(state: DynamicsState, dials: Dials) -> list[Route]:
    """The routes under `/sandbox`."""
    entered = [
        ("receipts", _receive, GOODS),
        ("prices", _price, "give prices, and if you like agreements of a group, by item number"),
        ("translations", _translate, "give a language, and names by product number"),
        ("masters", _release, "give names by item number, colors and sizes"),
        ("rows", _enter, "give rows by entity set"),
    ]  # fmt: skip
    return [
        Route("/sandbox/dials", dials_endpoint(dials), methods=["GET", "PUT"]),
        Route("/sandbox/settings", _settings(state), methods=["GET", "PUT"]),
        entering("/sandbox/tokens", partial(_open_to, state), "give a list of tokens", "PUT"),
        Route("/sandbox/requests", _requests(state)),
        Route("/sandbox/orders", _orders(state)),
        *(entering(f"/sandbox/{name}", partial(act, state), usage) for name, act, usage in entered),
        Route("/sandbox/reset", _reset(state, dials), methods=["POST"]),
    ]


def _open_to(state: DynamicsState, tokens: Any) -> Any:
    """F&O is opened by these tokens from now on."""
    wanted = {str(one) for one in tokens}
    state.tokens &= wanted
    state.tokens |= wanted  # in place: Dataverse has the same
    return {"tokens": len(state.tokens)}


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
        return answer(shown)

    return orders


def _receive(state: DynamicsState, wanted: Any) -> None:
    variants = wanted.pop("variants", [])
    for item, quantity in wanted.pop("items").items():
        state.receive(item, Decimal(str(quantity)), **wanted)
    for one in variants:
        pieces = Decimal(str(one.pop("quantity")))
        state.receive(one.pop("item"), pieces, **one, **wanted)


def _price(state: DynamicsState, wanted: Any) -> None:
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


def _translate(state: DynamicsState, wanted: Any) -> None:
    for number, name in wanted["names"].items():
        state.put(
            "ProductTranslations", ProductNumber=number, ProductName=str(name),
            LanguageId=wanted["language"],
        )  # fmt: skip


def _release(state: DynamicsState, wanted: Any) -> None:
    variants = tuple(
        {"ProductColorId": color, "ProductSizeId": size}
        for color in wanted["colors"] for size in wanted["sizes"]
    )  # fmt: skip
    items = (Item(key, name, variants=variants) for key, name in wanted["names"].items())
    state.release(str(wanted.get("company", "usmf")), *items)


def _enter(state: DynamicsState, wanted: Any) -> None:
    for name, rows in wanted.items():
        for row in rows:
            state.put(name, **row)


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
        return answer({
            "manual": sorted(now.manual), "page_size": now.page_size,
            "strict_prices": now.strict_prices, "rounding": now.rounding,
        })  # fmt: skip

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
