"""The double as an ASGI application: REST, Adobe's identity service and keys, and `/sandbox/...`
for the person who runs it."""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.commerce.bulk_endpoints import BULKS
from sandbox.commerce.buyers import BUYERS, graphql
from sandbox.commerce.buying import buying_routes
from sandbox.commerce.categories import CATEGORIES
from sandbox.commerce.companies import COMPANIES
from sandbox.commerce.company_credit_endpoints import COMPANY_CREDITS
from sandbox.commerce.company_relations import RELATIONS
from sandbox.commerce.document_endpoints import DOCUMENTS
from sandbox.commerce.document_inspection import document_routes
from sandbox.commerce.faults import no_route
from sandbox.commerce.inspection import inspection_routes
from sandbox.commerce.media import MEDIA
from sandbox.commerce.order_endpoints import ORDERS
from sandbox.commerce.prices import PRICES
from sandbox.commerce.product_attributes import ATTRIBUTES
from sandbox.commerce.product_writes import PRODUCT_WRITES
from sandbox.commerce.products import PRODUCTS
from sandbox.commerce.quote_endpoints import QUOTES
from sandbox.commerce.quote_inspection import quote_routes
from sandbox.commerce.quote_templates import TEMPLATES
from sandbox.commerce.rma_endpoints import RMAS
from sandbox.commerce.routing import Dispatcher
from sandbox.commerce.sales_rules import SALES_RULES
from sandbox.commerce.shared_catalog_endpoints import SHARED_CATALOGS
from sandbox.commerce.sharing import sharing_routes
from sandbox.commerce.shipment_endpoints import SHIPMENTS
from sandbox.commerce.shop_endpoints import SHOP
from sandbox.commerce.state import CommerceState
from sandbox.commerce.stock_endpoints import STOCK
from sandbox.dials import Dials
from sandbox.gate import Gate

ENDPOINTS = (
    *BUYERS, *ORDERS, *DOCUMENTS, *SHIPMENTS, *RMAS, *QUOTES, *SHOP, *RELATIONS, *COMPANIES,
    *CATEGORIES, *ATTRIBUTES, *MEDIA, *COMPANY_CREDITS, *PRODUCT_WRITES, *PRODUCTS, *PRICES,
    *STOCK, *BULKS, *SALES_RULES, *TEMPLATES, *SHARED_CATALOGS,
)  # fmt: skip
"""Every resource of REST, with the right that it needs."""
VERBS = ["GET", "POST", "PUT", "DELETE"]


def refusal(status: int, retry_after: int | None) -> Response:
    """What stands in front of the shop says to a fault: JSON for a throttle, a page for the
    rest. A 404 is the shop's own: it has no such service."""
    if retry_after is not None:
        return JSONResponse(
            {"message": "Too Many Requests", "trace": None}, 429, {"Retry-After": str(retry_after)}
        )
    if status == HTTPStatus.NOT_FOUND:
        return JSONResponse(no_route().body(), status)
    return Response(
        f"<html><body><h1>{status} Backend fetch failed</h1></body></html>",
        status,
        media_type="text/html",
    )


def commerce_app(state: CommerceState, dials: Dials) -> Starlette:
    """A shop at `/rest/<store>/V1/...`, or at `/<tenant>/V1/...` when the state has a tenant;
    faults by `dials`.

    Beside it: `/ims/token/v3`, Adobe's public keys under `/prod/keys/`, and `/sandbox/...`, which
    no fault touches.
    """

    async def token(request: Request) -> Response:
        status, body = state.ims.token((await request.body()).decode())
        return JSONResponse(body, status)

    async def key(request: Request) -> Response:
        pem = state.public_keys.get(request.url.path)
        return PlainTextResponse("", 404) if pem is None else PlainTextResponse(pem.decode())

    root, graph = state.tenant or "rest", f"/{state.tenant}/graphql" if state.tenant else "/graphql"
    dispatcher = Dispatcher(state, list(ENDPOINTS))

    async def shop(request: Request) -> Response:
        return await dispatcher(request)

    async def questions(request: Request) -> Response:
        return await graphql(state, request)

    return Starlette(
        routes=[
            Route("/ims/token/v3", token, methods=["POST"]),
            Route("/prod/keys/{name}", key, methods=["GET"]),
            *document_routes(state),
            *quote_routes(state),
            *sharing_routes(state),
            *buying_routes(state),
            *inspection_routes(state, dials),
            Route(graph, questions, methods=["POST"]),
            Route(f"/{root}/{{path:path}}", shop, methods=VERBS),
        ],
        middleware=[Middleware(Gate, dials=dials, refusal=refusal)],
    )
