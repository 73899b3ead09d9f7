"""`/sandbox/shared_catalogs`: what administrators of B2B do by hand, and what buyers see."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.commerce.conditions import as_text
from sandbox.commerce.shared_catalogs import CUSTOM
from sandbox.commerce.state import CommerceState
from sandbox.entered import answer
from sync.core.encoding import from_json


def sharing_routes(state: CommerceState) -> list[Route]:
    """The route."""

    async def shared(request: Request) -> Response:
        """`GET`: SKUs by the name of a shared catalog. `POST {"name", "kind", "skus"}`: makes one
        that is not there, and puts products into it."""
        if request.method == "POST":
            _put(state, from_json(await request.body()))
        shop = state.shared_catalogs
        return answer({
            row["name"]: [*shop.items.get(row["customer_group_id"], {}).values()]
            for row in shop.rows.values()
        })  # fmt: skip

    return [Route("/sandbox/shared_catalogs", shared, methods=["GET", "POST"])]


def _put(state: CommerceState, wanted: dict[str, Any]) -> None:
    shop, name = state.shared_catalogs, str(wanted["name"])
    known = {row["name"]: number for number, row in shop.rows.items()}
    number = known.get(name) or shop.share(name, int(wanted.get("kind", CUSTOM)))
    for group in shop.groups_of(number):
        items = shop.items.setdefault(group, {})
        items.update({as_text(sku): sku for sku in wanted.get("skus", ())})
