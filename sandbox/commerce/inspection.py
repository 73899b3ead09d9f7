"""`/sandbox/...`: look into the double and act as shopper or administrator, over HTTP. For the demo
and the tests."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.commerce import lifecycle
from sandbox.commerce.conditions import as_text
from sandbox.commerce.faults import RestFault
from sandbox.commerce.recipe import PAYMENTS, plain
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.shipping import can_ship
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from sandbox.entered import answer
from sandbox.gate import dials_endpoint
from sync.core.encoding import from_json

ALLOWED: dict[str, Callable[[StoredOrder], bool]] = {
    "cancel": lifecycle.can_cancel,
    "edit": lifecycle.can_cancel,
    "ship": can_ship,
    "hold": lifecycle.can_hold,
    "unhold": lifecycle.can_unhold,
}
NEW_ADDRESS = {"street": ["Ringweg 9"], "city": "Neustadt", "postcode": "14467"}


def brief(order: StoredOrder) -> dict[str, Any]:
    """What tells one order from another."""
    keys = (
        "entity_id",
        "increment_id",
        "store_id",
        "state",
        "order_currency_code",
        "grand_total",
        "updated_at",
    )
    return {key: order.row[key] for key in keys}


def _known(payment: str) -> str:
    """A payment method of the shop. Raises `ValueError`."""
    if payment not in PAYMENTS:
        raise ValueError(f"the payment method {payment}")
    return payment


class Inspection:
    """The endpoints, each named after its path."""

    def __init__(self, state: CommerceState) -> None:
        self._state = state

    async def whole(self, _request: Request) -> Response:
        """`GET state`: how much there is, what it comes to per currency, and what was asked for."""
        state = self._state
        counts = {
            "orders": len(state.orders),
            "visible": len(state.visible()),
            "customers": len(state.customers),
        }
        return answer({**counts, "totals": state.totals(), "requests": dict(state.requests)})

    async def requests(self, request: Request) -> Response:
        """`GET requests`: how many of each kind since the start or the last `DELETE`."""
        if request.method == "DELETE":
            self._state.requests.clear()
        return answer(dict(self._state.requests))

    async def notifications(self, request: Request) -> Response:
        """`GET notifications` shows what goes wrong with notifications, `PUT` sets it."""
        if request.method == "PUT":
            try:
                self._state.notification_dials.turn(json.loads(await request.body()))
            except (ValueError, AttributeError) as error:
                return answer({"error": str(error)}, 400)
        return JSONResponse(self._state.notification_dials.as_json())

    async def orders(self, request: Request) -> Response:
        """`GET orders` lists all; `POST` places `count` new ones; `skus`, `store`, `shopper` and
        `payment` if you like; `quantities` by SKU for plain ones."""
        if request.method == "GET":
            return answer([brief(order) for order in self._state.orders.values()])
        try:
            wishes = from_json(await request.body() or b"{}")
            count, skus = int(wishes.get("count", 1)), wishes.get("skus")
            catalogue = self._state.catalogue
            store = catalogue.store(wishes["store"]) if "store" in wishes else None
            shopper = catalogue.shopper(wishes["shopper"]) if "shopper" in wishes else None
            if shopper is not None and store is None:
                store = next((one for one in catalogue.stores if shopper.place in one.places), None)
            paid: dict[str, Any] = (
                {"payment": _known(wishes["payment"])} if "payment" in wishes else {}
            )
            if "quantities" in wishes:
                paid |= plain(catalogue, wishes["quantities"])
            placed = self._state.place_new(count, skus=skus, store=store, shopper=shopper, **paid)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            usage = (
                "give count, and if you like skus, a store code, a shopper's e-mail, a payment"
                " method, quantities by SKU"
            )
            return answer({"error": f"{usage}; not {error}"}, 400)
        return answer([brief(order) for order in placed], 201)

    async def stock(self, request: Request) -> Response:
        """`GET stock`: what the sources hold and what is salable, by SKU. `POST`: an administrator
        sets the `quantity` of a `sku`, or `is_managed`, whether stock is managed at all."""
        stock = self._state.stock
        if request.method == "POST":
            wanted = from_json(await request.body())
            stock.is_managed = bool(wanted.get("is_managed", stock.is_managed))
            if "sku" in wanted:
                stock.put(str(wanted["sku"]), Decimal(wanted["quantity"]))
        salable = self._state.salable_by_sku()
        rows = [one.row() for one in stock.items.values()]
        return answer([{**row, "salable": salable[as_text(row["sku"])]} for row in rows])

    async def action(self, request: Request) -> Response:
        """`POST orders/{id}/{action}`: what an administrator does; 409 when the order's state does
        not allow it."""
        name = request.path_params["deed"]
        try:
            order = self._state.order(request.path_params["id"])
        except RestFault as fault:
            return answer({"error": fault.message}, fault.status)
        if name == "address":
            self._state.change_address(
                order, kind="billing" if order.shipping is None else "shipping", **NEW_ADDRESS
            )
            return answer(brief(order))
        if name not in ALLOWED:
            deeds = f"deeds are address, comment, invoice, refund, {', '.join(ALLOWED)}"
            return answer({"error": deeds}, 404)
        if not ALLOWED[name](order):
            return answer(
                {"error": f"an order in state {order.row['state']} allows no {name}"}, 409
            )
        try:
            result = getattr(self._state, name)(order)
        except RestFault as fault:
            return answer({"error": fault.message}, 409)
        return answer(brief(result if isinstance(result, StoredOrder) else order))

    async def comment(self, request: Request) -> Response:
        """`POST orders/{id}/comment`: an administrator notes a `text` that no buyer reads."""
        order = self._state.orders[request.path_params["id"]]
        text = str(from_json(await request.body())["text"])
        shown = {"is_customer_notified": 0, "is_visible_on_front": 0, "comment": text}
        self._state.comment(order, shown, None)
        return answer(brief(order))


def inspection_routes(state: CommerceState, dials: Dials) -> list[Route]:
    """All of them, and the fault dials."""
    inspection = Inspection(state)
    return [
        Route("/sandbox/state", inspection.whole),
        Route("/sandbox/requests", inspection.requests, methods=["GET", "DELETE"]),
        Route("/sandbox/dials", dials_endpoint(dials), methods=["GET", "PUT"]),
        Route("/sandbox/notifications", inspection.notifications, methods=["GET", "PUT"]),
        Route("/sandbox/orders", inspection.orders, methods=["GET", "POST"]),
        Route("/sandbox/stock", inspection.stock, methods=["GET", "POST"]),
        Route("/sandbox/orders/{id:int}/comment", inspection.comment, methods=["POST"]),
        Route("/sandbox/orders/{id:int}/{deed}", inspection.action, methods=["POST"]),
    ]
