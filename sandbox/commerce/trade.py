"""`/sandbox/...` beside `inspection.py`: the shop's books, its catalogue and its webhooks, as
who runs the shop sees them."""

from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.commerce.assortment import Product
from sandbox.commerce.documents import live
from sandbox.commerce.faults import RestFault
from sandbox.commerce.notifications import NotificationSender, WebhookTarget
from sandbox.commerce.order_rows import pays, to_invoice, to_refund
from sandbox.commerce.records import Columns, StoredOrder, amount
from sandbox.commerce.state import CommerceState
from sandbox.entered import answer
from sync.core.encoding import from_json
from sync.core.money import ZERO, rounded

SHARED_SAMPLES = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
"""Ways to pay that lower the grand total."""
COUNTED = ("qty_ordered", "qty_canceled", "qty_shipped", "qty_invoiced", "qty_refunded")


def entry(order: StoredOrder) -> dict[str, Any]:
    """An order as the shop's books have it, in its own currency, with its documents and comments.

    `paid`: by gift card, store credit and points. `company`: whom the buyer bought for, if it was a
    company.
    """
    company = order.extension.get("company_order_attributes") or {}
    return {
        "increment_id": order.row["increment_id"],
        "store_id": order.row["store_id"],
        "state": order.row["state"],
        "method": order.payment["method"],
        "currency": order.row["order_currency_code"],
        "grand_total": order.amount("grand_total"),
        "tax": order.amount("tax_amount"),
        "paid": _extra(order.extension),
        "company": company.get("company_name"),
        "ext_order_id": order.row.get("ext_order_id"),
        "comments": [str(one["comment"]) for one in order.comments],
        "invoices": [_document(invoice) for invoice in live(order)],
        "refunds": [_document(memo) for memo in order.creditmemos],
    }


def _document(document: Columns) -> dict[str, Any]:
    """An invoice or credit memo; what was paid, or goes back, by gift card and the like is in
    `paid`."""
    shown = {name: document[name] for name in ("increment_id", "state", "grand_total")}
    return {
        **shown, "tax": document["tax_amount"], "paid": _extra(document),
        "rma": _rma_of(document), "of_dynamics": _of_dynamics(document),
    }  # fmt: skip


def _of_dynamics(document: Columns) -> str:
    """The comment by which the sync made it of what F&O did; empty where somebody else did."""
    told = (str(one["comment"]) for one in document["comments"])
    return next((text for text in told if text.startswith("F&O ")), "")


def _rma_of(document: Columns) -> str:
    """The return that a credit memo refunds; empty for none."""
    told = (str(one["comment"]) for one in document["comments"])
    found = (text.removeprefix("RMA:").split(" ")[0] for text in told if text.startswith("RMA:"))
    return next(found, "")


def _extra(columns: Columns) -> Decimal:
    return sum((amount(columns, name) for name in SHARED_SAMPLES), ZERO)


def _comes_back(order: StoredOrder) -> Columns | None:
    """A row of which a piece was shipped and can be refunded, of an order without wrapping, fees,
    fixed product tax and ways to pay beside money."""
    bare = not order.extension.keys() & {"payment_fee", "gw_id", *SHARED_SAMPLES}
    rows = (
        item
        for item in order.items
        if item["product_type"] == "simple" and item.get("parent_item_id") is None
        and not amount(item, "weee_tax_applied_row_amount")
        and amount(item, "qty_shipped") >= 1 and to_refund(order, item) >= 1
        and not amount(item, "qty_refunded")
    )  # fmt: skip
    return next(rows, None) if bare and order.row["state"] in ("processing", "complete") else None


class Trade:
    """The endpoints, each named after its path."""

    def __init__(self, state: CommerceState, sender: NotificationSender) -> None:
        self._state = state
        self._sender = sender

    async def books(self, _request: Request) -> Response:
        """`GET books`: every order with its money."""
        return answer([entry(order) for order in self._state.orders.values()])

    async def items(self, request: Request) -> Response:
        """`GET orders/{id}/items`: the rows that carry an amount, what was sold, how many of each
        can be invoiced and refunded, what was done with them, and what all of each is worth without
        tax, in base currency."""
        order = self._state.orders.get(request.path_params["id"])
        if order is None:
            return answer({"error": "there is no such order"}, 404)
        return answer(
            [
                {
                    "item_id": item["item_id"],
                    "sku": item["sku"],
                    "to_invoice": to_invoice(order, item),
                    "to_refund": to_refund(order, item),
                    **{name: amount(item, name) for name in COUNTED},
                    "is_virtual": item["is_virtual"],
                    "worth": amount(item, "base_row_total") - amount(item, "base_discount_amount"),
                }
                for item in order.items
                if pays(order, item)
            ]
        )

    async def rmas(self, _request: Request) -> Response:
        """`GET rmas`: all of them."""
        return answer(list(self._state.rmas.values()))

    async def open_return(self, request: Request) -> Response:
        """`POST orders/{id}/return`: a customer sends one piece back, of the first row of which one
        was shipped; 409 where there is none, or where more than goods would be given back. `tax`:
        what was charged on it."""
        order = self._state.orders.get(request.path_params["id"])
        item = None if order is None else _comes_back(order)
        if order is None or item is None:
            return answer({"error": "nothing of it comes back"}, 409)
        try:
            rma = self._state.request_return(order, {item["item_id"]: 1})
        except RestFault as fault:
            return answer({"error": fault.message}, 409)
        tax = rounded(amount(item, "tax_amount") / amount(item, "qty_ordered"))
        return answer({"increment_id": rma["increment_id"], "tax": tax}, 201)

    async def shipments(self, _request: Request) -> Response:
        """`GET shipments`: all of them, with comments and tracks."""
        return answer(list(self._state.shipments()))

    async def products(self, request: Request) -> Response:
        """`POST products`: sell a new simple product: `sku`, `id`, `price` (text)."""
        try:
            wanted = from_json(await request.body())
            self._state.sell(
                Product(str(wanted["sku"]), int(wanted["id"]), Decimal(str(wanted["price"])))
            )
        except (ValueError, TypeError, KeyError, InvalidOperation) as error:
            return answer({"error": f"give sku, id and price; not {error}"}, 400)
        return answer({"sku": wanted["sku"]}, 201)

    async def webhooks(self, request: Request) -> Response:
        """`GET webhooks`: how notifications fare. `POST`: subscribe a `url` to `events` (default:
        orders, customers as saved)."""
        if request.method == "POST":
            try:
                wanted = from_json(await request.body())
                target = WebhookTarget(str(wanted["url"]))
                if "events" in wanted:
                    target = WebhookTarget(
                        target.url, tuple(str(event) for event in wanted["events"])
                    )
            except (ValueError, TypeError, KeyError) as error:
                return answer({"error": f"give url, and if you like events; not {error}"}, 400)
            self._sender.subscribe(target)
        return answer({"unfinished": self._sender.unfinished, "counts": dict(self._sender.counts)})

    async def webhook_key(self, request: Request) -> Response:
        """`PUT webhooks/key`: sign with the key pair of the `name` given; answers its public half,
        as *Regenerate key pair* shows it."""
        wanted = from_json(await request.body())
        return answer({"public": self._sender.regenerate_key(str(wanted["name"])).decode()})


def trade_routes(state: CommerceState, sender: NotificationSender) -> list[Route]:
    """All of them."""
    trade = Trade(state, sender)
    return [
        Route("/sandbox/books", trade.books),
        Route("/sandbox/orders/{id:int}/items", trade.items),
        Route("/sandbox/rmas", trade.rmas),
        Route("/sandbox/orders/{id:int}/return", trade.open_return, methods=["POST"]),
        Route("/sandbox/shipments", trade.shipments),
        Route("/sandbox/products", trade.products, methods=["POST"]),
        Route("/sandbox/webhooks", trade.webhooks, methods=["GET", "POST"]),
        Route("/sandbox/webhooks/key", trade.webhook_key, methods=["PUT"]),
    ]
