"""B2B companies and the regions of countries: what REST answers about them."""

from sandbox.commerce import columns
from sandbox.commerce.faults import RestFault, no_such
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shape import plain


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
    Endpoint("GET", "directory/countries/{id}", "anonymous", country),
)
"""Paths, the more particular before the general. A slash at the end of a path changes nothing."""
