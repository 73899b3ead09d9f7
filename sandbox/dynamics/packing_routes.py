"""The warehouse over HTTP, for the demo and for tests of whole processes.

POST `/sandbox/packing_slips` posts a slip of a sales order: its `number`, and if you like
`quantities` by lot, `tracking` numbers and a `carrier`; it answers the slips. PUT enters the
`tracking` numbers of a `slip`. POST `/sandbox/remainders` cancels what remains of a sales order, or
`quantities` of it by lot, `/sandbox/confirmations` confirms one for today, `/sandbox/substitutes`
sends another `item` for the line of a `lot`, which costs so much `less`.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from starlette.routing import Route

from sandbox.dynamics.remainders import substitute
from sandbox.dynamics.state import DynamicsState
from sandbox.entered import entering

USAGE = "POST a number, or PUT a slip and its tracking numbers"


def packing_routes(state: DynamicsState) -> list[Route]:
    """The routes."""
    slips = "/sandbox/packing_slips"
    return [
        entering(slips, partial(_post, state), USAGE),
        entering(slips, partial(_track, state), USAGE, "PUT"),
        entering("/sandbox/remainders", partial(_cancel, state), "give a number"),
        entering("/sandbox/confirmations", partial(_confirm, state), "give a number"),
        entering("/sandbox/substitutes", partial(_substitute, state), "give lot, item and less"),
    ]


def _post(state: DynamicsState, wanted: Any) -> Any:
    tracking = dict.fromkeys(map(str, wanted.get("tracking") or ()), "")
    return {"slips": state.deliver(
        str(wanted["number"]), quantities=_pieces(wanted) or None, tracking=tracking,
        carrier=str(wanted.get("carrier") or ""),
    )}  # fmt: skip


def _track(state: DynamicsState, wanted: Any) -> Any:
    state.track_slip(str(wanted["slip"]), *map(str, wanted.get("tracking") or ()))
    return {"slips": [wanted["slip"]]}


def _cancel(state: DynamicsState, wanted: Any) -> Any:
    state.cancel_remainder(str(wanted["number"]), _pieces(wanted) or None)
    return {"cancelled": wanted["number"]}


def _confirm(state: DynamicsState, wanted: Any) -> Any:
    state.confirm(str(wanted["number"]), state.today())
    return {"confirmed": wanted["number"]}


def _substitute(state: DynamicsState, wanted: Any) -> Any:
    substitute(state, str(wanted["lot"]), str(wanted["item"]), Decimal(str(wanted["less"])))
    return {"substituted": wanted["lot"]}


def _pieces(wanted: Mapping[str, Any]) -> dict[str, Decimal]:
    """By lot."""
    return {lot: Decimal(str(one)) for lot, one in (wanted.get("quantities") or {}).items()}
