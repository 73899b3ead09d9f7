"""The REST resources beside orders and their documents: customers, stores."""

from collections.abc import Mapping

from sandbox.commerce import columns
from sandbox.commerce.conditions import Kind
from sandbox.commerce.customers import member_of, merged, registered
from sandbox.commerce.faults import no_such
from sandbox.commerce.records import Columns, stamp
from sandbox.commerce.routing import Endpoint, RestRequest, leave_out, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shape import number, plain


def _page(
    call: RestRequest, rows: list[Columns], kinds: Mapping[str, Kind], *, attributes: bool = False
) -> Columns:
    criteria = criteria_from(call.query)
    page, total = found(rows, criteria, kinds, dict.get, attributes=attributes)
    return listed([plain(row) for row in page], criteria, total)


def customers(call: RestRequest) -> Columns:
    """`GET customers/search`."""
    rows = [{**row, "entity_id": row["id"]} for _, row in sorted(call.state.customers.items())]
    answer = _page(call, rows, columns.CUSTOMER, attributes=True)
    for row in answer["items"]:
        del row["entity_id"]
    leave_out(call, answer["items"])
    return answer


def _customer(call: RestRequest) -> Columns:
    wanted = call.whole("id")
    if wanted not in call.state.customers:
        raise no_such("customerId", wanted)
    return call.state.customers[wanted]


def customer(call: RestRequest) -> Columns:
    """`GET customers/{id}`."""
    answer: Columns = plain(_customer(call))
    return answer


def save_customer(call: RestRequest) -> Columns:
    """`PUT customers/{id}`; the id in the path is the one that counts. Moves `updated_at` even
    without a change."""
    known, sent = _customer(call), call.argument("customer")
    others = [other for other in call.state.customers.values() if other["id"] != known["id"]]
    saved = merged(known, sent, others, call.state.sequences)
    company = call.state.companies.get(member_of(saved).get("company_id") or 0)
    saved["group_id"] = company["customer_group_id"] if company else saved["group_id"]
    call.state.save_customer(saved)
    answer: Columns = plain(call.state.customers[known["id"]])
    return answer


def customer_attribute(call: RestRequest) -> Columns:
    """`GET attributeMetadata/customer/attribute/{code}`."""
    code = call.arguments["code"]
    if code not in call.state.customer_attributes:
        raise no_such("attributeCode", code)
    return {"attribute_code": code, "frontend_input": "text", "backend_type": "varchar"}


def register(call: RestRequest) -> Columns:
    """`POST customers`: a new customer, who is mailed a welcome."""
    state, sent = call.state, call.argument("customer")
    number = max(state.customers, default=0) + 1
    others = list(state.customers.values())
    now = stamp(state.clock.now())
    state.save_customer(registered(sent, others, state.sequences, number, now))
    state.mails.append(("welcome", number))
    answer: Columns = plain(state.customers[number])
    return answer


def groups(call: RestRequest) -> Columns:
    """`GET customerGroups/search`."""
    return _page(call, [dict(one) for one in call.state.shared_catalogs.groups], columns.GROUP)


def group(call: RestRequest) -> Columns:
    """`GET customerGroups/{id}`."""
    wanted = call.whole("id")
    for one in call.state.shared_catalogs.groups:
        if one["id"] == wanted:
            return dict(one)
    raise no_such("id", wanted)


def store_views(call: RestRequest) -> list[Columns]:
    """`GET store/storeViews`: the admin view has id 0."""
    shared = {"store_group_id": 1, "is_active": 1}
    admin = {
        "id": 0,
        "code": "admin",
        "name": "Admin",
        "website_id": 0,
        "store_group_id": 0,
        "is_active": 1,
    }
    views = [
        {"id": one.id, "code": one.code, "name": one.name, "website_id": one.website, **shared}
        for one in call.state.catalogue.stores
    ]
    return [views[0], admin, *views[1:]]


def store_configs(call: RestRequest) -> list[Columns]:
    """`GET store/storeConfigs`."""
    base = "https://shop.sandbox.example/"
    urls = {f"{kind}_url": base for kind in ("base", "base_link", "base_static", "base_media")}
    return [
        {
            "id": one.id,
            "code": one.code,
            "website_id": one.website,
            "locale": "en_US",
            "base_currency_code": call.state.catalogue.base_currency,
            "default_display_currency_code": one.currency,
            "timezone": "UTC",
            "weight_unit": "lbs",
            **urls,
            **{f"secure_{name}": url for name, url in urls.items()},
        }
        for one in call.state.catalogue.stores
    ]


def websites(call: RestRequest) -> list[Columns]:
    """`GET store/websites`."""
    main = {"id": 1, "code": "base", "name": "Main Website", "default_group_id": 1}
    others = sorted({one.website for one in call.state.catalogue.stores} - {1})
    further = [
        {"id": one, "code": f"website_{one}", "name": f"Website {one}", "default_group_id": 1}
        for one in others
    ]
    return [main, {"id": 0, "code": "admin", "name": "Admin", "default_group_id": 0}, *further]


def currency(call: RestRequest) -> Columns:
    """`GET directory/currency`."""
    base, stores = call.state.catalogue.base_currency, call.state.catalogue.stores
    rates = [{"currency_to": one.currency, "rate": number(one.rate)} for one in stores]
    codes = [one.currency for one in stores]
    return {
        "base_currency_code": base,
        "default_display_currency_code": base,
        "available_currency_codes": codes,
        "exchange_rates": rates,
    }


SHOP = (
    Endpoint("GET", "customers/search", "Magento_Customer::customer", customers),
    Endpoint("GET", "customers/{id}", "Magento_Customer::customer", customer),
    Endpoint("POST", "customers", "anonymous", register),
    Endpoint("PUT", "customers/{id}", "Magento_Customer::manage", save_customer),
    Endpoint("GET", "attributeMetadata/customer/attribute/{code}", "anonymous", customer_attribute),
    Endpoint("GET", "customerGroups/search", "Magento_Customer::group", groups),
    Endpoint("GET", "customerGroups/{id}", "Magento_Customer::group", group),
    Endpoint("GET", "store/storeViews", "Magento_Backend::store", store_views),
    Endpoint("GET", "store/storeConfigs", "Magento_Backend::store", store_configs),
    Endpoint("GET", "store/websites", "Magento_Backend::store", websites),
    Endpoint("GET", "directory/currency", "anonymous", currency),
)
"""Paths, the more particular before the general."""
