"""What would be posted for a record, and the totals proof: the plan of its own flow, printed.

The flow reads what it needs from `Systems`: real ones, or what was given (`given.py`). Claims are
not looked at: a preview shows what comes of a record that was never delivered. What has
to be delivered first is planned as well; an order shows the accounts that it needs before its own
requests, all else has a preview of its own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sync.commerce.models.customer import Customer
from sync.commerce.models.numbered_document import number_of
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.proof import Proof
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.dynamics.documents.lengths import fitted
from sync.dynamics.documents.requests import ASSIGNED
from sync.dynamics.documents.totals import Unproved
from sync.engine.flow import DocumentFlow
from sync.engine.plan import Plan
from sync.engine.systems import Systems
from sync.flows.customers.companies import companies
from sync.flows.customers.customer_accounts import CustomerAccountWrite
from sync.flows.customers.customers import customers
from sync.flows.orders.orders import orders
from sync.flows.receivables import creditmemos, invoices
from sync.flows.receivables.receivable_writes import ReturnOrderWrite
from sync.flows.receivables.source_documents import DocumentsOf
from sync.mapping.custom_options import with_custom_options
from sync.mapping.posting_target import DocumentWithOrder
from sync.mapping.sales_order import order_items, sales_order_from
from sync.mapping.shopper import shopper_of_customer
from sync.preview.as_it_stands import shown, unless_kept
from sync.preview.input_files import Kind, id_of
from sync.preview.planning import Planning
from sync.preview.previewed import Preview
from sync.preview.unasked import GivenCommerce

FLOW_OF: Final[Mapping[Kind, DocumentFlow[Any]]] = {
    Kind.ORDER: orders,
    Kind.INVOICE: invoices.invoices,
    Kind.CREDITMEMO: creditmemos.creditmemos,
    Kind.CUSTOMER: customers,
    Kind.COMPANY: companies,
}
OF_ORDERS: Final[Mapping[Kind, DocumentsOf[Any]]] = {
    Kind.INVOICE: invoices.documents,
    Kind.CREDITMEMO: creditmemos.documents,
}

OF_MADE_ACCOUNTS: Final = (
    "prices include tax, as those of accounts that were made for this store; an account's own"
    " setting goes first"
)


async def preview(kind: Kind, document: Any, systems: Systems) -> Preview:
    """Preview a document as REST answers it. Never raises for what a document may hold.

    Raises what Commerce's client raises where Commerce is asked and does not answer.
    """
    key = _key_of(kind, document)
    found = await unless_kept(_found(kind, key, document, systems))
    if isinstance(found, Preview):
        return found
    totals = found.totals if isinstance(found, Unproved) else None
    return replace(shown(key, found), totals=totals)


async def _found(kind: Kind, key: str, document: Any, systems: Systems) -> Preview:
    return await _planned(kind, key, await _record(kind, document, systems), systems)


async def _record(kind: Kind, document: Any, systems: Systems) -> Any:
    """What the flow plans for. Raises `Never` for what cannot be read."""
    if kind is Kind.ORDER:
        return Order.read(document)
    if kind is Kind.CUSTOMER:
        settings = systems.settings
        return shopper_of_customer(Customer.read(document), settings, settings.customers.currency)
    if kind is Kind.COMPANY:
        return document
    found = await OF_ORDERS[kind].with_order(document, systems)
    if found is None:
        number = id_of(document, "order_id")
        why = f"order_id {number} is none of the orders given, and it is booked with its order"
        remedy = f"Name a file that holds the order with entity_id {number} as well, or use --ids."
        raise Never(f"{kind} {number_of(document)}: {why}", remedy=remedy)
    return found


async def _planned(kind: Kind, key: str, record: Any, systems: Systems) -> Preview:
    planning = Planning(systems, order=order_in(record))
    is_given = isinstance(systems.commerce, GivenCommerce)
    # Whose company it is, only its administrator tells, and nobody is asked for that.
    origin = "required" if kind is Kind.COMPANY and is_given else "preview"
    plan = await planning.plan(FLOW_OF[kind], key, record, origin)
    if isinstance(plan, Skipped):
        totals = await _totals_of(record, systems) if kind is Kind.ORDER else plan.totals
        return Preview(key, "skip", str(plan), totals=totals)
    first = planning.first if kind is Kind.ORDER else []
    requests = _as_sent([*first, *plan.requests()], systems.settings)
    found = _to_be_delivered(key, plan, requests)
    return _with_what_is_presumed(found, plan, planning)


def _to_be_delivered(key: str, plan: Plan, requests: tuple[Request, ...]) -> Preview:
    found = Preview(key, "deliver", requests=requests, totals=plan.totals, amounts=plan.amounts)
    point = plan.open_point
    if point is None:
        return found
    remedy = point.remedy.replace("{number}", ASSIGNED)
    return replace(
        found, reason=point.reason, remedy=remedy, missing=point.missing, differs=point.sums
    )


def order_in(record: Any) -> Order | None:
    """The order that a record is, or is a document of; None where it is neither."""
    if isinstance(record, DocumentWithOrder):
        return record.order
    return record if isinstance(record, Order) else None


async def _totals_of(order: Order, systems: Systems) -> Proof | None:
    """What the parts of an order come to that is not posted (yet)."""
    settings = systems.settings
    try:
        items = await systems.items.of(order_items(order, settings), with_custom_options(order))
        return sales_order_from(order, settings, account=ASSIGNED, items=items).totals
    except Never as error:
        return error.totals if isinstance(error, Unproved) else None


def _with_what_is_presumed(found: Preview, plan: Plan, planning: Planning) -> Preview:
    """With what D365 might yet say, as far as it was not asked."""
    notes, dynamics = list(plan.notes), planning.dynamics
    if dynamics.silence:
        notes.append(f"D365 did not answer, so what it knows is left out: {dynamics.silence}")
    for write in plan.writes:
        if isinstance(write, ReturnOrderWrite) and planning.gross and not dynamics.is_asked:
            notes.append(OF_MADE_ACCOUNTS)
        if isinstance(write, CustomerAccountWrite) and write.account:
            if not found.requests:
                known = f"it has account {write.account} ({write.matched_by})"
                reason = f"{known}, whose details are the ledger's own"
                return replace(found, outcome="skip", reason=reason)
            notes.append("only what is not in D365 already is written")
    return replace(found, notes=tuple(notes))


def _as_sent(requests: Iterable[Request], connection: Connection) -> tuple[Request, ...]:
    """The requests with what F&O's fields hold of their texts. Raises `Never` for a number that is
    too long."""
    return tuple(
        replace(one, body=fitted(_set_of(one.path), one.body or {}, connection.dynamics.lengths))
        for one in requests
    )


def _set_of(path: str) -> str:
    return path.removeprefix("/data/").partition("(")[0]


def _key_of(kind: Kind, document: Any) -> str:
    """The key of a document, as far as it has one."""
    if kind in (Kind.CUSTOMER, Kind.COMPANY):
        return str(id_of(document, "id") or "(no id)")
    store = document.get("store_id") if isinstance(document, dict) else None
    is_id = (
        isinstance(store, str | int)
        and not isinstance(store, bool)
        and re.fullmatch(r"[0-9]{1,10}", str(store))
    )
    return f"{number_of(document) or '(no increment_id)'}@{store if is_id else '?'}"
