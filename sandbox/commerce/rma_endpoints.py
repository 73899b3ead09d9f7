"""The REST resources of RMAs, by Adobe's specification."""

from typing import Any, Final

from sandbox.commerce.conditions import Kind
from sandbox.commerce.faults import unsupported
from sandbox.commerce.records import Columns
from sandbox.commerce.rmas import HEADER, ITEM
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import Criteria, criteria_from, found

RIGHT: Final = "Magento_Rma::magento_rma"
COLUMNS: Final[dict[str, Kind]] = {
    **dict.fromkeys(
        ("status", "increment_id", "order_increment_id", "customer_custom_email"), "text"
    ),
    **dict.fromkeys(("entity_id", "order_id", "store_id", "customer_id"), "number"),
    "date_requested": "date",
}  # fmt: skip
TRACK: Final = frozenset(
    {"entity_id", "rma_entity_id", "track_number", "carrier_title", "carrier_code"}
)
COMMENT: Final = frozenset({
    "comment", "rma_entity_id", "created_at", "entity_id", "customer_notified",
    "visible_on_front", "status", "admin",
})  # fmt: skip
REASONS: Final = {"8": "Wrong size", "9": "Damaged", "10": "Does not please"}
RESOLUTIONS: Final = {"5": "Refund", "6": "Exchange"}


def _known(sent: Columns, names: Any) -> Columns:
    for name in sent:
        if name not in names:
            raise unsupported(name)
    return sent


def _sent(call: RestRequest) -> Columns:
    rma = _known(call.argument("rmaDataObject"), (*HEADER, "extension_attributes"))
    for item in rma.get("items") or ():
        _known(item, (*ITEM, "extension_attributes"))
    return rma


def rmas(call: RestRequest) -> Columns:
    """`GET returns`: what is null is written, for every property is declared."""
    criteria = criteria_from(call.query)
    rows, total = found(list(call.state.rmas.values()), criteria, COLUMNS, dict.get)
    if call.state.lists_load_nothing:
        rows = [{**row, "items": None, "comments": None, "tracks": None} for row in rows]
    return listed([dict(row) for row in rows], criteria, total)


def rma(call: RestRequest) -> Columns:
    """`GET returns/{id}`."""
    return dict(call.state.rma(call.whole("id")))


def create(call: RestRequest) -> Columns:
    """`POST returns`: the whole RMA."""
    return dict(call.state.save_rma(None, _sent(call)))


def save(call: RestRequest) -> Columns:
    """`PUT returns/{id}`: takes and answers the whole RMA."""
    return dict(call.state.save_rma(call.state.rma(call.whole("id")), _sent(call)))


def comments(call: RestRequest) -> Columns:
    """`GET returns/{id}/comments`."""
    rows = call.state.rma(call.whole("id"))["comments"]
    return listed([dict(row) for row in rows], Criteria(), len(rows))


def add_comment(call: RestRequest) -> bool:
    """`POST returns/{id}/comments`."""
    sent = _known(call.argument("data"), COMMENT)
    call.state.add_to_rma(call.state.rma(call.whole("id")), "comments", sent)
    return True


def add_track(call: RestRequest) -> bool:
    """`POST returns/{id}/tracking-numbers`: no id in the answer."""
    sent = _known(call.argument("track"), TRACK)
    call.state.add_to_rma(call.state.rma(call.whole("id")), "tracks", sent)
    return True


def photos(call: RestRequest) -> list[Columns]:
    """`GET rma-photos/{id}`: a module of this shop, not Commerce's own."""
    return call.state.rma_photos.get(call.state.rma(call.whole("id"))["entity_id"], [])


def metadata(call: RestRequest) -> Columns:
    """`GET returnsAttributeMetadata/{code}`: labels are translated, ids are not."""
    options = {"reason": REASONS, "resolution": RESOLUTIONS}.get(call.arguments["code"], {})
    rows = [{"value": value, "label": label} for value, label in options.items()]
    return {"attribute_code": call.arguments["code"], "options": rows}


RMAS: Final = (
    Endpoint("GET", "returns", RIGHT, rmas),
    Endpoint("POST", "returns", RIGHT, create),
    Endpoint("GET", "returns/{id}", RIGHT, rma),
    Endpoint("PUT", "returns/{id}", RIGHT, save),
    Endpoint("GET", "returns/{id}/comments", RIGHT, comments),
    Endpoint("POST", "returns/{id}/comments", RIGHT, add_comment),
    Endpoint("POST", "returns/{id}/tracking-numbers", RIGHT, add_track),
    Endpoint("GET", "rma-photos/{id}", RIGHT, photos),
    Endpoint("GET", "returnsAttributeMetadata/{code}", RIGHT, metadata),
)
