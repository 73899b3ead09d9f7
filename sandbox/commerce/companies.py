"""B2B companies and the regions of countries: what REST answers about them, and takes.

Adobe's B2B code is closed: rules are those of its documentation (required fields, an administrator
who is a customer of no other company, users who follow the company's customer group).
"""

from typing import Final

from sandbox.commerce import columns
from sandbox.commerce.customers import member_of
from sandbox.commerce.faults import RestFault, no_such, required, unsupported
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shape import plain
from sandbox.commerce.state import CommerceState


def companies(call: RestRequest) -> Columns:
    """`GET company/`: searched by the columns of its table, whose key is `entity_id`."""
    rows = [{**row, "entity_id": row["id"]} for _, row in sorted(call.state.companies.items())]
    criteria = criteria_from(call.query)
    page, total = found(rows, criteria, columns.COMPANY, dict.get)
    return listed(
        [plain({key: row[key] for key in row if key != "entity_id"}) for row in page],
        criteria,
        total,
    )


def company(call: RestRequest) -> Columns:
    """`GET company/{id}`."""
    wanted = call.whole("id")
    if wanted not in call.state.companies:
        raise no_such("id", wanted)
    answer: Columns = plain(call.state.companies[wanted])
    return answer


REQUIRED: Final = (
    "company_name", "company_email", "street", "city", "country_id", "postcode", "telephone",
    "super_user_id", "customer_group_id",
)  # fmt: skip
KNOWN: Final = frozenset({*columns.COMPANY, "id", "extension_attributes"} - {"entity_id"})
NEW: Final[Columns] = {
    **dict.fromkeys(sorted(KNOWN)), "sales_representative_id": 1, "status": 1,
    "extension_attributes": {"use_config_settings": 1},
}  # fmt: skip


def _sent(call: RestRequest) -> Columns:
    """The company in a body. It must be whole, also when it is saved again."""
    sent = call.argument("company")
    for name in sent:
        if name not in KNOWN:
            raise unsupported(name)
    for name in REQUIRED:
        if not sent.get(name):
            raise required(name)
    administrator = call.state.customers.get(int(sent["super_user_id"]))
    if administrator is None:
        raise no_such("customerId", sent["super_user_id"])
    return sent


def make_company(call: RestRequest) -> Columns:
    """`POST company`: where registrations are approved, it waits for that, whatever was sent."""
    sent, state = _sent(call), call.state
    if member_of(state.customers[int(sent["super_user_id"])]).get("company_id"):
        raise RestFault(400, "The customer is a member of another company.")
    number = max(state.companies, default=0) + 1
    status = 0 if state.approves_companies else int(sent.get("status", 1))
    state.companies[number] = {**NEW, **sent, "id": number, "status": status}
    return _saved(call, number)


def save_company(call: RestRequest) -> Columns:
    """`PUT company/{id}`. Without extension attributes the shop's configuration counts again
    (inferred)."""
    number = call.whole("id")
    if number not in call.state.companies:
        raise no_such("id", number)
    reset = {"extension_attributes": {"use_config_settings": 1}}
    call.state.companies[number] |= {**reset, **_sent(call), "id": number}
    return _saved(call, number)


def _saved(call: RestRequest, number: int) -> Columns:
    """Tell of it. Its users, the administrator among them, are in its customer group."""
    state, row = call.state, call.state.companies[number]
    administrator = state.customers[int(row["super_user_id"])]
    if not member_of(administrator).get("company_id"):
        made_member(administrator, {"company_id": number, "status": 1, "job_title": None})
    regroup(state, number)
    state.save_company(number)
    answer: Columns = plain(state.companies[number])
    return answer


def regroup(state: CommerceState, company: int) -> None:
    """Users of a company are in its customer group."""
    for customer in state.customers.values():
        if member_of(customer).get("company_id") == company:
            customer["group_id"] = state.companies[company]["customer_group_id"]


def made_member(customer: Columns, attributes: Columns) -> None:
    """Make a customer a user of a company."""
    extension = customer.setdefault("extension_attributes", {})
    extension["company_attributes"] = {
        **attributes, "customer_id": customer["id"], "is_default": True
    }  # fmt: skip


def country(call: RestRequest) -> Columns:
    """`GET directory/countries/{id}`: the regions that the shop's places lie in; left out where a
    country has none."""
    wanted = call.arguments["id"]
    places = [place for place in call.state.catalogue.places.values() if place.country == wanted]
    if not places:
        raise RestFault(404, "The country isn't available.")
    regions = {
        str(place.region_id): {
            "id": str(place.region_id),
            "code": place.region_code,
            "name": place.region,
        }
        for place in places
        if place.region_id is not None
    }
    named: Columns = {"id": wanted, "two_letter_abbreviation": wanted, "full_name_english": wanted}
    return {**named, "available_regions": list(regions.values())} if regions else named


COMPANIES = (
    Endpoint("GET", "company", "Magento_Company::index", companies),
    Endpoint("GET", "company/{id}", "Magento_Company::index", company),
    Endpoint("POST", "company", "Magento_Company::manage", make_company),
    Endpoint("PUT", "company/{id}", "Magento_Company::manage", save_company),
    Endpoint("GET", "directory/countries/{id}", "anonymous", country),
)
"""Paths, the more particular before the general. A slash at the end of a path changes nothing."""
