"""Where the documents of a preview lie in a file: bare, in a list or search answer, in a recorded
exchange, or together with their order in a scenario (`order`, `previous_orders`, `invoices`,
`creditmemos`).

What a list is of is told by its name or by the address that was asked; else by the fields that only
one kind has.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from sync.commerce.models.fields import whole_from


class Kind(StrEnum):
    """What a document is."""

    ORDER = "order"
    INVOICE = "invoice"
    CREDITMEMO = "credit memo"
    CUSTOMER = "customer"
    COMPANY = "company"
    OTHER = "other"


NAMED: Final[Mapping[str, Kind]] = {
    "previous_orders": Kind.ORDER, "order": Kind.ORDER, "orders": Kind.ORDER,
    "invoice": Kind.INVOICE, "invoices": Kind.INVOICE, "creditmemo": Kind.CREDITMEMO,
    "creditmemos": Kind.CREDITMEMO,
    "customer": Kind.CUSTOMER, "customers": Kind.CUSTOMER, "company": Kind.COMPANY,
    "companies": Kind.COMPANY,
}  # fmt: skip
"""Members that hold documents of a kind, in the order in which they are looked at."""

OF_DOCUMENTS: Final = frozenset({"grand_total", "order_id", "email"})
"""Fields that tell a document from a list that only wraps others."""
WRAPPINGS: Final = ("response", "body", "data", "value", "event")
DEEPEST: Final = 8
"""Levels of wrapping."""

MEMO_ONLY: Final = frozenset(
    {"adjustment", "adjustment_positive", "adjustment_negative", "creditmemo_status", "invoice_id"}
)
OF_AN_ORDER: Final = frozenset({"order_id", "invoice_id"})


@dataclass
class Inputs:
    """The documents of some files by kind, in the order in which they were found. `listed`: kinds
    whose list is there, though it may be empty."""

    found: dict[Kind, list[Any]] = field(default_factory=dict)
    listed: set[Kind] = field(default_factory=set)

    def of(self, kind: Kind) -> list[Any]:
        """The documents of a kind."""
        return self.found.get(kind, [])

    def add(self, kind: Kind, document: Any) -> None:
        """One more."""
        self.found.setdefault(kind, []).append(document)

    def join(self, others: Iterable["Inputs"]) -> "Inputs":
        """These and the others', together."""
        joined = Inputs()
        for inputs in (self, *others):
            joined.listed |= inputs.listed
            for kind, documents in inputs.found.items():
                joined.found.setdefault(kind, []).extend(documents)
        return joined

    def orders(self) -> dict[int, Any]:
        """The orders by `entity_id`, as far as they have one."""
        return by_id(self.of(Kind.ORDER), "entity_id")


def inputs_in(document: Any, wanted: Kind) -> Inputs:
    """The documents in parsed JSON. `wanted`: what a document is taken for whose fields do not
    tell."""
    inputs = Inputs()
    _look(document, None, wanted, inputs, DEEPEST)
    return inputs


def orders_in(document: Any, levels: int = 8) -> Iterator[dict[str, Any]]:
    """The orders in a file, at most `levels` deep: an order, a list, a search answer, a recorded
    exchange, a scenario, a hook's payload."""
    if levels == 0:
        return
    if isinstance(document, list):
        for entry in document:
            yield from orders_in(entry, levels - 1)
    elif isinstance(document, dict):
        if _is_order(document):
            yield document
            return
        for name in ("response", "body", "order", "data", "value", "event"):
            if isinstance(document.get(name), dict | list):
                yield from orders_in(document[name], levels - 1)
                return
        items = document.get("items")
        if isinstance(items, list):
            yield from (entry for entry in items if isinstance(entry, dict) and _is_order(entry))


def _is_order(document: Mapping[str, Any]) -> bool:
    """Invoices, credit memos and shipments have an increment id as well, and the id of their
    order."""
    return "increment_id" in document and not {"order_id", "invoice_id"} & set(document)


def by_id(documents: Iterable[Any], name: str) -> dict[int, Any]:
    """Documents by their id, which is under `name`; those without one are left out."""
    return {number: one for one in documents if (number := id_of(one, name)) is not None}


def id_of(document: Any, name: str) -> int | None:
    """A whole number in a document; None where there is none."""
    try:
        return whole_from(document.get(name)) if isinstance(document, Mapping) else None
    except ValueError:
        return None


def _look(document: Any, listed: Kind | None, wanted: Kind, inputs: Inputs, levels: int) -> None:
    if isinstance(document, list):
        for entry in document if levels else ():
            _look(entry, listed, wanted, inputs, levels - 1)
    elif isinstance(document, dict) and levels:
        kind = _kind(document, listed, wanted)
        if kind is not None:
            inputs.add(kind, document)
        else:
            for inner, listed_now in _inner(document, listed, inputs):
                _look(inner, listed_now, wanted, inputs, levels - 1)


def _kind(document: Mapping[str, Any], listed: Kind | None, wanted: Kind) -> Kind | None:
    """What the document is; None where it only wraps others."""
    if "increment_id" in document:
        return listed or _kind_of_sale(document, wanted)
    if any(isinstance(document.get(name), dict | list) for name in (*NAMED, *WRAPPINGS)):
        return None
    if isinstance(document.get("items"), list) and not document.keys() & OF_DOCUMENTS:
        return None
    if listed is not None or "grand_total" in document:
        return listed or _kind_of_sale(document, wanted)
    if "company_name" in document:
        return Kind.COMPANY
    return Kind.CUSTOMER if "email" in document and "id" in document else None


def _kind_of_sale(document: Mapping[str, Any], wanted: Kind) -> Kind:
    if not OF_AN_ORDER & document.keys():
        return Kind.ORDER
    if "grand_total" not in document and {"tracks", "packages"} & document.keys():
        return Kind.OTHER
    if MEMO_ONLY & document.keys():
        return Kind.CREDITMEMO
    is_invoice = "can_void_flag" in document or wanted is not Kind.CREDITMEMO
    return Kind.INVOICE if is_invoice else Kind.CREDITMEMO


def _inner(
    document: Mapping[str, Any], listed: Kind | None, inputs: Inputs
) -> Iterator[tuple[Any, Kind | None]]:
    """What a document wraps, each with what is told of its kind."""
    wraps = [name for name, value in document.items() if isinstance(value, dict | list)]
    named = [name for name in NAMED if name in wraps]
    for name in named:
        inputs.listed.add(NAMED[name])
        yield document[name], NAMED[name]
    if named:
        return
    if wrapping := next((name for name in WRAPPINGS if name in wraps), ""):
        yield document[wrapping], listed or _asked_for(document)
        return
    if isinstance(document.get("items"), list):
        yield document["items"], listed


def _asked_for(exchange: Mapping[str, Any]) -> Kind | None:
    """The kind that a recorded exchange asked for and was answered."""
    request, response = exchange.get("request"), exchange.get("response")
    path = request.get("path") if isinstance(request, Mapping) else None
    status = response.get("status") if isinstance(response, Mapping) else None
    if not isinstance(path, str) or status != HTTPStatus.OK:
        return None
    names = [part for part in path.lower().split("/") if part]
    kinds = {
        "invoices": Kind.INVOICE,
        "creditmemos": Kind.CREDITMEMO,
        "creditmemo": Kind.CREDITMEMO,
    }
    is_whole = not names or names[-1] not in ("comments", "emails")
    return next((kinds[name] for name in names if name in kinds), None) if is_whole else None
