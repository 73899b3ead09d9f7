"""`/sandbox/quotes`: what buyers of quotes do, and what they are shown."""

from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.commerce.faults import RestFault
from sandbox.commerce.quote_templates import make_template
from sandbox.commerce.quotes import StoredQuote
from sandbox.commerce.state import CommerceState
from sandbox.entered import answer
from sync.core.encoding import from_json

Deed = Callable[[CommerceState, StoredQuote], object]
DEEDS: Final[dict[str, Deed]] = {
    "order": lambda state, quote: state.order_quote(quote),
    "close": lambda state, quote: state.close_quote(quote),
    "template": lambda state, quote: make_template(state, quote, ""),
    "resubmit": lambda state, quote: state.resubmit_quote(
        quote, {one.product.sku: one.qty + 1 for one in quote.items}, "One more of each, please."
    ),
}


def quote_routes(state: CommerceState) -> list[Route]:
    """The routes."""

    async def quotes(request: Request) -> Response:
        """`GET`: all. `POST {"count", "skus"}`: as many by buyers of companies."""
        if request.method == "POST":
            wanted = from_json(await request.body())
            made = [_made(state, wanted["skus"], at) for at in range(wanted["count"])]
            return answer([shown(state, one) for one in made])
        return answer([shown(state, one) for one in state.quotes.values()])

    async def deed(request: Request) -> Response:
        """`POST quotes/{id}/{deed}`; 409 when it is not the buyer's turn."""
        try:
            quote = state.quote(request.path_params["id"])
            DEEDS[request.path_params["deed"]](state, quote)
        except RestFault as fault:
            return answer({"error": fault.message}, 409)
        return answer(shown(state, quote))

    return [
        Route("/sandbox/quotes", quotes, methods=["GET", "POST"]),
        Route("/sandbox/quotes/{id:int}/{deed}", deed, methods=["POST"]),
    ]


def shown(state: CommerceState, quote: StoredQuote) -> dict[str, Any]:
    """A quote in short; `goods` as its shop's prices are, with tax or without, `net` without."""
    row = state.cooked_quote(quote).row
    templates = [key for key, one in state.templates.items() if one["parent_quote_id"] == quote.id]
    return {
        "id": quote.id, "store_id": quote.store.id, "status": quote.status,
        "company": quote.shopper.buys_for, "net": row["subtotal"],
        "goods": row["subtotal_incl_tax" if quote.store.gross else "subtotal"],
        "order": next(
            (one.row["increment_id"] for one in state.orders.values()
             if one.row["quote_id"] == quote.id and one.extension.get("converting_from_quote")),
            "",
        ),
        "template": max(templates, default=None),
        "agreements": [one["document_identifier"] for one in state.template_links.values()
                       if one["template_id"] in templates],
    }  # fmt: skip


def _made(state: CommerceState, skus: list[str], at: int) -> StoredQuote:
    buyers = [one for one in state.catalogue.shoppers if one.buys_for]
    buyer = buyers[at % len(buyers)]
    store = next(one for one in state.catalogue.stores if buyer.place in one.places)
    pieces = {sku: 1 + (at + place) % 4 for place, sku in enumerate(skus)}
    return state.request_quote(buyer, store, pieces, comment="Your best price?")
