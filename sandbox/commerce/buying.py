"""`/sandbox/buying`: customers with a past, and carts that were left. No webhook tells of them, and
no poll: all is dated before the call."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.commerce.catalogue import Shopper, Store
from sandbox.commerce.customers import customer_columns
from sandbox.commerce.numbering import numbered
from sandbox.commerce.quotes import StoredQuote
from sandbox.commerce.recipe import plain
from sandbox.commerce.records import stamp
from sandbox.commerce.state import CommerceState
from sandbox.entered import answer
from sync.core.encoding import from_json

SKU: Final = "SIMPLE-001"
PLACE: Final = "la"
IDLE: Final = timedelta(hours=30)
LATELY: Final = timedelta(hours=1)
FEW: Final = 1
MANY: Final = 8
AGAIN: Final = 30
"""Pieces that make up for a month."""


@dataclass(frozen=True)
class Life:
    """How a customer buys: every so many days, the last time so many days ago. `declines`: few
    pieces since the last month began, many before."""

    name: str
    times: int = 6
    every: int = 7
    ago: int = 2
    declines: bool = False
    leaves_cart: bool = False


STEADY: Final = Life("steady")
DUE: Final = Life("due", ago=5)
OVERDUE: Final = Life("overdue", ago=12)
DECLINES: Final = Life("declines", times=13, every=14, declines=True)
CART: Final = Life("cart", leaves_cart=True)
STAFF: Final = Life("staff", ago=12, leaves_cart=True)
LIVES: Final = (*(DUE,) * 4, *(OVERDUE,) * 3, *(DECLINES,) * 2, *(CART,) * 2, STAFF)
"""Of the first customers; all others are steady."""
GUESTS: Final = {"guest": {"may_call": True}, "silent": {"may_call": False}, "unasked": {}}
"""Guests who leave a cart, with what they agreed to."""


def buying_routes(state: CommerceState) -> list[Route]:
    """The routes."""

    async def lives(request: Request) -> Response:
        """`POST {"accounts"}`: so many customers, and the guests; each as `life` and `key`."""
        count = int(from_json(await request.body())["accounts"])
        first = max(state.customers, default=0) + 1
        made = []
        for place in range(count):
            life = LIVES[place] if place < len(LIVES) else STEADY
            _live(state, life, _customer(state, first + place, life.name))
            made.append({"life": life.name, "key": f"customer|{first + place}"})
        for name, consent in GUESTS.items():
            cart = _left(state, Shopper(f"{name}@shoppers.example", "Gil", "Guest", PLACE))
            cart.consent = dict(consent)
            made.append({"life": name, "key": f"guest|{cart.id}"})
        return answer(made, 201)

    async def deed(request: Request) -> Response:
        """`POST buying/{id}`: the customer empties their carts and orders, lately."""
        number = request.path_params["id"]
        row = state.customers[number]
        for cart in state.quotes.values():
            if cart.shopper.id == number:
                cart.items.clear()
        shopper, at = _shopper(number, str(row["email"])), state.clock.now() - LATELY
        _buys(state, shopper, at, {SKU: AGAIN})
        return answer({"id": number}, 201)

    return [
        Route("/sandbox/buying", lives, methods=["POST"]),
        Route("/sandbox/buying/past", _past(state), methods=["POST"]),
        Route("/sandbox/buying/{id:int}", deed, methods=["POST"]),
    ]


def _past(state: CommerceState) -> Callable[[Request], Awaitable[Response]]:
    async def past(request: Request) -> Response:
        """`POST buying/past {sku: [pieces]}`: so many were bought each week, up to the last whole
        one."""
        now, shopper = state.clock.now(), Shopper("past@shoppers.example", "Pat", "Past", PLACE)
        monday = now.replace(hour=12) - timedelta(days=now.weekday())
        weekly: dict[str, list[int]] = from_json(await request.body())
        for sku, pieces in weekly.items():
            for back, count in enumerate(reversed(pieces), 1):
                _buys(state, shopper, monday - timedelta(weeks=back), {sku: count})
        return answer({"skus": len(weekly)}, 201)

    return past


def _customer(state: CommerceState, number: int, name: str) -> Shopper:
    domain = "staff.example" if name == STAFF.name else "shoppers.example"
    shopper = _shopper(number, f"{name}{number}@{domain}")
    at = stamp(state.clock.now() - timedelta(days=365))
    place = state.catalogue.places[PLACE]
    state.customers[number] = customer_columns(shopper, place, _store(state), at)
    state.sequences.seen("customer_address", number)
    return shopper


def _shopper(number: int, email: str) -> Shopper:
    return Shopper(email, "Sam", f"Buyer {number}", PLACE, number)


def _store(state: CommerceState) -> Store:
    return next(one for one in state.catalogue.stores if PLACE in one.places)


def _live(state: CommerceState, life: Life, shopper: Shopper) -> None:
    now: datetime = state.clock.now()
    month = (now.replace(day=1) - timedelta(days=1)).replace(day=1)
    for back in range(life.times - 1, -1, -1):
        at = now - timedelta(days=life.ago + back * life.every)
        is_many = life.declines and at.date() < month.date()
        _buys(state, shopper, at, {SKU: MANY if is_many else FEW})
    if life.leaves_cart:
        _left(state, shopper)


def _buys(state: CommerceState, shopper: Shopper, at: datetime, pieces: Mapping[str, int]) -> None:
    """An order that was sent long ago."""
    wants: dict[str, Any] = plain(state.catalogue, pieces)
    order = state.maker.make(store=_store(state), shopper=shopper, payment="checkmo", **wants)
    numbered(order, state.sequences, at)
    order.visible_from = at
    order.row |= {"state": "complete", "status": "complete"}
    for item in order.items:
        item["qty_shipped"] = item["qty_ordered"]
    state.orders[order.entity_id] = order


def _left(state: CommerceState, shopper: Shopper) -> StoredQuote:
    cart = state.request_quote(shopper, _store(state), {SKU: 2}, is_regular=False)
    cart.created_at = cart.updated_at = stamp(state.clock.now() - IDLE)
    return cart
