"""The REST resources around orders: what each path answers."""

from typing import Any

from sandbox.commerce import columns, lifecycle
from sandbox.commerce.faults import RestFault, no_such_entity, unsupported
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.commerce.routing import Endpoint, RestRequest, leave_out, listed
from sandbox.commerce.search import Criteria, Filter, criteria_from, found
from sandbox.commerce.shape import plain, rest_item, rest_items, rest_order

COMMENT = frozenset(
    {
        *(
            "comment",
            "created_at",
            "entity_id",
            "entity_name",
            "is_customer_notified",
            "is_visible_on_front",
        ),
        *("parent_id", "status", "extension_attributes"),
    }
)
ORDER_CHILDREN = frozenset(
    {"items", "billing_address", "payment", "status_histories", "extension_attributes"}
)


def orders(call: RestRequest) -> Columns:
    """`GET orders`. The store in the path does not filter."""
    criteria = criteria_from(call.query)
    stored = call.state.visible(criteria.keys("entity_id"))
    page, total = found(stored, criteria, columns.ORDER, StoredOrder.column)
    rows = [_rest(call, order) for order in page]
    leave_out(call, rows)
    return listed(rows, criteria, total)


def order(call: RestRequest) -> Columns:
    """`GET orders/{id}`, by entity id."""
    return _rest(call, call.state.order(call.whole("id")))


def _rest(call: RestRequest, stored: StoredOrder) -> Columns:
    return rest_order(stored, display_gross=call.state.display_gross)


def save_order(call: RestRequest) -> Columns:
    """`POST orders`: saves the columns that are sent, and answers a model that knows only those and
    its children."""
    entity = call.argument("entity")
    for key in entity:
        if key not in columns.ORDER and key not in ORDER_CHILDREN:
            raise unsupported(key)
    if not entity.get("entity_id"):
        raise RestFault(400, "Please provide payment for the order.")
    stored = call.state.order(int(entity["entity_id"]))
    sent = {
        key: value
        for key, value in entity.items()
        if key in columns.ORDER and key not in columns.READ_ONLY
    }
    cut = {
        key: value[: columns.LENGTHS[key]]
        for key, value in sent.items()
        if key in columns.LENGTHS and value
    }
    call.state.save_order(stored, {**sent, **cut})
    whole = _rest(call, stored)
    children = ("items", "billing_address", "payment", "status_histories")
    kept = {
        key: whole[key]
        for key in (*children, "billing_address_id", "created_at", "updated_at", "entity_id")
    }
    empty: Columns = {"base_grand_total": None, "base_total_due": 0, "customer_email": None}
    empty |= {"grand_total": None, "total_due": 0}
    echoed = {key: value for key, value in entity.items() if key not in ORDER_CHILDREN}
    return {**empty, **echoed, **cut, **kept}


def statuses(call: RestRequest) -> Any:
    """`GET orders/{id}/statuses`: one bare string."""
    return call.state.order(call.whole("id")).row["status"]


def comments(call: RestRequest) -> Columns:
    """`GET orders/{id}/comments`."""
    stored = call.state.order(call.whole("id"))
    criteria = Criteria(((Filter("parent_id", str(stored.entity_id), "eq"),),))
    rows = sorted(stored.comments, key=lambda comment: int(comment["entity_id"]))
    return listed([plain(row) for row in rows], criteria, len(rows))


def add_comment(call: RestRequest) -> bool:
    """`POST orders/{id}/comments`: a status must be one of the order's current state. Arguments are
    read before all else."""
    sent, stored = call.argument("statusHistory"), call.state.order(call.whole("id"))
    for key in sent:
        if key not in COMMENT:
            raise unsupported(key)
    status = sent.get("status")
    if status and status not in lifecycle.STATUSES.get(stored.row["state"], ()):
        text = 'Unable to add comment: The status "%1" is not part of the order status history.'
        raise RestFault(400, text, [status])
    defaults = {"is_customer_notified": 0, "is_visible_on_front": 0}
    call.state.comment(
        stored, {**defaults, **{key: sent[key] for key in sent if key != "status"}}, status
    )
    return True


def cancel(call: RestRequest) -> bool:
    """`POST orders/{id}/cancel`: False, with 200, when there is nothing to cancel."""
    return call.state.cancel(call.state.order(call.whole("id")))


def hold(call: RestRequest) -> bool:
    """`POST orders/{id}/hold`."""
    stored = call.state.order(call.whole("id"))
    if not lifecycle.can_hold(stored):
        raise RestFault(400, "A hold action is not available.")
    call.state.hold(stored)
    return True


def unhold(call: RestRequest) -> bool:
    """`POST orders/{id}/unhold`."""
    stored = call.state.order(call.whole("id"))
    if not lifecycle.can_unhold(stored):
        raise RestFault(400, "You cannot remove the hold.")
    call.state.unhold(stored)
    return True


def order_items(call: RestRequest) -> Columns:
    """`GET orders/items`."""
    rows = [
        (item, rest)
        for stored in call.state.visible()
        for item, rest in zip(
            stored.items, rest_items(stored, display_gross=call.state.display_gross), strict=True
        )
    ]
    criteria = criteria_from(call.query)
    page, total = found(rows, criteria, columns.ORDER_ITEM, lambda row, name: row[0].get(name))
    return listed([rest for _, rest in page], criteria, total)


def order_item(call: RestRequest) -> Columns:
    """`GET orders/items/{id}`."""
    wanted = call.whole("id")
    for stored in call.state.visible():
        for item in stored.items:
            if item["item_id"] == wanted:
                return rest_item(item, display_gross=call.state.display_gross)
    raise no_such_entity()


ORDERS = (
    Endpoint("GET", "orders", "Magento_Sales::actions_view", orders),
    Endpoint("POST", "orders", "Magento_Sales::api_actions", save_order),
    Endpoint("GET", "orders/items", "Magento_Sales::actions_view", order_items),
    Endpoint("GET", "orders/items/{id}", "Magento_Sales::actions_view", order_item),
    Endpoint("GET", "orders/{id}", "Magento_Sales::actions_view", order),
    Endpoint("GET", "orders/{id}/statuses", "Magento_Sales::actions_view", statuses),
    Endpoint("GET", "orders/{id}/comments", "Magento_Sales::actions_view", comments),
    Endpoint("POST", "orders/{id}/comments", "Magento_Sales::comment", add_comment),
    Endpoint("POST", "orders/{id}/cancel", "Magento_Sales::cancel", cancel),
    Endpoint("POST", "orders/{id}/hold", "Magento_Sales::hold", hold),
    Endpoint("POST", "orders/{id}/unhold", "Magento_Sales::unhold", unhold),
)
"""Paths, the more particular before the general."""
