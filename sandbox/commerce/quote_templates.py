"""Quote templates and the links to documents that they show, by Adobe's specification of 2.4.8.
Which right they need is not documented: that of quotes (inferred)."""

from typing import Any, Final

from sandbox.commerce.conditions import Kind
from sandbox.commerce.faults import RestFault, no_such
from sandbox.commerce.quote_endpoints import RIGHT
from sandbox.commerce.quotes import StoredQuote
from sandbox.commerce.records import Columns, stamp
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.state import CommerceState

COLUMNS: Final[dict[str, Kind]] = {"template_id": "number", "link_id": "number"}
IN_LINK: Final = frozenset({
    "link_id", "template_id", "document_name", "document_identifier", "reference_document_url",
})  # fmt: skip


def make_template(state: CommerceState, quote: StoredQuote, expires: str) -> Columns:
    """Buyer and seller have agreed on a template, made of a quote."""
    number = state.sequences.next("quote_template")
    now = stamp(state.clock.now())
    state.templates[number] = {
        "template_id": number, "parent_quote_id": quote.id, "template_name": quote.name,
        "status": "active", "expiration_date": expires, "creator_id": quote.shopper.id,
        "creator_type": 3, "min_orders": 1, "max_orders": 12, "is_min_max_qty_used": False,
        "created_at": now, "updated_at": now, "extension_attributes": {},
    }  # fmt: skip
    return state.templates[number]


def template(call: RestRequest) -> Columns:
    """`GET negotiableQuoteTemplate/{id}`."""
    number = call.whole("id")
    if number not in call.state.templates:
        raise no_such("template_id", number)
    return call.state.templates[number]


def links(call: RestRequest) -> Columns:
    """`GET negotiableQuoteTemplate/referenceDocumentLink`."""
    criteria = criteria_from(call.query)
    rows, total = found(list(call.state.template_links.values()), criteria, COLUMNS, _column)
    return listed([dict(one) for one in rows], criteria, total)


def _column(row: Columns, name: str) -> Any:
    return row[name]


def save_link(call: RestRequest) -> list[Any]:
    """`PUT negotiableQuoteTemplate/referenceDocumentLink`: a new one, unless it names its id."""
    sent = call.argument("referenceDocumentLink")
    if strange := sent.keys() - IN_LINK:
        raise RestFault(400, f'Property "{min(strange)}" does not have accessor method.')
    if sent.get("template_id") not in call.state.templates:
        raise no_such("template_id", sent.get("template_id"))
    number = sent.get("link_id") or call.state.sequences.next("template_link")
    call.state.template_links[number] = {
        **call.state.template_links.get(number, {"created_at": stamp(call.state.clock.now())}),
        **sent, "link_id": number,
    }  # fmt: skip
    return []


TEMPLATES: Final = (
    Endpoint("GET", "negotiableQuoteTemplate/referenceDocumentLink", RIGHT, links),
    Endpoint("PUT", "negotiableQuoteTemplate/referenceDocumentLink", RIGHT, save_link),
    Endpoint("GET", "negotiableQuoteTemplate/{id}", RIGHT, template),
)
