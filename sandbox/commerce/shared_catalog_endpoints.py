"""REST of shared catalogs, by the rules of `shared_catalogs.py`."""

from typing import Any, Final

from sandbox.commerce.companies import regroup
from sandbox.commerce.conditions import Kind, as_text
from sandbox.commerce.faults import RestFault, no_route, no_such, required
from sandbox.commerce.products import known_product
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shared_catalogs import SharedCatalogs

COLUMNS: Final[dict[str, Kind]] = {
    "entity_id": "number", "name": "text", "type": "number", "customer_group_id": "number",
}  # fmt: skip
UNKNOWN: Final = "Requested product doesn't exist: %sku."
NOT_PERMITTED: Final = "You must enable category permissions for the following products: %skus."


def shared(call: RestRequest) -> SharedCatalogs:
    """Those of a shop that has B2B."""
    found_ = call.state.shared_catalogs
    if not found_.is_on:
        raise no_route()
    return found_


def _catalog(call: RestRequest) -> int:
    number = call.whole("id")
    if number not in shared(call).rows:
        raise no_such("id", number)
    return number


def catalogs(call: RestRequest) -> Columns:
    """`GET sharedCatalog`."""
    rows = [{**row, "entity_id": row["id"]} for row in shared(call).rows.values()]
    criteria = criteria_from(call.query)
    page, total = found(rows, criteria, COLUMNS, dict.get)
    shown = [{name: row[name] for name in row if name != "entity_id"} for row in page]
    return listed(shown, criteria, total)


def products(call: RestRequest) -> list[str]:
    """`GET sharedCatalog/{id}/products`: all SKUs, without pages."""
    number = _catalog(call)
    return [*shared(call).items.get(shared(call).groups_of(number)[0], {}).values()]


def _sent(call: RestRequest, *, is_checked: bool) -> list[str]:
    sent = call.body.get("products")
    if not isinstance(sent, list):
        raise required("products")
    skus = [str(one["sku"]) for one in sent]
    for sku in skus if is_checked else ():
        if known_product(call.state, sku) is None:
            raise RestFault(404, UNKNOWN, {"sku": sku})
    return skus


def assign(call: RestRequest) -> bool:
    """`POST sharedCatalog/{id}/assignProducts`."""
    number, catalogs_ = _catalog(call), shared(call)
    skus = _sent(call, is_checked=not catalogs_.takes_unknown)
    members = {sku: call.state.products.members.get(as_text(sku), set()) for sku in skus}
    known = catalogs_.categories[number]
    if catalogs_.adds_categories:
        known.update(*members.values())
    lacking = [sku for sku, own in members.items() if own and own.isdisjoint(known)]
    if lacking:
        raise RestFault(400, NOT_PERMITTED, {"skus": ", ".join(lacking)})
    for group in catalogs_.groups_of(number):
        items = catalogs_.items.setdefault(group, {})
        for sku in skus:
            items.setdefault(as_text(sku), sku)
    return True


def unassign(call: RestRequest) -> bool:
    """`POST sharedCatalog/{id}/unassignProducts`."""
    number, skus = _catalog(call), _sent(call, is_checked=True)
    for group in shared(call).groups_of(number):
        for sku in skus:
            shared(call).items.get(group, {}).pop(as_text(sku), None)
    return True


def assign_companies(call: RestRequest) -> bool:
    """`POST sharedCatalog/{id}/assignCompanies`: they and their users change their customer
    group."""
    number, state = _catalog(call), call.state
    group = shared(call).rows[number]["customer_group_id"]
    wanted: list[Any] = [int(one["id"]) for one in call.body.get("companies") or ()]
    for company in wanted:
        if company not in state.companies:
            raise no_such("id", company)
    for company in wanted:
        state.companies[company]["customer_group_id"] = group
        regroup(state, company)
    return True


LIST, MANAGE = "Magento_SharedCatalog::list", "Magento_SharedCatalog::manage"
SHARED_CATALOGS: Final = (
    Endpoint("GET", "sharedCatalog", LIST, catalogs),
    Endpoint("GET", "sharedCatalog/{id}/products", LIST, products),
    Endpoint("POST", "sharedCatalog/{id}/assignProducts", MANAGE, assign),
    Endpoint("POST", "sharedCatalog/{id}/unassignProducts", MANAGE, unassign),
    Endpoint("POST", "sharedCatalog/{id}/assignCompanies", MANAGE, assign_companies),
)
