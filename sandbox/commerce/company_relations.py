"""Parents and children among B2B companies (companyRelationRelationManagerV1, since B2B 1.5).

Adobe's code is closed. Rules are those of its REST schema (2.4.7) and of its guide to company
management: a company is assigned to one parent, and a parent is nobody's child.
"""

from sandbox.commerce.conditions import Kind
from sandbox.commerce.faults import RestFault, no_such, unsupported
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found

COLUMNS: dict[str, Kind] = {"company_id": "number", "parent_id": "number"}


def relations(call: RestRequest) -> Columns:
    """`GET company/relations`."""
    known = sorted(call.state.parents.items())
    rows: list[Columns] = [{"company_id": one, "parent_id": parent} for one, parent in known]
    criteria = criteria_from(call.query)
    page, total = found(rows, criteria, COLUMNS, dict.get)
    return listed([*page], criteria, total)


def relate(call: RestRequest) -> list[Columns]:
    """`POST company/{id}/relations`: several at once, all or none."""
    parent, parents, wanted = call.whole("id"), call.state.parents, dict[int, int]()
    for relation in call.body.get("relations") or ():
        for name in relation:
            if name not in COLUMNS:
                raise unsupported(name)
        company = int(relation["company_id"])
        for one in (company, parent):
            if one not in call.state.companies:
                raise no_such("id", one)
        is_taken = company in parents or company in parents.values() or parent in parents
        if is_taken or company == parent or relation["parent_id"] != parent:
            raise RestFault(400, f"Company {company} cannot be assigned to company {parent}.")
        wanted[company] = parent
    parents |= wanted
    return []


def unrelate(call: RestRequest) -> bool:
    """`DELETE company/{id}/relations/{child}`."""
    parent, company = call.whole("id"), call.whole("child")
    if call.state.parents.get(company) != parent:
        raise no_such("company_id", company)
    del call.state.parents[company]
    return True


RELATIONS = (
    Endpoint("GET", "company/relations", "Magento_Company::index", relations),
    Endpoint("POST", "company/{id}/relations", "Magento_Company::manage", relate),
    Endpoint("DELETE", "company/{id}/relations/{child}", "Magento_Company::manage", unrelate),
)
