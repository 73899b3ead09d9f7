"""`/sandbox/...` for invoices and credit memos: make them as an administrator, and see what they
come to."""

from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.commerce import lifecycle
from sandbox.commerce.faults import RestFault
from sandbox.commerce.inspection import brief
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.commerce.state import CommerceState
from sandbox.entered import answer
from sync.core.encoding import NotJson, from_json


def _reported(order: StoredOrder, document: Columns) -> Response:
    names = ("entity_id", "increment_id", "state", "grand_total")
    return answer({**brief(order), "document": {name: document[name] for name in names}})


class DocumentInspection:
    """The endpoints. Bodies are optional; quantities are by order item id, amounts in base
    currency, as text if you like."""

    def __init__(self, state: CommerceState) -> None:
        self._state = state

    async def invoice(self, request: Request) -> Response:
        """`POST orders/{id}/invoice`: `quantities` (default: the rest), `captured`; 409 when the
        order allows none."""
        return await self._action(request, self._invoice)

    async def refund(self, request: Request) -> Response:
        """`POST orders/{id}/refund`: `quantities`, `shipping`, `positive`, `negative`, `invoice`
        (its id), `online`, `to_store_credit`; 409 with the shop's reason when it refuses."""
        return await self._action(request, self._refund)

    async def sums(self, _request: Request) -> Response:
        """`GET sums`: what was invoiced and refunded per order, in its currency."""
        return answer(self._state.sums())

    async def _action(self, request: Request, action: Any) -> Response:
        try:
            order = self._state.order(request.path_params["id"])
            wanted = from_json(await request.body() or b"{}")
            asked = {
                int(key): Decimal(str(qty)) for key, qty in (wanted.get("quantities") or {}).items()
            }
            return _reported(order, action(order, asked, wanted))
        except RestFault as fault:
            return answer({"error": _filled(fault)}, 404 if fault.status == 404 else 409)
        except (NotJson, ValueError, TypeError, AttributeError, InvalidOperation) as error:
            return answer(
                {"error": f"give quantities by order item id, amounts as text; not {error}"}, 400
            )

    def _invoice(
        self, order: StoredOrder, asked: dict[int, Decimal], wanted: dict[str, Any]
    ) -> Columns:
        if not lifecycle.can_invoice(order):
            raise RestFault(409, f"an order in state {order.row['state']} allows no invoice")
        return self._state.invoice(order, asked, captured=bool(wanted.get("captured", True)))

    def _refund(
        self, order: StoredOrder, asked: dict[int, Decimal], wanted: dict[str, Any]
    ) -> Columns:
        shipping = wanted.get("shipping")
        invoice = (
            self._state.document("invoice", int(wanted["invoice"]))
            if wanted.get("invoice")
            else None
        )
        return self._state.refund(
            order,
            asked,
            shipping=None if shipping is None else Decimal(str(shipping)),
            positive=Decimal(str(wanted.get("positive", 0))),
            negative=Decimal(str(wanted.get("negative", 0))),
            invoice=invoice,
            online=bool(wanted.get("online")),
            to_store_credit=Decimal(str(wanted.get("to_store_credit", 0))),
        )


def _filled(fault: RestFault) -> str:
    parameters = fault.parameters if isinstance(fault.parameters, list) else []
    text = fault.message
    for place, value in enumerate(parameters, 1):
        text = text.replace(f"%{place}", str(value))
    return text


def document_routes(state: CommerceState) -> list[Route]:
    """All of them; before the general deeds of `inspection.py`."""
    inspection = DocumentInspection(state)
    return [
        Route("/sandbox/orders/{id:int}/invoice", inspection.invoice, methods=["POST"]),
        Route("/sandbox/orders/{id:int}/refund", inspection.refund, methods=["POST"]),
        Route("/sandbox/sums", inspection.sums),
    ]
